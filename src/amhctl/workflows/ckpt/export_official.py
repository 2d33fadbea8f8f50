"""A voice as the files that the programs of IndexTTS-2 load: ``gpt.pth``, ``config.yaml``, ``bpe.model``, ``NOTICE``.

The weights keep their names, their layout and their bits; the tables of sinusoids are made again. ``config.yaml`` is
the one that the base was imported with, word for word unless the shape has changed since, as when its vocabulary grew.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch

from amhctl.checkpoint.indextts import CODEC, LICENCE, TERMS
from amhctl.checkpoint.keymap import name_foreign
from amhctl.checkpoint.manifest import Manifest
from amhctl.checkpoint.parts import read_part
from amhctl.checkpoint.rules import RULES
from amhctl.config.indextts import write_official_config
from amhctl.config.unified import ModelConfig
from amhctl.core.errors import CheckpointError
from amhctl.core.files import atomic_folder
from amhctl.core.findings import Finding
from amhctl.core.outputs import FolderKind
from amhctl.core.progress import Progress
from amhctl.model.official import find_unofficial, sinusoid_tables
from amhctl.model.soundness import read_voice
from amhctl.model.unified_voice import MODEL_VERSION

_WEIGHTS, _CONFIG, _VOCABULARY, _NOTICE = "gpt.pth", "config.yaml", "bpe.model", "NOTICE"
OFFICIAL_FILES = FolderKind("an export for IndexTTS-2", _WEIGHTS, members=(_CONFIG, _VOCABULARY, _NOTICE))
"""The folder that is written."""


@dataclass(frozen=True, slots=True)
class OfficialExport:
    """What was written, and of what.

    Attributes
    ----------
    manifest : Manifest
        Of the voice.
    findings : tuple[Finding, ...]
        In what the programs of IndexTTS-2 will treat the voice differently from amhctl does.
    """

    manifest: Manifest
    findings: tuple[Finding, ...]


def export_official(folder: Path, output: Path, progress: Progress, *, force: bool) -> OfficialExport:
    """Write a voice as the files of IndexTTS-2.

    Raises
    ------
    CheckpointError
        If the voice is broken, was not imported from such files or trained from one that was, or has something that
        they cannot hold.
    FileExistsRefused
        If the output exists and was not to be overwritten.
    """
    progress.say("verifying")
    voice = read_voice(folder)
    manifest = voice.manifest
    if manifest.model_version != MODEL_VERSION:
        raise CheckpointError(
            f"a voice of version {manifest.model_version} cannot be exported to the IndexTTS-2 format",
            subject=str(folder),
            hint=f"the format supports only {MODEL_VERSION} in the official layout",
        )
    config = read_part(ModelConfig.model_validate, manifest.config, place="config", subject=str(folder))
    if reasons := [*find_unofficial(config), *_find_other_origin(manifest)]:
        raise CheckpointError(
            f"this voice cannot be exported to the IndexTTS-2 format: {'; '.join(reasons)}",
            subject=str(folder),
            hint="only voices trained from an import can be exported: `amhctl ckpt import --format indextts2`",
        )
    if manifest.lineage is None or manifest.vocabulary is None:
        raise TypeError("the voice has been seen to have both")
    for line in TERMS:
        progress.say(line)
    progress.say(f"writing {output / _WEIGHTS}")
    with atomic_folder(output) as temporary:
        torch.save(name_foreign(voice.tensors, sinusoid_tables(config)), temporary / _WEIGHTS)
        (temporary / _CONFIG).write_text(write_official_config(config, manifest.lineage.config), encoding="utf-8")
        (temporary / _VOCABULARY).write_bytes(voice.read_bytes(manifest.vocabulary.file))
        (temporary / _NOTICE).write_text(_notice(manifest), encoding="utf-8")
    return OfficialExport(manifest, tuple(_find_differences(config)))


def _find_other_origin(manifest: Manifest) -> Iterator[str]:
    if manifest.lineage is None:
        yield "it was not imported from such files, nor trained from a voice that was"
    if manifest.vocabulary is None:
        yield "it names no vocabulary"
    codec = manifest.codec
    if codec is None or codec.architecture != CODEC.architecture:
        yield f"its codes are of the codec {codec.name if codec else 'of no name'}, not of MaskGCT's"


def _find_differences(config: ModelConfig) -> Iterator[Finding]:
    if config.position_rule != "upstream":
        message = "the voice uses code positions 0, 1, 2, … in decoding; IndexTTS-2 programs use 0, 2, 3, …"
        hint = "to use it with those programs, fine-tune with model.position_rule = upstream, the rule of the base"
        yield RULES.finding("C035", "position_rule", message, hint)
    message = (
        "IndexTTS-2 programs normalise text with rules for Chinese and English, not as in the training of this voice"
    )
    yield RULES.finding("C035", _VOCABULARY, message, "give them text normalised by `amhctl text normalize`")


def _notice(manifest: Manifest) -> str:
    works = [f"{each.work}: {each.licence} {each.attribution} {each.url}".rstrip() for each in manifest.licences]
    origin = manifest.lineage
    lines = [
        f"{manifest.name}, written by amhctl.",
        f"It comes from {origin.file}, SHA-256 {origin.sha256}." if origin else "",
        f"It is derived from {LICENCE.work}; bilibili does not endorse it.",
        "",
        *TERMS,
        "",
        "Works that went into the weights, and their licences:",
        *works,
    ]
    return "\n".join(lines) + "\n"
