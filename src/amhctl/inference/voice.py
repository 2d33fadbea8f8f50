"""A voice that is ready to speak: text in, judged speech out. Knows no files.

    str ─frontend─▶ segments ─tokenizer─▶ ids ─the kind of voice─▶ waveforms ─judge, stitching─▶ Speech

``CodeVoice`` writes codes for a codec, ``SpectrogramVoice`` generates spectrograms for a vocoder.

Everything random follows from one seed, the place of the segment, the attempt and the take, so the same request gives
the same samples, and a segment that has to be sampled again does not change its neighbours.
"""

import hashlib
import importlib
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Generic, Self, TypeVar

from amhctl.audio.waveform import Waveform
from amhctl.checkpoint.manifest import Licence, Manifest
from amhctl.config.emotions import Weights
from amhctl.core.errors import SynthesisError
from amhctl.core.progress import Progress, SilentProgress
from amhctl.core.units import SPEECH_LEVEL, Precision, Seconds
from amhctl.inference.options import SpeakOptions
from amhctl.inference.reference import EncodeSpeech, no_emotion
from amhctl.inference.speech import Attempt, Chunk, Job, Speech, SpeechStream, gather, make_chunk, refuse_speech
from amhctl.inference.stitching import Stitcher
from amhctl.inference.wordtimes import match_pieces
from amhctl.text.frontend import Frontend
from amhctl.text.lexicon import Lexicon
from amhctl.text.script import count_syllables
from amhctl.text.spoken import Segment, SpokenText
from amhctl.text.unspoken import find_unspoken, refuse_unspoken, report_unspoken, unspoken_share
from amhctl.tokenizer.tokenizer import Tokenizer

