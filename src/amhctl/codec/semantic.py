"""The semantic codec of MaskGCT, whose codes IndexTTS-2 writes: encoding alone.

Its weights are ``semantic_codec/model.safetensors`` of amphion/MaskGCT, which the user brings. What it encodes are the
normalised features of w2v-bert 2.0 (``encoders.speech``), one code a frame (``indextts2.semantic_network``). Codes do
not come back to waveforms here: that is what ``indextts2.indextts2_codec`` does, with more files.

Shapes: ``E frames, W width of the features``.
"""

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from amhctl.codec.codec import LongWaveform
from amhctl.codec.indextts2.semantic_network import SemanticNetwork, read_semantic
from amhctl.codec.indextts2.weights import read_tensors
from amhctl.config.codec_spec import CodecSpec
from amhctl.core.errors import AudioError, CodecError
from amhctl.core.files import sha256_of_file, sha256_of_json
from amhctl.encoders.speech import LAYER, SpeechEncoder

ARCHITECTURE = "semantic"
NAME = "maskgct-semantic"

_PUBLISHED = "give semantic_codec/model.safetensors of amphion/MaskGCT"
# Some minutes: the encoder hears a recording as a whole.
_LONGEST_SECONDS = 120.0


class SemanticCodec:
    """Waveforms to the semantic codes of MaskGCT; implements ``Codec`` but for decoding.

    Parameters
    ----------
    network : SemanticNetwork
        The codec of features.
    encoder : SpeechEncoder
        What hears the waveforms.
    fingerprint : str
        SHA-256 over both.
    device : str
        Where to compute.
    """

    def __init__(self, network: SemanticNetwork, encoder: SpeechEncoder, fingerprint: str, device: str) -> None:
        self.network = network.to(device)
        self._device = device
        self._encoder = encoder
        self._features: dict[bytes, NDArray[np.float32]] = {}
        self._spec = CodecSpec(
            name=NAME,
            architecture=ARCHITECTURE,
            sample_rate=encoder.config.sample_rate,
            frame_samples=encoder.config.hop_samples,
            codebooks=1,
            codebook_size=network.shape.size,
            fingerprint=fingerprint,
        )

    @property
    def spec(self) -> CodecSpec:
        """What must agree between the codec that made codes and a voice that writes them."""
        return self._spec

    @property
    def output_rate(self) -> int:
        """Samples per second of what ``decode`` would return."""
        return self._spec.sample_rate

    @property
    def encoder(self) -> SpeechEncoder:
        """What hears the waveforms."""
        return self._encoder

    def encode_speech(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the features of a recording, shape (E, W); those of what was encoded last are available.

        Raises
        ------
        AudioError
            If it is too short to have a frame.
        """
        known = self._features.get(samples.tobytes())
        return self._encoder.encode(samples) if known is None else known

    def encode(self, waveforms: list[NDArray[np.float32]]) -> list[NDArray[np.uint16]]:
        """Return the codes of mono waveforms at the codec's sample rate, each of shape (1, E).

        Raises
        ------
        CodecError
            If one is empty, not finite, or too short or too long for the encoder.
        """
        self._features = {}
        for waveform in waveforms:
            self._require_encodable(waveform)
        try:
            features = self._encoder.encode_batch(waveforms)
        except AudioError as error:
            raise CodecError(error.message, subject=NAME) from error
        self._features = {samples.tobytes(): each for samples, each in zip(waveforms, features, strict=True)}
        return [self.quantise(features_EW) for features_EW in features]

    def encode_long(self, waveform: LongWaveform) -> NDArray[np.uint16]:
        """Refuse a waveform that is too long to be held: what the encoder makes of a part depends on the whole.

        Raises
        ------
        CodecError
            Always.
        """
        raise self._too_long(waveform.size)

    def decode(self, codes: list[NDArray[np.uint16]]) -> list[NDArray[np.float32]]:
        """Refuse to decode: these codes say what is spoken, not how it sounds.

        Raises
        ------
        CodecError
            Always.
        """
        raise CodecError(
            f"decoding {len(codes)} semantic codings needs the other files of IndexTTS-2; this file is the codec alone",
            subject=NAME,
            hint="put its files into one folder and give that as the codec: `amhctl codec show FOLDER` names them",
        )

    def decode_mean(self, takes: list[NDArray[np.uint16]]) -> NDArray[np.float32]:
        """Refuse to decode, as ``decode`` does.

        Raises
        ------
        CodecError
            Always.
        """
        return self.decode(takes)[0]

    @torch.inference_mode()
    def codebooks(self) -> NDArray[np.float32]:
        """Return the vector that each code stands for among the features, shape (1, codebook size, W)."""
        codes_1V = torch.arange(self._spec.codebook_size, device=self._device)[None]
        return np.asarray(self.network.vectors(codes_1V).cpu().numpy(), dtype=np.float32)

    @torch.inference_mode()
    def quantise(self, features_EW: NDArray[np.float32]) -> NDArray[np.uint16]:
        """Return the codes of features, shape (1, E)."""
        codes_1E = self.network.quantise(torch.from_numpy(features_EW)[None].to(self._device))
        return np.asarray(codes_1E.cpu().numpy(), dtype=np.uint16)

    def _require_encodable(self, waveform: NDArray[np.float32]) -> None:
        if waveform.ndim != 1 or waveform.size == 0 or not np.isfinite(waveform).all():
            raise CodecError(
                f"cannot encode a waveform of shape {waveform.shape} or with non-finite samples", subject=NAME
            )
        if waveform.size > _LONGEST_SECONDS * self._spec.sample_rate:
            raise self._too_long(waveform.size)

    def _too_long(self, samples: int) -> CodecError:
        seconds = samples / self._spec.sample_rate
        return CodecError(
            f"the recording has {seconds:.0f} s; the encoder accepts at most {_LONGEST_SECONDS:.0f} s",
            subject=NAME,
            hint="split the recording at pauses",
        )


def load_semantic(path: Path, encoder: SpeechEncoder, *, device: str = "cpu") -> SemanticCodec:
    """Load MaskGCT's semantic codec for the features of an encoder.

    Raises
    ------
    CodecError
        If the file is not that codec, or the encoder's features are not those that it takes.
    """
    known = encoder.config
    if known.layer != LAYER or not known.normalised:
        raise CodecError(
            f"the codec takes the normalised features of layer {LAYER}; the encoder gives "
            f"{'' if known.normalised else 'un'}normalised ones of layer {known.layer}",
            subject=str(path),
            hint="put the wav2vec2bert_stats.pt of IndexTTS-2 into the folder of w2v-bert 2.0",
        )
    network = read_semantic(read_tensors(path, hint=_PUBLISHED))
    if network.shape.features != known.width:
        raise CodecError(
            f"the codec takes features of width {network.shape.features}; the encoder gives {known.width}",
            subject=str(path),
            hint=_PUBLISHED,
        )
    fingerprint = sha256_of_json([sha256_of_file(path), known.fingerprint])
    return SemanticCodec(network, encoder, fingerprint, device)
