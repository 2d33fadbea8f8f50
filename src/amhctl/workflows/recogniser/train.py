"""``recogniser train``: a recogniser of phones and words from recordings and their texts, or the fine-tuning of one."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from math import prod
from pathlib import Path

import numpy as np
from torch import Tensor

from amhctl.audio.files import read
from amhctl.checkpoint.manifest import Licence, Manifest
from amhctl.checkpoint.store import load_checkpoint
from amhctl.config.load import load_run_config
from amhctl.config.recogniser import RecogniserConfig
from amhctl.config.schema import RunConfig
from amhctl.core.errors import AudioError, DatasetError
from amhctl.core.files import sha256_of_file, sha256_of_json
from amhctl.core.findings import Finding, Rule, Rules, Severity
from amhctl.core.progress import Progress
from amhctl.core.report import Report
from amhctl.core.shortage import require_memory
from amhctl.corpus.records import Record, read_records
from amhctl.corpus.texts import read_lines
from amhctl.devices.device import choose_device
from amhctl.recogniser.catalog import LANGUAGE_FILE, open_recogniser
from amhctl.recogniser.features import SAMPLE_RATE
from amhctl.recogniser.labels import join_words
from amhctl.recogniser.language import learn_language, read_words, spoken_words
from amhctl.recogniser.network import network_shapes
from amhctl.recogniser.quantised import restore
from amhctl.recogniser.soundness import find_faults
from amhctl.recogniser.whisper import read_whisper
from amhctl.recogniser.words import WORDS_FILE
from amhctl.text.frontend import Frontend
from amhctl.training.codec_loop import CodecRun, train_codec
from amhctl.training.recogniser_material import RecogniserMaterial, SpokenClip
from amhctl.training.recogniser_recipe import RecogniserRecipe, RecogniserScores
from amhctl.workflows.network_run import hold_run, load_split, require_run_folder
from amhctl.workflows.provenance import gather_provenance

RULES = Rules(
    Rule(
        "R031",
        Severity.WARNING,
        "clip skipped in recogniser training",
        "The recording cannot be read, is too long to train on, or is too short for its text; or the text cannot be "
        "read as phones.",
    ),
)
_CLIP_HINT = "`amhctl data check` shows what is wrong with a recording"
_WHISPER = Licence(work="OpenAI Whisper, encoder weights", licence="MIT", url="https://github.com/openai/whisper")


@dataclass(frozen=True, slots=True)
class TrainRecogniserRequest:
    """What to train a recogniser on, and where.

    Attributes
    ----------
    manifests : tuple[Path, ...]
        Recordings with their splits.
    output : Path
        Run folder.
    texts : tuple[Path, ...]
        Text for the models of language; without any, those of the base, or the texts of the training clips.
    base : str | None
        What to continue from: a recogniser's name or folder, or the safetensors file of a Whisper model.
    device : str
        Where to compute.
    """

    manifests: tuple[Path, ...]
    output: Path
    texts: tuple[Path, ...] = ()
    base: str | None = None
    device: str = "cpu"
    name: str = "recogniser"
    preset: str | None = None
    project: Path | None = None
    sets: tuple[str, ...] = ()
    resume: bool = False
    force: bool = False
    seed: int | None = None


@dataclass(frozen=True, slots=True)
class TrainRecogniserReport(Report):
    """How the recogniser does on clips it was not trained on."""

    run: CodecRun[RecogniserScores]
    clips: int
    hours: float
    left_out: Mapping[str, str]

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What was found damaged where the run continued; each clip that was left out."""
        clips = (RULES.finding("R031", id_, reason, _CLIP_HINT) for id_, reason in self.left_out.items())
        return (*self.run.findings, *clips)

    def payload(self) -> dict[str, object]:
        """Return the place of the recogniser, and figures."""
        return {
            "recogniser": str(self.run.codec),
            "steps": self.run.steps,
            "best_step": self.run.best_step,
            "clips": self.clips,
            "hours": self.hours,
            "phone_error_rate": self.run.scores.phone_error_rate,
            "valid_clips": self.run.scores.clips,
        }

    def lines(self) -> Iterable[str]:
        """Return the figures for people."""
        yield f"recogniser {self.run.codec} after {self.run.steps} steps on {self.clips} clips, {self.hours:.2f} h"
        why = "the last" if self.run.kept == "last" else "the best on the validation clips"
        yield f"kept: step {self.run.best_step}, {why}"
        yield f"{self.run.scores.describe()} on {self.run.scores.clips} clips, without a model of language"


@dataclass(frozen=True, slots=True)
class _Base:
    """What training starts from."""

    shape: RecogniserConfig
    tensors: Mapping[str, Tensor]
    fingerprint: str
    language: Mapping[str, bytes]
    manifest: Manifest | None
    licences: tuple[Licence, ...] = ()


