"""What a codec is, in numbers: the same value in the codec, in a voice's manifest and in a code store. No torch."""

from typing import Annotated, Final

from pydantic import Field

from amhctl.config.document import Document

# JSON tells a number from a string: "16000" is no sample rate, whatever it could be made into.
_Whole: Final = Field(strict=True)
SampleRate = Annotated[int, Field(gt=0, le=768_000), _Whole]
"""Samples per second; the fastest converters there are take 768,000."""


class CodecSpec(Document):
    """What must agree between the codec that made codes and the one that decodes them."""

    name: str
    """Name in the registry, such as ``mel16k``."""
    architecture: str
    """``mel``, ``dac`` or ``semantic``."""
    sample_rate: SampleRate
    """Samples per second."""
    frame_samples: Annotated[int, _Whole] = Field(gt=0, le=2**20)
    """Samples of one frame of codes."""
    codebooks: Annotated[int, _Whole] = Field(gt=0, le=1_024)
    """Codes per frame."""
    codebook_size: Annotated[int, _Whole] = Field(gt=1, le=2**16)
    """Values of each code."""
    fingerprint: str
    """SHA-256 over the names, shapes and bytes of its weights; empty where they are not known, as of an imported
    voice."""

    @property
    def frame_rate(self) -> float:
        """Frames per second."""
        return self.sample_rate / self.frame_samples

    def frames_of(self, samples: int) -> int:
        """Return how many frames a waveform of ``samples`` samples has.

        A semantic codec has as many as its encoder: windows of 25 ms every 10 ms, two of them a frame.
        """
        if self.architecture == "semantic":
            step = self.frame_samples // 2
            return max(0, (1 + (samples - 5 * step // 2) // step) // 2)
        return -(-samples // self.frame_samples)
