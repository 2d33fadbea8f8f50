"""Adapters as PEFT saves them, merged into the weights they were trained for. Runs nothing of PEFT.

A folder holds ``adapter_config.json`` and ``adapter_model.safetensors`` (or ``.bin``, read as tensors alone). Merged is
LoRA (Hu et al. 2021, arXiv 2106.09685), W + scale · B A with scale = alpha / r, or alpha / √r with rank-stabilised
scaling (arXiv 2312.03732), and DoRA (Liu et al. 2024, arXiv 2402.09353), m · (W + scale · B A) / ‖W + scale · B A‖ by
outputs. Tensors trained whole (``modules_to_save``, biases) replace the base's. Every tensor and every
setting of the folder must be understood, or nothing is merged: what is skipped in silence would be another voice.
"""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from amhctl.checkpoint.keymap import is_transposed
from amhctl.checkpoint.parts import read_json
from amhctl.checkpoint.torchfile import read_torch_file
from amhctl.core.errors import CheckpointError
from amhctl.core.files import sha256_of_file
from amhctl.core.listing import shorten

CONFIG_FILE = "adapter_config.json"
WEIGHTS_FILES = ("adapter_model.safetensors", "adapter_model.bin")

_ROOT = "base_model.model."
# How names of the adapter begin, and those of the base: of one around the whole model, and around parts of it.
_BEGINNINGS: tuple[Mapping[str, str], ...] = (
    {},
    {"transformer.": "gpt."},
    {"inference_model.transformer.": "gpt."},
    {"h.": "gpt.h.", "ln_f.": "gpt.ln_f."},
)
_PARTS = {
    "lora_A": "A",
    "lora_B": "B",
    "lora_embedding_A": "embedding_A",
    "lora_embedding_B": "embedding_B",
    "lora_magnitude_vector": "magnitude",
}
_LORA = re.compile(
    r"(?P<module>.+)\.(?P<part>lora_(?:embedding_)?[AB]|lora_magnitude_vector)(?:\.default)?(?:\.weight)?"
)
_WRAPPED = re.compile(r"\.(?:base_layer|modules_to_save(?:\.default)?)\.")
_PLAIN = re.compile(r"\^?[\w.]+")
# What may stand in a configuration and changes no merged weight.
_NEUTRAL = frozenset(
    {
        "auto_mapping", "base_model_name_or_path", "bias", "ensure_weight_tying", "eva_config", "exclude_modules",
        "fan_in_fan_out", "inference_mode", "layers_pattern", "layers_to_transform", "lora_dropout", "megatron_config",
        "megatron_core", "modules_to_save", "peft_version", "qalora_group_size", "rank_pattern", "revision",
        "runtime_config", "target_modules", "task_type",
    }
)  # fmt: skip
# How the base was changed before training began, which the adapter alone does not show.
_KEEPS_BASE = (True, False, "gaussian", "orthogonal", None)


class _Settings(BaseModel):
    """What decides the merged weights."""

    model_config = ConfigDict(extra="allow", frozen=True)

    peft_type: str
    r: int = Field(gt=0)
    lora_alpha: float = Field(gt=0)
    alpha_pattern: dict[str, float] = Field(default_factory=dict)
    use_rslora: bool = False
    use_dora: bool = False
    init_lora_weights: bool | str | None = True


@dataclass(frozen=True, slots=True, eq=False)
class ForeignAdapter:
    """An adapter, read and understood.

    Attributes
    ----------
    folder : Path
        Where it lies.
    sha256 : str
        Digest of its weights file.
    layers : Mapping[str, Mapping[str, Tensor]]
        Of each adapted module, by the name the file gives it, its low-rank terms.
    whole : Mapping[str, Tensor]
        Tensors that replace the base's.
    """

    folder: Path
    sha256: str
    settings: _Settings
    layers: Mapping[str, Mapping[str, Tensor]]
    whole: Mapping[str, Tensor]


