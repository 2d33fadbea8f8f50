"""Foreign parameter names and ours: the official ``gpt.pth`` of IndexTTS-2. Never unpickles more than tensors.

The layout is ours too: the matrices of GPT-2 lie as Hugging Face's Conv1D keeps them, (inputs, outputs), in both.
What such files hold besides the parameters, and what becomes of it:

* the weights may lie under ``model``;
* ``gpt.wte`` and ``inference_model.*`` repeat parameters, once the model has spoken: left out, and compared;
* ``*.pos_enc.pe`` are tables of sinusoids: left out, compared, and made again for a file that is written;
* files trained with PEFT have ``.base_layer`` in their names, and adapters (``.lora_``) that must be merged before.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from amhctl.checkpoint.torchfile import read_torch_file
from amhctl.core.errors import CheckpointError

_CONTAINER = "model"
_TABLE = ".pos_enc.pe"
# Longer prefixes first: what the rest of a name is repeated from.
_COPIES = (
    ("gpt.wte.", "mel_embedding."),
    ("inference_model.transformer.wte.", "mel_embedding."),
    ("inference_model.transformer.", "gpt."),
    ("inference_model.embeddings.", "mel_embedding."),
    ("inference_model.text_pos_embedding.", "mel_pos_embedding."),
    ("inference_model.lm_head.0.", "final_norm."),
    ("inference_model.lm_head.1.", "mel_head."),
    ("inference_model.final_norm.", "final_norm."),
    ("inference_model.", ""),
)

_CONV1D = re.compile(r"gpt\.h\.\d+\.(attn\.c_attn|attn\.c_proj|mlp\.c_fc|mlp\.c_proj)\.weight")


@dataclass(frozen=True, slots=True, eq=False)
class ForeignWeights:
    """What a foreign file holds.

    Attributes
    ----------
    tensors : dict[str, Tensor]
        The parameters, under our names.
    left_out : tuple[str, ...]
        Names in the file of what is no parameter.
    tables : dict[str, Tensor]
        Tables of sinusoids, by their names.
    unlike : tuple[str, ...]
        Of what was left out, copies whose values are not those of the parameter that they should repeat.
    """

    tensors: dict[str, Tensor]
    left_out: tuple[str, ...]
    tables: dict[str, Tensor]
    unlike: tuple[str, ...]


def read_foreign(path: Path) -> ForeignWeights:
    """Read the tensors of a ``.pth`` file under our names; they are mapped from the file, not copied.

    Raises
    ------
    CheckpointError
        If it is not a readable file of tensors, or holds unmerged adapters.
    """
    document = read_torch_file(path)
    if isinstance(document, Mapping) and isinstance(document.get(_CONTAINER), Mapping):
        document = document[_CONTAINER]
    if not isinstance(document, Mapping):
        raise CheckpointError("the file holds no state dictionary", subject=str(path))
    tensors = {name: value for name, value in document.items() if isinstance(name, str) and isinstance(value, Tensor)}
    if not tensors:
        raise CheckpointError("the file holds no tensors", subject=str(path))
    return rename_foreign(tensors, subject=str(path))


def rename_foreign(tensors: Mapping[str, Tensor], *, subject: str) -> ForeignWeights:
    """Return the parameters under our names, and what else there was.

    Raises
    ------
    CheckpointError
        If an adapter is not merged, or two names become one.
    """
    adapters = [name for name in tensors if ".lora_" in name]
    if adapters:
        raise CheckpointError(
            f"the file holds an adapter that is not merged: {adapters[0]}{_more(adapters)}",
            subject=subject,
            hint="merge it first with PEFT's merge_and_unload; or give the base's file, and the folder that PEFT saved "
            "with --adapter",
        )
    renamed: dict[str, Tensor] = {}
    left_out, tables = [], {}
    for name, tensor in tensors.items():
        if name.endswith(_TABLE):
            tables[name] = tensor
        if name.endswith(_TABLE) or _original(name) is not None:
            left_out.append(name)
            continue
        ours = name.replace(".base_layer.", ".")
        if ours in renamed:
            raise CheckpointError(f"two tensors are named {ours}", subject=subject)
        renamed[ours] = tensor
    return ForeignWeights(renamed, tuple(left_out), tables, tuple(_find_unlike(tensors, renamed, left_out)))


def name_foreign(tensors: Mapping[str, Tensor], tables: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return what an official file holds: the parameters by their names, each with a storage of its own, and tables.

    Parameters
    ----------
    tensors : Mapping[str, Tensor]
        The parameters.
    tables : Mapping[str, Tensor]
        The tables of sinusoids, shape (1, positions, width), by their names.
    """
    # A tensor that is a part of a larger storage would bring all of it into the file.
    own = {
        name: tensor if tensor.untyped_storage().nbytes() == tensor.nbytes else tensor.clone()
        for name, tensor in tensors.items()
    }
    return own | dict(tables)


def is_transposed(name: str) -> bool:
    """Return whether a matrix of that name lies as (inputs, outputs): those of GPT-2's blocks do."""
    return _CONV1D.fullmatch(name) is not None


def _original(name: str) -> str | None:
    """Return which parameter a name repeats, or None if it repeats none."""
    return next((ours + name.removeprefix(theirs) for theirs, ours in _COPIES if name.startswith(theirs)), None)


def _find_unlike(tensors: Mapping[str, Tensor], renamed: Mapping[str, Tensor], left_out: Iterable[str]) -> list[str]:
    found = []
    for name in left_out:
        original = _original(name)
        # Repeated is a parameter by its own name, or by the one that PEFT gave it.
        parameter = None if original is None else renamed.get(original.replace(".base_layer.", "."))
        if parameter is not None and not _same(tensors[name], parameter):
            found.append(name)
    return found


def _same(one: Tensor, other: Tensor) -> bool:
    if one.shape != other.shape:
        return False
    # Copies of one parameter share its place in the file.
    return one.data_ptr() == other.data_ptr() or bool(torch.equal(one, other))


def _more(names: list[str]) -> str:
    return f" (and {len(names) - 1} more)" if len(names) > 1 else ""
