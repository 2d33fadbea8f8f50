"""IndexTTS-2's codec: MaskGCT's semantic codes, and their way back to speech in the voice of a prompt.

Its codes are those of ``SemanticCodec``, whose identity it has: a store that one of them made is a store of the other.

Shapes: ``Q = 1 codebook, S codes, H width of the GPT, N samples``.
"""

from collections.abc import Callable
from contextlib import suppress
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from amhctl.audio.waveform import Waveform
from amhctl.codec.codec import require_codes, stacked_takes
from amhctl.codec.indextts2 import files
from amhctl.codec.indextts2.acoustics import Acoustics, FlowOptions, load_acoustics
from amhctl.codec.indextts2.emotions import EmotionTables, load_emotions
from amhctl.codec.indextts2.prompt import Prompt, PromptClip
from amhctl.codec.semantic import NAME, SemanticCodec, load_semantic
from amhctl.core.errors import AudioError, CodecError
from amhctl.core.files import sha256_of_json
from amhctl.encoders.speech import SpeechEncoder, load_encoder


class IndexTTS2Codec(SemanticCodec):
    """Waveforms to semantic codes, and those to waveforms in a voice; implements ``Codec``.

    Parameters
    ----------
    semantic : SemanticCodec
        The half that hears.
    folder : Path
        Where the files of the half that speaks lie; they are read when it first speaks.
    device : str
        Where to compute.
    options : FlowOptions | None
        How mel frames are generated; None for the defaults.
    """

    def __init__(self, semantic: SemanticCodec, folder: Path, device: str, options: FlowOptions | None = None) -> None:
        super().__init__(semantic.network, semantic.encoder, semantic.spec.fingerprint, device)
        self.folder = folder
        self.options = options or FlowOptions()
        self._voice: Prompt | None = None

    @property
    def output_rate(self) -> int:
        """Samples per second of what ``decode`` returns: 22,050."""
        return Acoustics.sample_rate

    @cached_property
    def acoustics(self) -> Acoustics:
        """The half that speaks.

        Raises
        ------
        CodecError
            If a file is missing or is another one.
        """
        return load_acoustics(self.folder, content=self.network.shape.features, device=self._device)

    def emotions(self, width: int) -> EmotionTables:
        """Return the published emotion vectors of a width, the GPT's.

        Raises
        ------
        CodecError
            If a file is missing or is another one.
        """
        return load_emotions(self.folder, style=self.acoustics.style_width, emotion=width)

    def prompt(self, clip: Waveform) -> Prompt:
        """Return the voice of a clip, to speak with; at most its first 15 s are heard.

        Raises
        ------
        CodecError
            If the clip is silent, has too little speech, or a file is missing or is another one.
        """
        recording = PromptClip.of(clip)
        try:
            codes_QS = self.quantise(self.encoder.encode(recording.at_16k))
        except AudioError as error:
            raise CodecError(error.message, subject="the prompt", hint=error.hint) from error
        return self.acoustics.prompt(recording, self._vectors(codes_QS))

    def cached_prompt(self, folder: Path, content: str, read: Callable[[], Waveform]) -> Prompt:
        """Return the voice of a clip as ``prompt`` does; once computed, it is read from a folder.

        Parameters
        ----------
        folder : Path
            Where computed prompts are kept, by the clip's content and the files of the codec.
        content : str
            SHA-256 of the clip's samples.
        read : Callable[[], Waveform]
            Reads the clip, if need be.

        Raises
        ------
        CodecError
            As ``prompt`` does.
        AudioError
            As ``read`` does.
        """
        digest = sha256_of_json([content, self.spec.fingerprint, self.acoustics.fingerprint])
        file = folder / f".prompt-{digest}.safetensors"
        if (known := Prompt.read(file, device=self._device)) is not None:
            return known
        prompt = self.prompt(read())
        # A folder that cannot be written costs the time to compute the prompt again, and nothing else.
        with suppress(OSError):
            prompt.write(file)
        return prompt

    def use(self, prompt: Prompt) -> None:
        """Let ``decode`` speak in the voice of a prompt."""
        self._voice = prompt

    def decode(self, codes: list[NDArray[np.uint16]]) -> list[NDArray[np.float32]]:
        """Speak the codes of recordings in the voice that ``use`` was given: copy-synthesis.

        Each result has 256 samples at 22,050 Hz for each of floor(1.72 S) mel frames.

        Raises
        ------
        CodecError
            If there is no voice, a shape is wrong, or a code outside the codebook.
        """
        return [self.decode_mean([each]) for each in codes]

    def decode_mean(self, takes: list[NDArray[np.uint16]]) -> NDArray[np.float32]:
        """Speak the mean of several codings of one recording, of their vectors, as ``decode`` speaks one.

        Raises
        ------
        CodecError
            As ``decode`` does, or if shapes differ or there is no coding at all.
        """
        if self._voice is None:
            raise CodecError(
                "semantic codes have no voice of their own: decoding needs a prompt",
                subject=NAME,
                hint="give a clip of the speaker: --reference CLIP",
            )
        vectors_NSW = self._vectors(stacked_takes(takes, self.spec)[:, 0])
        return self.acoustics.speak(vectors_NSW.mean(dim=0, keepdim=True), self._voice, options=self.options)

    def speak(
        self,
        codes_QS: NDArray[np.uint16],
        prompt: Prompt,
        *,
        latent_1SH: Tensor | None = None,
        options: FlowOptions | None = None,
        seed: int = 0,
    ) -> NDArray[np.float32]:
        """Return codes as speech, shape (N,) at 22,050 Hz.

        Parameters
        ----------
        codes_QS : NDArray[np.uint16]
            The codes.
        prompt : Prompt
            Whose voice.
        latent_1SH : Tensor | None
            The GPT's hidden state that predicts each code; None for codes of a recording.
        options : FlowOptions | None
            How mel frames are generated; None for the codec's.
        seed : int
            The same seed gives the same samples.

        Raises
        ------
        CodecError
            If the shape is wrong or a code outside the codebook.
        """
        require_codes(codes_QS, self.spec)
        return self.acoustics.speak(
            self._vectors(codes_QS), prompt, latent_1SH=latent_1SH, options=options or self.options, seed=seed
        )

    @torch.inference_mode()
    def _vectors(self, codes_BS: NDArray[np.integer]) -> Tensor:
        """Return the vector that each code stands for, shape (B, S, W); in one layout, on which rounding depends."""
        return self.network.vectors(torch.from_numpy(codes_BS.astype(np.int64)).to(self._device)).contiguous()


