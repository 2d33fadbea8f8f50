"""Checkpoint folders without their tensors: the manifest, the digests of all files, and whether parts go together.

Knows no networks and loads no torch: a voice that speaks from graphs is verified by this alone.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Protocol

from safetensors import SafetensorError, safe_open

from amhctl.checkpoint.manifest import Manifest, VocoderIdentity
from amhctl.checkpoint.migrate import read_document
from amhctl.checkpoint.parts import read_part
from amhctl.checkpoint.verified import VerifiedFolder
from amhctl.config.codec_spec import CodecSpec
from amhctl.config.mel import MelConfig
from amhctl.core.documents import parse_json, read_json
from amhctl.core.errors import CheckpointError, DocumentError
from amhctl.core.files import recover_folder, sha256_of_file
from amhctl.core.outputs import FolderKind

MANIFEST_FILE = "manifest.json"
WEIGHTS_FILE = "model.safetensors"
GRAPH = ".onnx"
"""How the names end of ONNX graphs, which refer to places in the weights file beside them."""
CODEC_FOLDER = "codec"
"""Where the codec of a voice is next to it, if it is not bundled."""
VOCODER_FOLDER = "vocoder"
"""Where the vocoder of a voice is next to it, if it is not bundled."""
CARD_FILE = "README.md"
"""The model card of a checkpoint: for people, and never read."""
CHECKPOINT = FolderKind(
    "a checkpoint",
    MANIFEST_FILE,
    frozenset({"format_version", "kind", "files"}),
    # Beside the weights: the vocabulary, the text state, the run's state; what turns the voice's output into sound.
    ("*.safetensors", "*.model", "*.json", f"*{GRAPH}", CODEC_FOLDER, VOCODER_FOLDER),
)
METADATA_KEY = "manifest"
"""Where the manifest is in the metadata of the weights."""
_RESTORE = "copy it from its source again"


class VocoderParts(Protocol):
    """What is compared of a vocoder: ``codec.VocoderSpec``."""

    @property
    def mel(self) -> MelConfig:
        """The spectrogram that it turns into sound."""
        ...


@dataclass(frozen=True, slots=True)
class Difference:
    """One field in which two things that must agree do not."""

    field: str
    expected: str
    found: str

    def __str__(self) -> str:
        """Return the field and both values in one line."""
        return f"{self.field}: expected {self.expected}, found {self.found}"


def read_manifest(folder: Path) -> Manifest:
    """Read ``manifest.json`` alone, without verifying the files.

    Raises
    ------
    CheckpointError
        If it is absent, of a version that is not read, or not a manifest.
    """
    recover_folder(folder)
    path = folder / MANIFEST_FILE
    try:
        document = read_json(path)
    except (FileNotFoundError, NotADirectoryError):
        raise CheckpointError(
            "there is no manifest.json" if folder.is_dir() else "there is no such folder",
            subject=str(folder),
            hint="give the folder of a checkpoint: a voice, codec or vocoder",
        ) from None
    except DocumentError as error:
        raise CheckpointError(f"the manifest is {error.message}", subject=str(path), hint=_RESTORE) from error
    manifest = read_document(document, subject=str(path))
    parts = [part.file for part in (manifest.vocabulary, manifest.text) if part is not None]
    for name in (*manifest.files, *parts):
        inside(folder, name, folder)
    if unnamed := [name for name in parts if name not in manifest.files]:
        raise CheckpointError(f"{unnamed[0]} is not among the files of the manifest", subject=str(path), hint=_RESTORE)
    return manifest


def verify_folder(folder: Path, *, kind: str) -> VerifiedFolder:
    """Return a checkpoint of a kind, all of whose files are those that its manifest names.

    Raises
    ------
    CheckpointError
        If it is of another kind, a file is missing or changed, or the manifest inside the weights differs.
    """
    manifest = read_manifest(folder)
    if manifest.kind != kind:
        raise CheckpointError(
            f"the folder holds a checkpoint of kind {manifest.kind}, expected {kind}",
            subject=str(folder),
            hint=other_kind_hint(folder, manifest) or f"give the folder of a checkpoint of kind {kind}",
        )
    return verify_files(folder, manifest)


def digest_files(folder: Path, manifest: Manifest) -> dict[str, str]:
    """Return the SHA-256 of each file that a manifest names; one that is missing is left out."""
    paths = {name: folder / name for name in manifest.files}
    return {name: sha256_of_file(path) for name, path in paths.items() if path.is_file()}


def verify_files(folder: Path, manifest: Manifest, digests: Mapping[str, str] | None = None) -> VerifiedFolder:
    """Return a checkpoint all of whose files are those that its manifest names.

    Parameters
    ----------
    folder : Path
        Where it lies.
    manifest : Manifest
        What ``read_manifest`` returned for it.
    digests : Mapping[str, str] | None
        What ``digest_files`` returned for it; None computes them here.

    Raises
    ------
    CheckpointError
        If a file is missing or changed, or the manifest inside the weights differs.
    """
    if WEIGHTS_FILE not in manifest.files:
        raise CheckpointError(f"the manifest names no {WEIGHTS_FILE}", subject=str(folder))
    hint = f"copy the folder from its source again; `amhctl ckpt validate {folder}` lists all problems"
    if broken := broken_files(manifest, digest_files(folder, manifest) if digests is None else digests):
        raise CheckpointError(_joined(broken), subject=str(folder), hint=hint)
    inside = embedded_manifest(folder / WEIGHTS_FILE)
    if unlike := manifest_differences(inside, manifest.model_dump(mode="json")):
        raise CheckpointError(
            f"manifest.json is not the manifest inside the weights: {_joined(unlike)}", subject=str(folder), hint=hint
        )
    return VerifiedFolder(folder, manifest)


def other_kind_hint(folder: Path, manifest: Manifest) -> str:
    """Return how a voice is had of a checkpoint that is none; empty where that is not known."""
    if manifest.kind == "adapter" and manifest.adapter is not None:
        return f"merge it with its base: amhctl ckpt merge {folder} --base {manifest.adapter.base} -o VOICE"
    return "a training run keeps its voice in the folder best/" if manifest.kind == "training" else ""


def broken_files(manifest: Manifest, digests: Mapping[str, str]) -> tuple[Difference, ...]:
    """Return every file that is missing, or whose content is not what the manifest says, by ``digest_files``."""
    found = []
    for name, digest in sorted(manifest.files.items()):
        actual = digests.get(name)
        if actual != digest:
            shown = "no file" if actual is None else f"sha256 {actual[:16]}…"
            found.append(Difference(name, f"sha256 {digest[:16]}…", shown))
    return tuple(found)


def embedded_manifest(weights: Path) -> dict[str, object]:
    """Return the manifest inside a weights file, read from its header alone.

    Raises
    ------
    CheckpointError
        If the file is not safetensors or has none.
    """
    try:
        with safe_open(weights, framework="numpy") as stream:
            metadata = stream.metadata() or {}
        document = parse_json(metadata[METADATA_KEY])
    except (SafetensorError, OSError) as error:
        raise CheckpointError(f"not a readable safetensors file: {error}", subject=str(weights)) from error
    except (KeyError, DocumentError) as error:
        raise CheckpointError("the weights hold no manifest", subject=str(weights)) from error
    if not isinstance(document, dict):
        raise CheckpointError("the manifest inside the weights is not an object", subject=str(weights))
    return document


def manifest_differences(expected: Mapping[str, object], found: Mapping[str, object]) -> tuple[Difference, ...]:
    """Return the fields in which two manifests differ, nested ones by their path; ``files`` is left out."""
    return tuple(_differences("", {**expected, "files": {}}, {**found, "files": {}}))


def require_match(
    manifest: Manifest,
    *,
    codec: CodecSpec | None = None,
    vocoder: VocoderParts | None = None,
    vocabulary_fingerprint: str | None = None,
    text_hash: str | None = None,
) -> None:
    """Refuse parts that are not those a checkpoint was trained with; what is None is not compared.

    Parameters
    ----------
    manifest : Manifest
        Of the checkpoint.
    codec : CodecSpec | None
        Of the codec available.
    vocoder : VocoderParts | None
        A ``codec.VocoderSpec``. Other weights serve as well, as long as they are for the same spectrogram.
    vocabulary_fingerprint : str | None
        Of the vocabulary available.
    text_hash : str | None
        Of the frontend's state available.

    Raises
    ------
    CheckpointError
        With every differing field and the command that corrects it.
    """
    differences = []
    hint = ""
    if text_hash is not None and manifest.text is not None and manifest.text.hash != text_hash:
        differences.append(Difference("text.hash", manifest.text.hash, text_hash))
        hint = "use the checkpoint's own text_state.json, or train again with the current frontend"
    if (
        vocabulary_fingerprint is not None
        and manifest.vocabulary is not None
        and manifest.vocabulary.fingerprint != vocabulary_fingerprint
    ):
        differences.append(
            Difference("vocabulary.fingerprint", manifest.vocabulary.fingerprint, vocabulary_fingerprint)
        )
        hint = (
            "use the checkpoint's own vocabulary.model, or grow the checkpoint with `amhctl vocab extend "
            "--base-checkpoint`"
        )
    if codec is not None and manifest.codec is not None and (unlike := codec_differences(manifest.codec, codec)):
        differences += unlike
        hint = (
            f"use the codec {manifest.codec.name}, or extract codes with the new one (amhctl codes extract) and "
            "train again"
        )
    if vocoder is not None and manifest.vocoder is not None:
        unlike = vocoder_differences(manifest.vocoder, vocoder)
        if unlike:
            differences += unlike
            hint = f"use vocoder {manifest.vocoder.name}, or another one for the same spectrogram"
    if differences:
        raise CheckpointError(_joined(differences), subject=manifest.name, hint=hint)


def codec_differences(wanted: CodecSpec, found: CodecSpec) -> list[Difference]:
    """Return in which fields a codec is not the one whose codes a voice writes.

    Names are for people: the same weights under another name are the same codec. Where nobody said which weights they
    are, all else decides.
    """
    unnamed = {"name"} if wanted.fingerprint else {"name", "fingerprint"}
    return [
        Difference(f"codec.{field}", str(value), str(getattr(found, field)))
        for field, value in wanted.model_dump(exclude=unnamed).items()
        if getattr(found, field) != value
    ]


def vocoder_differences(identity: VocoderIdentity, vocoder: VocoderParts) -> list[Difference]:
    """Return where the spectrogram that a voice draws is not the one that a vocoder turns into sound."""
    wanted = read_part(MelConfig.model_validate, identity.mel, place="vocoder.mel", subject=identity.name)
    return list(_differences("vocoder.mel", wanted.model_dump(mode="json"), vocoder.mel.model_dump(mode="json")))


def _differences(path: str, expected: object, found: object) -> Iterable[Difference]:
    if isinstance(expected, dict) and isinstance(found, dict):
        for key in sorted({*expected, *found}):
            inner = f"{path}.{key}" if path else str(key)
            if key not in expected or key not in found:
                # What an earlier version did not name yet is no other than what is named and empty.
                if expected.get(key) is not None or found.get(key) is not None:
                    yield Difference(inner, _shown(expected.get(key)), _shown(found.get(key)))
            else:
                yield from _differences(inner, expected[key], found[key])
    elif expected != found:
        yield Difference(path, _shown(expected), _shown(found))


def _shown(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 80 else f"{text[:77]}…"


def _joined(differences: Iterable[Difference]) -> str:
    return "; ".join(str(difference) for difference in differences)


def inside(folder: Path, name: str, shown: Path) -> Path:
    """Return the path of a file of a checkpoint.

    Raises
    ------
    CheckpointError
        If the name leaves the folder.
    """
    pure = PurePosixPath(name)
    if len(pure.parts) != 1 or name in {"", ".", "..", MANIFEST_FILE} or "\\" in name:
        raise CheckpointError(
            f"{name!r} is not the name of a file in the checkpoint",
            subject=str(shown),
            hint="the manifest was edited",
        )
    return folder / name
