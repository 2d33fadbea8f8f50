"""One clip of a test set: read, spoken by a voice, and measured. What cannot be measured becomes a finding."""

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
from amhctl.corpus.records import Record, read_audio
from amhctl.encoders.speaker import SpeakerEncoder
from amhctl.evaluation import acoustics, fidelity, naturalness, textmatch
from amhctl.evaluation.scorecard import RULES as SCORECARD_RULES
from amhctl.evaluation.scorecard import (
    Quotient,
    UtteranceScore,
)
from amhctl.evaluation.similarity import mean_similarity, similarity
from amhctl.inference.code_voice import CodeVoice
from amhctl.inference.options import SpeakOptions
from amhctl.inference.spectrogram_voice import SpectrogramVoice
from amhctl.inference.speech import Speech
from amhctl.recogniser.error_rate import Errors, all_missing
from amhctl.recogniser.scoring import AlignedWord, Scorer


@dataclass(frozen=True, slots=True, eq=False)
class Clip:
    """A test record with its recording."""

    record: Record
    natural: Waveform
    cepstra: NDArray[np.float64]
    embedding: NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Spoken:
    """What the voice made of a record; no speech where it failed."""

    speech: Speech | None
    copy: Waveform
    realtime_factor: float | None


def read_clips(records: tuple[Record, ...], folder: Path, encoder: SpeakerEncoder) -> tuple[list[Clip], list[Finding]]:
    """Read the recordings of records, and measure of each what the others are compared with.

    Raises
    ------
    EvaluationError
        If none can be used.
    """
    clips, findings = [], []
    for record in records:
        try:
            natural = read_audio(record, folder)
            clips.append(Clip(record, natural, textmatch.cepstra(natural), encoder.embed(natural)))
        except (AudioError, EvaluationError) as fault:
            findings.append(_unmeasured(record, "recording", fault))
    if not clips:
        raise EvaluationError(
            "no recording of the test set can be used",
            subject=str(folder),
            hint=f"the first problem: {findings[0].message}",
        )
    return clips, findings


def speak_clip(
    voice: CodeVoice | SpectrogramVoice,
    speaker: Any,  # noqa: ANN401
    clip: Clip,
    seed: int,
    findings: list[Finding],
) -> Spoken:
    """Let a voice say the text of a clip, and copy its recording."""
    copy = _copy(voice, speaker, clip.natural)
    person = clip.record.speaker if clip.record.speaker in (voice.manifest.speakers or ()) else None
    # Without the recogniser's check: sampling until it is content would measure the recogniser.
    options = SpeakOptions(seed=seed, person=person if speaker is None else None)
    start = perf_counter()
    try:
        speech = voice.speak(clip.record.text, options, speaker=speaker)
    except (SynthesisError, TextError, VocabularyError, ModelError) as fault:
        findings.append(SCORECARD_RULES.finding("E002", clip.record.id, fault.message, fault.hint))
        return Spoken(None, copy, None)
    return Spoken(speech, copy, (perf_counter() - start) / speech.waveform.duration)


def _copy(voice: CodeVoice | SpectrogramVoice, speaker: Any, natural: Waveform) -> Waveform:  # noqa: ANN401
    """Return what a voice's codec or vocoder makes of a recording: the best that the voice could be."""
    if isinstance(voice, CodeVoice):
        return voice.copy(natural, speaker)
    samples = bring_to(natural, level=voice.level, sample_rate=voice.sample_rate).samples
    (copied,) = voice.vocoder.synthesise([analyse(samples, voice.network.config.acoustics).mel_TF])
    return Waveform(np.ascontiguousarray(copied[: samples.size], dtype=np.float32), voice.sample_rate)


def measure_clip(clip: Clip, spoken: Spoken, level: float, findings: list[Finding]) -> UtteranceScore:
    """Return how good recording, copy and speech are, and how near the speech comes to the recording."""
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


def compare_speakers(
    score: UtteranceScore,
    clip: Clip,
    clips: list[Clip],
    spoken: Spoken,
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


def recognise(
    score: UtteranceScore, clip: Clip, spoken: Spoken, scorer: Scorer, findings: list[Finding]
) -> UtteranceScore:
    """Return the score with the errors that a recogniser finds in speech and recording.

    A text that could not be spoken counts as missing as a whole.
    """
    try:
        natural = scorer.score(clip.natural, clip.record.text)
    except (AudioError, EvaluationError) as fault:
        findings.append(_unmeasured(clip.record, "recogniser", fault))
        return score
    score = replace(
        score,
        natural_phone_error_rate=_rate(natural.phones),
        natural_character_error_rate=_rate(natural.letters),
        natural_word_error_rate=_rate(natural.words),
    )
    found = (all_missing(natural.phones), all_missing(natural.letters), all_missing(natural.words))
    if spoken.speech is not None:
        try:
            said = scorer.score(spoken.speech.waveform, clip.record.text)
        except AudioError as fault:
            findings.append(_unmeasured(clip.record, "recogniser", fault))
        else:
            found = said.phones, said.letters, said.words
    phones, letters, words = map(_rate, found)
    return replace(score, phone_error_rate=phones, character_error_rate=letters, word_error_rate=words)


def align_clip(clip: Clip, spoken: Spoken, scorer: Scorer | None) -> dict[str, tuple[AlignedWord, ...]]:
    """Return where the words are in the recording and in the speech, where that can be said."""
    if scorer is None:
        return {}
    sounds = {"natural": clip.natural} | ({} if spoken.speech is None else {"synthesised": spoken.speech.waveform})
    words = {}
    for label, waveform in sounds.items():
        try:
            words[label] = scorer.align(waveform, clip.record.text)
        except AudioError:
            continue
    return words


def _rate(errors: Errors) -> Quotient | None:
    return Quotient(float(errors.total), float(errors.units)) if errors.units else None


def match_text(
    score: UtteranceScore,
    spoken: Spoken,
    natural: tuple[NDArray[np.float64], ...],
    index: int,
    findings: list[Finding],
) -> UtteranceScore:
    """Return the score with whether the speech is nearest to the recording of its own text, and how near."""
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
