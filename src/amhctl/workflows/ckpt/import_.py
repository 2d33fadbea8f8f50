"""``ckpt import``: a checkpoint of another program becomes a voice folder, and what its files do not show is said."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from amhctl import __version__
from amhctl.checkpoint.folder import CHECKPOINT
from amhctl.checkpoint.indextts import CODEC, LICENCE, PUBLISHED_SHA256, TERMS
from amhctl.checkpoint.keymap import ForeignWeights, read_foreign
from amhctl.checkpoint.lora import ForeignAdapter, merge_adapter, read_adapter
from amhctl.checkpoint.manifest import Lineage, Manifest, TextIdentity, VocabularyIdentity
from amhctl.checkpoint.rules import RULES
from amhctl.checkpoint.store import write_checkpoint
from amhctl.checkpoint.survey import check_values, survey
from amhctl.config.conditioning import SpeechEncoderConfig, conditioning_differences
from amhctl.config.indextts import FEATURES, read_official_config
from amhctl.config.text import TextConfig
from amhctl.config.unified import ModelConfig
from amhctl.core.errors import CheckpointError, ConfigError
from amhctl.core.files import canonical_json, sha256_of_file
from amhctl.core.findings import Finding, Severity
from amhctl.core.listing import shorten
from amhctl.core.outputs import require_output_folder
from amhctl.core.progress import Progress
from amhctl.encoders.speech import load_encoder
from amhctl.model.network_soundness import find_weight_faults
from amhctl.model.official import find_foreign_tables, text_rows
from amhctl.model.shapes import parameter_count, parameter_shapes
from amhctl.model.soundness import find_faults
from amhctl.model.unified_voice import MODEL_VERSION
from amhctl.text.frontend import Frontend
from amhctl.tokenizer.vocabulary import Vocabulary
from amhctl.workflows.ckpt.compare_base import Base, find_changes, read_base
from amhctl.workflows.ckpt.written import WrittenCheckpoint

ImportFormat = Literal["indextts2"]
"""Whose files: IndexTTS-2 and what was fine-tuned from it."""

_VOCABULARY_FILE, _TEXT_FILE = "vocabulary.model", "text_state.json"
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class ImportCheckpointRequest:
    """What to take in, and where to."""

    source: Path
    config: Path
    bpe: Path
    output: Path
    format: ImportFormat = "indextts2"
    adapter: Path | None = None
    base: Path | None = None
    features_model: Path | None = None
    name: str | None = None
    force: bool = False


@dataclass(frozen=True, slots=True)
class ImportCheckpointReport(WrittenCheckpoint):
    """What was taken in."""

    parameters: int
    tensors: int
    left_out: tuple[str, ...]
    findings: tuple[Finding, ...]

    def figures(self) -> dict[str, object]:
        """Return ``parameters``, ``tensors``, ``left_out`` and ``terms``."""
        return {
            "parameters": self.parameters,
            "tensors": self.tensors,
            "left_out": list(self.left_out),
            "terms": list(TERMS),
        }

    def lines(self) -> Iterable[str]:
        """Return what was taken in, and under which terms."""
        yield f"{self.output}: {self.tensors} tensors, {self.parameters:,} parameters"
        yield f"licence: {LICENCE.work}: {LICENCE.licence}, {LICENCE.url}"


@dataclass(frozen=True, slots=True, eq=False)
class _Parts:
    """What was read, before anything is written."""

    config: ModelConfig
    config_text: str
    stated_pieces: int
    vocabulary: Vocabulary
    frontend: Frontend
    features: SpeechEncoderConfig
    weights: ForeignWeights
    sha256: str
    adapter: ForeignAdapter | None


def run(request: ImportCheckpointRequest, progress: Progress) -> ImportCheckpointReport:
    """Take in a checkpoint of IndexTTS-2: the published one, one fine-tuned from it, or one with an adapter.

    Raises
    ------
    ConfigError
        If ``config.yaml`` does not describe this network.
    VocabularyError
        If the vocabulary cannot be read, or is none that a voice here can have.
    CheckpointError
        If the weights cannot be read, or a tensor is missing, left over, misshapen or no number; all are named.
    FileExistsRefused
        If the output exists and was not to be overwritten.
    """
    given = (request.source, request.config, request.bpe, request.adapter, request.base, request.features_model)
    sources = tuple(path for path in given if path is not None)
    require_output_folder(request.output, CHECKPOINT, force=request.force, sources=sources)
    for line in TERMS:
        progress.say(line)
    parts = _read(request, progress)
    _require_whole(parts, subject=str(request.source))
    unproven = tuple(_find_unproven(request, parts))
    found, base = [], None
    if request.base is not None:
        progress.say("comparing with the base")
        base = read_base(request.base)
        found = [*find_changes(parts.weights.tensors, parts.vocabulary, base)]
    progress.say("writing and verifying")
    manifest = write_checkpoint(
        request.output,
        manifest=_manifest(request, parts, unproven, base),
        tensors=parts.weights.tensors,
        extra_files={
            _VOCABULARY_FILE: parts.vocabulary.model_bytes,
            _TEXT_FILE: canonical_json(parts.frontend.state()).encode("utf-8"),
        },
        check=find_faults,
        force=request.force,
    )
    if parts.weights.left_out:
        found.insert(0, _left_out(request.source, parts.weights))
    found += [RULES.finding("C033", request.source.name, message) for message in unproven]
    return ImportCheckpointReport(
        output=request.output,
        manifest=manifest,
        parameters=parameter_count(parts.config),
        tensors=len(parts.weights.tensors),
        left_out=parts.weights.left_out,
        findings=tuple(found),
    )


def _read(request: ImportCheckpointRequest, progress: Progress) -> _Parts:
    config, config_text = read_official_config(request.config)
    vocabulary = Vocabulary.read(request.bpe)
    features = FEATURES if request.features_model is None else _read_features(request.features_model)
    progress.say(f"reading {request.source}")
    weights, adapter = read_foreign(request.source), None
    if request.adapter is not None:
        adapter = read_adapter(request.adapter)
        merged = merge_adapter(weights.tensors, adapter)
        progress.say(f"merged: {len(merged.adapted)} low-rank terms, {len(merged.replaced)} fully trained tensors")
        weights = ForeignWeights(merged.tensors, weights.left_out, weights.tables, weights.unlike)
    rows = text_rows(weights.tensors)
    if rows is not None and rows != vocabulary.size + 1:
        raise CheckpointError(
            f"the text embedding has {rows:,} rows, for {rows - 1:,} pieces; {request.bpe} has {vocabulary.size:,}",
            subject=str(request.source),
            hint="give the bpe.model that these weights were trained with: the number of rows is its "
            "number of pieces plus one",
        )
    return _Parts(
        config=config.model_copy(update={"number_text_tokens": vocabulary.size}),
        config_text=config_text,
        stated_pieces=config.number_text_tokens,
        vocabulary=vocabulary,
        frontend=Frontend(TextConfig(units=vocabulary.units)),
        features=features,
        weights=weights,
        sha256=sha256_of_file(request.source),
        adapter=adapter,
    )


def _read_features(folder: Path) -> SpeechEncoderConfig:
    found = load_encoder(folder, layer=FEATURES.layer).config
    if differing := conditioning_differences(found, FEATURES):
        raise ConfigError(
            f"the speech encoder is not the one of IndexTTS-2: {', '.join(differing)}",
            subject=str(folder),
            hint="give the folder of w2v-bert 2.0 with the wav2vec2bert_stats.pt of IndexTTS-2 in it",
        )
    return found


def _require_whole(parts: _Parts, *, subject: str) -> None:
    """Refuse weights that are not those that the configuration implies; every fault is among the findings."""
    facts = survey(parts.weights.tensors)
    faults = [*find_weight_faults(facts, parameter_shapes(parts.config)), *check_values(facts)]
    foreign = find_foreign_tables(parts.weights.tables, parts.config)
    faults += [
        RULES.finding("C008", name, "a position table other than the sinusoids of this architecture")
        for name in foreign
    ]
    faults = [each for each in faults if each.severity is Severity.ERROR]
    if not faults:
        return
    shown = shorten([f"{each.subject}: {each.message}" for each in faults], _SHOWN, "; ")
    raise CheckpointError(
        f"{len(faults)} wrong tensor{'s' if len(faults) > 1 else ''}: {shown}",
        subject=subject,
        hint="give the config.yaml that these weights were trained with; --json lists every fault",
        findings=tuple(faults),
    )


def _find_unproven(request: ImportCheckpointRequest, parts: _Parts) -> Iterator[str]:
    """Yield what the files do not show."""
    pieces = parts.vocabulary.size
    yield (
        f"which vocabulary its {pieces + 1:,} text embeddings belong to: only the size of "
        f"{request.bpe.name} could be checked"
    )
    if parts.stated_pieces != pieces:
        yield (
            f"why {request.config.name} says {parts.stated_pieces:,} pieces: the weights and {request.bpe.name} have "
            f"{pieces:,}, which was taken"
        )
    yield "how its training texts were normalised: amhctl's own frontend will be used"
    yield "which codec weights made its codes, and the speech level of its recordings: MaskGCT's codec is assumed"
    if not parts.features.fingerprint:
        yield "which weights of w2v-bert 2.0 it was conditioned on: --features-model names them"
    if parts.sha256 != PUBLISHED_SHA256 or parts.adapter is not None:
        yield "its training data and their licences: ask its author"
        if request.base is None:
            yield "whether embeddings of its base were moved: --base compares them"
    for name in parts.weights.unlike:
        yield f"why the copy {name} differs from its parameter: it was ignored"


def _left_out(source: Path, weights: ForeignWeights) -> Finding:
    names = weights.left_out
    message = f"{len(names)} tensors that can be computed from the parameters: {shorten(names, _SHOWN)}"
    return RULES.finding("C032", source.name, message)


def _manifest(
    request: ImportCheckpointRequest, parts: _Parts, unproven: tuple[str, ...], base: Base | None
) -> Manifest:
    vocabulary = parts.vocabulary
    return Manifest(
        kind="voice",
        name=request.name or request.output.name,
        model_version=MODEL_VERSION,
        package_version=__version__,
        language="mul",
        sample_rate=CODEC.sample_rate,
        config=parts.config.model_dump(mode="json"),
        vocabulary=VocabularyIdentity(
            file=_VOCABULARY_FILE, fingerprint=vocabulary.fingerprint, size=vocabulary.size, units=vocabulary.units
        ),
        text=TextIdentity(file=_TEXT_FILE, hash=parts.frontend.state_hash),
        codec=CODEC,
        conditioning=parts.features.model_dump(mode="json"),
        parent=base.sha256 if base else "",
        growth=base.growth_to(vocabulary) if base else None,
        lineage=Lineage(
            format=request.format,
            file=request.source.name,
            sha256=parts.sha256,
            adapter=parts.adapter.sha256 if parts.adapter else "",
            config=parts.config_text,
            unproven=unproven,
        ),
        licences=(LICENCE,),
        files={},
    )
