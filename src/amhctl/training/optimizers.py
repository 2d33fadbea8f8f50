"""AdamW (Loshchilov and Hutter 2019) with decay only where it helps: on matrices that multiply activations.

Knows no schedule; the loop writes each step's rate, times the ``scale`` of each group, into the groups. The optimiser's
state is named by parameter, as checkpoints name it, so that it can be in a safetensors file.
"""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from amhctl.config.finetuning import ParameterGroup
from amhctl.config.schema import TrainingConfig
from amhctl.core.errors import CheckpointError, ConfigError
from amhctl.training.network_tensors import StoredParameter, stored_parameters
from amhctl.training.parts import layer_of, select
from amhctl.training.shards import WHOLE, Shards

_NO_DECAY_NAMES = ("embedding", "latents", "pos_bias", "speed_emb")
"""Parameters of two and more dimensions that are looked up or added rather than multiplied."""
SCALE = "scale"
"""Where a group of parameters says by what the rate of each step is multiplied."""
_COUNT = "step"


def decays(name: str, parameter: Tensor, embeddings: frozenset[str]) -> bool:
    """Return whether weight decay applies: not to norms, biases, embeddings, latents and positions."""
    return parameter.ndim >= 2 and name not in embeddings and not any(part in name for part in _NO_DECAY_NAMES)


def parameter_groups(model: nn.Module, config: TrainingConfig) -> list[dict[str, object]]:
    """Return a model's trainable parameters in groups of one decay and one rate; two, by default.

    Raises
    ------
    ConfigError
        If a group of the configuration selects nothing, or a parameter is in two of them.
    """
    embeddings = frozenset(
        f"{prefix}.{name}" if prefix else name
        for prefix, module in model.named_modules()
        if isinstance(module, nn.Embedding)
        for name, _ in module.named_parameters(recurse=False)
    )
    learning = [each for each in stored_parameters(model) if each.parameter.requires_grad]
    own = _own_groups(learning, config.groups, _kind_of(model))
    layers = getattr(getattr(model, "config", None), "layers", 0)
    grouped: dict[tuple[float, float], list[Tensor]] = {(config.weight_decay, 1.0): [], (0.0, 1.0): []}
    for each in learning:
        group = own.get(each.name)
        decay = config.weight_decay if decays(each.name, each.parameter, embeddings) else 0.0
        if group is not None:
            decay, scale = decay if group.weight_decay is None else group.weight_decay, group.rate
        else:
            # Howard and Ruder 2018, arXiv 1801.06146: what lies deeper is more general and moves less.
            scale = config.layer_decay ** (layers + 1 - layer_of(each.name, kind=_kind_of(model), layers=layers))
        grouped.setdefault((decay, scale), []).append(each.parameter)
    return [
        {"params": parameters, "weight_decay": decay, SCALE: scale}
        for (decay, scale), parameters in grouped.items()
        if parameters
    ]


def _kind_of(model: nn.Module) -> str:
    return str(getattr(getattr(model, "config", None), "kind", "unified"))


def _own_groups(
    learning: Sequence[StoredParameter], groups: Sequence[ParameterGroup], kind: str
) -> dict[str, ParameterGroup]:
    """Return the group of each parameter that has one of its own, by its name."""
    names = [each.name for each in learning]
    own: dict[str, ParameterGroup] = {}
    for place, group in enumerate(groups):
        for name in select(names, group.parameters, kind=kind, key=f"training.groups.{place}.parameters"):
            if name in own:
                raise ConfigError(
                    f"{name} is in two groups",
                    subject="training.groups",
                    hint="use parts or patterns that do not overlap",
                )
            own[name] = group
    return own


def build_optimizer(model: nn.Module, config: TrainingConfig, device: torch.device | None = None) -> torch.optim.AdamW:
    """Return AdamW over a model's parameters, its arithmetic fused where the device allows.

    Parameters
    ----------
    model : nn.Module
        The voice, its parameters whole: their shapes say what decays.
    config : TrainingConfig
        Rates and decays.
    device : torch.device | None
        Where it will compute; None is where it is.
    """
    device = next(model.parameters()).device if device is None else device
    return torch.optim.AdamW(
        parameter_groups(model, config),
        lr=config.learning_rate,
        betas=config.betas,
        fused=device.type in {"cpu", "cuda"},
    )


def optimizer_tensors(optimizer: torch.optim.Optimizer, model: nn.Module, shards: Shards = WHOLE) -> dict[str, Tensor]:
    """Return the optimiser's state as tensors named ``<parameter>/<slot>``; parameters without gradient have none.

    The moments of rows that learn apart from others stand where their rows do, in tensors of the whole shape.
    """
    return {
        f"{each.name}/{slot}": value if slot == _COUNT else _spread(each, shards.whole(each.key, value))
        for each in stored_parameters(model)
        for slot, value in optimizer.state.get(each.parameter, {}).items()
    }


def _spread(each: StoredParameter, moment: Tensor) -> Tensor:
    return moment if each.rows is None else each.rows.spread(moment)


def restore_optimizer(
    optimizer: torch.optim.Optimizer, model: nn.Module, tensors: Mapping[str, Tensor], shards: Shards = WHOLE
) -> None:
    """Put back what ``optimizer_tensors`` gave.

    Raises
    ------
    CheckpointError
        If a tensor names no parameter of the model or has another shape than its parameter.
    """
    stored = {each.name: each for each in stored_parameters(model)}
    for key, value in tensors.items():
        name, _, slot = key.rpartition("/")
        each = stored.get(name)
        if each is None or (slot != _COUNT and value.shape != _whole_shape(each, shards)):
            raise CheckpointError("an optimiser tensor does not fit the model", subject=key)
        own = value if slot == _COUNT else shards.own(each.key, value if each.rows is None else each.rows.pick(value))
        # A fresh tensor, not a view into the file's buffer: alignment then is as in an uninterrupted run. The count
        # of steps stays where AdamW's fused kernel looks for it, on the parameter's device.
        restored = torch.empty_like(own, device=each.parameter.device).copy_(own)
        optimizer.state[each.parameter][slot] = restored


def _whole_shape(each: StoredParameter, shards: Shards) -> torch.Size:
    return shards.shape(each.key, each.parameter) if each.rows is None else each.rows.shape
