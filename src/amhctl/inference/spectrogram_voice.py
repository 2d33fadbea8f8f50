"""A voice that draws spectrograms for a vocoder: FlowVoice, ready to speak.

Shapes: ``P text pieces, T spectrogram frames, F mel bins, M steps, X mel values of a step, E speaker width``.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from amhctl.audio.acoustics import analyse
from amhctl.audio.loudness import set_loudness
from amhctl.audio.resample import bring_to
from amhctl.audio.waveform import Waveform
from amhctl.codec.speaker_encoder import SpeakerEncoder
from amhctl.codec.vocoder import Vocoder
from amhctl.core.errors import SynthesisError
from amhctl.inference.judge import judge
from amhctl.inference.speaker import Listen, require_reference
from amhctl.inference.voice import Attempt, Job, SpeakOptions, Voice, derive_seed
from amhctl.model.flow_sampling import FlowSampling, draw_mel, draw_prosody, settle_durations
from amhctl.model.flow_voice import PROSODY, EncodedText, FlowVoice

# What is left of the silence that recordings begin and end with.
_EDGE_SECONDS = 0.1
# A piece of text is heard for two frames at least.
_FEWEST_FRAMES = 2
_PROSODY_STEPS = 8
# Cleaner than the mean training clip by one deviation.
_CLEAN = -1.0
_LOUDNESS = -18.0
# So many pieces are two minutes of speech: more than a breath, and attention over them is still cheap.
_MOST_PIECES = 2_000


@dataclass(frozen=True, eq=False)
class SpectrogramVoice(Voice[NDArray[np.float32]]):
    """A FlowVoice and everything it needs; made by ``assemble.load_voice``. A speaker is an embedding, shape (E,).

    Attributes
    ----------
    model, vocoder : object
        Its parts, which have been checked against the manifest.
    speakers : Mapping[str, NDArray[np.float32]]
        Its speakers; it speaks as the first unless told.
    """

    model: FlowVoice
    vocoder: Vocoder
    speakers: Mapping[str, NDArray[np.float32]]

    @property
    def has_durations(self) -> bool:
        """Every voice of this kind has."""
        return True

    def copy(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return what its vocoder makes of a recording, shape (N,)."""
        mel_TF = analyse(samples, self.model.config.acoustics).mel_TF
        (copied,) = self.vocoder.synthesise([mel_TF])
        return copied[: samples.size]

    def imitate(self, reference: Waveform, listen: Listen | None = None) -> NDArray[np.float32]:
        """Return the speaker embedding of a clip, shape (E,).

        Parameters
        ----------
        reference : Waveform
            The clip.
        listen : Listen | None
            Not wanted: the voice has an encoder of its own.

        Raises
        ------
        SynthesisError
            If the clip is too short or silent, or the speaker encoder is not the one that the voice knows.
        MissingExtra
            If the speaker encoder's weights are not installed.
        """
        require_reference(reference)
        encoder = SpeakerEncoder()
        if encoder.config.fingerprint != self.model.config.speaker_fingerprint:
            raise SynthesisError(
                "the speaker encoder on this machine is not the one that the voice learnt with",
                subject=self.manifest.name,
                hint="install the version of resemblyzer it was trained with, or leave the reference out",
            )
        return encoder.embed(bring_to(reference, level=self.level, sample_rate=self.sample_rate))

    def _require_options(self, options: SpeakOptions) -> None:
        given = {"a sampling of codes": options.sampling, "takes": options.takes}
        if refused := [name for name, value in given.items() if value is not None]:
            raise SynthesisError(
                f"this voice draws spectrograms, for which {' and '.join(refused)} mean nothing",
                subject=self.manifest.name,
                hint="leave out --temperature, --top-k, --top-p and --takes, or take a voice that writes codes",
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

    @torch.inference_mode()
    def _attempt(
        self, batch: list[Job], attempt: int, options: SpeakOptions, speaker: NDArray[np.float32] | None
    ) -> list[Attempt]:
        if speaker is None:
            speaker = self.speakers[options.person or next(iter(self.speakers))]
        attempts = []
        # One by one: a batch would be no faster on a processor, and change the last bits.
        for job in batch:
            seed = derive_seed(options.seed, job.place, attempt, 0)
            mel_TF = self._draw(job.ids, speaker, options, torch.Generator().manual_seed(seed))
            (samples,) = self.vocoder.synthesise([mel_TF])
            waveform = Waveform(np.ascontiguousarray(samples, dtype=np.float32), self.sample_rate)
            findings = judge(
                waveform,
                stopped=True,
                syllables=job.syllables,
                speed=options.speed,
                limits=options.limits,
                subject=job.text,
            )
            attempts.append(Attempt(waveform, True, findings))
        return attempts

    def _draw(
        self, ids: tuple[int, ...], speaker_E: NDArray[np.float32], options: SpeakOptions, generator: torch.Generator
    ) -> NDArray[np.float32]:
        """Return the spectrogram of text ids, shape (T, F)."""
        model, drawing = self.model, options.drawing or FlowSampling()
        device = next(model.parameters()).device
        text = model.encode(
            torch.tensor([ids], device=device),
            torch.tensor([len(ids)], device=device),
            torch.from_numpy(np.asarray(speaker_E, dtype=np.float32))[None].to(device),
        )
        noise_BP3 = torch.randn((1, len(ids), PROSODY), generator=generator).to(device) * drawing.prosody_noise
        prosody_BP3 = draw_prosody(model, text, noise_BP3, _PROSODY_STEPS)
        durations_BP = self._durations(text, prosody_BP3, ids, options.speed)
        noise_B = torch.full((1,), _CLEAN, device=device)
        steered = options.pitch != 0.0 or options.energy != 0.0
        told = {"prosody_BP2": self._steer(prosody_BP3, options)} if steered else {}
        score = model.score(text, durations_BP, noise_B, **told)
        silent = None
        if drawing.guidance:
            withheld = torch.ones(1, dtype=torch.bool, device=device)
            silent = model.score(text, durations_BP, noise_B, withheld_B=withheld)
        steps = score.keep_BM.shape[1]
        noise_BMX = torch.randn((1, steps, model.mel_width), generator=generator).to(device) * drawing.noise
        mel_BTF = draw_mel(model, score, noise_BMX, steps=drawing.steps, guidance=drawing.guidance, silent=silent)
        mel_TF: NDArray[np.float32] = mel_BTF[0, : int(durations_BP.sum())].float().cpu().numpy()
        return mel_TF

    def _durations(self, text: EncodedText, prosody_BP3: Tensor, ids: tuple[int, ...], speed: float) -> Tensor:
        """Return the frames of each piece, without the silence that recordings begin and end with."""
        standard = self.model.prosody_standard
        drawn_BP = torch.exp(prosody_BP3[..., 0] * standard.deviation[0] + standard.mean[0])
        expected_BP = (torch.exp(self.model.log_durations(text)) - 1.0).clamp(min=0.0)
        durations_BP = settle_durations(expected_BP, drawn_BP, text.keep_BP, speed).clamp(min=_FEWEST_FRAMES)
        most = round(_EDGE_SECONDS * self.model.config.acoustics.frame_rate)
        for place, order in ((0, 1), (len(ids) - 1, -1)):
            # A boundary and a mark may stand side by side at an edge.
            while 0 <= place < len(ids) and self._is_silent(ids[place]):
                durations_BP[0, place] = durations_BP[0, place].clamp(max=most)
                place += order
        return durations_BP

    def _steer(self, prosody_BP3: Tensor, options: SpeakOptions) -> Tensor:
        """Return standardised pitch and energy, as high and as loud as asked for."""
        deviation = self.model.prosody_standard.deviation
        pitch = options.pitch * math.log(2.0) / 12.0 / float(deviation[1])
        energy = options.energy * math.log(10.0) / 20.0 / float(deviation[2])
        return prosody_BP3[..., 1:] + torch.tensor([pitch, energy], device=prosody_BP3.device)

    def _finish(self, waveform: Waveform) -> Waveform:
        return set_loudness(waveform, _LOUDNESS)
