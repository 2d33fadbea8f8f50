"""IndexTTS-2, ready to speak: a UnifiedVoice whose codes become speech in the voice of a reference.

    ids ─GPT─▶ codes ─GPT, second pass─▶ states ─codec, prompt─▶ waveform

The GPT is conditioned on the reference; the second pass, and the parts after it, hear it too (``codec.indextts2``).
"""

from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray

from amhctl.audio.waveform import Waveform
from amhctl.checkpoint.manifest import Licence
from amhctl.codec.indextts2.acoustics import FlowOptions
from amhctl.codec.indextts2.files import SPEECH_LICENCES
from amhctl.codec.indextts2.indextts2_codec import IndexTTS2Codec
from amhctl.codec.indextts2.prompt import Prompt
from amhctl.config.conditioning import conditioning_differences
from amhctl.config.emotions import Weights
from amhctl.config.mel import MelConfig
from amhctl.core.errors import SynthesisError
from amhctl.inference.code_voice import CodeVoice
from amhctl.inference.decode import Codes
from amhctl.inference.options import SpeakOptions
from amhctl.inference.reference import EncodeSpeech
from amhctl.inference.sampling import Sampling
from amhctl.inference.speaker import Speaker
from amhctl.inference.speech import Job

# As the IndexTTS-2 programs sample by default, but for their three beams.
_SAMPLING = Sampling(temperature=0.8, top_k=30, top_p=0.8, repetition_penalty=10.0)


_OF_FLOW = ("--steps",)


@dataclass(frozen=True, slots=True, eq=False)
class ClonedSpeaker(Speaker):
    """What the GPT is conditioned on, and what its codes are spoken like.

    Attributes
    ----------
    prompt : Prompt
        The reference, as the parts after the GPT hear it.
    """

    prompt: Prompt


@dataclass(frozen=True, eq=False)
class CloningVoice(CodeVoice):
    """A UnifiedVoice of the official layout with all files of IndexTTS-2.

    Attributes
    ----------
    codec : IndexTTS2Codec
        Makes waveforms of its codes.
    """

    codec: IndexTTS2Codec

    @property
    def licences(self) -> tuple[Licence, ...]:
        """Of the works that went into it, and of those that it speaks with."""
        return tuple(dict.fromkeys((*self.manifest.licences, *SPEECH_LICENCES)))

    @property
    def speech_encoder(self) -> EncodeSpeech | None:
        """The codec's own, where it is the one that the voice is conditioned on: it is not loaded twice."""
        wanted, encoder = self._conditioning(), self.codec.encoder
        is_same = not isinstance(wanted, MelConfig) and not conditioning_differences(encoder.config, wanted)
        return encoder.encode if is_same else None

    def sampling(self, takes: int) -> Sampling:
        """Return how codes are sampled by default."""
        return _SAMPLING

    def imitate(self, reference: Waveform, encode_speech: EncodeSpeech | None = None) -> ClonedSpeaker:
        """Return the prompt of a clip, as ``CodeVoice.imitate`` does, and what the codes are to be spoken like.

        Raises
        ------
        SynthesisError
            If the clip is unusable, or the voice would speak alike with any clip.
        CodecError
            If a file of IndexTTS-2 is missing or is another one.
        CheckpointError
            If the voice's manifest does not describe its features.
        """
        speaker = super().imitate(reference, encode_speech or self.speech_encoder)
        return ClonedSpeaker(speaker.latents_1LD, speaker.emotion_1D, self.codec.prompt(reference))

    def speaker_like(self, prompt: Prompt) -> ClonedSpeaker:
        """Return the voice's own speaker, whose codes are spoken like a prompt; no encoder is needed.

        Raises
        ------
        SynthesisError
            If the voice has no speaker of its own.
        """
        own = self._chosen(None)
        return ClonedSpeaker(own.latents_1LD, own.emotion_1D, prompt)

    def weigh_emotions(self, speaker: Speaker | None, weights: Weights) -> Speaker:
        """Return how to speak as a speaker with emotions as numbers.

        Raises
        ------
        SynthesisError
            If no reference is given.
        CodecError
            If a file of IndexTTS-2 is missing or is another one.
        """
        chosen = self._chosen(speaker)
        prompt = self._prompt_of(chosen)
        tables = self.codec.emotions(chosen.emotion_1D.shape[1])
        return replace(chosen, emotion_1D=tables.mix(weights, prompt.style_1S, chosen.emotion_1D))

    def _sampling_of(self, options: SpeakOptions, takes: int) -> Sampling:
        # Guidance is that of the flow.
        return super()._sampling_of(replace(options, guidance=None), takes)

    def _unsupported(self, options: SpeakOptions) -> dict[str, object]:
        return {flag: value for flag, value in super()._unsupported(options).items() if flag not in _OF_FLOW}

    @torch.inference_mode()
    def _samples(
        self, job: Job, takes: list[Codes], speaker: Speaker, options: SpeakOptions, seed: int
    ) -> NDArray[np.float32]:
        prompt = self._prompt_of(speaker)
        (take,) = takes
        device = speaker.latents_1LD.device
        latent_1SH = self.model.latent(
            torch.tensor([job.ids], device=device),
            torch.from_numpy(take.codes_QS.astype(np.int64)).to(device),
            speaker.latents_1LD,
            speaker.emotion_1D,
            None if options.speed == 1.0 else torch.tensor([options.speed], device=device),
        )
        return self.codec.speak(
            take.codes_QS, prompt, latent_1SH=latent_1SH, options=self._flow_options(options), seed=seed
        )

    def _copied(self, codes_QS: NDArray[np.uint16], speaker: Speaker | None) -> NDArray[np.float32]:
        options = FlowOptions(precision=self.precision)
        return self.codec.speak(codes_QS, self._prompt_of(self._chosen(speaker)), options=options)

    def _flow_options(self, options: SpeakOptions) -> FlowOptions:
        given = {name: getattr(options, name) for name in ("steps", "guidance")}
        return FlowOptions(
            **{name: value for name, value in given.items() if value is not None}, precision=self.precision
        )

    def _prompt_of(self, speaker: Speaker) -> Prompt:
        if not isinstance(speaker, ClonedSpeaker):
            raise SynthesisError(
                "this voice speaks in the voice of a reference, and none is given",
                subject=self.manifest.name,
                hint="pass --reference CLIP: 3 to 15 s of clean speech",
            )
        return speaker.prompt
