"""Ways of training one voice that ``bench`` compares. Trains none.

A variant is a few settings of the trainer over those of the baseline, which does without all of them. Two things are no
settings: attention by torch's reference arithmetic instead of its fused kernels, and Hugging Face's GPT-2 in the place
of our decoder, as forks of IndexTTS train it.
"""

from dataclasses import dataclass
from importlib.util import find_spec

import torch

from amhctl.devices.compiler import find_missing
from amhctl.devices.device import choose_device


@dataclass(frozen=True, slots=True)
class Variant:
    """One way of training.

    Attributes
    ----------
    name : str
        What it is called.
    sets : tuple[str, ...]
        Its settings, over those of the baseline.
    eager : bool
        Whether attention is computed step by step.
    huggingface : bool
        Whether the decoder is that of Hugging Face.
    note : str
        What it is.
    package : str
        A package that it needs and that is an extra, or empty.
    compiled : bool
        Whether it needs what compiles.
    """

    name: str
    sets: tuple[str, ...]
    note: str
    eager: bool = True
    huggingface: bool = False
    package: str = ""
    compiled: bool = False

    def find_missing(self, device: str) -> str:
        """Return in words what this machine lacks to train it on a device; nothing if it is all here."""
        if self.package and find_spec(self.package) is None:
            return f"the package {self.package}"
        return find_missing(torch.device(choose_device(device))) if self.compiled else ""


_BUCKETING = "training.bucketing=true"
_EMA = "training.ema_decay=0.995"
_ALL = ("training.precision=auto", _BUCKETING, _EMA)
VARIANTS = (
    Variant(
        "huggingface", (), "Hugging Face's GPT-2, as forks of IndexTTS use it", huggingface=True, package="transformers"
    ),
    Variant("baseline", (), "our decoder, eager attention, fp32, batches in random order"),
    Variant("sdpa", (), "with fused attention", eager=False),
    Variant("bf16", ("training.precision=bf16",), "with bf16"),
    Variant("checkpointing", ("training.checkpointing=true",), "with activations recomputed in the backward pass"),
    Variant("bucketing", (_BUCKETING,), "with batches of similar length"),
    # Compiled blocks take fused attention as they find it: apart from that, it is to be read against sdpa.
    Variant(
        "compile", ("training.compile=true",), "with fused attention and compiled blocks", eager=False, compiled=True
    ),
    Variant("ema", (_EMA,), "with a moving average"),
    Variant("all", _ALL, "everything that helps on this machine", eager=False),
)
_BESIDE = "with the base's layers frozen, embeddings and heads trained, at a learning rate of 1e-3"
FINE_TUNING = (
    Variant(
        "full", (*_ALL, "training.learning_rate=2e-4"), "all weights of a base, at a learning rate of 2e-4", eager=False
    ),
    Variant(
        "lora",
        (*_ALL, "training.adapter.method=lora", "training.learning_rate=1e-3"),
        f"low-rank adapters {_BESIDE}",
        eager=False,
        package="peft",
    ),
    Variant(
        "dora",
        (*_ALL, "training.adapter.method=dora", "training.learning_rate=1e-3"),
        f"LoRA with separate magnitudes, {_BESIDE}",
        eager=False,
        package="peft",
    ),
)
"""Ways to go on from a base, each at a rate that is usual for it."""
