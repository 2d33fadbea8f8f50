"""A voice that is ready to speak: text in, judged speech out. Knows no files.

    str ─frontend─▶ segments ─tokenizer─▶ ids ─the kind of voice─▶ waveforms ─judge, stitching─▶ Speech

``CodeVoice`` writes codes for a codec, ``SpectrogramVoice`` generates spectrograms for a vocoder.

Everything random follows from one seed, the place of the segment, the attempt and the take, so the same request gives
the same samples, and a segment that has to be sampled again does not change its neighbours.
"""

import hashlib
from abc import ABC, abstractmethod
from dataclasses import dataclass, field, replace
from typing import Any, Generic, Self, TypeVar

from amhctl.audio.loudness import set_loudness
from amhctl.audio.waveform import Waveform
from amhctl.checkpoint.manifest import Manifest
from amhctl.core.errors import SynthesisError, TextError, UnspeakableError
from amhctl.core.findings import Finding
from amhctl.core.progress import Progress, SilentProgress
from amhctl.core.units import FASTEST, SLOWEST, SPEECH_LEVEL, Seconds
from amhctl.inference.judge import RULES as JUDGE_RULES
from amhctl.inference.judge import JudgeLimits
from amhctl.inference.reference import EncodeSpeech, no_emotion
from amhctl.inference.sampling import Sampling
from amhctl.inference.stitching import cut, join
from amhctl.model.flow_sampling import FlowSampling
from amhctl.text.frontend import Frontend
from amhctl.text.g2p.phones import MARKS
from amhctl.text.lexicon import Lexicon
from amhctl.text.script import count_syllables
from amhctl.text.spoken import Segment, SpokenText
from amhctl.text.unspoken import find_unspoken, report_unspoken, unspoken_share
from amhctl.tokenizer.alphabet import WORD_BOUNDARY
from amhctl.tokenizer.tokenizer import Tokenizer

# Segments stepped together: on a CPU a step of eight costs little more than a step of one.
_BATCH_SEGMENTS = 8
# In LUFS: what spoken programmes on phones and screens have (AES TD1008).
_LOUDNESS = -18.0
_SILENT_PIECES = frozenset((WORD_BOUNDARY, *MARKS))
_MOST_SEMITONES, _MOST_DECIBELS = 12.0, 12.0
_MOST_TAKES = 64
MOST_UNSPOKEN = 0.1
"""Fraction of a text's letters that may be left out by default."""
SpeakerT = TypeVar("SpeakerT")


