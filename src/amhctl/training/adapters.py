"""Low-rank adapters beside the layers of a voice, by the library ``peft``: LoRA, DoRA and AdaLoRA.

The one place that knows ``peft``. It replaces an adapted layer by one of its own, in which the layer stands as
``base_layer`` and the low-rank factors beside it; ``training/network_tensors.py`` gives both their names on disk.

LoRA: Hu et al. 2021, arXiv 2106.09685. DoRA: Liu et al. 2024, arXiv 2402.09353. AdaLoRA: Zhang et al. 2023, arXiv
2303.10512.
"""

import copy
import importlib
import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from amhctl.checkpoint.manifest import AdapterIdentity
from amhctl.config.finetuning import AdapterConfig
from amhctl.core.errors import ConfigError, MissingExtra
from amhctl.devices.absent_torchaudio import torchaudio_or_stand_in
from amhctl.nn.attention import TransposedLinear
from amhctl.training.seeding import derive_seed
from amhctl.training.shards import Shards

NAME = "default"
"""What peft calls the only adapter of a voice."""
_LAYERS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "unified": (("attention", r"gpt\.h\.\d+\.attn\.c_(attn|proj)"), ("mlp", r"gpt\.h\.\d+\.mlp\.c_(fc|proj)")),
    "flow": (
        ("attention", r"(attentions\.\d+|text_attention)\.project_(in|out)"),
        ("mlp", r"(\w+_)?blocks\.\d+\.(expand|contract)"),
    ),
}
_TEXT = r"text_(embedding|head)"
# AdaLoRA's schedule, as shares of the run: full rank, then ever less, then none is taken away any more.
_FIRST_SHARE, _LAST_SHARE, _EVERY = 0.1, 0.3, 10


def choose_layers(model: nn.Module, config: AdapterConfig, *, kind: str, text: bool) -> dict[str, int]:
    """Return the rank beside each layer of a voice that is to be adapted, by the layer's name.

    Parameters
    ----------
    model : nn.Module
        The voice.
    config : AdapterConfig
        Ranks.
    kind : str
        Kind of the voice.
    text : bool
        Whether the text embedding and head are adapted too.

    Raises
    ------
    ConfigError
        If the text is to be adapted by another method than LoRA.
    """
    ranks = {"attention": config.attention_rank, "mlp": config.mlp_rank}
    if config.method == "adalora":
        # It takes rank away wherever that does the least harm, so all layers begin alike.
        ranks = dict.fromkeys(ranks, config.attention_rank)
    layers = _LAYERS[kind] if config.method != "none" else ()
    chosen = {
        name: ranks[part]
        for name, _ in model.named_modules()
        for part, pattern in layers
        if re.fullmatch(pattern, name)
    }
    if text:
        if config.method not in ("none", "lora"):
            raise ConfigError(
                f"text embeddings can be adapted by LoRA only, not by {config.method}",
                subject="training.text_rows",
                hint="--set training.adapter.method=lora, or --set training.text_rows=new",
            )
        chosen |= {name: config.text_rank for name, _ in model.named_modules() if re.fullmatch(_TEXT, name)}
    return chosen


@dataclass(frozen=True, slots=True)
class AdapterTraining:
    """How adapters are trained; nothing of it matters where they are merged.

    Attributes
    ----------
    dropout : float
        Of what goes into them.
    target_rank : int
        AdaLoRA's mean rank at the end.
    orthogonality : float
        Weight of its penalty.
    steps : int
        Of the run.
    seed : int
        Of the first factors.
    """

    dropout: float = 0.0
    target_rank: int = 0
    orthogonality: float = 0.0
    steps: int = 100
    seed: int = 0