# What spoken programmes on phones and screens have (AES TD1008).
LOUDNESS = -18.0
"""Of each segment, in LUFS."""
SpeakerT = TypeVar("SpeakerT")


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

    @property
    def licences(self) -> tuple[Licence, ...]:
        """Of the works that went into it, and of those that it speaks with."""
        return self.manifest.licences

    @property
    def precision(self) -> Precision:
        """In what it multiplies."""
        return "fp32"

    @property
    def speech_encoder(self) -> EncodeSpeech | None:
        """What hears other clips for it, where it has it at hand; else ``assemble.load_speech_encoder`` loads it."""
        return None

    def with_lexicon(self, lexicon: Lexicon) -> Self:
        """Return the voice with readings that go before its own.

        Raises
        ------
        TextError
            If a reading holds a word that has another reading.
        """
        return replace(self, frontend=self.frontend.with_lexicon(lexicon)) if lexicon != Lexicon() else self

    @property
    def batch_segments(self) -> int:
        """How many segments are spoken together; each of a batch is given out when all of it is spoken."""
        return 1

    @property
    @abstractmethod
    def speeds(self) -> tuple[float, float]:
        """The slowest and the fastest that it can be told to speak."""

    @property
    def has_pitch(self) -> bool:
        """Whether it can be told to speak higher or lower; each piece of a segment then takes a ``Bend`` of its own."""
        return False

    @property
    def persons(self) -> tuple[str, ...]:
        """Its speakers, by name; none where it has only its own."""
        return ()

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

    def weigh_emotions(self, speaker: SpeakerT | None, weights: Weights) -> SpeakerT:
        """Return how to speak as a speaker with emotions as numbers.

        Parameters
        ----------
        speaker : SpeakerT | None
            From ``imitate``; None for the voice's own.
        weights : Weights
            A weight of each of ``config.emotions.EMOTIONS``, no more than 1 in all.

        Raises
        ------
        SynthesisError
            If the voice has no emotions as numbers, as those of IndexTTS-2 have.
        """
        raise SynthesisError(
            "this voice has no emotions as numbers and cannot use --emotion-weights",
            subject=self.manifest.name,
            hint="omit --emotion-weights, or use a voice of IndexTTS-2",
        )

    @abstractmethod
    def require_options(self, options: SpeakOptions) -> None:
        """Refuse options that mean nothing to this kind of voice.

        Raises
        ------
        SynthesisError
            If there are any.
        """

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
        return gather(self.stream(text, options, speaker=speaker, progress=progress))

    def stream(
        self,
        text: str,
        options: SpeakOptions | None = None,
        *,
        speaker: SpeakerT | None = None,
        progress: Progress | None = None,
    ) -> SpeechStream:
        """Return a text as speech that is made while one listens: a segment each time that one is asked for.

        The chunks in a row are what ``speak`` returns. Parameters and errors are those of ``speak``; the text is read
        here, and ``UnspeakableError`` comes in the place of the segment that was judged bad.
        """
        options = options or SpeakOptions()
        self.require_options(options)
        jobs, spoken = self.plan(text, options)
        _require_spoken(spoken, options)
        chunks = self._chunks(jobs, options, speaker, progress or SilentProgress())
        return SpeechStream(len(jobs), self.sample_rate, report_unspoken(spoken, "text"), chunks)

    def _chunks(
        self, jobs: list[Job], options: SpeakOptions, speaker: SpeakerT | None, progress: Progress
    ) -> Iterator[Chunk]:
        stitcher = Stitcher(self.sample_rate, LOUDNESS)
        progress.start("speaking", len(jobs), "segments")
        for batch in batches(jobs, self.batch_segments):
            sounds = self.say(batch, options, speaker)
            for job in batch:
                attempts, sound = sounds[job.place]
                progress.advance(note=f"{sound.waveform.duration:.1f} s")
                yield make_chunk(stitcher, job, sound, attempts, last=job is jobs[-1], gain=options.volume)
        progress.finish()

    def say(self, batch: list[Job], options: SpeakOptions, speaker: SpeakerT | None) -> dict[int, tuple[int, Attempt]]:
        """Return how often each segment was tried, and the attempt that was judged good, by its place.

        Raises
        ------
        UnspeakableError
            If a segment was judged bad at every attempt.
        """
        sounds: dict[int, tuple[int, Attempt]] = {}
        open_jobs = batch
        for attempt in range(options.attempts):
            found = self._attempt(open_jobs, attempt, options, speaker)
            if options.check:
                found = [self._check(job, each) for job, each in zip(open_jobs, found, strict=True)]
            sounds |= {job.place: (attempt + 1, sound) for job, sound in zip(open_jobs, found, strict=True)}
            open_jobs = [job for job in open_jobs if sounds[job.place][1].findings]
            if not open_jobs:
                return sounds
        raise refuse_speech(open_jobs, sounds[open_jobs[0].place][1], options.attempts)

    def plan(self, text: str, options: SpeakOptions, *, first: int = 0) -> tuple[list[Job], SpokenText]:
        """Return what is to be said of a text, segment by segment, and how it was read.

        Parameters
        ----------
        text : str
            Written text.
        options : SpeakOptions
            How to speak.
        first : int
            Place of the first segment, which its seed follows from.

        Raises
        ------
        TextError
            If there is nothing speakable.
        VocabularyError
            If a segment has a character the voice does not know.
        SynthesisError
            If the voice cannot speak so fast or so slowly.
        """
        spoken, segments = self.frontend.read(text)
        self._require_speed(options.speed)
        while True:
            units = [self.frontend.spoken_units(segment.text) for segment in segments]
            ids = [self.tokenizer.encode(each) for each in units]
            durations = self._predict(ids, options.speed)
            halved = tuple(
                part
                for segment, row, frames in zip(segments, ids, durations, strict=True)
                for part in ((segment,) if self._fits(row, frames) else self._halve(segment))
            )
            if len(halved) == len(segments):
                break
            segments = halved
        pieces = self.tokenizer.vocabulary.pieces
        jobs = [
            Job(
                place,
                segment.text,
                Seconds(segment.pause * options.pause),
                count_syllables(segment.text),
                row,
                frames,
                text,
                match_pieces(text, segment.words, each, [pieces[piece] for piece in row]),
            )
            for place, (segment, each, row, frames) in enumerate(
                zip(segments, units, ids, durations, strict=True), first
            )
        ]
        return jobs, spoken

    @property
    def samples_codes(self) -> bool:
        """Whether it samples codes, so that it may skip words, repeat them, or say others."""
        return False

    def _check(self, job: Job, attempt: Attempt) -> Attempt:
        """Return an attempt with what a recogniser finds wrong; one that was judged bad already is not recognised."""
        if attempt.findings:
            return attempt
        # On use: most speech is not checked, and starts without the recogniser.
        self_check = importlib.import_module("amhctl.inference.self_check").load_self_check()
        found = self_check.check(attempt.waveform, self.frontend.phones(job.text).text, subject=job.text)
        return replace(attempt, findings=found)

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
        parts = self.frontend.split(segment.text, max(1, count_syllables(segment.text) // 2))
        return tuple(replace(part, words=segment.part(part.words)) for part in parts)

    def _is_silent(self, piece: int) -> bool:
        """Return whether a text id is a word boundary or a mark."""
        return self.tokenizer.vocabulary.is_silent(piece)


def _require_spoken(spoken: SpokenText, options: SpeakOptions) -> None:
    share = unspoken_share(spoken)
    if share > options.most_unspoken:
        raise refuse_unspoken(share, tuple(stretch.text for stretch in find_unspoken(spoken)))


def batches(jobs: list[Job], together: int, alone: int = 1) -> Iterator[list[Job]]:
    """Yield jobs in their order: the first ones alone, to be heard at once, the others several at a time."""
    for job in jobs[:alone]:
        yield [job]
    for start in range(alone, len(jobs), together):
        yield jobs[start : start + together]


def derive_seed(seed: int, place: int, attempt: int, take: int) -> int:
    """Return the seed of one take of one attempt at the segment at a place."""
    digest = hashlib.sha256(f"{seed}/{place}/{attempt}/{take}".encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1
