"""``ckpt export``: a checkpoint for distribution: weights in half precision, under a name of its own, with graphs."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

from amhctl.checkpoint.folder import CHECKPOINT, read_manifest
from amhctl.checkpoint.manifest import DurationScale, Manifest
from amhctl.checkpoint.store import Derive, halve, read_checkpoint, write_checkpoint
from amhctl.codec.mel_codec import MODEL_VERSION as CODEC_VERSION
from amhctl.codec.mel_codec_graphs import write_codec_graphs
from amhctl.codec.soundness import find_faults as codec_faults
from amhctl.codec.vocoder_graph import write_vocoder_graph
from amhctl.codec.vocoder_spec import MODEL_VERSION as VOCODER_VERSION
from amhctl.codec.vocoder_spec import VOCODER_GRAPH
from amhctl.codes.store import CodeStore
from amhctl.config.flow import FlowVoiceConfig
from amhctl.config.mel_codec import MelCodecConfig
from amhctl.config.vocoder import VocoderConfig
from amhctl.core.errors import CheckpointError, OptionError
from amhctl.core.findings import Finding
from amhctl.core.outputs import require_output_folder
from amhctl.core.progress import Progress
from amhctl.model.flow_files import SPEAKERS_FILE
from amhctl.model.flow_graphs import write_flow_graphs
from amhctl.model.soundness import find_faults as voice_faults
from amhctl.model.versions import FLOW_VOICE
from amhctl.nn.onnx_graph import StoredWeight, locate_weights
from amhctl.workflows.ckpt.export_official import OFFICIAL_FILES, export_official
from amhctl.workflows.ckpt.written import WrittenCheckpoint
from amhctl.workflows.fit_durations import fit_durations

ExportFormat = Literal["safetensors", "onnx", "indextts2"]
"""Weights alone, weights and ONNX graphs that refer to them, or the files of IndexTTS-2."""


@dataclass(frozen=True, slots=True)
class ExportCheckpointRequest:
    """What to distribute, and where to."""

    checkpoint: Path
    output: Path
    name: str | None = None
    format: ExportFormat = "safetensors"
    speakers: tuple[str, ...] = ()
    durations: Path | None = None
    """Code store to whose clips the durations are fitted; None leaves them as they are."""
    force: bool = False


@dataclass(frozen=True, slots=True)
class ExportCheckpointReport(WrittenCheckpoint):
    """What was written."""

    size: int
    findings: tuple[Finding, ...] = ()

    def figures(self) -> dict[str, object]:
        """Return ``bytes``."""
        return {"bytes": self.size}

    def lines(self) -> Iterable[str]:
        """Return what was written and its size."""
        yield f"{self.output}: {self.manifest.kind} {self.manifest.name}, {self.size / 1e6:.1f} MB"


def run(request: ExportCheckpointRequest, progress: Progress) -> ExportCheckpointReport:
    """Write a voice, codec or vocoder again in half precision, or a voice as the files of IndexTTS-2.

    Raises
    ------
    CheckpointError
        If the checkpoint is broken, is a training state, would not be sound in half precision, or is none that the
        files of IndexTTS-2 can hold.
    FileExistsRefused
        If the output exists and was not to be overwritten.
    """
    kind = OFFICIAL_FILES if request.format == "indextts2" else CHECKPOINT
    require_output_folder(request.output, kind, force=request.force, sources=(request.checkpoint,))
    stated = read_manifest(request.checkpoint)
    if stated.kind == "training":
        raise CheckpointError(
            "a training state cannot be exported",
            subject=str(request.checkpoint),
            hint="export the run's best voice, RUN/best",
        )
    _require_speakers(request, stated)
    _require_durations(request, stated)
    if request.format == "indextts2":
        if request.name is not None:
            raise OptionError("the IndexTTS-2 format has no name: omit --name", subject="--name")
        official = export_official(request.checkpoint, request.output, progress, force=request.force)
        return ExportCheckpointReport(request.output, official.manifest, _size_of(request.output), official.findings)
    derive = _derive_graphs(stated, request.checkpoint) if request.format == "onnx" else None
    progress.say("verifying and converting")
    check = voice_faults if stated.kind == "voice" else codec_faults
    checkpoint = read_checkpoint(request.checkpoint, kind=stated.kind, check=check)
    files, speakers = checkpoint.read_others(), {}
    changes: dict[str, object] = {"name": request.name or stated.name}
    scale = stated.duration_scale
    if request.durations is not None:
        scale = fit_durations(checkpoint, CodeStore.open(request.durations), progress)
    changes["duration_scale"] = _scale_of(scale, request.speakers)
    if request.speakers:
        known = checkpoint.read_tensors(SPEAKERS_FILE)
        del files[SPEAKERS_FILE]
        speakers = {SPEAKERS_FILE: {name: known[name] for name in request.speakers}}
        changes["speakers"] = request.speakers
    with TemporaryDirectory() as work:
        manifest = write_checkpoint(
            request.output,
            manifest=checkpoint.manifest.model_copy(update=changes),
            tensors=halve(checkpoint.tensors),
            extra_files=files,
            extra_tensors=speakers,
            derived=derive,
            beside=_convert_beside(checkpoint.beside, request.format, Path(work)),
            check=check,
            force=request.force,
        )
    return ExportCheckpointReport(request.output, manifest, _size_of(request.output))


def _size_of(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _require_speakers(request: ExportCheckpointRequest, manifest: Manifest) -> None:
    known = manifest.speakers or ()
    hint = f"it has: {', '.join(known)}" if known else "only FlowVoices have a choice of speakers"
    for place, name in enumerate(request.speakers):
        if name not in known:
            raise CheckpointError(f"the voice has no speaker {name!r}", subject=str(request.checkpoint), hint=hint)
        if name in request.speakers[:place]:
            raise OptionError(f"speaker {name!r} is named twice", subject="--speaker")


def _require_durations(request: ExportCheckpointRequest, manifest: Manifest) -> None:
    if request.durations is not None and (manifest.model_version != FLOW_VOICE or request.format == "indextts2"):
        raise OptionError(
            "only the durations of a FlowVoice can be fitted to a code store",
            subject="--fit-durations",
            hint="omit it",
        )


def _scale_of(scale: DurationScale | None, kept: tuple[str, ...]) -> DurationScale | None:
    """Return the correction of durations for the speakers that are kept; for all if none is named."""
    if scale is None or not kept:
        return scale
    return scale.model_copy(
        update={"speakers": {name: value for name, value in scale.speakers.items() if name in kept}}
    )


def _derive_graphs(manifest: Manifest, folder: Path) -> Derive:
    """Return what writes the graphs of a checkpoint from its weights file."""
    writer = _WRITERS.get(manifest.model_version)
    if writer is None:
        raise CheckpointError(
            f"{manifest.model_version}, a {manifest.kind}, cannot be exported as graphs",
            subject=str(folder),
            hint=f"--format onnx supports {', '.join(sorted(_WRITERS))}",
        )

    def derive(weights: Path) -> Mapping[str, bytes]:
        return writer(manifest, locate_weights(weights), weights.name)

    return derive


def _convert_beside(beside: Mapping[str, Path], format: ExportFormat, work: Path) -> dict[str, Path]:
    """Return the folders of the codec and the vocoder beside a voice, with graphs where there are any of their kind."""
    converted = {}
    for name, folder in beside.items():
        # The names of these folders are those of their kinds.
        checkpoint = read_checkpoint(folder, kind=name, check=codec_faults)
        converted[name] = folder
        if format == "onnx" and checkpoint.manifest.model_version in _WRITERS:
            converted[name] = work / name
            write_checkpoint(
                converted[name],
                manifest=checkpoint.manifest,
                tensors=checkpoint.tensors,
                derived=_derive_graphs(checkpoint.manifest, folder),
                check=codec_faults,
            )
    return converted


def _write_voice(manifest: Manifest, weights: Mapping[str, StoredWeight], file: str) -> dict[str, bytes]:
    return write_flow_graphs(FlowVoiceConfig.model_validate(manifest.config), weights, file)


def _write_vocoder(manifest: Manifest, weights: Mapping[str, StoredWeight], file: str) -> dict[str, bytes]:
    return {VOCODER_GRAPH: write_vocoder_graph(VocoderConfig.model_validate(manifest.config), weights, file)}


def _write_codec(manifest: Manifest, weights: Mapping[str, StoredWeight], file: str) -> dict[str, bytes]:
    return write_codec_graphs(MelCodecConfig.model_validate(manifest.config), weights, file)


_WRITERS: dict[str, Callable[[Manifest, Mapping[str, StoredWeight], str], dict[str, bytes]]] = {
    FLOW_VOICE: _write_voice,
    VOCODER_VERSION: _write_vocoder,
    CODEC_VERSION: _write_codec,
}
