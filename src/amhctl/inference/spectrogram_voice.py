"""A FlowVoice for a vocoder: FlowVoice, ready to speak. Loads no torch.

Shapes: ``P text pieces, T spectrogram frames, F mel bins, M steps, X mel values of a step, E speaker width``.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from amhctl.audio.pitchshift import shift_pitch
from amhctl.audio.resample import bring_to
from amhctl.audio.waveform import Waveform
from amhctl.codec.vocoder_spec import Synthesiser
from amhctl.core.errors import SynthesisError
from amhctl.core.units import FASTEST, SLOWEST
from amhctl.inference.bends import Bend, course, set_volumes
from amhctl.inference.judge import judge
from amhctl.inference.options import SpeakOptions
from amhctl.inference.reference import EncodeSpeech, require_reference
from amhctl.inference.speech import Attempt, Job
from amhctl.inference.voice import Voice, derive_seed
from amhctl.model.flow_sampling import (
    PROSODY,
    Floats,
    FlowNetwork,
    Integers,
    ReadText,
    between_silences,
    expected_frames,
    sample_mel,
    sample_prosody,
    settle_durations,
)
from amhctl.model.mel_sharpening import sharpen

# What is left of the silence that recordings begin and end with.
_EDGE_SECONDS = 0.1
# A piece of text is heard for two frames at least.
_FEWEST_FRAMES = 2
_PROSODY_STEPS = 8
# Cleaner than the mean training clip by one deviation.
_CLEAN = -1.0
# So many pieces are two minutes of speech: more than a breath, and attention over them is still cheap.
_MOST_PIECES = 2_000


@dataclass(frozen=True, eq=False)
class SpectrogramVoice(Voice[NDArray[np.float32]]):
    """A FlowVoice and everything it needs; made by ``assemble.load_voice``. A speaker is an embedding, shape (E,).

    Attributes
    ----------
    network, vocoder : object
        Its parts, which have been checked against the manifest; they compute by PyTorch or by ONNX graphs.
    speakers : Mapping[str, NDArray[np.float32]]
        Its speakers; it speaks as the first by default.
    """

    network: FlowNetwork[Any]
    vocoder: Synthesiser
    speakers: Mapping[str, NDArray[np.float32]]

    @property
    def speeds(self) -> tuple[float, float]:
        """Any: its durations are divided by the speed."""
        return SLOWEST, FASTEST

    @property
    def has_pitch(self) -> bool:
        """Always: where each piece lies is known."""
        return True

    @property
    def persons(self) -> tuple[str, ...]:
        """Its speakers, by name."""
        return tuple(self.speakers)

    def imitate(self, reference: Waveform, encode_speech: EncodeSpeech | None = None) -> NDArray[np.float32]:
        """Return the speaker embedding of a clip, shape (E,).

        Parameters
        ----------
        reference : Waveform
            The clip.
        encode_speech : EncodeSpeech | None
            The voice's speaker encoder, from ``assemble.load_speech_encoder``.

        Raises
        ------
        SynthesisError
            If the clip is too short or silent, or the speaker encoder is not given.
        """
        require_reference(reference)
        if encode_speech is None:
            raise SynthesisError("the voice needs a speaker encoder, which is not given", subject="speaker")
        return encode_speech(bring_to(reference, level=self.level, sample_rate=self.sample_rate).samples)

    def require_options(self, options: SpeakOptions) -> None:
        """Refuse options that mean nothing to this kind of voice.

        Raises
        ------
        SynthesisError
            If there are any.
        """
        given = {
            "--temperature": options.temperature,
            "--top-k": options.top_k,
            "--top-p": options.top_p,
            "--repetition-penalty": options.repetition_penalty,
            "--takes": options.takes,
        }
        if refused := [flag for flag, value in given.items() if value is not None]:
            raise SynthesisError(
                f"this is a FlowVoice: {', '.join(refused)} cannot be used",
                subject=self.manifest.name,
                hint="omit these options: they are for UnifiedVoices",
            )
        if options.person is not None and options.person not in self.speakers:
            raise SynthesisError(
                f"the voice has no speaker {options.person!r}",
                subject=self.manifest.name,
                hint=f"it has: {', '.join(self.speakers)}",
            )

    def _fits(self, ids: tuple[int, ...], durations: tuple[int, ...] | None) -> bool:
        return len(ids) <= _MOST_PIECES

    def _predict(self, ids: list[tuple[int, ...]], speed: float) -> list[tuple[int, ...] | None]:
        return [None] * len(ids)

    def _attempt(
        self, batch: list[Job], attempt: int, options: SpeakOptions, speaker: NDArray[np.float32] | None
    ) -> list[Attempt]:
        person = None
        if speaker is None:
            person = options.person or next(iter(self.speakers))
            speaker = self.speakers[person]
        scale = self._duration_scale(person)
        attempts = []
        # One by one: a batch would be no faster on a processor, and change the last bits.
        for job in batch:
            seed = derive_seed(options.seed, job.place, attempt, 0)
            told = job.settled(options)
            bends = job.bends if len(job.bends) > 1 else ()
            mel_TF, durations_P = self._draw(
                job.ids, speaker, told, np.random.default_rng(seed), told.speed / scale, bends
            )
            (samples,) = self.vocoder.synthesise([mel_TF])
            waveform = Waveform(np.ascontiguousarray(samples, dtype=np.float32), self.sample_rate)
            findings = judge(
                waveform,
                stopped=True,
                syllables=job.syllables,
                speed=_mean_speed(durations_P, bends) if bends else told.speed,
                limits=options.limits,
                subject=job.text,
            )
            edges = (np.cumsum(durations_P) / self.network.config.acoustics.frame_rate).tolist()
            pitches = [bend.pitch for bend in bends] or [told.pitch] * len(edges)
            waveform = shift_pitch(waveform, *course(edges, pitches))
            louder = 0.0
            if any(bend.volume != options.volume for bend in bends):
                decibels = [bend.volume - options.volume for bend in bends]
                waveform, louder = set_volumes(waveform, *course(edges, decibels))
            attempts.append(Attempt(waveform, True, findings, tuple(edges), louder))
        return attempts

    def _draw(
        self,
        ids: tuple[int, ...],
        speaker_E: Floats,
        options: SpeakOptions,
        random: np.random.Generator,
        pace: float,
        bends: tuple[Bend, ...] = (),
    ) -> tuple[Floats, Integers]:
        """Return the spectrogram of text ids, shape (T, F), and the frames of each of them, shape (P,).

        ``pace`` divides the durations that the network expects. ``bends`` say how each piece is said instead of as the
        options say; none say nothing.
        """
        network, drawing = self.network, options.flow_sampling()
        text = network.read(np.array(ids, dtype=np.int64), np.asarray(speaker_E, dtype=np.float32))
        noise_P3 = random.standard_normal((len(ids), PROSODY), dtype=np.float32) * np.float32(drawing.prosody_noise)
        prosody_P3 = sample_prosody(network, text, noise_P3, _PROSODY_STEPS)
        speed_P = np.array([bend.speed / options.speed for bend in bends] or [1.0], dtype=np.float32)
        durations_P = self._durations(text, prosody_P3, ids, pace, speed_P)
        # Pitch is moved afterwards: a network need not do as it is told.
        prosody_P2 = self._steer(prosody_P3, options.energy) if options.energy != 0.0 else None
        score = network.score(text, durations_P, _CLEAN, prosody_P2=prosody_P2, drop_text=False)
        silent, guidance = None, drawing.guidance_for(network.config)
        if guidance:
            silent = network.score(text, durations_P, _CLEAN, prosody_P2=None, drop_text=True)
        frames, shape = int(durations_P.sum()), network.config
        steps = -(-frames // shape.stacked_frames)
        noise_MX = random.standard_normal((steps, shape.acoustics.mel.bins * shape.stacked_frames), dtype=np.float32)
        noise_MX *= np.float32(drawing.noise)
        mel_TF = sample_mel(network, score, noise_MX, steps=drawing.steps, guidance=guidance, silent=silent)
        return sharpen(mel_TF[:frames], drawing.sharpness), durations_P

    def _duration_scale(self, person: str | None) -> float:
        scale = self.manifest.duration_scale
        return 1.0 if scale is None else scale.of(person)

    def _durations(
        self, text: ReadText, prosody_P3: Floats, ids: tuple[int, ...], pace: float, speed_P: Floats | None = None
    ) -> Integers:
        """Return the frames of each piece, without the silence that recordings begin and end with.

        ``speed_P``, of one value for all or one for each piece, divides them too.
        """
        scale = self.network.prosody_scale
        speed_P = np.ones(1, dtype=np.float32) if speed_P is None else speed_P
        sampled_P = np.exp(prosody_P3[:, 0] * scale.deviation[0] + scale.mean[0]) / speed_P
        expected_P = expected_frames(text.log_durations_P) / np.float32(pace) / speed_P
        most = round(_EDGE_SECONDS * self.network.config.acoustics.frame_rate)
        durations_P: Integers = np.clip(np.rint(expected_P).astype(np.int64), _FEWEST_FRAMES, most)
        # Apart from the edges: how long a recording was silent before it began says nothing of how fast one spoke.
        inner_P = between_silences(np.array([self._is_silent(piece) for piece in ids]))
        total = float(expected_P[inner_P].sum(dtype=np.float64))
        durations_P[inner_P] = settle_durations(sampled_P[inner_P], total, _FEWEST_FRAMES)
        return durations_P

    def _steer(self, prosody_P3: Floats, energy: float) -> Floats:
        """Return standardised pitch and energy, as loud as asked for."""
        louder = energy * math.log(10.0) / 20.0 / float(self.network.prosody_scale.deviation[2])
        return prosody_P3[:, 1:] + np.array([0.0, louder], dtype=np.float32)


def _mean_speed(durations_P: Integers, bends: tuple[Bend, ...]) -> float:
    """Return the speed at which pieces of different speeds would take as long together."""
    frames = durations_P.astype(np.float64)
    return float((frames * np.array([bend.speed for bend in bends])).sum() / frames.sum())
