"""What a codec is: waveforms to discrete codes and back. Knows no files and no letters.

Shapes: ``B batch, N samples, S frames, Q codebooks``. Codes are uint16-sized integers, true length only: a
waveform of n samples has ``ceil(n / frame_samples)`` frames, or as many as the encoder after a semantic codec has,
whatever batch it was encoded in.
"""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from amhctl.config.codec_spec import CodecSpec
from amhctl.core.errors import CodecError


class LongWaveform(Protocol):
    """A mono waveform at a codec's sample rate that is too long to be held."""

    @property
    def size(self) -> int:
        """How many samples there are."""
        ...

    def piece(self, start: int, stop: int) -> NDArray[np.float32]:
        """Return some of them, shape (stop - start,)."""
        ...


class Codec(Protocol):
    """Encodes and decodes speech.

    ``MelCodec``, ``DacCodec``, ``IndexTTS2Codec``, which decodes in the voice of a prompt, and ``SemanticCodec``, which
    refuses to decode.
    """

    @property
    def spec(self) -> CodecSpec:
        """What must agree between encoder and decoder."""
        ...

    @property
    def output_rate(self) -> int:
        """Samples per second of what ``decode`` returns; most codecs speak at the rate that they hear at."""
        ...

    def encode(self, waveforms: list[NDArray[np.float32]]) -> list[NDArray[np.uint16]]:
        """Encode mono waveforms at the codec's sample rate.

        A batch equals its items one by one. Each result has shape (Q, S) with S the true number of frames.
        """
        ...

    def encode_long(self, waveform: LongWaveform) -> NDArray[np.uint16]:
        """Encode a waveform piece by piece, each with what the network sees around it; shape (Q, S)."""
        ...

    def decode(self, codes: list[NDArray[np.uint16]]) -> list[NDArray[np.float32]]:
        """Decode codes of shape (Q, S) to waveforms of ``S * frame_samples`` samples, or of about as many seconds.

        Fewer than all codebooks may be given, the first ones: later stages of a residual quantiser only refine.

        Raises ``CodecError`` for a wrong shape or a code outside the codebook.
        """
        ...

    def decode_mean(self, takes: list[NDArray[np.uint16]]) -> NDArray[np.float32]:
        """Decode the mean of several codings of one utterance, all of shape (Q, S): of the vectors, not of the codes.

        Of a single one, the result equals ``decode``'s. Raises ``CodecError`` for a wrong shape, differing shapes, no
        coding at all, or a code outside the codebook.
        """
        ...

    def codebooks(self) -> NDArray[np.float32]:
        """Return the vector that each code adds to the latent, shape (Q, codebook size, latent width)."""
        ...


def padded_waveform(waveform: NDArray[np.float32], spec: CodecSpec) -> NDArray[np.float32]:
    """Return the waveform with zeros up to a whole number of frames, shape (S * frame_samples,).

    Raises
    ------
    CodecError
        If it is empty, not one-dimensional or not finite.
    """
    if waveform.ndim != 1 or waveform.size == 0 or not np.isfinite(waveform).all():
        raise CodecError(
            f"cannot encode a waveform of shape {waveform.shape} or with non-finite samples", subject=spec.name
        )
    padded = np.zeros(spec.frames_of(waveform.size) * spec.frame_samples, dtype=np.float32)
    padded[: waveform.size] = waveform
    return padded


def padded_piece(waveform: LongWaveform, start: int, stop: int) -> NDArray[np.float32]:
    """Return the samples ``start … stop`` of a waveform, zeros beyond its end, shape (stop - start,)."""
    padded = np.zeros(stop - start, dtype=np.float32)
    piece = waveform.piece(start, min(stop, waveform.size))
    padded[: piece.size] = piece
    return padded


def stacked_takes(takes: list[NDArray[np.uint16]], spec: CodecSpec) -> NDArray[np.int64]:
    """Return codings of one utterance, each of shape (Q, S), as one array of shape (number of takes, Q, S).

    Raises
    ------
    CodecError
        If there is none, their shapes differ, or a codec cannot decode one of them.
    """
    shapes = sorted({take.shape for take in takes})
    if len(shapes) != 1:
        raise CodecError(f"the codes of one utterance must have the same shape, not {shapes}", subject=spec.name)
    for take in takes:
        require_codes(take, spec)
    return np.stack(takes).astype(np.int64)


def require_codes(codes: NDArray[np.uint16], spec: CodecSpec) -> None:
    """Refuse codes that a codec cannot decode.

    Raises
    ------
    CodecError
        If the shape is not (Q, S) with 1 … ``spec.codebooks`` codebooks and at least one frame, or a code is outside
        the codebook.
    """
    if codes.ndim != 2 or not 1 <= codes.shape[0] <= spec.codebooks or codes.shape[1] == 0:
        raise CodecError(
            f"codes have shape {codes.shape}, this codec expects (1 to {spec.codebooks}, frames)", subject=spec.name
        )
    if int(codes.max()) >= spec.codebook_size:
        raise CodecError(
            f"code {int(codes.max())} lies outside the codebook of {spec.codebook_size}",
            subject=spec.name,
            hint="these codes were made with another codec: extract them again with this one",
        )