@dataclass(frozen=True, slots=True)
class Merged:
    """What an adapter did.

    Attributes
    ----------
    tensors : dict[str, Tensor]
        All tensors, those it changed among them.
    adapted, replaced : tuple[str, ...]
        Names of the tensors with a low-rank term, and of those that were trained whole.
    """

    tensors: dict[str, Tensor]
    adapted: tuple[str, ...]
    replaced: tuple[str, ...]


def read_adapter(folder: Path) -> ForeignAdapter:
    """Read an adapter's folder.

    Raises
    ------
    CheckpointError
        If it is none, or of a method or with settings that are not merged here; all of them are named.
    """
    settings = _read_settings(folder)
    weights = next((folder / name for name in WEIGHTS_FILES if (folder / name).is_file()), None)
    if weights is None:
        raise CheckpointError(
            f"the folder has no {WEIGHTS_FILES[0]}", subject=str(folder), hint="give the folder that PEFT saved"
        )
    tensors = _read_weights(weights)
    layers: dict[str, dict[str, Tensor]] = {}
    whole = {}
    for name, tensor in tensors.items():
        inner = name.removeprefix(_ROOT)
        if (found := _LORA.fullmatch(inner)) is not None:
            layers.setdefault(found["module"], {})[_PARTS[found["part"]]] = tensor.float()
        else:
            whole[_WRAPPED.sub(".", inner)] = tensor
    return ForeignAdapter(folder, sha256_of_file(weights), settings, layers, whole)


def merge_adapter(tensors: Mapping[str, Tensor], adapter: ForeignAdapter) -> Merged:
    """Return the weights with an adapter merged into them, in float32 and then in the type that they have.

    Parameters
    ----------
    tensors : Mapping[str, Tensor]
        Of the base, by name.
    adapter : ForeignAdapter
        What to merge.

    Raises
    ------
    CheckpointError
        If a tensor of the adapter belongs to none of the base, is of another shape, or lacks its other half.
    """
    resolve = _resolver(tensors, adapter)
    merged, faults = dict(tensors), []
    adapted, replaced = [], []
    for module, parts in sorted(adapter.layers.items()):
        name = resolve(f"{module}.weight")
        if fault := _find_fault(tensors[name], parts, adapter.settings, transposed=is_transposed(name)):
            faults.append(f"{module}: {fault}")
            continue
        scale = _scale_of(module, parts, adapter.settings)
        merged[name] = _add(tensors[name], parts, scale, transposed=is_transposed(name))
        adapted.append(name)
    for inner, tensor in sorted(adapter.whole.items()):
        name = resolve(inner)
        merged[name] = tensor.to(tensors[name].dtype)
        replaced.append(name)
    if faults:
        raise CheckpointError(
            shorten(faults, 3), subject=str(adapter.folder), hint="the adapter was trained for another base"
        )
    return Merged(merged, tuple(adapted), tuple(replaced))


def _find_fault(weight: Tensor, parts: Mapping[str, Tensor], settings: _Settings, *, transposed: bool) -> str:
    """Return why low-rank terms cannot be added to a weight; empty if they can."""
    table = any(part.startswith("embedding") for part in parts)
    pair = ("embedding_B", "embedding_A") if table else ("B", "A")
    if missing := [part for part in pair if part not in parts]:
        return f"lora_{missing[0]} is missing"
    if ("magnitude" in parts) != settings.use_dora or (table and settings.use_dora):
        return "DoRA magnitudes and use_dora contradict each other, or the target is an embedding"
    left, right = parts[pair[0]], parts[pair[1]]
    wanted = tuple(weight.shape)[::-1] if transposed or table else tuple(weight.shape)
    if left.ndim != 2 or right.ndim != 2 or left.shape[1] != right.shape[0]:
        return f"shapes {tuple(left.shape)} and {tuple(right.shape)} cannot be multiplied"
    if (left.shape[0], right.shape[1]) != wanted:
        return f"the product has shape {(left.shape[0], right.shape[1])}, the weight {wanted}"
    if "magnitude" in parts and parts["magnitude"].numel() != left.shape[0]:
        return f"{parts['magnitude'].numel()} magnitudes of {left.shape[0]} outputs"
    return ""


