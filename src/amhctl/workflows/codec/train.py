"""``codec train``: train a mel codec, a DAC or a vocoder on the recordings of manifests, or continue from one."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from math import prod
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from amhctl.audio.files import read
from amhctl.audio.intelligibility import SHORTEST_SECONDS
from amhctl.audio.resample import bring_to
from amhctl.checkpoint.manifest import Manifest
from amhctl.codec.dac import dac_shapes
from amhctl.codec.mel_codec import stored_shapes
from amhctl.codec.registry import codec_path, read_codec_manifest, read_dac, read_mel
from amhctl.codec.vocoder import read_vocoder
from amhctl.codec.vocoder_network import vocoder_shapes
from amhctl.codec.vocoder_spec import read_vocoder_manifest
from amhctl.config.dac import DacCodecConfig
from amhctl.config.load import load_run_config
from amhctl.config.mel_codec import MelCodecConfig
from amhctl.config.schema import RunConfig
from amhctl.config.vocoder import VocoderConfig
from amhctl.core.errors import AudioError
from amhctl.core.files import sha256_of_json
from amhctl.core.findings import Finding, Rule, Rules, Severity
from amhctl.core.progress import Progress
from amhctl.core.report import Report
from amhctl.core.shortage import require_memory
from amhctl.corpus.records import Record, read_records
from amhctl.devices.device import choose_device
from amhctl.training import codec_use
from amhctl.training.codec_loop import CodecRun, train_codec
from amhctl.training.codec_material import CodecMaterial
from amhctl.training.codec_recipe import CodecRecipe, CodecScores
from amhctl.training.dac_recipe import DacRecipe, DacWeights
from amhctl.training.mel_recipe import MelRecipe, MelWeights
from amhctl.training.vocoder_recipe import VocoderRecipe, VocoderWeights
from amhctl.workflows.network_run import hold_run, load_split, require_run_folder
from amhctl.workflows.provenance import gather_provenance

RULES = Rules(
    *codec_use.RULES,
    Rule(
        "R011",
        Severity.WARNING,
        "clip skipped in codec training",
        "The recording cannot be read, or is a validation clip of less than 0.5 s, which is too short to measure.",
    ),
)
Arch = Literal["mel", "dac", "vocoder"]
_Base = MelWeights | DacWeights | VocoderWeights
_CLIP_HINT = "`amhctl data check` shows what is wrong with a recording"


@dataclass(frozen=True, slots=True)
class TrainCodecRequest:
    """What to train a codec on, and where.

    Attributes
    ----------
    manifests : tuple[Path, ...]
        Recordings with their splits.
    output : Path
        Run folder.
    arch : Arch
        Architecture.
    base : str | None
        What to continue from: bundled or official name, folder of a codec or vocoder, or a DAC's weights file.
    device : str
        Where to compute.
    """

    manifests: tuple[Path, ...]
    output: Path
    arch: Arch = "mel"
    base: str | None = None
    device: str = "cpu"
    name: str = "codec"
    preset: str | None = None
    project: Path | None = None
    sets: tuple[str, ...] = ()
    resume: bool = False
    force: bool = False
    seed: int | None = None


@dataclass(frozen=True, slots=True)
class TrainCodecReport(Report):
    """How the codec or vocoder does on clips it was not trained on."""

    run: CodecRun[CodecScores]
    clips: int
    hours: float
    left_out: Mapping[str, str]

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What was found damaged where the run continued; each clip that was left out, each codebook that collapsed."""
        clips = (RULES.finding("R011", id_, reason, _CLIP_HINT) for id_, reason in self.left_out.items())
        collapsed = (item.finding(str(self.run.codec)) for item in self.run.collapsed)
        return (*self.run.findings, *clips, *collapsed)

    def payload(self) -> dict[str, object]:
        """Return the place of the codec or vocoder, and figures."""
        scores = self.run.scores
        return {
            "codec": str(self.run.codec),
            "steps": self.run.steps,
            "best_step": self.run.best_step,
            "clips": self.clips,
            "hours": self.hours,
            "unreadable": [f"{id_}: {reason}" for id_, reason in self.left_out.items()],
            "mel_distance": scores.mel_distance,
            "stoi": scores.stoi,
            "codebook_usage": list(scores.usage),
        }

    def lines(self) -> Iterable[str]:
        """Return the figures for people."""
        scores = self.run.scores
        place, steps = self.run.codec, self.run.steps
        yield f"{place.name} {place} after {steps} steps on {self.clips} clips, {self.hours:.2f} h"
        why = "the last" if self.run.kept == "last" else "the best on the validation clips"
        yield f"kept: step {self.run.best_step}, {why}"
        yield f"held-out mel distance {scores.mel_distance:.4f}, {scores.describe_stoi()}"
        if scores.usage:
            yield "codes used per codebook: " + ", ".join(f"{share:.0%}" for share in scores.usage)


