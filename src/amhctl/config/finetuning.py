"""How a voice that starts from a base is fine-tuned: what of it learns, at which rate, and what guards the base."""

from typing import Literal, Self

from pydantic import Field, model_validator

from amhctl.config.document import Document


class AdapterConfig(Document):
    """Low-rank adapters beside frozen layers, by the library ``peft`` (the extra ``adapters``)."""

    method: Literal["none", "lora", "dora", "adalora"] = "none"
    """``none`` trains the layers themselves. Else they are frozen and a term of low rank learns beside each: LoRA
    (Hu et al. 2021), DoRA (Liu et al. 2024) or AdaLoRA (Zhang et al. 2023)."""
    attention_rank: int = Field(32, ge=1, le=4_096)
    """Rank beside the layers of self-attention; AdaLoRA begins with it everywhere."""
    mlp_rank: int = Field(16, ge=1, le=4_096)
    """Rank beside the feed-forward layers."""
    text_rank: int = Field(16, ge=1, le=4_096)
    """Rank beside the text embedding and the text head, where ``training.text_rows`` is ``adapter``."""
    target_rank: int = Field(16, ge=1, le=4_096)
    """Mean rank that AdaLoRA ends with: it takes rank away where it matters least."""
    scale: float = Field(2.0, gt=0)
    """Factor of the low-rank term; alpha of the papers is this times the rank."""
    dropout: float = Field(0.05, ge=0, lt=1)
    """Dropout of what goes into the adapters, in training."""
    orthogonality: float = Field(0.5, ge=0)
    """Weight of AdaLoRA's penalty on singular vectors that are not orthogonal."""
    keep: Literal["voice", "adapter"] = "voice"
    """What a run keeps as its best: a whole voice, or the adapter alone, which `ckpt merge` makes one of."""

    @model_validator(mode="after")
    def _check_ranks(self) -> Self:
        if self.method == "adalora" and self.target_rank >= self.attention_rank:
            raise ValueError(
                f"target_rank {self.target_rank} must be smaller than attention_rank {self.attention_rank}, with which "
                "AdaLoRA begins"
            )
        return self


class ParameterGroup(Document):
    """Parameters with a rate and a decay of their own."""

    parameters: tuple[str, ...] = Field(min_length=1)
    """Named parts of the voice, such as ``text``, or patterns of parameter names, such as ``gpt.h.*.mlp.*``."""
    rate: float = Field(1.0, ge=0)
    """Their learning rate, as a multiple of ``training.learning_rate``; takes the place of ``training.layer_decay``."""
    weight_decay: float | None = Field(None, ge=0)
    """Their decay, also of those that do not decay otherwise; None leaves it as it is."""


class ForgettingConfig(Document):
    """A watch over what the base knew: the loss on the store ``paths.probe``, at each validation."""

    worsening: float = Field(0.05, ge=0)
    """How much higher than the base's own the deciding loss may be, in nats for a UnifiedVoice."""
    action: Literal["warn", "stop"] = "warn"
    """What is done when it is higher: say so, or end the run, whose checkpoints are kept."""
    utterances: int = Field(64, ge=1)
    """Most utterances that are measured, evenly drawn from the store."""
