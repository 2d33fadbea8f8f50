"""``amhctl eval``: a voice reads a test set and is measured against the recordings of it."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from amhctl.audio.acoustics import analyse
from amhctl.audio.levels import set_speech_level
from amhctl.audio.resample import bring_to
from amhctl.audio.waveform import Waveform
from amhctl.checkpoint.folder import WEIGHTS_FILE
from amhctl.core.errors import (
    AmhctlError,
    AudioError,
    EvaluationError,
    ModelError,
    SynthesisError,
    TextError,
    VocabularyError,
)
from amhctl.core.findings import Finding
from amhctl.core.outputs import PAGE, require_output_file, require_output_folder
from amhctl.core.progress import Progress
from amhctl.core.report import Verdict
from amhctl.corpus.records import Record, iter_audio, read_audio, read_records
from amhctl.encoders.speaker import SpeakerEncoder
from amhctl.evaluation import acoustics, fidelity, naturalness, textmatch
from amhctl.evaluation.scorecard import RULES as SCORECARD_RULES
from amhctl.evaluation.scorecard import (
    Quotient,
    Scorecard,
    UtteranceScore,
    build_scorecard,
    judge,
    parse_thresholds,
)
from amhctl.evaluation.similarity import mean_similarity, similarity
from amhctl.evaluation.speed import Machine, describe_machine
from amhctl.inference.assemble import load_speech_encoder, load_voice
from amhctl.inference.catalog import voice_path
from amhctl.inference.code_voice import CodeVoice
from amhctl.inference.options import SpeakOptions
from amhctl.inference.reference import read_clip
from amhctl.inference.spectrogram_voice import SpectrogramVoice
from amhctl.inference.speech import Speech
from amhctl.pages.evaluation import CLIPS, PageClip, clips_folder, write_page


@dataclass(frozen=True, slots=True)
class EvaluateRequest:
    """What ``amhctl eval`` was asked.

    Attributes
    ----------
    voice, codec : str
        Names or folders; no codec means the voice's own.
    test_set : Path
        A manifest; its records of the split ``test`` if it has any, else all of them.
    reference : Path | None
        Clip to speak like; None for the voice's own speaker.
    limit : int | None
        At most so many of them, spread evenly over the set.
    report : Path | None
        Where to write the HTML page.
    fail_under : tuple[str, ...]
        Conditions ``metric=value``.
    seed : int
        Seed of the speech and of the intervals.
    device : str
        Where to compute.
    force : bool
        Whether an existing page may be replaced.
    """

    voice: str
    test_set: Path
    codec: str | None = None
    reference: Path | None = None
    limit: int | None = None
    report: Path | None = None
    fail_under: tuple[str, ...] = ()
    seed: int = 0
    device: str = "auto"
    force: bool = False


@dataclass(frozen=True, slots=True)
class EvaluateReport(Verdict):
    """The scorecard and the verdict."""

    voice: str
    weights: str
    """SHA-256 of the voice's weights."""
    test_set: str
    scorecard: Scorecard
    findings: tuple[Finding, ...]
    page: Path | None
    machine: Machine

    def payload(self) -> dict[str, object]:
        """Return the metrics with their intervals, and every clip's."""
        return {
            "voice": self.voice,
            "weights": self.weights,
            "test_set": self.test_set,
            "machine": self.machine.line(),
            "report": str(self.page) if self.page else None,
            "metrics": {
                metric.kind.name: {
                    "value": metric.estimate.value,
                    "ci95": [metric.estimate.low, metric.estimate.high],
                    "n": metric.estimate.count,
                    "better": str(metric.kind.better),
                    "note": metric.kind.note,
                }
                for metric in self.scorecard.metrics
            },
            "utterances": [
                {"id": clip.id, "seconds": clip.seconds}
                | {metric.kind.name: clip.value_of(metric.kind) for metric in self.scorecard.metrics}
                for clip in self.scorecard.utterances
            ],
        }

    def lines(self) -> Iterable[str]:
        """Return a line a metric."""
        for metric in self.scorecard.metrics:
            estimate = metric.estimate
            note = f"  ({metric.kind.note})" if metric.kind.note else ""
            yield (
                f"{metric.kind.name:<28}{estimate.value:>9.3f}  [{estimate.low:.3f}, {estimate.high:.3f}]"
                f"  n={estimate.count}{note}"
            )
        yield f"measured on {self.machine.line()}"
        if self.page:
            yield f"page: {self.page}"


@dataclass(frozen=True, slots=True, eq=False)
class _Clip:
    """A test record with its recording."""

    record: Record
    natural: Waveform
    cepstra: NDArray[np.float64]
    embedding: NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class _Spoken:
    """What the voice made of a record; no speech where it failed."""

    speech: Speech | None
    copy: Waveform
    realtime_factor: float | None