def run(request: TrainRecogniserRequest, progress: Progress) -> TrainRecogniserReport:
    """Train the recogniser.

    Raises
    ------
    DatasetError
        If a manifest has no training or no validation clips, or a text cannot be read.
    FileExistsRefused
        If the run folder exists and the run is neither resumed nor forced.
    TrainingError
        If the run cannot continue.
    CheckpointError
        If the base is neither a recogniser nor a Whisper encoder of the configured sizes.
    InUseError
        If another process trains in the run folder.
    """
    flags: dict[str, object] = {} if request.seed is None else {"seed": request.seed}
    config = load_run_config(preset=request.preset, project=request.project, sets=request.sets, flags=flags).config
    read_first = (*request.manifests, *request.texts, *([Path(request.base)] if request.base else []))
    require_run_folder(request.output, resume=request.resume, force=request.force, sources=read_first)
    device = choose_device(request.device)
    with hold_run(request.output, resume=request.resume, force=request.force, progress=progress):
        return _train(request, config, device, progress)


def _train(
    request: TrainRecogniserRequest, config: RunConfig, device: str, progress: Progress
) -> TrainRecogniserReport:
    base = _read_base(request, config.recogniser)
    shape = config.recogniser if base is None else base.shape
    _require_sizes(shape)
    frontend = Frontend(config.text.model_copy(update={"units": "phones"}))
    records = [(path.parent, record) for path in request.manifests for record in read_records(path)]
    left_out: dict[str, str] = {}
    read_clip = partial(_read_clip, frontend=frontend, longest=config.recogniser_training.longest_seconds)
    train = load_split(request.manifests, records, "train", read_clip, left_out, progress)
    valid = load_split(request.manifests, records, "valid", read_clip, left_out, progress)
    provenance = gather_provenance([record for _, record in records], base.manifest if base else None)
    texts = [record.text for _, record in records if record.split == "train"]
    material = RecogniserMaterial(
        train=train,
        valid=valid,
        fingerprint=sha256_of_json([record.model_dump(mode="json") for _, record in records]),
        language=_language(request, base, texts, frontend, progress),
        licences=(*(base.licences if base else ()), *provenance.licences),
        processing=provenance.processing,
    )
    recipe = RecogniserRecipe(
        shape,
        config.recogniser_training,
        material,
        seed=config.seed,
        base=base.tensors if base else None,
        base_fingerprint=base.fingerprint if base else "",
        device=device,
    )
    # The recipe has its own copy of the base's weights.
    del base
    result = train_codec(
        recipe, material, name=request.name, folder=request.output, resume=request.resume, progress=progress
    )
    hours = sum(clip.seconds for clip in train) / 3600
    return TrainRecogniserReport(result, len(train), hours, left_out)


def _require_sizes(shape: RecogniserConfig) -> None:
    parameters = sum(map(prod, network_shapes(shape).values()))
    require_memory(parameters, subject="recogniser", hint="make it smaller: width and blocks")


def _read_base(request: TrainRecogniserRequest, shape: RecogniserConfig) -> _Base | None:
    if request.base is None:
        return None
    path = Path(request.base).expanduser()
    if path.suffix == ".safetensors":
        return _Base(shape, read_whisper(path, shape), sha256_of_file(path), {}, None, (_WHISPER,))
    checkpoint = load_checkpoint(open_recogniser(request.base), check=find_faults)
    return _Base(
        shape=RecogniserConfig.model_validate(checkpoint.manifest.config),
        tensors=restore(checkpoint.tensors),
        fingerprint=checkpoint.manifest.files["model.safetensors"],
        language={name: checkpoint.read_bytes(name) for name in (LANGUAGE_FILE, WORDS_FILE)},
        manifest=checkpoint.manifest,
    )


def _language(
    request: TrainRecogniserRequest,
    base: _Base | None,
    texts: Sequence[str],
    frontend: Frontend,
    progress: Progress,
) -> Mapping[str, bytes]:
    """Return the files of the models of language: of the given text, of the base, or of the training texts."""
    if base is not None and base.language and not request.texts:
        return base.language
    written = (line.text for line in read_lines(request.texts)) if request.texts else iter(texts)
    progress.start("reading text", None if request.texts else len(texts), "line")
    spoken = []
    for line in written:
        spoken.append(spoken_words(frontend, line))
        progress.advance()
    progress.finish()
    progress.say("learning phone model and word list")
    try:
        return learn_language(spoken, frontend)
    except ValueError as fault:
        place = ", ".join(map(str, request.texts or request.manifests))
        raise DatasetError(str(fault), subject=place, hint="give files of written Amharic") from fault


def _read_clip(folder: Path, record: Record, *, frontend: Frontend, longest: float) -> SpokenClip:
    """Return a clip with its labels.

    Raises
    ------
    AudioError
        If it cannot be read or cannot be trained on.
    """
    labels = join_words(read_words(frontend, record.text))
    waveform = read(folder / record.audio, sample_rate=SAMPLE_RATE, offset=record.offset, duration=record.duration)
    clip = SpokenClip.of(record.id, np.asarray(waveform.samples, dtype=np.float32), labels)
    if reason := _unfit(clip, longest):
        raise AudioError(reason)
    return clip


def _unfit(clip: SpokenClip, longest: float) -> str:
    """Return why a clip cannot be trained on; empty if it can."""
    if not clip.labels:
        return "the text cannot be read as phones"
    if clip.seconds > longest:
        return f"{clip.seconds:.1f} s, longer than {longest:g} s"
    if not clip.fits:
        return f"{clip.seconds:.2f} s are too short for {len(clip.labels)} phones and word borders"
    return ""
