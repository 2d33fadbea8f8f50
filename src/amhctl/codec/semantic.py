"""The semantic codec of MaskGCT (Wang et al. 2024, arXiv 2409.00750), whose codes IndexTTS-2 writes: encoding alone.

Its weights are ``semantic_codec/model.safetensors`` of amphion/MaskGCT, which the user brings. What it encodes are the
normalised features of w2v-bert 2.0 (``speech_encoder``), one code a frame: a Vocos backbone (Siuzdak 2023, arXiv
2306.00814) of ConvNeXt blocks, a projection to a few dimensions, and the entry of the codebook that points the same way
(cosine distance; Yu et al. 2021, arXiv 2110.04627). The names are those by which the file is published; a file that has
others is refused and they are told. Its ``decoder``, by which features come back, is not read, and codes do not come
back to waveforms here: that is what s2mel of IndexTTS-2 does.

Shapes: ``E frames, W width of the features, D width of the backbone, L width of the codebook's entries, V its size``.
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor
from torch.nn import functional

from amhctl.codec.codec import LongWaveform
from amhctl.config.codec_spec import CodecSpec
from amhctl.core.errors import AudioError, CodecError
from amhctl.core.files import sha256_of_file, sha256_of_json
from amhctl.core.listing import shorten
from amhctl.encoders.speech import LAYER, SpeechEncoder

ARCHITECTURE = "semantic"
NAME = "maskgct-semantic"

_EPS = 1e-6
_KERNEL = 7
_BACKBONE, _PROJECTION, _QUANTISER = "encoder.0", "encoder.1", "quantizer.quantizers.0"
_READ = ("encoder.", "quantizer.")
_PUBLISHED = "give semantic_codec/model.safetensors of amphion/MaskGCT"
# Some minutes: the encoder hears a recording as a whole.
_LONGEST_SECONDS = 120.0


class SemanticCodec:
    """Waveforms to the semantic codes of MaskGCT; implements ``Codec`` but for decoding.

    Parameters
    ----------
    tensors : Mapping[str, Tensor]
        Of the published file, seen to be whole by ``load_semantic``.
    encoder : SpeechEncoder
        What hears the waveforms.
    fingerprint : str
        SHA-256 over both.
    device : str
        Where to compute.
    """

    def __init__(self, tensors: Mapping[str, Tensor], encoder: SpeechEncoder, fingerprint: str, device: str) -> None:
        self._tensors = {name: tensor.to(device) for name, tensor in tensors.items()}
        self._encoder = encoder
        self._heard: dict[bytes, NDArray[np.float32]] = {}
        self._spec = CodecSpec(
            name=NAME,
            architecture=ARCHITECTURE,
            sample_rate=encoder.config.sample_rate,
            frame_samples=encoder.config.hop_samples,
            codebooks=1,
            codebook_size=tensors[f"{_QUANTISER}.codebook.weight"].shape[0],
            fingerprint=fingerprint,
        )

    @property
    def spec(self) -> CodecSpec:
        """What must agree between the codec that made codes and a voice that writes them."""
        return self._spec

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
        heard = self._heard.get(samples.tobytes())
        return self._encoder.encode(samples) if heard is None else heard

    def encode(self, waveforms: list[NDArray[np.float32]]) -> list[NDArray[np.uint16]]:
        """Return the codes of mono waveforms at the codec's sample rate, each of shape (1, E).

        Raises
        ------
        CodecError
            If one is empty, not finite, or too short or too long for the encoder.
        """
        self._heard = {}
        return [self._encode(waveform) for waveform in waveforms]

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
            "decoding semantic codes needs the s2mel model of IndexTTS-2, which amhctl does not include",
            subject=NAME,
            hint=f"there are {len(codes)} to decode: use the IndexTTS-2 programs for inference",
        )

    def decode_mean(self, takes: list[NDArray[np.uint16]]) -> NDArray[np.float32]:
        """Refuse to decode, as ``decode`` does.

        Raises
        ------
        CodecError
            Always.
        """
        return self.decode(takes)[0]

    def codebooks(self) -> NDArray[np.float32]:
        """Return the vector that each code stands for among the features, shape (1, codebook size, W)."""
        entries_VL = self._tensors[f"{_QUANTISER}.codebook.weight"]
        vectors_VW = functional.linear(entries_VL, self._weight("out_project"), self._bias("out_project"))
        return np.asarray(vectors_VW[None].cpu().numpy(), dtype=np.float32)

    @torch.inference_mode()
    def quantise(self, features_EW: NDArray[np.float32]) -> NDArray[np.uint16]:
        """Return the codes of features, shape (1, E)."""
        features_1EW = torch.from_numpy(features_EW)[None].to(self._tensors[f"{_BACKBONE}.embed.bias"].device)
        hidden_1EW = self._linear(_PROJECTION, self._backbone(features_1EW))
        encodings_EL = functional.linear(hidden_1EW[0], self._weight("in_project"), self._bias("in_project"))
        entries_VL = functional.normalize(self._tensors[f"{_QUANTISER}.codebook.weight"])
        codes_E = (functional.normalize(encodings_EL) @ entries_VL.T).argmax(dim=1)
        return np.asarray(codes_E[None].cpu().numpy(), dtype=np.uint16)

    def _encode(self, waveform: NDArray[np.float32]) -> NDArray[np.uint16]:
        if waveform.ndim != 1 or waveform.size == 0 or not np.isfinite(waveform).all():
            raise CodecError(
                f"cannot encode a waveform of shape {waveform.shape} or with non-finite samples", subject=NAME
            )
        if waveform.size > _LONGEST_SECONDS * self._spec.sample_rate:
            raise self._too_long(waveform.size)
        try:
            features_EW = self._encoder.encode(waveform)
        except AudioError as error:
            raise CodecError(error.message, subject=NAME) from error
        self._heard[waveform.tobytes()] = features_EW
        return self.quantise(features_EW)

    def _too_long(self, samples: int) -> CodecError:
        seconds = samples / self._spec.sample_rate
        return CodecError(
            f"the recording has {seconds:.0f} s; the encoder accepts at most {_LONGEST_SECONDS:.0f} s",
            subject=NAME,
            hint="split the recording at pauses",
        )

    def _backbone(self, features_1EW: Tensor) -> Tensor:
        tensors = self._tensors
        hidden_1DE = functional.conv1d(
            features_1EW.transpose(1, 2), tensors[f"{_BACKBONE}.embed.weight"], tensors[f"{_BACKBONE}.embed.bias"],
            padding=_KERNEL // 2,
        )  # fmt: skip
        hidden_1ED = self._norm(f"{_BACKBONE}.norm", hidden_1DE.transpose(1, 2))
        for block in range(_blocks_of(tensors)):
            name = f"{_BACKBONE}.convnext.{block}"
            inner_1DE = functional.conv1d(
                hidden_1ED.transpose(1, 2), tensors[f"{name}.dwconv.weight"], tensors[f"{name}.dwconv.bias"],
                padding=_KERNEL // 2, groups=hidden_1ED.shape[2],
            )  # fmt: skip
            inner_1ED = self._norm(f"{name}.norm", inner_1DE.transpose(1, 2))
            inner_1ED = self._linear(f"{name}.pwconv2", functional.gelu(self._linear(f"{name}.pwconv1", inner_1ED)))
            hidden_1ED = hidden_1ED + tensors[f"{name}.gamma"] * inner_1ED
        return self._norm(f"{_BACKBONE}.final_layer_norm", hidden_1ED)

    def _norm(self, name: str, hidden: Tensor) -> Tensor:
        weight, bias = self._tensors[f"{name}.weight"], self._tensors[f"{name}.bias"]
        return functional.layer_norm(hidden, weight.shape, weight, bias, _EPS)

    def _linear(self, name: str, hidden: Tensor) -> Tensor:
        return functional.linear(hidden, self._tensors[f"{name}.weight"], self._tensors[f"{name}.bias"])

    def _weight(self, name: str) -> Tensor:
        """Return the matrix of a convolution over one frame, from its direction and its length (weight norm)."""
        direction = self._tensors[f"{_QUANTISER}.{name}.weight_v"]
        length = self._tensors[f"{_QUANTISER}.{name}.weight_g"]
        matrix: Tensor = length * direction / torch.linalg.vector_norm(direction, dim=(1, 2), keepdim=True)
        return matrix[..., 0]

    def _bias(self, name: str) -> Tensor:
        return self._tensors[f"{_QUANTISER}.{name}.bias"]


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
    try:
        tensors = {name: tensor.float() for name, tensor in load_file(path).items() if name.startswith(_READ)}
    except (SafetensorError, OSError) as error:
        raise CodecError(f"not a readable safetensors file: {error}", subject=str(path), hint=_PUBLISHED) from error
    _require_whole(tensors, known.width, subject=str(path))
    fingerprint = sha256_of_json([sha256_of_file(path), known.fingerprint])
    return SemanticCodec(tensors, encoder, fingerprint, device)


def semantic_shapes(
    *, features: int, width: int, inner: int, blocks: int, size: int, entry: int
) -> dict[str, tuple[int, ...]]:
    """Return the names and shapes of the tensors that are read.

    Parameters
    ----------
    features, width, inner : int
        Widths of the features, of the backbone and within its blocks: 1,024, 384 and 2,048 as published.
    blocks : int
        ConvNeXt blocks, 12 as published.
    size, entry : int
        Entries of the codebook and their width, 8,192 and 8 as published.
    """
    shapes: dict[str, tuple[int, ...]] = {
        f"{_BACKBONE}.embed.weight": (width, features, _KERNEL),
        f"{_BACKBONE}.embed.bias": (width,),
        f"{_PROJECTION}.weight": (features, width),
        f"{_PROJECTION}.bias": (features,),
        f"{_QUANTISER}.codebook.weight": (size, entry),
    }
    for block in range(blocks):
        name = f"{_BACKBONE}.convnext.{block}"
        shapes |= {
            f"{name}.gamma": (width,),
            f"{name}.dwconv.weight": (width, 1, _KERNEL),
            f"{name}.dwconv.bias": (width,),
            f"{name}.pwconv1.weight": (inner, width),
            f"{name}.pwconv1.bias": (inner,),
            f"{name}.pwconv2.weight": (width, inner),
            f"{name}.pwconv2.bias": (width,),
        }
    norms = ["norm", "final_layer_norm", *(f"convnext.{block}.norm" for block in range(blocks))]
    shapes |= {f"{_BACKBONE}.{name}.{part}": (width,) for name in norms for part in ("weight", "bias")}
    for name, outputs, inputs in (("in_project", entry, features), ("out_project", features, entry)):
        shapes |= {
            f"{_QUANTISER}.{name}.weight_g": (outputs, 1, 1),
            f"{_QUANTISER}.{name}.weight_v": (outputs, inputs, 1),
            f"{_QUANTISER}.{name}.bias": (outputs,),
        }
    return shapes


def _blocks_of(tensors: Mapping[str, Tensor]) -> int:
    return sum(name.startswith(f"{_BACKBONE}.convnext.") and name.endswith(".gamma") for name in tensors)


def _require_whole(tensors: Mapping[str, Tensor], features: int, *, subject: str) -> None:
    """Refuse tensors that are not those of such a codec; every one that is not is counted, the first ones named."""

    def size(name: str, dimension: int) -> int:
        tensor = tensors.get(name)
        return 0 if tensor is None or tensor.ndim <= dimension else tensor.shape[dimension]

    wanted = semantic_shapes(
        features=features,
        width=size(f"{_BACKBONE}.embed.weight", 0),
        inner=size(f"{_BACKBONE}.convnext.0.pwconv1.weight", 0),
        blocks=max(1, _blocks_of(tensors)),
        size=size(f"{_QUANTISER}.codebook.weight", 0),
        entry=size(f"{_QUANTISER}.codebook.weight", 1),
    )
    faults = [f"{name} absent" for name in wanted if name not in tensors]
    faults += [f"{name} is unknown" for name in tensors if name not in wanted]
    faults += [
        f"{name} of shape {tuple(tensor.shape)}, not {wanted[name]}"
        for name, tensor in tensors.items()
        if name in wanted and tuple(tensor.shape) != wanted[name]
    ]
    faults += [
        f"{name} has values that are not finite"
        for name, tensor in tensors.items()
        if not bool(torch.isfinite(tensor).all())
    ]
    if faults:
        raise CodecError(
            f"the file is not MaskGCT's semantic codec for features of width {features}: {shorten(faults, 3)}",
            subject=subject,
            hint=_PUBLISHED,
        )