def run(request: EvaluateRequest, progress: Progress) -> EvaluateReport:
    """Speak every record of a test set and measure the result.

    Raises
    ------
    AmhctlError
        If the set, the voice or a condition cannot be used.
    """
    thresholds = parse_thresholds(request.fail_under)
    if request.report is not None:
        _require_outputs(request, request.report)
    distinct, repeated = drop_repeated(read_records(request.test_set))
    records = choose_records(distinct, request.limit, request.test_set)
    voice = load_voice(request.voice, device=request.device, codec=request.codec)
    speaker = None if request.reference is None else _imitate(voice, request.reference, request.device)
    encoder = SpeakerEncoder()
    clips, findings = _read_clips(records, request.test_set.parent, encoder)
    findings += repeated
    if len(clips) < 2:
        findings.append(SCORECARD_RULES.finding("E004", str(request.test_set), "text match needs at least two clips"))
    natural_cepstra = tuple(clip.cepstra for clip in clips)
    page_clips = []
    progress.start("evaluating", len(clips), "clips")
    for index, clip in enumerate(clips):
        spoken = _speak(voice, speaker, clip, request.seed, findings)
        score = _measure(clip, spoken, voice.level, findings)
        score = _compare_speakers(score, clip, clips, spoken, encoder, findings)
        if len(clips) > 1:
            score = _match(score, spoken, natural_cepstra, index, findings)
        page_clips.append(PageClip(score, clip.natural, spoken.speech.waveform if spoken.speech else None, spoken.copy))
        progress.advance(note=clip.record.id)
    progress.finish()
    scorecard = build_scorecard(tuple(clip.score for clip in page_clips), seed=request.seed)
    findings += judge(scorecard, thresholds)
    findings.append(SCORECARD_RULES.finding("E005", "dnsmos", f"DNSMOS is {naturalness.NOTE}"))
    machine = describe_machine()
    if request.report is not None:
        title = f"{voice.manifest.name} on {request.test_set.name}"
        notes = (machine.line(), f"seed {request.seed}, {len(clips)} clips, DNSMOS is {naturalness.NOTE}")
        write_page(request.report, title, scorecard, tuple(page_clips), notes=notes, force=request.force)
    return EvaluateReport(
        voice=voice.manifest.name,
        weights=voice.manifest.files[WEIGHTS_FILE],
        test_set=request.test_set.name,
        scorecard=scorecard,
        findings=tuple(findings),
        page=request.report,
        machine=machine,
    )


def _require_outputs(request: EvaluateRequest, report: Path) -> None:
    given = (Path(request.codec) if request.codec else None, request.reference)
    read = (request.test_set, voice_path(request.voice), *(path for path in given if path is not None))
    require_output_file(report, PAGE, force=request.force, sources=read)
    folder = clips_folder(report)
    recordings = iter_audio(request.test_set) if folder.exists() else ()
    require_output_folder(folder, CLIPS, force=request.force, sources=(*read, *recordings))


def drop_repeated(records: tuple[Record, ...]) -> tuple[tuple[Record, ...], list[Finding]]:
    """Return the first recording of each text of each split, and a finding for every other."""
    first: dict[tuple[str, ...], Record] = {}
    findings = []
    for record in records:
        held = first.setdefault((record.split, *record.text.split()), record)
        if held is not record and record.split in ("test", ""):
            findings.append(SCORECARD_RULES.finding("E006", record.id, f"the same text as {held.id}"))
    return tuple(first.values()), findings


def choose_records(records: tuple[Record, ...], limit: int | None, source: Path) -> tuple[Record, ...]:
    """Return the test records of a manifest: those of the split ``test`` if there are any, else all; thinned evenly.

    Raises
    ------
    EvaluationError
        If there is none.
    """
    chosen = [record for record in records if record.split == "test"] or list(records)
    if not chosen:
        raise EvaluationError("the test set is empty", subject=str(source))
    if limit is not None and limit < len(chosen):
        places = np.linspace(0, len(chosen) - 1, limit).round().astype(int)
        chosen = [chosen[place] for place in places]
    return tuple(chosen)


def _read_clips(
    records: tuple[Record, ...], folder: Path, encoder: SpeakerEncoder
) -> tuple[list[_Clip], list[Finding]]:
    clips, findings = [], []
    for record in records:
        try:
            natural = read_audio(record, folder)
            clips.append(_Clip(record, natural, textmatch.cepstra(natural), encoder.embed(natural)))
        except (AudioError, EvaluationError) as fault:
            findings.append(_unmeasured(record, "recording", fault))
    if not clips:
        raise EvaluationError(
            "no recording of the test set can be used",
            subject=str(folder),
            hint=f"the first problem: {findings[0].message}",
        )
    return clips, findings


def _imitate(voice: CodeVoice | SpectrogramVoice, reference: Path, device: str) -> Any:  # noqa: ANN401
    """Return whom to speak as: each kind of voice has a speaker of its own."""
    clip = read_clip(reference).waveform
    return voice.imitate(clip, voice.speech_encoder or load_speech_encoder(voice.manifest, device=device))


