"""The bundled codec: log-mel → ConvNeXt → residual quantiser → ConvNeXt → inverse STFT. Trains and runs on a CPU.

Shapes: ``B batch, N samples, T mel frames, S code frames (T = 2 S), F mel bins, D width, Z latent width, Q codebooks``.
The network is Vocos' (Siuzdak 2023, arXiv 2306.00814) around the residual vector quantiser of SoundStream
(Zeghidour et al. 2021, arXiv 2107.03312).
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from amhctl.codec.codec import LongWaveform, padded_piece, padded_waveform, stacked_takes
from amhctl.codec.windows import cut_windows
from amhctl.config.codec_spec import CodecSpec
from amhctl.config.mel_codec import MelCodecConfig
from amhctl.core.errors import CodecError
from amhctl.nn.convnext import ConvNeXtBlock
from amhctl.nn.residual_codebooks import ResidualCodebooks, embeddings
from amhctl.nn.spectral import InverseSTFTHead, LogMel

MODEL_VERSION = "mel-codec-1"
LATENT_WIDTH = 128
MEL_MEAN = -6.0
MEL_SCALE = 2.5
"""Natural log-mel of speech at a level of -20 dBFS lies about here; the encoder sees it centred and scaled."""
# How far a ConvNeXt block sees on either side.
_REACH = 3
_WINDOW_SECONDS = 60.0
# What turns codes into sound. All else decides which codes a sound gets.
_DECODER = ("from_latent", "decoder_slow", "double_rate", "decoder_fast", "decoder_norm", "head")


@dataclass(frozen=True, slots=True)
class Reconstruction:
    """What one pass through the codec gives in training.

    Attributes
    ----------
    samples_BN : Tensor
        The decoded waveforms.
    commitment : Tensor
        Mean squared distance of the encoder's output to its codes, summed over the stages; 0 when not quantised.
    codes_BSQ : Tensor | None
        The chosen codes; None when not quantised.
    """

    samples_BN: Tensor
    commitment: Tensor
    codes_BSQ: Tensor | None


class MelCodecNetwork(nn.Module):
    """Encoder, residual quantiser and decoder of the mel codec.

    Parameters
    ----------
    config : MelCodecConfig
        Shape of the network.
    quantizer : nn.Module | None
        One that learns, from ``training/learning_quantizer.py``; None for codebooks that are only used.
    """

    def __init__(self, config: MelCodecConfig, quantizer: nn.Module | None = None) -> None:
        super().__init__()
        self.config = config
        width = config.width
        blocks = sum(config.encoder_blocks) + sum(config.decoder_blocks)
        mel = config.mel
        # Its filterbank is computed from numbers, which a network that is made for its shapes alone does not have.
        with torch.device("cpu"):
            self.mel = LogMel(
                sample_rate=mel.sample_rate,
                fft_samples=mel.fft_samples,
                window_samples=mel.window_samples,
                hop_samples=mel.hop_samples,
                bins=mel.bins,
                low_hertz=mel.low_hertz,
                high_hertz=mel.high_hertz,
            )

        def stack(count: int) -> nn.ModuleList:
            return nn.ModuleList(ConvNeXtBlock(width, scale=1.0 / blocks) for _ in range(count))

        self.enter = nn.Conv1d(mel.bins, width, 7, padding=3)
        self.encoder_fast = stack(config.encoder_blocks[0])
        self.halve_rate = nn.Linear(2 * width, width)
        self.encoder_slow = stack(config.encoder_blocks[1])
        self.encoder_norm = nn.LayerNorm(width)
        self.to_latent = nn.Linear(width, LATENT_WIDTH)
        self.quantizer = quantizer or ResidualCodebooks(config.codebooks, size=config.codebook_size, width=LATENT_WIDTH)
        self.from_latent = nn.Linear(LATENT_WIDTH, width)
        self.decoder_slow = stack(config.decoder_blocks[0])
        self.double_rate = nn.Linear(width, 2 * width)
        self.decoder_fast = stack(config.decoder_blocks[1])
        self.decoder_norm = nn.LayerNorm(width)
        self.head = InverseSTFTHead(width, fft_samples=config.synthesis_fft_samples, hop_samples=mel.hop_samples)

    def latents(self, samples_BN: Tensor) -> Tensor:
        """Return latents, shape (B, S, Z), of samples whose number is a multiple of the frame length."""
        mel_BTF = (self.mel(samples_BN)[:, :-1] - MEL_MEAN) / MEL_SCALE
        hidden = self.enter(mel_BTF.transpose(1, 2)).transpose(1, 2)
        for block in self.encoder_fast:
            hidden = block(hidden)
        batch, frames, width = hidden.shape
        hidden = self.halve_rate(hidden.reshape(batch, frames // 2, 2 * width))
        for block in self.encoder_slow:
            hidden = block(hidden)
        latents: Tensor = self.to_latent(self.encoder_norm(hidden))
        return latents

    def synthesise(self, latents_BSZ: Tensor) -> Tensor:
        """Return samples, shape (B, S * frame_samples), of quantised latents."""
        hidden = self.from_latent(latents_BSZ)
        for block in self.decoder_slow:
            hidden = block(hidden)
        batch, frames, width = hidden.shape
        hidden = self.double_rate(hidden).reshape(batch, 2 * frames, width)
        for block in self.decoder_fast:
            hidden = block(hidden)
        samples: Tensor = self.head(self.decoder_norm(hidden))
        return samples

    def quantised(self, codes_BSQ: Tensor, depths_B: Tensor) -> Tensor:
        """Return the latents, shape (B, S, Z), of each item's first ``depths_B`` of its codes."""
        latents_BSZ = torch.zeros((*codes_BSQ.shape[:2], LATENT_WIDTH), device=codes_BSQ.device)
        for book, embed_1VZ in enumerate(embeddings(self.quantizer)[: codes_BSQ.shape[-1]]):
            used_B11 = (book < depths_B)[:, None, None]
            latents_BSZ = latents_BSZ + used_B11 * functional.embedding(codes_BSQ[..., book], embed_1VZ[0])
        return latents_BSZ

    def forward(self, samples_BN: Tensor, *, quantised: bool = True, depths_B: Tensor | None = None) -> Reconstruction:
        """Return the reconstruction of samples whose number is a multiple of the frame length.

        Parameters
        ----------
        samples_BN : Tensor
            Waveforms.
        quantised : bool
            Whether latents pass through the quantiser.
        depths_B : Tensor | None
            Codebooks from which each item is decoded; None for all. The encoder is told what it would be with all.
        """
        latents = self.latents(samples_BN)
        if not quantised:
            return Reconstruction(self.synthesise(latents), latents.new_zeros(()), None)
        with torch.autocast(latents.device.type, enabled=False):
            rounded, codes, losses = self.quantizer(latents.float())
            if depths_B is not None:
                rounded = latents + (self.quantised(codes, depths_B) - latents).detach()
        return Reconstruction(self.synthesise(rounded), losses.sum(), codes)

    def freeze_codes(self) -> None:
        """Let only the decoder learn: each sound keeps its codes. To be called again after ``train()``."""
        for name, part in self.named_children():
            if name not in _DECODER:
                part.eval().requires_grad_(False)


