"""The shape of a FlowVoice: from text pieces by durations to a log-mel spectrogram. No torch."""

from typing import Literal, Self

from pydantic import Field, model_validator

from amhctl.config.acoustics import AcousticsConfig
from amhctl.config.document import Document
from amhctl.config.mel import DEEPEST, WIDEST


class FlowVoiceConfig(Document):
    """FlowVoice: explicit durations, and conditional flow matching of log-mel frames."""

    kind: Literal["flow"] = "flow"
    """Tells this kind of voice from ``unified``."""
    acoustics: AcousticsConfig = Field(default_factory=AcousticsConfig)
    """What it draws; its vocoder must have the same spectrogram."""
    number_text_tokens: int = Field(64, gt=2, le=2_000_000)
    """Pieces of the vocabulary."""
    speaker_dim: int = Field(256, gt=0, le=WIDEST)
    """Width of a speaker embedding."""
    speaker_fingerprint: str = ""
    """SHA-256 of the weights of the speaker encoder whose embeddings it knows; decided by the code store."""
    text_dim: int = Field(192, gt=0, le=WIDEST)
    """Width of the text encoder."""
    text_layers: int = Field(5, ge=1, le=DEEPEST)
    """Convolution blocks of the text encoder."""
    text_kernel: int = Field(5, ge=1, le=1_023)
    """Pieces each of them sees; odd."""
    text_heads: int = Field(2, gt=0, le=DEEPEST)
    """Heads of the one attention layer in the middle of the text encoder."""
    prosody_layers: int = Field(4, ge=1, le=DEEPEST)
    """Convolution blocks that generate duration, pitch and energy of each piece."""
    model_dim: int = Field(320, gt=0, le=WIDEST)
    """Width of the blocks that generate the spectrogram."""
    layers: int = Field(8, gt=0, le=DEEPEST)
    """Number of these convolution blocks; an attention layer follows every second one."""
    heads: int = Field(5, gt=0, le=DEEPEST)
    """Heads of those attention layers."""
    condition_dim: int = Field(256, gt=0, le=WIDEST)
    """Width of the conditioning of the blocks: time, speaker, and noise level of the recording."""
    stacked_frames: int = Field(2, ge=1, le=16)
    """Frames of the spectrogram that are generated as one time step."""
    codebooks: int = Field(0, ge=0, le=1_024)
    """Codebooks of a UnifiedVoice's codes that the spectrogram may be conditioned on; 0 for text only."""
    codebook_size: int = Field(1_024, ge=2, le=65_536)
    """Codes of one codebook."""
    code_frame_samples: int = Field(640, gt=0, le=2**20)
    """Samples of one code frame, a whole number of steps."""
    dropout: float = Field(0.1, ge=0, lt=1)
    """Dropout of the inner channels of a block, per training item."""
    text_dropout: float = Field(0.12, ge=0, lt=1)
    """Fraction of training items whose text is dropped; classifier-free guidance needs it."""
    prosody_dropout: float = Field(0.2, ge=0, lt=1)
    """Fraction of training items whose pitch and energy are dropped, so that a voice can also choose them itself."""
    code_dropout: float = Field(0.5, ge=0, le=1)
    """Fraction of training items whose codes are dropped, for a voice conditioned on codes."""
    distilled_guidance: float = Field(0.0, ge=0, le=10)
    """Guidance that was distilled into the voice by ``training.distil_guidance``: inference then takes half the
    time. 0 for none; set by training."""

    @model_validator(mode="after")
    def _check_shapes(self) -> Self:
        faults = []
        if self.model_dim % (2 * self.heads):
            faults.append(f"model_dim {self.model_dim} is not an even multiple of heads {self.heads}")
        if self.text_dim % (2 * self.text_heads):
            faults.append(f"text_dim {self.text_dim} is not an even multiple of text_heads {self.text_heads}")
        if self.text_kernel % 2 == 0:
            faults.append(f"text_kernel {self.text_kernel} is even")
        if self.codebooks and self.code_frame_samples % self.step_samples:
            faults.append(
                f"code_frame_samples {self.code_frame_samples} is no multiple of the {self.step_samples} of a step"
            )
        if faults:
            raise ValueError("; ".join(faults))
        return self

    @property
    def step_samples(self) -> int:
        """Samples of one step."""
        return self.acoustics.mel.hop_samples * self.stacked_frames

    @property
    def steps_of_code(self) -> int:
        """Steps of one code frame."""
        return self.code_frame_samples // self.step_samples
