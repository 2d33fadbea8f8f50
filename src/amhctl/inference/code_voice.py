"""A voice that writes codes for a codec: UnifiedVoice, ready to speak."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from amhctl.audio.resample import bring_to
from amhctl.audio.waveform import Waveform
from amhctl.checkpoint.parts import read_part
from amhctl.codec.codec import Codec
from amhctl.config.conditioning import Conditioning, read_conditioning, scale_of
from amhctl.core.errors import SynthesisError
from amhctl.core.units import FASTEST, SLOWEST, Precision
from amhctl.inference.decode import Codes, Passage, decode, fits, predict_durations
from amhctl.inference.judge import judge
from amhctl.inference.options import SpeakOptions
from amhctl.inference.reference import EncodeSpeech, no_emotion
from amhctl.inference.sampling import Sampling
from amhctl.inference.speaker import Speaker, encode_speaker, features_of, mix_emotion
from amhctl.inference.speech import Attempt, Job
from amhctl.inference.voice import Voice, derive_seed
from amhctl.model.compiled_steps import CompiledSteps
from amhctl.model.speaker_probe import probe_synthetic_prompts
from amhctl.model.unified_voice import UnifiedVoice

# Segments whose durations are predicted, and that are stepped, together: on a CPU a step of eight costs little more
# than a step of one.
_BATCH_SEGMENTS = 8
# What a voice leaves of the silence that its recordings begin and end with, half a second each in those of m01.
_EDGE_SECONDS = 0.24
_TAKES = 4
# One take is drawn near the likeliest codes. The mean of several takes away what chance put into each, so that they may
# be drawn more freely: of 31 validation sentences of m01 the bundled voice followed 28 and 26 by one take so and so,
# with a cepstral distortion of 6.9 and 7.1 dB, and 28 and 29 by the mean of four, with 6.6 and 6.5 dB.
_ALONE = Sampling(temperature=0.6, top_k=30, top_p=0.9, guidance=4.0)
_OF_SEVERAL = Sampling(temperature=0.8, top_k=60, top_p=0.95, guidance=3.0)


@dataclass(frozen=True, eq=False)
class CodeVoice(Voice[Speaker]):
    """A UnifiedVoice and everything it needs; made by ``assemble.load_voice``.

    Attributes
    ----------
    model, codec : object
        Its parts, which have been checked against the manifest.
    speaker : Speaker | None
        The prompt it speaks with by default; None for a voice that needs a reference.
    precision : Precision
        In what it multiplies: the decoder and, in IndexTTS-2, the network of the mel frames.
    compiled : CompiledSteps | None
        Makes the steps of its model; None lets the model make them itself.
    """

    model: UnifiedVoice
    codec: Codec
    speaker: Speaker | None
    precision: Precision = "fp32"
    compiled: CompiledSteps | None = None

    @property
    def sample_rate(self) -> int:
        """Samples per second of its speech."""
        return self.codec.output_rate

    @property
    def batch_segments(self) -> int:
        """Several: on a CPU a step of eight costs little more than a step of one."""
        return _BATCH_SEGMENTS

    @property
    def has_durations(self) -> bool:
        """Whether it has explicit durations."""
        return self.model.config.alignment is not None

    @property
    def speeds(self) -> tuple[float, float]:
        """Any where durations are explicit; else those it learnt to be told."""
        return (SLOWEST, FASTEST) if self.has_durations else self.manifest.speeds or (1.0, 1.0)

    @property
    def default_takes(self) -> int:
        """How often each segment is sampled by default: takes of different lengths cannot be averaged."""
        return _TAKES if self.has_durations else 1

    def sampling(self, takes: int) -> Sampling:
        """Return how codes are sampled by default, with so many takes of each segment."""
        chosen = _ALONE if takes == 1 else _OF_SEVERAL
        return chosen if self.model.config.text_dropout else replace(chosen, guidance=0.0)

    def imitate(self, reference: Waveform, encode_speech: EncodeSpeech | None = None) -> Speaker:
        """Return the prompt of another clip, to speak with instead of the voice's own.

        Parameters
        ----------
        reference : Waveform
            The clip.
        encode_speech : EncodeSpeech | None
            The voice's speech encoder, from ``assemble.load_speech_encoder``, if it has one.

        Raises
        ------
        SynthesisError
            If the clip is unusable, the voice's features come from elsewhere, its speech encoder is not given, or the
            voice would speak alike with any clip.
        CheckpointError
            If the voice's manifest does not describe its features.
        """
        conditioning = self._conditioning()
        features_TF = features_of(reference, conditioning, encode_speech, level=self.level)
        mean, deviation = scale_of(conditioning)
        speaker_probe = probe_synthetic_prompts(self.model, mean=mean, deviation=deviation, clips=(features_TF,))
        if speaker_probe.fault:
            raise SynthesisError(
                f"this voice cannot imitate a reference: {speaker_probe.fault}",
                subject=self.manifest.name,
                hint="omit the reference, or use a voice without this finding of `amhctl ckpt validate`",
            )
        return encode_speaker(self.model, features_TF)

    def feel(
        self,
        speaker: Speaker | None,
        clip: Waveform,
        encode_speech: EncodeSpeech | None = None,
        *,
        strength: float = 1.0,
    ) -> Speaker:
        """Return how to speak with the emotion of another clip, as ``Voice.feel``.

        Raises
        ------
        SynthesisError
            As ``Voice.feel``.
        CheckpointError
            If the voice's manifest does not describe its features.
        """
        if self.model.config.emo_condition_module is None:
            raise no_emotion(self.manifest.name)
        if not 0.0 <= strength <= 1.0:
            raise SynthesisError(f"the strength {strength:g} is not between 0 and 1", subject="emotion strength")
        features_TF = features_of(clip, self._conditioning(), encode_speech, level=self.level)
        return mix_emotion(self.model, self._chosen(speaker), features_TF, strength)

    def copy(self, recording: Waveform, speaker: Speaker | None = None) -> Waveform:
        """Return what the codec makes of a recording, as long as it: the best that the voice could be.

        Parameters
        ----------
        recording : Waveform
            The recording.
        speaker : Speaker | None
            In whose voice, where the codec has none of its own; None for the voice's own.

        Raises
        ------
        SynthesisError
            If such a codec is given no reference.
        """
        rate = self.codec.spec.sample_rate
        samples = bring_to(recording, level=self.level, sample_rate=rate).samples
        (codes_QS,) = self.codec.encode([samples])
        copied = self._copied(codes_QS, speaker)[: round(samples.size * self.sample_rate / rate)]
        return Waveform(np.ascontiguousarray(copied, dtype=np.float32), self.sample_rate)

    def _copied(self, codes_QS: NDArray[np.uint16], speaker: Speaker | None) -> NDArray[np.float32]:
        return self.codec.decode([codes_QS])[0]

    def _chosen(self, speaker: Speaker | None) -> Speaker:
        """Return a speaker, or the voice's own if none is given."""
        chosen = speaker or self.speaker
        if chosen is None:
            raise SynthesisError(
                "the voice has no speaker of its own and no reference is given",
                subject=self.manifest.name,
                hint="pass --reference CLIP: 3 to 15 s of clean speech",
            )
        return chosen

    def _conditioning(self) -> Conditioning:
        """Return what the features of a clip are."""
        if self.manifest.conditioning is None:
            raise SynthesisError(
                "this voice is conditioned on features that amhctl does not compute", subject=self.manifest.name
            )
        return read_part(
            read_conditioning, self.manifest.conditioning, place="conditioning", subject=self.manifest.name
        )

    def _unsupported(self, options: SpeakOptions) -> dict[str, object]:
        """Return the options that mean nothing to it, by their flags."""
        return {
            "--steps": options.steps,
            "--pitch": options.pitch,
            "--energy": options.energy,
            "--speaker": options.person,
            "noise": options.noise,
            "prosody_noise": options.prosody_noise,
            "sharpness": options.sharpness,
        }

    def require_options(self, options: SpeakOptions) -> None:
        """Refuse options that mean nothing to this kind of voice.

        Raises
        ------
        SynthesisError
            If there are any.
        """
        if refused := [flag for flag, value in self._unsupported(options).items() if value]:
            raise SynthesisError(
                f"this is a UnifiedVoice: {', '.join(refused)} cannot be used",
                subject=self.manifest.name,
                hint="omit these options: they are for FlowVoices",
            )
        if (options.takes or 1) > 1 and not self.has_durations:
            raise SynthesisError(
                "this voice has no explicit durations: its samples differ in length and cannot be averaged",
                subject=self.manifest.name,
                hint="omit --takes, or use a voice with explicit durations",
            )

    def _fits(self, ids: tuple[int, ...], durations: tuple[int, ...] | None) -> bool:
        return fits(self.model, ids, durations)

    def _predict(self, ids: list[tuple[int, ...]], speed: float) -> list[tuple[int, ...] | None]:
        """Return the frames of each piece of each segment; None for voices without explicit durations."""
        if not self.has_durations:
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
        """Shorten a word boundary before the first word and a mark after the last: recordings have silence there."""
        most = round(_EDGE_SECONDS * self.codec.spec.frame_rate)
        for place in (0, -1):
            if self._is_silent(ids[place]):
                frames[place] = min(frames[place], most)
        frames[-1] = max(frames[-1], int(sum(frames) == 0))
        return tuple(frames)

    @property
    def samples_codes(self) -> bool:
        """Always."""
        return True

    def _attempt(self, batch: list[Job], attempt: int, options: SpeakOptions, speaker: Speaker | None) -> list[Attempt]:
        frame_rate = self.codec.spec.frame_rate
        takes = options.takes or self.default_takes
        passages = [
            Passage(
                ids=job.ids,
                durations=job.durations,
                # One frame past what the judge lets through, so that a voice cut off there is judged so.
                most_frames=int(options.limits.longest(job.syllables, options.speed) * frame_rate) + 1,
                seed=derive_seed(options.seed, job.place, attempt, take),
                speed=options.speed if job.durations is None else 1.0,
            )
            for job in batch
            for take in range(takes)
        ]
        chosen = self._chosen(speaker)
        codes = decode(self.model, passages, chosen, self._sampling_of(options, takes), self.compiled)
        results = []
        for place, job in enumerate(batch):
            spoken = codes[place * takes : (place + 1) * takes]
            samples = self._samples(job, spoken, chosen, options, passages[place * takes].seed)
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
            edges = None if job.durations is None else tuple((np.cumsum(job.durations) / frame_rate).tolist())
            results.append(Attempt(waveform, stopped, findings, edges))
        return results

    def _sampling_of(self, options: SpeakOptions, takes: int) -> Sampling:
        return options.sampling(self.sampling(takes))

    def _samples(
        self, job: Job, takes: list[Codes], speaker: Speaker, options: SpeakOptions, seed: int
    ) -> NDArray[np.float32]:
        """Return what the codes of a segment sound like, shape (N,)."""
        return self.codec.decode_mean([take.codes_QS for take in takes])