def inject(model: nn.Module, identity: AdapterIdentity, training: AdapterTraining) -> "RankAllocation | None":
    """Put low-rank terms beside layers of a voice, which begin by adding nothing; all other parameters are frozen.

    Returns
    -------
    RankAllocation | None
        What distributes the ranks of AdaLoRA; None for the other methods.

    Raises
    ------
    MissingExtra
        If ``peft`` is not installed.
    """
    peft, lora, adalora, conv1d = _import_peft()
    _take_official_layout(model, identity.ranks, conv1d)
    torch.manual_seed(derive_seed(training.seed, "adapters"))
    shared = {"target_modules": list(identity.ranks), "lora_dropout": training.dropout, "fan_in_fan_out": True}
    tuner = None
    with warnings.catch_warnings():
        # Layers with weights (in, out) and (out, in) stand side by side, and peft asks each.
        warnings.filterwarnings("ignore", message="fan_in_fan_out is set to")
        if identity.method == "adalora":
            rank = max(identity.ranks.values())
            first = int(_FIRST_SHARE * training.steps)
            last = max(1, int(_LAST_SHARE * training.steps))
            settings = peft.AdaLoraConfig(
                init_r=rank,
                target_r=training.target_rank,
                lora_alpha=identity.scale * rank,
                tinit=first,
                tfinal=last,
                deltaT=max(1, min(_EVERY, training.steps // 10)),
                total_step=max(training.steps, first + last + 1),
                **shared,
            )
            tuner = adalora.AdaLoraModel(model, settings, NAME)
        else:
            patterns = {re.escape(name): rank for name, rank in identity.ranks.items()}
            settings = peft.LoraConfig(
                rank_pattern=patterns,
                alpha_pattern={name: identity.scale * rank for name, rank in patterns.items()},
                use_dora=identity.method == "dora",
                **shared,
            )
            lora.LoraModel(model, settings, NAME)
    return None if tuner is None else RankAllocation(tuner, training.orthogonality)


def merge_layers(model: nn.Module, shards: Shards) -> dict[str, Tensor]:
    """Return the weights of the adapted layers with their low-rank terms added, by the layers' names."""
    layer_type = importlib.import_module("peft.tuners.tuners_utils").BaseTunerLayer
    merged: dict[str, Tensor] = {}
    for name, module in model.named_modules():
        if isinstance(module, layer_type):
            # Merged in a copy: the layer itself continues learning.
            layer = copy.deepcopy(module)
            for own, parameter in layer.named_parameters():
                parameter.data = shards.whole(f"{name}.{own}", parameter.detach())
            if shards.keeps:
                layer.merge()
            merged[name] = layer.base_layer.weight.detach()
    return merged


class RankAllocation:
    """AdaLoRA's budget of ranks: what follows from the gradients of a step, and the penalty that goes with it.

    Parameters
    ----------
    tuner : Any
        peft's ``AdaLoraModel``.
    orthogonality : float
        Weight of the penalty on singular vectors that are not orthogonal.
    """

    def __init__(self, tuner: Any, orthogonality: float) -> None:  # noqa: ANN401
        self._tuner = tuner
        self._orthogonality = orthogonality
        self._step = 0

    def attach(self, optimizer: torch.optim.Optimizer) -> None:
        """Act on every step of an optimiser: the penalty before it, the budget after it.

        The penalty is the same in each process, so it is added to the gradient when that has been exchanged, clipped
        and brought to its scale.
        """
        optimizer.register_step_pre_hook(lambda *_: self._penalise())
        optimizer.register_step_post_hook(lambda *_: self._allocate())

    def tensors(self) -> dict[str, Tensor]:
        """Return what a run must keep to resume: smoothed importances, the ranks that are left, the count of steps."""
        allocator, kept = self._tuner.rankallocator, self._settings.rank_pattern or {}
        return {
            "step": torch.tensor(self._step),
            **{f"{name}/sensitivity": value for name, value in allocator.exp_avg_ipt.items()},
            **{f"{name}/uncertainty": value for name, value in allocator.exp_avg_unc.items()},
            **{f"{name}/kept": torch.tensor(value) for name, value in kept.items()},
        }

    def restore(self, tensors: Mapping[str, Tensor]) -> None:
        """Take up what ``tensors`` gave."""
        allocator = self._tuner.rankallocator
        device = next(self._tuner.model.parameters()).device
        slots: dict[str, dict[str, Tensor]] = {"sensitivity": {}, "uncertainty": {}, "kept": {}}
        for key, value in tensors.items():
            name, _, slot = key.rpartition("/")
            if slot in slots:
                slots[slot][name] = value.to(device)
        self._step = int(tensors["step"])
        allocator.exp_avg_ipt, allocator.exp_avg_unc = slots["sensitivity"], slots["uncertainty"]
        allocator.ipt = {name: torch.zeros_like(value) for name, value in slots["sensitivity"].items()}
        self._settings.rank_pattern = {name: value.tolist() for name, value in slots["kept"].items()} or None

    @property
    def _settings(self) -> Any:  # noqa: ANN401
        return self._tuner.peft_config[NAME]

    def _allocate(self) -> None:
        self._step += 1
        self._tuner.update_and_allocate(self._step)

    def _penalise(self) -> None:
        """Add the gradient of the mean distance of each P Pᵀ and Qᵀ Q from the identity (arXiv 2303.10512, eq. 4)."""
        factors = [
            (parameter, ".lora_A." in name)
            for name, parameter in self._tuner.model.named_parameters()
            if ".lora_A." in name or ".lora_B." in name
        ]
        with torch.enable_grad():
            distances = []
            for factor, is_right in factors:
                gram = factor @ factor.T if is_right else factor.T @ factor
                distances.append(torch.linalg.norm(gram - torch.eye(len(gram), device=gram.device)))
            loss = self._orthogonality * torch.stack(distances).mean()
            gradients = torch.autograd.grad(loss, [factor for factor, _ in factors])
        for (factor, _), gradient in zip(factors, gradients, strict=True):
            factor.grad = gradient if factor.grad is None else factor.grad + gradient


def _take_official_layout(model: nn.Module, ranks: Mapping[str, int], conv1d: Any) -> None:  # noqa: ANN401
    """Give adapted layers with weights (in, out) the type under which peft knows that layout; the tensors stay."""
    for name in ranks:
        layer = model.get_submodule(name)
        if isinstance(layer, TransposedLinear):
            known = conv1d(layer.weight.shape[1], layer.weight.shape[0])
            known.weight, known.bias = layer.weight, layer.bias
            parent, _, child = name.rpartition(".")
            setattr(model.get_submodule(parent), child, known)


def _import_peft() -> tuple[Any, Any, Any, Any]:
    try:
        with torchaudio_or_stand_in():
            peft = importlib.import_module("peft")
            lora = importlib.import_module("peft.tuners.lora")
            adalora = importlib.import_module("peft.tuners.adalora")
            conv1d = importlib.import_module("transformers.pytorch_utils").Conv1D
    except ImportError as fault:
        raise MissingExtra(
            f"peft cannot be imported: {fault}", subject="peft", hint="pip install 'amhctl[adapters]'"
        ) from fault
    return peft, lora, adalora, conv1d