@dataclass(frozen=True, slots=True)
class SpeakOptions:
    """How to speak.

    Attributes
    ----------
    seed : int
        The same seed gives the same samples.
    speed : float
        From 0.5 to 2; a voice without explicit durations speaks at those it learnt to be told, or at 1 only.
    temperature, top_k, top_p : float | None
        How a UnifiedVoice samples codes (``Sampling``); None for what suits it and the number of takes.
    takes : int | None
        How often a UnifiedVoice samples each segment. The codec decodes the mean of the takes, which averages random
        variation out. None is 4 for voices with explicit durations; the takes of others differ in length: 1.
    guidance : float | None
        Strength of classifier-free guidance; None for what suits the voice.
    steps : int | None
        Steps in which a FlowVoice generates a spectrogram; None for what suits it.
    noise, prosody_noise : float | None
        Deviation of the noise that it starts from (``FlowSampling``); None for what suits it.
    pitch : float
        Semitones up or down, of a FlowVoice.
    energy : float
        Decibels louder or softer that it speaks, as one does with effort, not as a knob does; of such a voice.
    person : str | None
        As which of its speakers such a voice speaks; None for its first.
    attempts : int
        How often a segment is tried before the voice gives up.
    limits : JudgeLimits
        What counts as speech.
    most_unspoken : float
        Fraction of a text's letters that may be left out because no rule reads them, such as those of other scripts.
    """

    seed: int = 0
    speed: float = 1.0
    temperature: float | None = None
    top_k: int | None = None
    top_p: float | None = None
    takes: int | None = None
    guidance: float | None = None
    steps: int | None = None
    noise: float | None = None
    prosody_noise: float | None = None
    pitch: float = 0.0
    energy: float = 0.0
    person: str | None = None
    attempts: int = 3
    limits: JudgeLimits = field(default_factory=JudgeLimits)
    most_unspoken: float = MOST_UNSPOKEN

    def __post_init__(self) -> None:
        """Refuse impossible values.

        Raises
        ------
        SynthesisError, OptionError
            If a value is outside its range.
        """
        # The ranges of what is given: before a voice is loaded.
        self.sampling(Sampling())
        self.flow_sampling()
        if not SLOWEST <= self.speed <= FASTEST:
            raise SynthesisError(f"speed {self.speed:g} is not between {SLOWEST:g} and {FASTEST:g}", subject="speed")
        if not -_MOST_SEMITONES <= self.pitch <= _MOST_SEMITONES:
            raise SynthesisError(f"pitch {self.pitch:g} is beyond ±{_MOST_SEMITONES:g} semitones", subject="pitch")
        if not -_MOST_DECIBELS <= self.energy <= _MOST_DECIBELS:
            raise SynthesisError(f"energy {self.energy:g} is beyond ±{_MOST_DECIBELS:g} dB", subject="energy")
        if self.takes is not None and not 1 <= self.takes <= _MOST_TAKES:
            raise SynthesisError(
                f"{self.takes} samples per segment is not between 1 and {_MOST_TAKES}", subject="takes"
            )
        if self.attempts < 1:
            raise SynthesisError("at least one attempt is needed", subject="attempts")

    def sampling(self, usual: Sampling) -> Sampling:
        """Return how codes are sampled: as usual, but for what these options say."""
        return replace(usual, **self._given("temperature", "top_k", "top_p", "guidance"))

    def flow_sampling(self) -> FlowSampling:
        """Return how a spectrogram is generated: as usual, but for what these options say."""
        return FlowSampling(**self._given("steps", "guidance", "noise", "prosody_noise"))

    def _given(self, *names: str) -> dict[str, Any]:
        return {name: value for name in names if (value := getattr(self, name)) is not None}


@dataclass(frozen=True, slots=True)
class SpokenSegment:
    """One segment of the text as it was spoken.

    Attributes
    ----------
    text : str
        The segment.
    seconds : Seconds
        Its length, without the pause after it.
    pause : Seconds
        Silence after it.
    syllables : int
        Syllables it was judged by.
    attempts : int
        How often it was sampled.
    stopped : bool
        Whether the voice ended it by itself.
    """

    text: str
    seconds: Seconds
    pause: Seconds
    syllables: int
    attempts: int
    stopped: bool


@dataclass(frozen=True, slots=True, eq=False)
class Speech:
    """A whole text, spoken."""

    waveform: Waveform
    segments: tuple[SpokenSegment, ...]
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Job:
    """A segment on its way: what to say, and its frames, where they are found beforehand."""

    place: int
    text: str
    pause: Seconds
    syllables: int
    ids: tuple[int, ...]
    durations: tuple[int, ...] | None


@dataclass(frozen=True, slots=True, eq=False)
class Attempt:
    """What became of a segment, once tried: the mean of its takes, judged."""

    waveform: Waveform
    stopped: bool
    findings: tuple[Finding, ...]


