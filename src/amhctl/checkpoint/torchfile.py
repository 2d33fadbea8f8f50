"""Files that PyTorch saved: read as tensors and plain values, in no more memory than they take on disk.

A ``.pth`` file is a zip archive whose members lie uncompressed one after the other, and a pickle that says which tensor
is which part of which member. What it declares is checked before it is read: members that are compressed, or larger
together than the file, and tensors larger than their member, such as one number repeated a billion times. Nothing in a
pickle is ever run. Files from before PyTorch 1.6 are no archives; they are read where it is said that they may be.
"""

import pickle
import re
import struct
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from zipfile import ZIP_STORED, BadZipFile, ZipFile, is_zipfile

import torch
from torch import Tensor

from amhctl.core.errors import CheckpointError

# What torch raises at damaged files: it does not expect them, least of all those of its older format.
_DAMAGE = (
    struct.error,
    RuntimeError,
    EOFError,
    OSError,
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    AssertionError,
    MemoryError,
)
_COPY = "copy the file again from its source"
# A tensor and its aliases: the official file has some parameters under three names.
_MOST_ALIASES = 4


def read_torch_file(path: Path, *, allow_old: bool = False) -> object:
    """Return what a file of PyTorch holds: tensors on the CPU and plain values.

    Parameters
    ----------
    path : Path
        The file; its tensors are mapped from it, not copied.
    allow_old : bool
        Whether it may be of the format before PyTorch 1.6.

    Raises
    ------
    CheckpointError
        If it is no such file, is damaged, holds anything else, or declares more than it holds.
    """
    is_archive = path.is_file() and is_zipfile(path)
    if is_archive:
        _require_honest_archive(path)
    elif path.is_file() and not allow_old:
        raise CheckpointError(
            "not a PyTorch file in the current format (a zip archive)",
            subject=str(path),
            hint="copy the file again; convert a file of an old PyTorch version by loading and saving it with a new "
            "one",
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            document: object = torch.load(path, map_location="cpu", weights_only=True, mmap=is_archive)
    except pickle.UnpicklingError as error:
        # What torch says continues with how to load the file all the same.
        raise _refused(path, str(error)) from None
    except _DAMAGE as error:
        # What torch says continues with what may have caused it.
        reason = re.split(r"\.\s|\n", str(error))[0] or type(error).__name__
        raise CheckpointError(
            f"not a readable tensor file: damaged or truncated ({reason})", subject=str(path), hint=_COPY
        ) from None
    _require_honest_tensors(document, path)
    return document


def _refused(path: Path, message: str) -> CheckpointError:
    named = re.search(r"GLOBAL ([\w.]+)", message)
    what = f" ({named[1]})" if named else ""
    return CheckpointError(
        f"not a readable tensor file: it is damaged, or contains more than tensors and plain values{what}",
        subject=str(path),
        hint="such a file can execute any code: ask its author for a file with only the state_dict, or for safetensors",
    )


def _require_honest_archive(path: Path) -> None:
    """Refuse an archive that unpacks to more than it is."""
    try:
        with ZipFile(path) as archive:
            members = archive.infolist()
    except (BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise CheckpointError(f"the archive is damaged: {error}", subject=str(path), hint=_COPY) from error
    packed = [member.filename for member in members if member.compress_type != ZIP_STORED]
    if packed:
        raise CheckpointError(
            f"the archive is compressed ({packed[0]}), which PyTorch never does",
            subject=str(path),
            hint="use the file as PyTorch saved it, not compressed by another program",
        )
    declared, size = sum(member.file_size for member in members), path.stat().st_size
    if declared > size:
        raise CheckpointError(f"the archive declares {declared} bytes and has {size}", subject=str(path), hint=_COPY)


def _require_honest_tensors(document: object, path: Path) -> None:
    """Refuse tensors that take more memory once they are copied than the file they are mapped from."""
    total, size = 0, path.stat().st_size
    for tensor in _tensors(document):
        if tensor.layout != torch.strided or tensor.device.type != "cpu" or tensor.is_quantized:
            raise CheckpointError("a tensor is sparse, quantised or has no values", subject=str(path), hint=_COPY)
        if tensor.nbytes > tensor.untyped_storage().nbytes():
            raise CheckpointError(
                f"a tensor of shape {tuple(tensor.shape)} repeats fewer numbers than it declares",
                subject=str(path),
                hint="save the tensors as contiguous ones",
            )
        total += tensor.nbytes
    if total > _MOST_ALIASES * size:
        raise CheckpointError(
            f"the tensors declare {total} bytes and the file has {size}", subject=str(path), hint=_COPY
        )


def _tensors(document: object) -> Iterator[Tensor]:
    """Yield every tensor of a document once; a pickle may hold one container many times, or in itself."""
    pending, seen = [document], set[int]()
    while pending:
        value = pending.pop()
        if id(value) in seen:
            continue
        seen.add(id(value))
        if isinstance(value, Tensor):
            yield value
        elif isinstance(value, Mapping):
            pending += value.values()
        elif isinstance(value, list | tuple | set):
            pending += value