def _speak(
    voice: CodeVoice | SpectrogramVoice,
    speaker: Any,  # noqa: ANN401
    clip: _Clip,
    seed: int,
    findings: list[Finding],
) -> _Spoken:
    copy = _copy(voice, speaker, clip.natural)
    person = clip.record.speaker if clip.record.speaker in (voice.manifest.speakers or ()) else None
    options = SpeakOptions(seed=seed, person=person if speaker is None else None)
    start = perf_counter()
    try:
        speech = voice.speak(clip.record.text, options, speaker=speaker)
    except (SynthesisError, TextError, VocabularyError, ModelError) as fault:
        findings.append(SCORECARD_RULES.finding("E002", clip.record.id, fault.message, fault.hint))
        return _Spoken(None, copy, None)
    return _Spoken(speech, copy, (perf_counter() - start) / speech.waveform.duration)


def _copy(voice: CodeVoice | SpectrogramVoice, speaker: Any, natural: Waveform) -> Waveform:  # noqa: ANN401
    """Return what a voice's codec or vocoder makes of a recording: the best that the voice could be."""
    if isinstance(voice, CodeVoice):
        return voice.copy(natural, speaker)
    samples = bring_to(natural, level=voice.level, sample_rate=voice.sample_rate).samples
    (copied,) = voice.vocoder.synthesise([analyse(samples, voice.network.config.acoustics).mel_TF])
    return Waveform(np.ascontiguousarray(copied[: samples.size], dtype=np.float32), voice.sample_rate)


def _measure(clip: _Clip, spoken: _Spoken, level: float, findings: list[Finding]) -> UtteranceScore:
    record = clip.record
    natural = naturalness.score(clip.natural)
    score = UtteranceScore(
        record.id,
        record.text,
        None,
        stops=0.0,
        natural_dnsmos_overall=natural.overall,
        natural_dnsmos_p808=natural.p808,
    )
    original = set_speech_level(clip.natural, level)
    try:
        copied = fidelity.compare(original, spoken.copy)
        distance = acoustics.compare(clip.natural, spoken.copy)
        score = replace(score, copy_pesq=copied.pesq, copy_stoi=copied.stoi, copy_mcd=distance.mcd)
    except EvaluationError as fault:
        findings.append(_unmeasured(record, "copy-synthesis", fault))
    if spoken.speech is None:
        return score
    synthesised = spoken.speech.waveform
    rating = naturalness.score(synthesised)
    score = replace(
        score,
        seconds=synthesised.duration,
        stops=float(all(segment.stopped for segment in spoken.speech.segments)),
        realtime_factor=spoken.realtime_factor,
        dnsmos_overall=rating.overall,
        dnsmos_signal=rating.signal,
        dnsmos_background=rating.background,
        dnsmos_p808=rating.p808,
    )
    try:
        distance = acoustics.compare(clip.natural, synthesised)
        return replace(
            score,
            mcd=distance.mcd,
            log_f0_rmse=distance.log_f0_rmse,
            log_f0_spread=_spread(distance),
            duration_ratio=distance.duration_ratio,
            total_duration_ratio=Quotient(distance.seconds, distance.natural_seconds),
        )
    except EvaluationError as fault:
        findings.append(_unmeasured(record, "synthesised clip", fault))
        return score


def _spread(distance: acoustics.AcousticDistance) -> Quotient | None:
    spoken, natural = distance.log_f0_spread, distance.natural_log_f0_spread
    return Quotient(spoken, natural) if spoken is not None and natural else None


def _compare_speakers(
    score: UtteranceScore,
    clip: _Clip,
    clips: list[_Clip],
    spoken: _Spoken,
    encoder: SpeakerEncoder,
    findings: list[Finding],
) -> UtteranceScore:
    """Return the score with how near recording and speech are to each other and to the speaker's other recordings."""
    others = [other.embedding for other in clips if other is not clip and other.record.speaker == clip.record.speaker]
    natural = mean_similarity(clip.embedding, others) if others else None
    score = replace(score, natural_speaker_similarity=natural)
    if spoken.speech is None:
        return score
    try:
        synthesised = encoder.embed(spoken.speech.waveform)
    except AudioError as fault:
        findings.append(_unmeasured(clip.record, "synthesised clip", fault))
        return score
    score = replace(score, speaker_similarity=similarity(clip.embedding, synthesised))
    if natural is None or natural <= 0.0:
        return score
    return replace(score, relative_speaker_similarity=Quotient(mean_similarity(synthesised, others), natural))


def _match(
    score: UtteranceScore,
    spoken: _Spoken,
    natural: tuple[NDArray[np.float64], ...],
    index: int,
    findings: list[Finding],
) -> UtteranceScore:
    if spoken.speech is None:
        return replace(score, text_match=0.0)
    try:
        found = textmatch.match(textmatch.cepstra(spoken.speech.waveform), natural, index)
    except EvaluationError as fault:
        findings.append(SCORECARD_RULES.finding("E003", score.id, f"text match: {fault.message}"))
        return replace(score, text_match=0.0)
    return replace(score, text_match=float(found.matched), mfcc_own=found.own, mfcc_other=found.nearest_other)


def _unmeasured(record: Record, what: str, fault: AmhctlError) -> Finding:
    return SCORECARD_RULES.finding("E003", record.id, f"{what}: {fault.message}", fault.hint)