def _add(weight: Tensor, parts: Mapping[str, Tensor], scale: float, *, transposed: bool) -> Tensor:
    if "embedding_A" in parts:
        # (width, rank) and (rank, rows): of a table, whose rows are looked up.
        return (weight.float() + scale * (parts["embedding_B"] @ parts["embedding_A"]).T).to(weight.dtype)
    original_OI = weight.float().T if transposed else weight.float()
    sum_OI = original_OI + scale * (parts["B"] @ parts["A"])
    if (magnitude := parts.get("magnitude")) is not None:
        sum_OI = sum_OI * (magnitude.reshape(-1) / torch.linalg.vector_norm(sum_OI, dim=1))[:, None]
    return (sum_OI.T if transposed else sum_OI).contiguous().to(weight.dtype)


def _scale_of(module: str, parts: Mapping[str, Tensor], settings: _Settings) -> float:
    rank = parts["embedding_A" if "embedding_A" in parts else "A"].shape[0]
    alpha = next((alpha for key, alpha in settings.alpha_pattern.items() if _names(key, module)), settings.lora_alpha)
    return alpha / (math.sqrt(rank) if settings.use_rslora else rank)


def _names(key: str, module: str) -> bool:
    """Return whether a key of a pattern names a module: in full, or by the end of its name from a dot on."""
    return f".{module}".endswith(f".{key}") if not key.startswith("^") else module == key[1:]


def _resolver(tensors: Mapping[str, Tensor], adapter: ForeignAdapter) -> Callable[[str], str]:
    """Return how names of the adapter become names of the base: the first way in which all of them do."""
    wanted = [*(f"{module}.weight" for module in adapter.layers), *adapter.whole]
    misses = []
    for beginnings in _BEGINNINGS:
        resolve = partial(_renamed, beginnings=beginnings)
        missing = [name for name in wanted if resolve(name) not in tensors]
        if not missing:
            return resolve
        misses.append(missing)
    raise CheckpointError(
        f"the base has no tensors of these names: {shorten(min(misses, key=len), 3)}",
        subject=str(adapter.folder),
        hint="the adapter was trained for another model",
    )


def _renamed(name: str, *, beginnings: Mapping[str, str]) -> str:
    for theirs, ours in beginnings.items():
        if name.startswith(theirs):
            return ours + name.removeprefix(theirs)
    return name


def _read_settings(folder: Path) -> _Settings:
    path = folder / CONFIG_FILE
    if not path.is_file():
        raise CheckpointError(
            f"the folder has no {CONFIG_FILE}", subject=str(folder), hint="give the folder that PEFT saved"
        )
    try:
        settings = _Settings.model_validate(read_json(path))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise CheckpointError(
            f"{place}: {first['msg']}", subject=str(path), hint="merge it with PEFT's merge_and_unload"
        ) from None
    unknown = {name: value for name, value in (settings.model_extra or {}).items() if name not in _NEUTRAL and value}
    faults = [f"{name} = {value!r}" for name, value in unknown.items()]
    if settings.peft_type != "LORA":
        faults.insert(0, f"peft_type = {settings.peft_type!r}")
    if settings.init_lora_weights not in _KEEPS_BASE:
        faults.append(f"init_lora_weights = {settings.init_lora_weights!r}, which changes the base as well")
    faults += [
        f"alpha_pattern of {key!r}: not a plain name" for key in settings.alpha_pattern if not _PLAIN.fullmatch(key)
    ]
    if faults:
        raise CheckpointError(
            f"the adapter has unsupported settings: {shorten(faults, 3)}",
            subject=str(path),
            hint="merge it with PEFT's merge_and_unload, and give the merged file",
        )
    return settings


def _read_weights(path: Path) -> dict[str, Tensor]:
    if path.suffix == ".bin":
        document = read_torch_file(path)
        if not isinstance(document, Mapping):
            raise CheckpointError("the file holds no tensors", subject=str(path))
        return {str(name): value for name, value in document.items() if isinstance(value, Tensor)}
    try:
        return load_file(path)
    except (SafetensorError, OSError) as error:
        raise CheckpointError(f"not a readable safetensors file: {error}", subject=str(path)) from error