def is_stored(name: str) -> bool:
    """Return whether a codec checkpoint holds a tensor: every weight and codebook, no running average of training."""
    return not name.startswith("quantizer.") or name.endswith("_codebook.embed")


def stored_shapes(config: MelCodecConfig, *, whole: bool = False) -> dict[str, tuple[int, ...]]:
    """Return the names and shapes of a codec checkpoint's tensors; ``whole`` adds those only training needs."""
    # Made without memory: a manifest may ask for any size.
    with torch.device("meta"):
        state = MelCodecNetwork(config).state_dict()
    shapes = {name: tuple(tensor.shape) for name, tensor in state.items()}
    if whole:
        for name in tuple(shapes):
            if name.endswith("_codebook.embed"):
                codebook, shape = name.removesuffix("embed"), shapes[name]
                shapes |= {
                    f"{codebook}initted": (),
                    f"{codebook}cluster_size": shape[:2],
                    f"{codebook}embed_avg": shape,
                }
    return shapes


def fill_mel(network: MelCodecNetwork, tensors: Mapping[str, Tensor], *, subject: str) -> None:
    """Put the stored tensors of a codec into a network, whose codebooks then count as started.

    Raises
    ------
    CodecError
        If a tensor is missing, left over or of the wrong shape.
    """
    state = network.state_dict()
    given = {name: tensor.float() for name, tensor in tensors.items()}
    wanted = {name for name in state if is_stored(name)}
    if wanted != set(given) or any(state[name].shape != given[name].shape for name in wanted):
        odd = sorted(wanted ^ set(given)) or [n for n in sorted(wanted) if state[n].shape != given[n].shape]
        raise CodecError(f"the weights do not match the configuration at {odd[0]}", subject=subject)
    for name, tensor in state.items():
        # Running averages start as if every code had been chosen equally often.
        if name.endswith("_codebook.initted") or name.endswith("_codebook.cluster_size"):
            given[name] = torch.ones_like(tensor)
        elif name.endswith("_codebook.embed_avg"):
            given[name] = given[name.removesuffix("_avg")].clone()
    network.load_state_dict(state | given)


def fingerprint_of(tensors: Mapping[str, Tensor]) -> str:
    """Return the SHA-256 over the names, shapes, types and bytes of tensors, in the order of their names."""
    digest = hashlib.sha256()
    for name in sorted(tensors):
        tensor = tensors[name].detach().cpu().contiguous()
        digest.update(f"{name}|{tuple(tensor.shape)}|{tensor.dtype}\n".encode())
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy().data if tensor.numel() else b"")
    return digest.hexdigest()


