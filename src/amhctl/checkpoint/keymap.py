"""Foreign parameter names and ours: the official ``gpt.pth`` of IndexTTS-2. Never unpickles more than tensors.

What such files hold besides the parameters: the weights may lie under ``model``; ``gpt.wte`` is an alias; the
``inference_model.*`` copies and the sinusoid buffers follow from the rest; files trained with PEFT have ``.base_layer``
in their names, and adapters (``.lora_``) that must be merged before.
"""

from collections.abc import Mapping
from pathlib import Path

from torch import Tensor

from amhctl.checkpoint.torchfile import read_torch_file
from amhctl.core.errors import CheckpointError

_CONTAINER = "model"
_DROPPED_PREFIXES = ("gpt.wte.", "inference_model.")
_DROPPED_SUFFIXES = (".pos_enc.pe",)


def read_foreign(path: Path) -> dict[str, Tensor]:
    """Read the tensors of a ``.pth`` file under our names.

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


def rename_foreign(tensors: Mapping[str, Tensor], *, subject: str) -> dict[str, Tensor]:
    """Return the tensors that are parameters, under our names.

    Raises
    ------
    CheckpointError
        If an adapter is not merged, or two names become one.
    """
    renamed: dict[str, Tensor] = {}
    for name, tensor in tensors.items():
        if name.startswith(_DROPPED_PREFIXES) or name.endswith(_DROPPED_SUFFIXES):
            continue
        if ".lora_" in name:
            raise CheckpointError(
                f"the file holds an adapter that is not merged: {name}",
                subject=subject,
                hint="merge it first with PEFT's merge_and_unload",
            )
        ours = name.replace(".base_layer.", ".")
        if ours in renamed:
            raise CheckpointError(f"two tensors are named {ours}", subject=subject)
        renamed[ours] = tensor
    return renamed
