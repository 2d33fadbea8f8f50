"""A voice that is ready to speak: text in, judged speech out. Knows no files.

    str ─frontend─▶ segments ─tokenizer─▶ ids ─decode─▶ takes of codes ─codec─▶ waveforms ─judge, stitching─▶ Speech

Everything random follows from one seed, the place of the segment, the attempt and the take, so the same request gives
the same samples, and a segment that has to be sampled again does not change its neighbours.
"""

import hashlib
from dataclasses import dataclass, field, replace

import numpy as np

from amhctl.audio.waveform import Waveform
from amhctl.checkpoint.manifest import Manifest
from amhctl.checkpoint.parts import read_part
from amhctl.codec.codec import Codec
from amhctl.config.conditioning import read_conditioning, scale_of
from amhctl.core.errors import SynthesisError, TextError, UnspeakableError
from amhctl.core.findings import Finding, Severity
from amhctl.core.progress import Progress, SilentProgress
from amhctl.core.units import SPEECH_LEVEL, Seconds
from amhctl.inference.decode import Passage, Sampling, decode, fits, predict_durations
from amhctl.inference.judge import JudgeLimits, judge
from amhctl.inference.speaker import Listen, Speaker, encode_speaker, features_of
from amhctl.inference.stitching import cut, join
from amhctl.model.hearing import probe_hearing
from amhctl.model.unified_voice import UnifiedVoice
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
# What a voice leaves of the silence that its recordings begin and end with, half a second each in those of m01.
_EDGE_SECONDS = 0.24
_SILENT_PIECES = frozenset((WORD_BOUNDARY, *MARKS))
_SLOWEST, _FASTEST = 0.5, 2.0
_TAKES = 4
_MOST_TAKES = 64
# One take is drawn near the likeliest codes. The mean of several takes away what chance put into each, so that they may
# be drawn more freely: of 31 validation sentences of m01 the bundled voice followed 28 and 26 by one take so and so,
# with a cepstral distortion of 6.9 and 7.1 dB, and 28 and 29 by the mean of four, with 6.6 and 6.5 dB.
_ALONE = Sampling(temperature=0.6, top_k=30, top_p=0.9, guidance=4.0)
_OF_SEVERAL = Sampling(temperature=0.8, top_k=60, top_p=0.95, guidance=3.0)


@dataclass(frozen=True, slots=True)
class SpeakOptions:
    """How to speak.

    Attributes
    ----------
    seed : int
        The same seed gives the same samples.
    speed : float
        From 0.5 to 2; voices without explicit durations speak at 1 only.
    sampling : Sampling | None
        How codes are drawn; None for what suits the voice and the number of takes: ``Voice.sampling``.
    takes : int | None
        How often each segment is said. The codec speaks the mean of the takes, which has less of what chance alone put
        into each. None is 4 for voices with explicit durations; the takes of others differ in length: 1.
    attempts : int
        How often a segment is tried before the voice gives up.
    limits : JudgeLimits
        What counts as speech.
    most_unspoken : float
        Share of a text's letters that may be left out because no rule reads them, such as those of other scripts.
    """

    seed: int = 0
    speed: float = 1.0
    sampling: Sampling | None = None
    takes: int | None = None
    attempts: int = 3
    limits: JudgeLimits = field(default_factory=JudgeLimits)
    most_unspoken: float = 0.1

    def __post_init__(self) -> None:
        """Refuse impossible values.

        Raises
        ------
        SynthesisError
            If a value lies outside its range.
        """
        if not _SLOWEST <= self.speed <= _FASTEST:
            raise SynthesisError(f"speed {self.speed:g} is not between {_SLOWEST:g} and {_FASTEST:g}", subject="speed")
        if self.takes is not None and not 1 <= self.takes <= _MOST_TAKES:
            raise SynthesisError(f"{self.takes} takes are not between 1 and {_MOST_TAKES}", subject="takes")
        if self.attempts < 1:
            raise SynthesisError("at least one attempt is needed", subject="attempts")


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
class _Job:
    """A segment on its way: what to say, and how often that has been tried."""

    place: int
    text: str
    pause: Seconds
    syllables: int
    ids: tuple[int, ...]
    durations: tuple[int, ...] | None


