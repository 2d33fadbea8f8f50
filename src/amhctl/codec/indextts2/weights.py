"""The files of IndexTTS-2's parts: read as tensors alone, and put into networks strictly, by their published names.

Whatever is missing, unknown, of another shape or not finite is named together with the file. Weights may come with
weight normalisation (``weight_g`` and ``weight_v``) or with it folded (``weight``).
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TypeVar

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from amhctl.checkpoint.torchfile import read_torch_file
from amhctl.config.mel import DEEPEST, WIDEST
from amhctl.core.errors import CheckpointError, CodecError
from amhctl.core.listing import shorten
from amhctl.nn.weight_norm import fold_weight_norm

NetworkT = TypeVar("NetworkT", bound=nn.Module)
_SAFE = ".safetensors"
# What data-parallel training puts before each name.
_PARALLEL = "module."
_COUNTER = "num_batches_tracked"
_LENGTH, _DIRECTION, _FOLDED = "weight_g", "weight_v", "weight"
_NAMED = 5
_DEEPEST_NESTING = 3
_MOST_DIGITS = 9


class Tensors:
    """The tensors of one part, by their published names.

    Parameters
    ----------
    tensors : Mapping[str, Tensor]
        As the file has them.
    subject : str
        The file, for messages.
    hint : str
        Where the right file comes from.
    """

    def __init__(self, tensors: Mapping[str, Tensor], *, subject: str, hint: str = "") -> None:
        self.subject = subject
        self.hint = hint
        self._tensors = dict(tensors)

    def __getitem__(self, name: str) -> Tensor:
        return self._tensors[name]

    def names(self, pattern: str) -> list[str]:
        """Return the names that a regular expression matches from end to end."""
        return [name for name in self._tensors if re.fullmatch(pattern, name)]

    def part(self, prefix: str) -> "Tensors":
        """Return those whose names begin with a prefix, without it."""
        chosen = {name.removeprefix(prefix): each for name, each in self._tensors.items() if name.startswith(prefix)}
        return Tensors(chosen, subject=f"{self.subject}: {prefix.removesuffix('.')}", hint=self.hint)

    def require_groups(self, prefixes: Iterable[str]) -> None:
        """Refuse tensors that belong to none of some groups.

        Raises
        ------
        CodecError
            If there are any.
        """
        known = tuple(prefixes)
        if strange := [f"{name} is unknown" for name in self._tensors if not name.startswith(known)]:
            raise self._refused(strange)

    def count(self, pattern: str) -> int:
        """Return one more than the highest number in the names of a pattern; 0 if there are none.

        Raises
        ------
        CodecError
            If it is more than any network has.
        """
        found = (re.fullmatch(pattern, name) for name in self._tensors)
        numbers = [int(match[1]) for match in found if match and len(match[1]) < _MOST_DIGITS]
        if (count := max(numbers, default=-1) + 1) > DEEPEST:
            raise self._refused([f"there are {count} of {pattern}"])
        return count

    def size(self, name: str, axis: int) -> int:
        """Return the size of a tensor, from which the shape of the network is known.

        Raises
        ------
        CodecError
            If the tensor is absent, has no such axis, or a size that no network has.
        """
        tensor = self._tensors.get(name)
        if tensor is None and name.endswith(f".{_FOLDED}"):
            tensor = self._tensors.get(name.removesuffix(_FOLDED) + _DIRECTION)
        if tensor is None or tensor.ndim <= axis:
            found = "is absent" if tensor is None else f"has shape {tuple(tensor.shape)}"
            raise self._refused([f"{name} {found}"])
        if not 0 < tensor.shape[axis] <= WIDEST:
            raise self._refused([f"{name} has shape {tuple(tensor.shape)}"])
        return tensor.shape[axis]

    def fill(
        self,
        build: Callable[[], NetworkT],
        *,
        unused: Iterable[str] = (),
        published: Callable[[str], str] = lambda name: name,
    ) -> NetworkT:
        """Return a network with these tensors, in float32 and ready to compute; it holds them once.

        Parameters
        ----------
        build : Callable[[], NetworkT]
            Makes the network; called where shapes alone are made.
        unused : Iterable[str]
            Patterns of names that a file may have and the network does not need.
        published : Callable[[str], str]
            From the name of a tensor in the network to its name in the file.

        Raises
        ------
        CodecError
            If a tensor is missing, unknown, of another shape or not finite.
        """
        try:
            with torch.device("meta"):
                network = build()
        except (ValueError, RuntimeError, ZeroDivisionError) as error:
            raise self._refused([f"their sizes are those of no network ({error})"]) from error
        state = network.state_dict()
        wanted = {published(name): tuple(tensor.shape) for name, tensor in state.items() if not name.endswith(_COUNTER)}
        ignored = re.compile("|".join((rf".*{_COUNTER}", *unused)))
        given = {name: tensor for name, tensor in self._tensors.items() if not ignored.fullmatch(name)}
        if faults := _find_faults(given, wanted):
            raise self._refused(faults)
        filled = {
            name: torch.zeros((), dtype=torch.int64) if name.endswith(_COUNTER) else _value(given, published(name))
            for name in state
        }
        network.load_state_dict(filled, assign=True)
        return network.eval().requires_grad_(False)

    def _refused(self, faults: list[str]) -> CodecError:
        return CodecError(
            f"the file does not hold the tensors of this network: {shorten(faults, _NAMED)}",
            subject=self.subject,
            hint=self.hint,
        )


def read_tensors(path: Path, *, container: str = "", hint: str = "") -> Tensors:
    """Return the tensors of a safetensors file, or of one that PyTorch saved; nothing in it is run.

    Parameters
    ----------
    path : Path
        The file.
    container : str
        The key under which a PyTorch file has its weights, if it has it.
    hint : str
        Where the right file comes from.

    Raises
    ------
    CodecError
        If it cannot be read, or holds no tensors.
    """
    try:
        document = load_file(path) if path.suffix == _SAFE else read_torch_file(path, allow_old=True)
    except (SafetensorError, OSError) as error:
        raise CodecError(f"not a readable safetensors file: {error}", subject=str(path), hint=hint) from error
    except CheckpointError as error:
        raise CodecError(error.message, subject=str(path), hint=hint or error.hint) from error
    if isinstance(document, Mapping) and isinstance(document.get(container), Mapping):
        document = document[container]
    found = list(_flattened(document)) if isinstance(document, Mapping) else []
    tensors = dict(found)
    if not tensors or len(tensors) < len(found):
        what = "has several tensors of one name" if tensors else "holds no tensors"
        raise CodecError(f"the file {what}", subject=str(path), hint=hint)
    return Tensors(tensors, subject=str(path), hint=hint)


def _flattened(document: Mapping[object, object], prefix: str = "", depth: int = 0) -> Iterator[tuple[str, Tensor]]:
    """Yield the tensors of nested mappings, by names joined with dots; deeper ones, such as of a loop, are left."""
    for key, value in document.items():
        name = prefix + str(key).removeprefix(_PARALLEL)
        if isinstance(value, Tensor):
            yield name, value
        elif isinstance(value, Mapping) and depth < _DEEPEST_NESTING:
            yield from _flattened(value, f"{name}.", depth + 1)


def _find_faults(given: Mapping[str, Tensor], wanted: Mapping[str, tuple[int, ...]]) -> list[str]:
    faults, seen = [], set[str]()
    for name, shape in wanted.items():
        for each, expected in _stored(given, name, shape).items():
            seen.add(each)
            if each not in given:
                faults.append(f"{each} is absent")
            elif tuple(given[each].shape) != expected:
                faults.append(f"{each} has shape {tuple(given[each].shape)}, not {expected}")
            elif not given[each].is_floating_point() or not bool(torch.isfinite(given[each]).all()):
                faults.append(f"{each} has values that are not finite numbers")
    return faults + [f"{name} is unknown" for name in given if name not in seen]


def _stored(given: Mapping[str, Tensor], name: str, shape: tuple[int, ...]) -> dict[str, tuple[int, ...]]:
    """Return the tensors that a weight is stored as, with their shapes: itself, or the two of weight normalisation."""
    stem = name.removesuffix(_FOLDED)
    pair = {stem + _LENGTH: (shape[0], *(1,) * (len(shape) - 1)), stem + _DIRECTION: shape} if shape else {}
    is_normed = name not in given and name.endswith(f".{_FOLDED}") and any(each in given for each in pair)
    return pair if is_normed else {name: shape}


def _value(given: Mapping[str, Tensor], name: str) -> Tensor:
    if name in given:
        return given[name].float()
    stem = name.removesuffix(_FOLDED)
    return fold_weight_norm(given[stem + _LENGTH].float(), given[stem + _DIRECTION].float())