def load_indextts2(
    folder: Path, *, features_model: Path | None = None, device: str = "cpu", options: FlowOptions | None = None
) -> IndexTTS2Codec:
    """Load the codec from a folder of the user's files (``files.FILES``).

    Parameters
    ----------
    folder : Path
        Where they lie.
    features_model : Path | None
        Folder of the speech encoder; None is the one in the folder, else in the cache of the Hugging Face hub.
    device : str
        Where to compute.
    options : FlowOptions | None
        How mel frames are generated; None for the defaults.

    Raises
    ------
    CodecError
        If a file is missing or is another one.
    MissingExtra
        If transformers is not installed, or there is no speech encoder on this machine.
    CheckpointError
        If the speech encoder is damaged.
    """
    encoder = _load_encoder(folder, features_model or files.ENCODER.find(folder), device)
    semantic = files.SEMANTIC.find(folder)
    if semantic is None:
        raise CodecError(
            f"{files.SEMANTIC.places[0]} is missing", subject=str(folder), hint=f"add {files.SEMANTIC.source}"
        )
    return IndexTTS2Codec(load_semantic(semantic, encoder, device=device), folder, device, options)


def _load_encoder(folder: Path, features_model: Path | None, device: str) -> SpeechEncoder:
    return load_encoder(features_model, statistics=files.STATISTICS.find(folder), device=device)