@dataclass(frozen=True, eq=False)
class Voice(ABC, Generic[SpeakerT]):
    """A voice and everything it needs; made by ``assemble.load_voice``.

    Attributes
    ----------
    manifest : Manifest
        What it is.
    frontend, tokenizer : object
        How it reads.
    """

    manifest: Manifest
    frontend: Frontend
    tokenizer: Tokenizer

    @property
    def sample_rate(self) -> int:
        """Samples per second of its speech."""
        return self.manifest.sample_rate

    @property
    def level(self) -> float:
        """Speech level in dBFS of what it was trained on; an old manifest, which names none, means the default."""
        return SPEECH_LEVEL if self.manifest.level is None else self.manifest.level

    def with_lexicon(self, lexicon: Lexicon) -> Self:
        """Return the voice with readings that go before its own.

        Raises
        ------
        TextError
            If a reading holds a word that has another reading.
        """
        return replace(self, frontend=self.frontend.with_lexicon(lexicon)) if lexicon != Lexicon() else self

    @property
    @abstractmethod
    def speeds(self) -> tuple[float, float]:
        """The slowest and the fastest that it can be told to speak."""

    @abstractmethod
    def imitate(self, reference: Waveform, encode_speech: EncodeSpeech | None = None) -> SpeakerT:
        """Return how to speak as the speaker of another clip.

        Parameters
        ----------
        reference : Waveform
            The clip.
        encode_speech : EncodeSpeech | None
            The voice's speech encoder, from ``assemble.load_speech_encoder``, if it has one.

        Raises
        ------
        SynthesisError
            If the clip is unusable, or the voice would speak alike with any clip.
        """

    def feel(
        self,
        speaker: SpeakerT | None,
        clip: Waveform,
        encode_speech: EncodeSpeech | None = None,
        *,
        strength: float = 1.0,
    ) -> SpeakerT:
        """Return how to speak as a speaker with the emotion of another clip.

        Parameters
        ----------
        speaker : SpeakerT | None
            From ``imitate``; None for the voice's own.
        clip : Waveform
            The clip, whose speaker need not be the same.
        encode_speech : EncodeSpeech | None
            The voice's speech encoder, as of ``imitate``.
        strength : float
            How much of it, from 0, which changes nothing, to 1.

        Raises
        ------
        SynthesisError
            If the voice has no emotion branch; if the clip is unusable, the speech encoder is not given, or the
            strength is not between 0 and 1.
        """
        raise no_emotion(self.manifest.name)

    @abstractmethod
    def _require_options(self, options: SpeakOptions) -> None:
        """Refuse options that mean nothing to this kind of voice."""

    @abstractmethod
    def _fits(self, ids: tuple[int, ...], durations: tuple[int, ...] | None) -> bool:
        """Return whether the model can say so much at once."""

    @abstractmethod
    def _predict(self, ids: list[tuple[int, ...]], speed: float) -> list[tuple[int, ...] | None]:
        """Return the frames of each piece of each segment, or None where they are found while it is said."""

    @abstractmethod
    def _attempt(
        self, batch: list[Job], attempt: int, options: SpeakOptions, speaker: SpeakerT | None
    ) -> list[Attempt]:
        """Say segments, once each."""

    def speak(
        self,
        text: str,
        options: SpeakOptions | None = None,
        *,
        speaker: SpeakerT | None = None,
        progress: Progress | None = None,
    ) -> Speech:
        """Return a text as speech.

        Parameters
        ----------
        text : str
            Written text.
        options : SpeakOptions | None
            How to speak; None for the defaults.
        speaker : SpeakerT | None
            Whom to speak as instead of the voice's own speaker, from ``imitate``.
        progress : Progress | None
            Told of each segment.

        Raises
        ------
        TextError
            If there is nothing speakable, or more letters than ``options.most_unspoken`` are not read.
        VocabularyError
            If a segment has a character the voice does not know.
        UnspeakableError
            If a segment was judged bad at every attempt.
        """
        options = options or SpeakOptions()
        self._require_options(options)
        progress = progress or SilentProgress()
        jobs, unspoken = self._plan(text, options)
        sounds: dict[int, Attempt] = {}
        attempts = dict.fromkeys(range(len(jobs)), 0)
        open_jobs = jobs
        progress.start("speaking", len(jobs), "segments")
        for attempt in range(options.attempts):
            for batch in _batches(open_jobs):
                for job, sound in zip(batch, self._attempt(batch, attempt, options, speaker), strict=True):
                    sounds[job.place] = sound
                    attempts[job.place] = attempt + 1
                    if not sound.findings:
                        progress.advance(note=f"{sound.waveform.duration:.1f} s")
            open_jobs = [job for job in open_jobs if sounds[job.place].findings]
            if not open_jobs:
                break
        progress.finish()
        if open_jobs:
            raise _give_up(open_jobs, sounds, options)
        speech = _assemble(jobs, sounds, attempts)
        return replace(speech, waveform=set_loudness(speech.waveform, _LOUDNESS), findings=unspoken + speech.findings)

    def _plan(self, text: str, options: SpeakOptions) -> tuple[list[Job], tuple[Finding, ...]]:
        """Return what is to be said, segment by segment, and what of the text is not spoken."""
        spoken, segments = self.frontend.read(text)
        _require_spoken(spoken, options)
        self._require_speed(options.speed)
        while True:
            ids = [self.tokenizer.encode(self.frontend.spoken_units(segment.text)) for segment in segments]
            durations = self._predict(ids, options.speed)
            halved = tuple(
                part
                for segment, row, frames in zip(segments, ids, durations, strict=True)
                for part in ((segment,) if self._fits(row, frames) else self._halve(segment))
            )
            if len(halved) == len(segments):
                break
            segments = halved
        jobs = [
            Job(place, segment.text, segment.pause, count_syllables(segment.text), row, frames)
            for place, (segment, row, frames) in enumerate(zip(segments, ids, durations, strict=True))
        ]
        return jobs, report_unspoken(spoken, "text")

    def _require_speed(self, speed: float) -> None:
        slowest, fastest = self.speeds
        if speed == 1.0 or slowest <= speed <= fastest:
            return
        if slowest == fastest:
            raise SynthesisError(
                "this voice has no explicit durations and was not trained with speeds: it supports speed 1 only",
                subject=self.manifest.name,
                hint="omit --speed, use a voice with explicit durations, or train with --set training.speed_share=0.75",
            )
        raise SynthesisError(
            f"this voice was trained for speeds from {slowest:g} to {fastest:g}, not {speed:g}",
            subject=self.manifest.name,
            hint=f"--speed {min(max(speed, slowest), fastest):g}, or use a voice with explicit durations",
        )

    def _halve(self, segment: Segment) -> tuple[Segment, ...]:
        """Cut a segment that is longer than the model can say; one of a single letter stays as it is."""
        return self.frontend.split(segment.text, max(1, count_syllables(segment.text) // 2))

    def _is_silent(self, piece: int) -> bool:
        """Return whether a text id is a word boundary or a mark."""
        return self.tokenizer.vocabulary.pieces[piece] in _SILENT_PIECES


def _require_spoken(spoken: SpokenText, options: SpeakOptions) -> None:
    share = unspoken_share(spoken)
    if share <= options.most_unspoken:
        return
    shown = ", ".join(repr(stretch.text[:40]) for stretch in find_unspoken(spoken)[:3])
    raise TextError(
        f"{share:.0%} of the letters cannot be read: {shown}",
        subject="text",
        hint="write them in Ethiopic or Latin letters or add them to a lexicon; --allow-unspoken skips them",
    )


def _batches(jobs: list[Job]) -> list[list[Job]]:
    """Return the jobs in batches of similar length, so that few rows wait for a long one."""
    ordered = sorted(jobs, key=lambda job: (sum(job.durations or ()) or len(job.ids), job.place))
    return [ordered[start : start + _BATCH_SEGMENTS] for start in range(0, len(ordered), _BATCH_SEGMENTS)]


def derive_seed(seed: int, place: int, attempt: int, take: int) -> int:
    """Return the seed of one take of one attempt at the segment at a place."""
    digest = hashlib.sha256(f"{seed}/{place}/{attempt}/{take}".encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1


def _assemble(jobs: list[Job], sounds: dict[int, Attempt], attempts: dict[int, int]) -> Speech:
    pieces = cut([sounds[job.place].waveform for job in jobs], [job.pause for job in jobs])
    segments = tuple(
        SpokenSegment(
            text=job.text,
            seconds=piece.waveform.duration,
            pause=job.pause,
            syllables=job.syllables,
            attempts=attempts[job.place],
            stopped=sounds[job.place].stopped,
        )
        for job, piece in zip(jobs, pieces, strict=True)
    )
    findings = tuple(
        JUDGE_RULES.finding("S008", segment.text, f"spoken on attempt {segment.attempts}")
        for segment in segments
        if segment.attempts > 1
    )
    return Speech(join(pieces), segments, findings)


def _give_up(jobs: list[Job], sounds: dict[int, Attempt], options: SpeakOptions) -> UnspeakableError:
    faults = "; ".join(f"{finding.code} {finding.message}" for finding in sounds[jobs[0].place].findings)
    more = f", and {len(jobs) - 1} more" if len(jobs) > 1 else ""
    return UnspeakableError(
        f"all {options.attempts} attempts failed the quality checks ({faults}){more}; nothing was written",
        subject=jobs[0].text,
        hint="try another --seed, a lower --temperature or shorter sentences",
    )
