"""AdamW (Loshchilov and Hutter 2019) with decay only where it helps: on matrices that multiply activations.

Knows no schedule; the loop writes each step's rate into the groups. The optimiser's state is named by parameter, so
that it can lie in a safetensors file.
"""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from amhctl.config.schema import TrainingConfig
from amhctl.core.errors import CheckpointError

_NO_DECAY_NAMES = ("embedding", "latents", "pos_bias", "speed_emb")
"""Parameters of two and more dimensions that are looked up or added rather than multiplied."""


def decays(name: str, parameter: Tensor, embeddings: frozenset[str]) -> bool:
    """Return whether weight decay applies: not to norms, biases, embeddings, latents and positions."""
    return parameter.ndim >= 2 and name not in embeddings and not any(part in name for part in _NO_DECAY_NAMES)


def parameter_groups(model: nn.Module, weight_decay: float) -> list[dict[str, object]]:
    """Return the two groups of a model's trainable parameters, with and without decay."""
    embeddings = frozenset(
        f"{prefix}.{name}" if prefix else name
        for prefix, module in model.named_modules()
        if isinstance(module, nn.Embedding)
        for name, _ in module.named_parameters(recurse=False)
    )
    with_decay: list[Tensor] = []
    without: list[Tensor] = []
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            (with_decay if decays(name, parameter, embeddings) else without).append(parameter)
    return [{"params": with_decay, "weight_decay": weight_decay}, {"params": without, "weight_decay": 0.0}]


def build_optimizer(model: nn.Module, config: TrainingConfig) -> torch.optim.AdamW:
    """Return AdamW over a model's parameters, its arithmetic fused where the device allows."""
    device = next(model.parameters()).device
    return torch.optim.AdamW(
        parameter_groups(model, config.weight_decay),
        lr=config.learning_rate,
        betas=config.betas,
        fused=device.type in {"cpu", "cuda"},
    )


def optimizer_tensors(optimizer: torch.optim.Optimizer, model: nn.Module) -> dict[str, Tensor]:
    """Return the optimiser's state as tensors named ``<parameter>/<slot>``; parameters without gradient have none."""
    return {
        f"{name}/{slot}": value
        for name, parameter in model.named_parameters()
        for slot, value in optimizer.state.get(parameter, {}).items()
    }


def restore_optimizer(optimizer: torch.optim.Optimizer, model: nn.Module, tensors: Mapping[str, Tensor]) -> None:
    """Put back what ``optimizer_tensors`` gave.

    Raises
    ------
    CheckpointError
        If a tensor names no parameter of the model or has another shape than its parameter.
    """
    parameters = dict(model.named_parameters())
    for key, value in tensors.items():
        name, _, slot = key.rpartition("/")
        parameter = parameters.get(name)
        if parameter is None or (slot != "step" and value.shape != parameter.shape):
            raise CheckpointError("an optimiser tensor does not fit the model", subject=key)
        # A fresh tensor, not a view into the file's buffer: alignment then is as in an uninterrupted run. The count
        # of steps stays where AdamW's fused kernel looks for it, on the parameter's device.
        restored = torch.empty_like(value, device=parameter.device).copy_(value)
        optimizer.state[parameter][slot] = restored