@dataclass(frozen=True, slots=True, eq=False)
class _Attempt:
    """What became of a segment, once tried: the mean of its takes, judged."""

    waveform: Waveform
    stopped: bool
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Voice:
    """A voice and everything it needs; made by ``assemble.load_voice``.

    Attributes
    ----------
    manifest : Manifest
        What it is.
    model, codec, frontend, tokenizer : object
        Its parts, which have been checked against the manifest.
    speaker : Speaker
        The prompt it speaks with unless another is given.
    """

    manifest: Manifest
    model: UnifiedVoice
    codec: Codec
    frontend: Frontend
    tokenizer: Tokenizer
    speaker: Speaker

    @property
    def sample_rate(self) -> int:
        """Samples a second of its speech."""
        return self.codec.spec.sample_rate

    @property
    def level(self) -> float:
        """Speech level in dBFS of what it was trained on; an old manifest, which names none, means the default."""
        return SPEECH_LEVEL if self.manifest.level is None else self.manifest.level

    def takes(self, asked: int | None) -> int:
        """Return how often each segment is said.

        Parameters
        ----------
        asked : int | None
            What was asked for; None for what suits the voice.

        Raises
        ------
        SynthesisError
            If several are asked of a voice without explicit durations.
        """
        explicit = self.model.config.alignment is not None
        if asked is not None and asked > 1 and not explicit:
            raise SynthesisError(
                "this voice has no explicit durations: its takes differ in length and have no mean",
                subject=self.manifest.name,
                hint="leave --takes out, or take a voice with explicit durations",
            )
        return asked or (_TAKES if explicit else 1)

    def sampling(self, takes: int) -> Sampling:
        """Return how codes are drawn unless something else is asked for.

        Parameters
        ----------
        takes : int
            How often each segment is said.
        """
        chosen = _ALONE if takes == 1 else _OF_SEVERAL
        return chosen if self.model.config.text_dropout else replace(chosen, guidance=0.0)

    def with_lexicon(self, lexicon: Lexicon) -> "Voice":
        """Return the voice with readings that go before its own.

        Raises
        ------
        TextError
            If a reading holds a word that has another reading.
        """
        return replace(self, frontend=self.frontend.with_lexicon(lexicon)) if lexicon != Lexicon() else self

    def imitate(self, reference: Waveform, listen: Listen | None = None) -> Speaker:
        """Return the prompt of another clip, to speak with instead of the voice's own.

        Parameters
        ----------
        reference : Waveform
            The clip.
        listen : Listen | None
            The voice's speech encoder, from ``assemble.load_listener``, if it has one.

        Raises
        ------
        SynthesisError
            If the clip is unusable, the voice's features come from elsewhere, its speech encoder is not given, or the
            voice would speak alike with any clip.
        CheckpointError
            If the voice's manifest does not describe its features.
        """
        if self.manifest.conditioning is None:
            raise SynthesisError(
                "this voice is conditioned on features that amhctl does not compute", subject=self.manifest.name
            )
        conditioning = read_part(
            read_conditioning, self.manifest.conditioning, place="conditioning", subject=self.manifest.name
        )
        features_TF = features_of(reference, conditioning, listen, level=self.level)
        mean, deviation = scale_of(conditioning)
        hearing = probe_hearing(self.model, mean=mean, deviation=deviation, clips=(features_TF,))
        if hearing.fault:
            raise SynthesisError(
                f"this voice cannot hear a reference: {hearing.fault}",
                subject=self.manifest.name,
                hint="leave the reference out, or take a voice on which `amhctl ckpt validate` does not find this",
            )
        return encode_speaker(self.model, features_TF)

    def speak(
        self,
        text: str,
        options: SpeakOptions | None = None,
        *,
        speaker: Speaker | None = None,
        progress: Progress | None = None,
    ) -> Speech:
        """Return a text as speech.

        Parameters
        ----------
        text : str
            Written text.
        options : SpeakOptions | None
            How to speak; None for the defaults.
        speaker : Speaker | None
            Another prompt than the voice's own, from ``imitate``.
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
        progress = progress or SilentProgress()
        jobs, unspoken = self._plan(text, options)
        sounds: dict[int, _Attempt] = {}
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
        return replace(speech, findings=unspoken + speech.findings)

    def _plan(self, text: str, options: SpeakOptions) -> tuple[list[_Job], tuple[Finding, ...]]:
        """Return what is to be said, segment by segment, and what of the text is not spoken."""
        spoken, segments = self.frontend.read(text)
        _require_spoken(spoken, options)
        if options.speed != 1.0 and self.model.config.alignment is None:
            raise SynthesisError(
                "this voice has no explicit durations and speaks at speed 1 only",
                subject=self.manifest.name,
                hint="leave --speed out, or take a voice with explicit durations",
            )
        while True:
            ids = [self.tokenizer.encode(self.frontend.units(segment.text)) for segment in segments]
            durations = self._predict(ids, options.speed)
            halved = tuple(
                part
                for segment, row, frames in zip(segments, ids, durations, strict=True)
                for part in ((segment,) if fits(self.model, row, frames) else self._halve(segment))
            )
            if len(halved) == len(segments):
                break
            segments = halved
        syllables = [self.frontend.normalize(segment.text).syllables for segment in segments]
        jobs = [
            _Job(place, segment.text, segment.pause, count, row, frames)
            for place, (segment, count, row, frames) in enumerate(zip(segments, syllables, ids, durations, strict=True))
        ]
        return jobs, report_unspoken(spoken, "text")

    def _halve(self, segment: Segment) -> tuple[Segment, ...]:
        """Cut a segment that is longer than the model can say; one of a single letter stays as it is."""
        return self.frontend.split(segment.text, max(1, count_syllables(segment.text) // 2))

    def _predict(self, ids: list[tuple[int, ...]], speed: float) -> list[tuple[int, ...] | None]:
        """Return the frames of each piece of each segment; None for voices without explicit durations."""
        if self.model.config.alignment is None:
            return [None] * len(ids)
        durations: list[tuple[int, ...] | None] = []
        for start in range(0, len(ids), _BATCH_SEGMENTS):
            # What is too long for the model is never shown to it: it is cut and comes again.
            batch = [row if fits(self.model, row, None) else row[:1] for row in ids[start : start + _BATCH_SEGMENTS]]
            predicted = predict_durations(self.model, batch, speed=speed)
            durations += (
                self._without_silent_edges(row, frames.tolist()) for row, frames in zip(batch, predicted, strict=True)
            )
        return durations

    def _without_silent_edges(self, ids: tuple[int, ...], frames: list[int]) -> tuple[int, ...]:
        """Shorten a word boundary before the first word and a mark behind the last: recordings have silence there."""
        most = round(_EDGE_SECONDS * self.codec.spec.frame_rate)
        for place in (0, -1):
            if self.tokenizer.vocabulary.pieces[ids[place]] in _SILENT_PIECES:
                frames[place] = min(frames[place], most)
        frames[-1] = max(frames[-1], int(sum(frames) == 0))
        return tuple(frames)

    def _attempt(
        self, batch: list[_Job], attempt: int, options: SpeakOptions, speaker: Speaker | None
    ) -> list[_Attempt]:
        frame_rate = self.codec.spec.frame_rate
        takes = self.takes(options.takes)
        sampling = options.sampling or self.sampling(takes)
        passages = [
            Passage(
                ids=job.ids,
                durations=job.durations,
                # One frame past what the judge lets through, so that a voice cut off there is judged so.
                most_frames=int(options.limits.longest(job.syllables, options.speed) * frame_rate) + 1,
                seed=_derive_seed(options.seed, job.place, attempt, take),
            )
            for job in batch
            for take in range(takes)
        ]
        codes = decode(self.model, passages, speaker or self.speaker, sampling)
        results = []
        for place, job in enumerate(batch):
            spoken = codes[place * takes : (place + 1) * takes]
            samples = self.codec.decode_mean([take.codes_QS for take in spoken])
            waveform = Waveform(np.ascontiguousarray(samples, dtype=np.float32), self.sample_rate)
            stopped = all(take.stopped for take in spoken)
            findings = judge(
                waveform,
                stopped=stopped,
                syllables=job.syllables,
                speed=options.speed,
                limits=options.limits,
                subject=job.text,
            )
            results.append(_Attempt(waveform, stopped, findings))
        return results


def _require_spoken(spoken: SpokenText, options: SpeakOptions) -> None:
    share = unspoken_share(spoken)
    if share <= options.most_unspoken:
        return
    shown = ", ".join(repr(stretch.text[:40]) for stretch in find_unspoken(spoken)[:3])
    raise TextError(
        f"{share:.0%} of the letters cannot be read: {shown}",
        subject="text",
        hint="write them in Ethiopic or Latin letters or add them to a lexicon; --allow-unspoken leaves them out",
    )


def _batches(jobs: list[_Job]) -> list[list[_Job]]:
    """Return the jobs in batches of like length, so that few rows wait for a long one."""
    ordered = sorted(jobs, key=lambda job: (sum(job.durations or ()) or len(job.ids), job.place))
    return [ordered[start : start + _BATCH_SEGMENTS] for start in range(0, len(ordered), _BATCH_SEGMENTS)]


def _derive_seed(seed: int, place: int, attempt: int, take: int) -> int:
    digest = hashlib.sha256(f"{seed}/{place}/{attempt}/{take}".encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1


def _assemble(jobs: list[_Job], sounds: dict[int, _Attempt], attempts: dict[int, int]) -> Speech:
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
        Finding("S008", Severity.WARNING, segment.text, f"spoken on attempt {segment.attempts}")
        for segment in segments
        if segment.attempts > 1
    )
    return Speech(join(pieces), segments, findings)


def _give_up(jobs: list[_Job], sounds: dict[int, _Attempt], options: SpeakOptions) -> UnspeakableError:
    faults = "; ".join(f"{finding.code} {finding.message}" for finding in sounds[jobs[0].place].findings)
    more = f", and {len(jobs) - 1} more" if len(jobs) > 1 else ""
    return UnspeakableError(
        f"every one of {options.attempts} attempts was judged bad ({faults}){more}; nothing was written",
        subject=jobs[0].text,
        hint="try another --seed, a lower --temperature or shorter sentences",
    )