def run(request: TrainCodecRequest, progress: Progress) -> TrainCodecReport:
    """Train the codec.

    Raises
    ------
    DatasetError
        If a manifest has no training or no validation clips.
    FileExistsRefused
        If the run folder exists and the run is neither resumed nor forced.
    TrainingError
        If codes are to be kept without a base, or the run cannot continue.
    CodecError
        If the base is not of the architecture.
    InUseError
        If another process trains in the run folder.
    """
    flags: dict[str, object] = {} if request.seed is None else {"seed": request.seed}
    config = load_run_config(preset=request.preset, project=request.project, sets=request.sets, flags=flags).config
    read_first = (*request.manifests, *([Path(request.base)] if request.base else []))
    require_run_folder(request.output, resume=request.resume, force=request.force, sources=read_first)
    device = choose_device(request.device)
    with hold_run(request.output, resume=request.resume, force=request.force, progress=progress):
        return _train(request, config, device, progress)


def _train(request: TrainCodecRequest, config: RunConfig, device: str, progress: Progress) -> TrainCodecReport:
    base = _read_base(request)
    shape, level = _shape_and_level(config, request.arch)
    shape = base.shape if base else shape
    sample_rate = shape.sample_rate if isinstance(shape, DacCodecConfig) else shape.mel.sample_rate
    records = [(path.parent, record) for path in request.manifests for record in read_records(path)]
    left_out: dict[str, str] = {}
    any_clip = partial(_clip, sample_rate=sample_rate, level=level)
    measurable = partial(any_clip, shortest=SHORTEST_SECONDS)
    train = load_split(request.manifests, records, "train", any_clip, left_out, progress)
    valid = load_split(request.manifests, records, "valid", measurable, left_out, progress)
    provenance = gather_provenance([record for _, record in records], _base_manifest(request))
    material = CodecMaterial(
        train=train,
        valid=valid,
        fingerprint=sha256_of_json([record.model_dump(mode="json") for _, record in records]),
        licences=provenance.licences,
        processing=provenance.processing,
    )
    recipe = _build_recipe(config, material, base, arch=request.arch, device=device)
    # The recipe has its own copy of the base's weights.
    del base
    result = train_codec(
        recipe,
        material,
        name=request.name,
        folder=request.output,
        resume=request.resume,
        progress=progress,
    )
    seconds = sum(clip.size for clip in train) / sample_rate
    return TrainCodecReport(result, len(train), seconds / 3600, left_out)


def _shape_and_level(config: RunConfig, arch: Arch) -> tuple[MelCodecConfig | DacCodecConfig | VocoderConfig, float]:
    match arch:
        case "mel":
            return config.mel_codec, config.codec_training.level
        case "dac":
            return config.dac_codec, config.dac_training.level
        case "vocoder":
            return config.vocoder, config.vocoder_training.level


def _read_base(request: TrainCodecRequest) -> _Base | None:
    if request.base is None:
        return None
    match request.arch:
        case "mel":
            return MelWeights(*read_mel(request.base))
        case "dac":
            return DacWeights(*read_dac(request.base))
        case "vocoder":
            return VocoderWeights(*read_vocoder(request.base))


def _build_recipe(
    config: RunConfig, material: CodecMaterial, base: _Base | None, *, arch: Arch, device: str
) -> CodecRecipe[CodecScores]:
    seed = config.seed
    match arch:
        case "mel":
            _require_room(stored_shapes(config.mel_codec), "mel_codec", "width")
            mel = base if isinstance(base, MelWeights) else None
            return MelRecipe(config.mel_codec, config.codec_training, material, seed=seed, base=mel, device=device)
        case "dac":
            _require_room(dac_shapes(config.dac_codec), "dac_codec", "encoder_dim and decoder_dim")
            dac = base if isinstance(base, DacWeights) else None
            return DacRecipe(config.dac_codec, config.dac_training, material, seed=seed, base=dac, device=device)
        case "vocoder":
            _require_room(vocoder_shapes(config.vocoder), "vocoder", "width")
            weights = base if isinstance(base, VocoderWeights) else None
            training = config.vocoder_training
            return VocoderRecipe(config.vocoder, training, material, seed=seed, base=weights, device=device)


def _require_room(shapes: Mapping[str, tuple[int, ...]], place: str, sizes: str) -> None:
    require_memory(sum(map(prod, shapes.values())), subject=place, hint=f"make it smaller: {sizes}")


def _clip(folder: Path, record: Record, sample_rate: int, level: float, shortest: float = 0.0) -> NDArray[np.float32]:
    waveform = read(folder / record.audio, offset=record.offset, duration=record.duration)
    samples = bring_to(waveform, level=level, sample_rate=sample_rate).samples
    if samples.size < shortest * sample_rate:
        raise AudioError(f"{samples.size / sample_rate:.3f} s are too short to measure a codec on")
    return samples


def _base_manifest(request: TrainCodecRequest) -> Manifest | None:
    """Return the manifest of the codec or vocoder that is gone on from; None without one, and of a weights file."""
    if request.base is None:
        return None
    if request.arch == "vocoder":
        return read_vocoder_manifest(request.base)
    return None if codec_path(request.base).is_file() else read_codec_manifest(request.base)