def codes_fingerprint(tensors: Mapping[str, Tensor]) -> str:
    """Return the fingerprint of what a mel codec's codes mean: of its encoder and its codebooks, not of its decoder."""
    return fingerprint_of({name: tensor for name, tensor in tensors.items() if name.split(".")[0] not in _DECODER})


class MelCodec:
    """A trained mel codec, ready to encode and decode.

    Parameters
    ----------
    network : MelCodecNetwork
        Trained weights; put into evaluation mode.
    name : str
        Name in the registry.
    fingerprint : str
        ``codes_fingerprint`` of the stored tensors.
    device : str
        Where to compute.
    """

    def __init__(self, network: MelCodecNetwork, *, name: str, fingerprint: str, device: str = "cpu") -> None:
        self._network = network.to(device).eval()
        self._device = torch.device(device)
        config = network.config
        self._spec = CodecSpec(
            name=name,
            architecture="mel",
            sample_rate=config.mel.sample_rate,
            frame_samples=config.frame_samples,
            codebooks=config.codebooks,
            codebook_size=config.codebook_size,
            fingerprint=fingerprint,
        )

    @property
    def spec(self) -> CodecSpec:
        """What must agree between encoder and decoder."""
        return self._spec

    @property
    def output_rate(self) -> int:
        """Samples per second of what ``decode`` returns."""
        return self.spec.sample_rate

    @torch.inference_mode()
    def encode(self, waveforms: list[NDArray[np.float32]]) -> list[NDArray[np.uint16]]:
        """Encode waveforms, one by one: batches would change the last bits of a matrix product, and so a code.

        Raises
        ------
        CodecError
            If a waveform is empty, not one-dimensional or not finite.
        """
        results = []
        for waveform in waveforms:
            results.append(self._encode(padded_waveform(waveform, self._spec)))
        return results

    def _encode(self, padded: NDArray[np.float32]) -> NDArray[np.uint16]:
        latents = self._network.latents(torch.from_numpy(padded[None]).to(self._device))
        _, codes_BSQ, _ = self._network.quantizer(latents)
        codes_QS: NDArray[np.uint16] = codes_BSQ[0].T.cpu().numpy().astype(np.uint16)
        return codes_QS

    @torch.inference_mode()
    def encode_long(self, waveform: LongWaveform) -> NDArray[np.uint16]:
        """Encode a long waveform in windows of a minute.

        Codes are those of the whole, but where the last bits of a matrix product of another size decide.
        """
        hop, config = self._spec.frame_samples, self._network.config
        fast, slow = config.encoder_blocks
        # Each convolution sees three frames beyond its own; a spectrum sees half of its window, which is one at most.
        reach = _REACH * (1 + fast) // 2 + _REACH * slow + 2 + config.mel.fft_samples // (2 * hop)
        codes_QS = np.empty((self._spec.codebooks, self._spec.frames_of(waveform.size)), dtype=np.uint16)
        length = round(_WINDOW_SECONDS * self._spec.frame_rate) + 2 * reach
        for window in cut_windows(codes_QS.shape[1], window=length, context=reach):
            codes = self._encode(padded_piece(waveform, window.start * hop, window.stop * hop))
            kept = slice(window.keep_start - window.start, window.keep_stop - window.start)
            codes_QS[:, window.keep_start : window.keep_stop] = codes[:, kept]
        return codes_QS

    @torch.inference_mode()
    def decode(self, codes: list[NDArray[np.uint16]]) -> list[NDArray[np.float32]]:
        """Decode codes of shape (Q, S), one by one.

        Raises
        ------
        CodecError
            If the shape is wrong or a code is outside the codebook.
        """
        return [self.decode_mean([item]) for item in codes]

    @torch.inference_mode()
    def decode_mean(self, takes: list[NDArray[np.uint16]]) -> NDArray[np.float32]:
        """Decode the mean of several codings of one utterance, all of shape (Q, S).

        Raises
        ------
        CodecError
            If there is none, a shape is wrong or differs, or a code is outside the codebook.
        """
        codes_KQS = stacked_takes(takes, self._spec)
        codes_KSQ = torch.from_numpy(codes_KQS.transpose(0, 2, 1)).to(self._device)
        depths_K = torch.full((len(takes),), codes_KSQ.shape[-1], device=self._device)
        latents_KSZ = self._network.quantised(codes_KSQ, depths_K)
        samples_1N = self._network.synthesise(latents_KSZ.mean(0, keepdim=True))
        samples: NDArray[np.float32] = samples_1N[0].float().cpu().numpy()
        return samples

    def codebooks(self) -> NDArray[np.float32]:
        """Return the vector of each code, shape (Q, codebook size, latent width)."""
        vectors_QVZ = torch.cat(embeddings(self._network.quantizer))
        vectors: NDArray[np.float32] = vectors_QVZ.float().cpu().numpy()
        return vectors
