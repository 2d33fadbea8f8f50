"""How a voice that starts from a base is fine-tuned: what of it learns, at which rate, and what guards the base."""

from typing import Literal, Self

from pydantic import Field, model_validator

from amhctl.config.document import Document


class AdapterConfig(Document):
    """Low-rank adapters beside frozen layers, by the library ``peft`` (the extra ``adapters``)."""

    method: Literal["none", "lora", "dora", "adalora"] = "none"
    """``none`` trains the layers themselves. With the others, they are frozen and a low-rank term is trained for
    each: LoRA (Hu et al. 2021), DoRA (Liu et al. 2024) or AdaLoRA (Zhang et al. 2023)."""
    attention_rank: int = Field(32, ge=1, le=4_096)
    """Rank of the adapters of self-attention layers; AdaLoRA starts with it everywhere."""
    mlp_rank: int = Field(16, ge=1, le=4_096)
    """Rank of the adapters of feed-forward layers."""
    text_rank: int = Field(16, ge=1, le=4_096)
    """Rank of the adapters of the text embedding and text head, if ``training.text_rows`` is ``adapter``."""
    target_rank: int = Field(16, ge=1, le=4_096)
    """Mean rank at the end of AdaLoRA, which reduces the rank where it matters least."""
    scale: float = Field(2.0, gt=0)
    """Factor of the low-rank term; alpha of the papers is this times the rank."""
    dropout: float = Field(0.05, ge=0, lt=1)
    """Dropout of the input of the adapters."""
    orthogonality: float = Field(0.5, ge=0)
    """Weight of AdaLoRA's penalty on singular vectors that are not orthogonal."""
    keep: Literal["voice", "adapter"] = "voice"
    """What a run saves as its best: a complete voice, or only the adapter, which ``ckpt merge`` combines with the
    base."""

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
    """Their learning rate, as a multiple of ``training.learning_rate``; used instead of ``training.layer_decay``."""
    weight_decay: float | None = Field(None, ge=0)
    """Their weight decay, also for parameters that have none by default; None does not change it."""


class ForgettingConfig(Document):
    """A watch over what the base knew: the loss on the store ``paths.probe``, at each validation."""

    worsening: float = Field(0.05, ge=0)
    """How much higher than that of the base the loss on ``paths.probe`` may be (in nats for a UnifiedVoice)."""
    action: Literal["warn", "stop"] = "warn"
    """What happens when it is higher: a warning, or the end of the run (its checkpoints are kept)."""
    utterances: int = Field(64, ge=1)
    """Largest number of utterances to measure, evenly spread over the store."""
