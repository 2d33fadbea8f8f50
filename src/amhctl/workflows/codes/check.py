"""``codes check``: whether the codes of a store are real, whole, and those of its recordings."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from amhctl.audio.longrecording import LONG_SECONDS
from amhctl.audio.mel import log_mel
from amhctl.audio.resample import resample
from amhctl.audio.waveform import Waveform
from amhctl.codec.codec import Codec
from amhctl.codec.registry import load_codec
from amhctl.codec.semantic import SemanticCodec
from amhctl.codes import acoustic_checks, checks
from amhctl.codes.acoustic_checks import VoiceStatistics
from amhctl.codes.checks import CodeStatistics, check_store
from amhctl.codes.extraction import prepare_acoustics, prepare_waveform
from amhctl.codes.index import StoredUtterance
from amhctl.codes.store import CodeStore
from amhctl.config.mel import MelConfig
from amhctl.core.errors import AudioError, CodecError, EvaluationError
from amhctl.core.files import write_text_atomically
from amhctl.core.findings import Finding, Rule, Rules, Severity
from amhctl.core.outputs import PAGE, require_output_file
from amhctl.core.progress import Progress
from amhctl.core.report import Verdict
from amhctl.devices.device import choose_device
from amhctl.evaluation.fidelity import compare
from amhctl.pages.codes import CodesPage, DecodedSample

RULES = Rules(
    Rule(
        "X101",
        Severity.ERROR,
        "wrong codec",
        "The given codec is not the one that made the codes: its fingerprint or its shape differs.",
    ),
    *checks.RULES,
    *acoustic_checks.RULES,
    Rule(
        "X108",
        Severity.ERROR,
        "codes do not match the recording",
        "Encoding the recording again gives different codes: fewer than half of the first codebook's agree.",
    ),
    Rule(
        "X109",
        Severity.WARNING,
        "poor intelligibility",
        "The decoded codes have a STOI below 0.5 against the recording: the codec is not good enough for this speech.",
    ),
    Rule(
        "X118",
        Severity.ERROR,
        "unintelligible",
        "The decoded samples have a median STOI below 0.4 against the recordings: no words can be understood.",
    ),
    Rule(
        "X112",
        Severity.WARNING,
        "recording cannot be compared",
        "The recording of a sampled utterance can no longer be read, or is longer than five minutes: its codes were "
        "not compared with it.",
    ),
    Rule(
        "X120",
        Severity.ERROR,
        "acoustics do not match the recording",
        "Computing the spectrogram again gives a different result: its mean distance from the stored one is 0.1 or "
        "more (natural logarithm).",
    ),
)

_LOWEST_AGREEMENT = 0.5
_LOWEST_STOI = 0.5
# Half precision and the windows of long recordings make 0.02 at most; another recording makes more than 1.
_FARTHEST_MEL = 0.1
_MOST_SPEAKERS = 30
"""Speakers whose figures are shown to people; ``--json`` has them all."""
_UNINTELLIGIBLE_STOI = 0.4
"""The bundled codec scores 0.75 to 0.93 on 60 clips of two corpora, with one of its eight codebooks 0.43 to 0.78;
random codes, shuffled ones, and those of another clip, -0.07 to 0.37."""


@dataclass(frozen=True, slots=True)
class CheckCodesRequest:
    """What to check.

    Attributes
    ----------
    store : Path
        The store.
    codec : str | None
        Codec to decode with; None takes the bundled one of the store's codec name.
    sample : int
        How many utterances are decoded back.
    seed : int
        Seed of their choice.
    device : str
        Where to compute.
    features_model : Path | None
        Folder of the speech encoder of a semantic codec; None looks into the cache of the Hugging Face hub.
    report : Path | None
        HTML page to write.
    force : bool
        Whether an existing page may be replaced.
    """

    store: Path
    codec: str | None = None
    sample: int = 16
    seed: int = 0
    device: str = "cpu"
    features_model: Path | None = None
    report: Path | None = None
    force: bool = False


@dataclass(frozen=True, slots=True)
class CheckCodesReport(Verdict):
    """Statistics of the codes, the decoded sample, and every finding."""

    utterances: int
    statistics: CodeStatistics
    samples: tuple[DecodedSample, ...]
    findings: tuple[Finding, ...]
    report: Path | None = None
    voices: tuple[VoiceStatistics, ...] = ()

    @property
    def pesq(self) -> float | None:
        """Mean PESQ of the sample."""
        return _mean([sample.pesq for sample in self.samples])

    @property
    def stoi(self) -> float | None:
        """Mean STOI of the sample."""
        return _mean([sample.stoi for sample in self.samples])

    @property
    def mel_distance(self) -> float | None:
        """Mean log-mel distance of the sample."""
        return _mean([sample.mel_distance for sample in self.samples])

    def payload(self) -> dict[str, object]:
        """Return usage, entropy and the means of the sample."""
        return {
            "utterances": self.utterances,
            "frames": self.statistics.frames,
            "codebook_usage": list(self.statistics.usage),
            "entropy": list(self.statistics.entropy),
            "repeats": self.statistics.repeats,
            "duplicates": self.statistics.duplicates,
            "length_ratio": _spread(self.statistics.length_ratios),
            "pesq": self.pesq,
            "stoi": self.stoi,
            "mel_distance": self.mel_distance,
            "agreement": _mean([sample.agreement for sample in self.samples]),
            "voices": [asdict(voice) for voice in self.voices],
            "samples": [asdict(sample) for sample in self.samples],
            "report": str(self.report) if self.report else None,
        }

    def lines(self) -> Iterable[str]:
        """Return the figures for people."""
        yield f"{self.utterances} utterances, {self.statistics.frames} frames"
        yield "codes used per codebook: " + ", ".join(f"{share:.0%}" for share in self.statistics.usage)
        yield "bits per code: " + ", ".join(f"{bits:.1f}" for bits in self.statistics.entropy)
        repeats, duplicates = self.statistics.repeats, self.statistics.duplicates
        yield f"{repeats:.1%} of first codes repeat the one before, {duplicates} duplicates"
        if (spread := _spread(self.statistics.length_ratios)) is not None:
            yield f"length of codes over length of audio: {spread['lowest']:.3f} to {spread['highest']:.3f}"
        if self.samples:
            measures = (("PESQ", self.pesq), ("STOI", self.stoi), ("mel distance", self.mel_distance))
            figures = ((name, value) for name, value in measures if value is not None)
            agreement = _mean([sample.agreement for sample in self.samples])
            yield (
                f"{len(self.samples)} decoded back: {agreement:.1%} of the first codes agree"
                + "".join(f", {name} {value:.2f}" for name, value in figures)
            )
        for voice in self.voices[:_MOST_SPEAKERS]:
            pitch = "no pitch" if voice.pitch is None else f"{voice.pitch:.0f} Hz ± {voice.spread:.1f} semitones"
            clips = f"{voice.clips} clips, {voice.voiced:.0%} voiced"
            yield f"{voice.speaker}: {clips}, {pitch}, similarity {voice.cohesion:.2f}"
        if (unsaid := len(self.voices) - _MOST_SPEAKERS) > 0:
            yield f"… and {unsaid} speakers more"
        if self.report:
            yield f"report: {self.report}"


def run(request: CheckCodesRequest, progress: Progress) -> CheckCodesReport:
    """Check a store.

    Raises
    ------
    DatasetError
        If there is no store, or it is empty.
    CodecError
        If the codec cannot be loaded.
    FileExistsRefused
        If the report exists and is not to be replaced.
    """
    if request.report is not None:
        read = (request.store, *([Path(request.codec)] if request.codec else []))
        require_output_file(request.report, PAGE, force=request.force, sources=read)
    store = CodeStore.open(request.store)
    device = choose_device(request.device)
    codec = load_codec(
        request.codec or store.spec.name,
        device=device,
        precision=store.document.precision,
        features_model=request.features_model,
    )
    checked = check_store(store, progress)
    findings = list(checked.findings)
    samples: tuple[DecodedSample, ...] = ()
    if codec.spec.fingerprint != store.spec.fingerprint:
        findings.insert(0, _wrong_codec(store, codec))
    else:
        damaged = {finding.subject for finding in findings if finding.code == "X107"}
        samples, found = _decode_sample(store, codec, request, damaged, progress)
        findings += found
    if request.report is not None:
        page = CodesPage(store, checked.statistics, samples, findings, RULES, checked.voices)
        write_text_atomically(request.report, page.render())
    return CheckCodesReport(len(store), checked.statistics, samples, tuple(findings), request.report, checked.voices)


def _wrong_codec(store: CodeStore, codec: Codec) -> Finding:
    held, given = store.spec.model_dump(), codec.spec.model_dump()
    differences = ", ".join(f"{key} {held[key]} ≠ {given[key]}" for key in held if held[key] != given[key])
    hint = "name the codec with --codec, or extract the codes again"
    return RULES.finding("X101", str(store.path), f"store ≠ codec: {differences}", hint)


def _decode_sample(
    store: CodeStore, codec: Codec, request: CheckCodesRequest, damaged: set[str], progress: Progress
) -> tuple[tuple[DecodedSample, ...], list[Finding]]:
    candidates = [id_ for id_ in store.ids if id_ not in damaged]
    count = min(request.sample, len(candidates))
    chosen = sorted(np.random.default_rng(request.seed).permutation(len(candidates))[:count].tolist())
    samples: list[DecodedSample] = []
    findings: list[Finding] = []
    progress.start("decoding back", count, "utterance")
    for index in chosen:
        entry = store.entry(candidates[index])
        progress.advance()
        if (seconds := entry.record.duration or 0.0) > LONG_SECONDS:
            message = f"{seconds:.0f} s are too long to decode"
            findings.append(RULES.finding("X112", entry.id, message, "split the recording at pauses"))
            continue
        try:
            original = prepare_waveform(entry, store)
            sample = _compare(entry.id, store.codes(entry.id), original, codec)
        except (AudioError, CodecError) as error:
            findings.append(RULES.finding("X112", entry.id, error.message, error.hint))
            continue
        samples.append(sample)
        findings += _judge_acoustics(entry, store)
        if sample.agreement < _LOWEST_AGREEMENT:
            message = f"{sample.agreement:.0%} of the codes of the first codebook agree with those of the recording"
            findings.append(RULES.finding("X108", entry.id, message, "extract it again"))
        elif sample.stoi is not None and sample.stoi < _LOWEST_STOI:
            message = f"STOI {sample.stoi:.2f} against the recording"
            findings.append(RULES.finding("X109", entry.id, message, "train the codec longer"))
    progress.finish()
    return tuple(samples), [*findings, *_judge_intelligibility(store, samples)]


def _judge_acoustics(entry: StoredUtterance, store: CodeStore) -> Iterable[Finding]:
    """Compare the stored spectrogram with that of the recording, which has just been read."""
    if store.document.acoustics is None:
        return
    stored_TF, again_TF = store.acoustics(entry.id).mel_TF, prepare_acoustics(entry, store).mel_TF
    shared = min(len(stored_TF), len(again_TF))
    distance = float(np.abs(stored_TF[:shared] - again_TF[:shared]).mean())
    if distance >= _FARTHEST_MEL:
        message = f"the stored spectrogram is {distance:.2f} away from the recording's"
        yield RULES.finding("X120", entry.id, message, "extract it again")


def _judge_intelligibility(store: CodeStore, samples: Sequence[DecodedSample]) -> Iterable[Finding]:
    """Judge the codec by all samples together: a single clip may be noise, or silence."""
    known = [sample.stoi for sample in samples if sample.stoi is not None]
    if known and (middle := float(np.median(known))) < _UNINTELLIGIBLE_STOI:
        message = f"half of {len(known)} decoded clips have a STOI below {middle:.2f}; random codes reach 0.37"
        hint = "listen to them with --report; train the codec longer, or use another one"
        yield RULES.finding("X118", str(store.path), message, hint)


def _compare(utterance: str, codes_QS: NDArray[np.uint16], original: Waveform, codec: Codec) -> DecodedSample:
    again_QS = codec.encode([original.samples])[0]
    shared = min(codes_QS.shape[1], again_QS.shape[1])
    longest = max(codes_QS.shape[1], again_QS.shape[1])
    agreement = float((codes_QS[0, :shared] == again_QS[0, :shared]).sum()) / longest
    if isinstance(codec, SemanticCodec):
        return DecodedSample(utterance, agreement, None, None, None)
    decoded = Waveform(codec.decode([codes_QS])[0], codec.spec.sample_rate)
    distance = _mel_distance(original, decoded)
    try:
        fidelity = compare(original, decoded)
    except EvaluationError:
        # Too short or too quiet for these measures; the others still stand.
        return DecodedSample(utterance, agreement, distance, None, None)
    return DecodedSample(utterance, agreement, distance, fidelity.pesq, fidelity.stoi)


def _mel_distance(original: Waveform, decoded: Waveform) -> float:
    """Return the mean absolute difference of natural log-mel spectra in the default features' configuration.

    It is the distance by which ``codec train`` measures, there with the codec's own mel configuration.
    """
    mel = MelConfig()
    one, other = (resample(waveform, mel.sample_rate).samples for waveform in (original, decoded))
    length = min(one.size, other.size)
    return float(np.abs(log_mel(one[:length], mel) - log_mel(other[:length], mel)).mean())


def _spread(values: Sequence[float]) -> dict[str, float] | None:
    if not values:
        return None
    return {"lowest": min(values), "mean": float(np.mean(values)), "highest": max(values)}


def _mean(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None
