"""Rules that hold for the network of every voice, and for the state of its training. Sees facts of tensors.

``ckpt validate`` reports what they find, and every command that loads or writes such a checkpoint refuses it.
"""

from collections.abc import Iterable, Iterator, Mapping

from amhctl.checkpoint import validate as rules
from amhctl.checkpoint.folder import WEIGHTS_FILE
from amhctl.checkpoint.manifest import AdapterIdentity, Manifest
from amhctl.checkpoint.rules import RULES
from amhctl.checkpoint.store import Surveys
from amhctl.checkpoint.survey import Survey, TensorFacts, check_weights
from amhctl.core.findings import Finding
from amhctl.model.adapter_shapes import find_adapter_faults, find_term_faults, term_shapes
from amhctl.model.shapes import Shape

AVERAGE_FILE = "average.safetensors"
OPTIMIZER_FILE = "optimizer.safetensors"
ADAPTER_FILE = "adapter.safetensors"
ADAPTER_AVERAGE_FILE = "adapter_average.safetensors"
# A table of speeds that training starts at zero; the official one never tells another speed.
_MAY_BE_ZERO = ("speed_emb.weight",)
# Squared gradients, averaged: their root is taken.
_SQUARES = "exp_avg_sq"
_EARLIER = "resume from an earlier checkpoint of the run"


def find_weight_faults(
    facts: Survey, shapes: Mapping[str, Shape], *, file: str = "", zero: tuple[str, ...] = ()
) -> tuple[Finding, ...]:
    """Return what is wrong with the tensors of a network: names, shapes, types, and matrices of zeros.

    Parameters
    ----------
    facts : Survey
        The tensors.
    shapes : Mapping[str, Shape]
        The shapes they must have, by name.
    file : str
        What comes before their names; empty for the weights themselves.
    zero : tuple[str, ...]
        Matrices that may be zero.
    """
    found = rules.compare_shapes({name: each.shape for name, each in facts.items()}, shapes, file=file)
    return (*found, *check_weights(facts, file=file, zero=(*_MAY_BE_ZERO, *zero)))


def contradiction(ours: str, value: object, theirs: str, other: object) -> Finding:
    """Return the finding that two values which must agree do not."""
    hint = "the manifest was edited or written by another version: copy the checkpoint from its source again"
    return RULES.finding("C021", ours, f"{value}, but {theirs} is {other}", hint)


def find_network_faults(
    manifest: Manifest,
    surveys: Surveys,
    shapes: Mapping[str, Shape],
    beside: Iterable[Finding],
    *,
    zero: tuple[str, ...] = (),
) -> Iterator[Finding]:
    """Find what is wrong with the tensors of a voice, an adapter or a training state.

    Parameters
    ----------
    manifest : Manifest
        What it says of itself.
    surveys : Surveys
        The tensors of each file that could be read.
    shapes : Mapping[str, Shape]
        The shapes that the network's must have, by name.
    beside : Iterable[Finding]
        What is wrong with what a voice has beside its network; a training state has none of that.
    zero : tuple[str, ...]
        Matrices that may be zero.
    """
    if manifest.kind == "adapter":
        yield from find_kept_faults(manifest, surveys, shapes)
        yield from beside
        return
    for file in (WEIGHTS_FILE, AVERAGE_FILE):
        if file in surveys:
            place = "" if file == WEIGHTS_FILE else file
            yield from find_weight_faults(surveys[file], shapes, file=place, zero=zero)
    if manifest.kind == "voice":
        yield from beside
    else:
        yield from find_state_faults(surveys, shapes, manifest.adapter)


def find_kept_faults(manifest: Manifest, surveys: Surveys, shapes: Mapping[str, Shape]) -> Iterator[Finding]:
    """Find what is wrong with the low-rank terms and the tensors of an adapter."""
    if manifest.adapter is None:
        hint = "the manifest was edited or written by another version: copy the adapter from its source again"
        yield RULES.finding("C021", "adapter", "the description of the adapter and its base is missing", hint)
    elif not manifest.parent:
        yield RULES.finding("C021", "parent", "the digest of the base's weights is missing")
    elif WEIGHTS_FILE in surveys:
        yield from find_adapter_faults(surveys[WEIGHTS_FILE], manifest.adapter, shapes)


def find_state_faults(
    surveys: Surveys, shapes: Mapping[str, Shape], adapter: AdapterIdentity | None = None
) -> Iterator[Finding]:
    """Find what is wrong with averaged weights, low-rank terms and the optimiser's moments of a training state."""
    yield from _find_missing((AVERAGE_FILE, OPTIMIZER_FILE), surveys)
    if adapter is not None:
        terms = term_shapes(adapter, shapes)
        for file in (ADAPTER_FILE, ADAPTER_AVERAGE_FILE):
            yield from _find_missing((file,), surveys)
            if file in surveys:
                yield from find_term_faults(surveys[file], terms, file=file)
        shapes = {**shapes, **terms}
    moments = surveys.get(OPTIMIZER_FILE, {})
    for key, each in moments.items():
        if fault := _moment_fault(key, each, shapes):
            yield RULES.finding("C023", f"{OPTIMIZER_FILE}: {key}", fault, _EARLIER)
    squares = [each for key, each in moments.items() if key.endswith(f"/{_SQUARES}") and each.shape]
    if squares and all(each.is_zero for each in squares):
        yield RULES.finding("C024", OPTIMIZER_FILE, "all averages of squares are zero", _EARLIER)


def _find_missing(files: tuple[str, ...], surveys: Surveys) -> Iterator[Finding]:
    for file in files:
        if file not in surveys:
            yield RULES.finding("C023", file, "missing or unreadable", _EARLIER)


def _moment_fault(key: str, facts: TensorFacts, shapes: Mapping[str, Shape]) -> str:
    """Return what is wrong with a moment of the optimiser, ``PARAMETER/SLOT``; empty if nothing is."""
    name, _, slot = key.rpartition("/")
    if name not in shapes:
        return "belongs to no parameter"
    is_count = slot == "step" and not facts.shape
    if facts.shape != shapes[name] and not is_count:
        return f"shape {facts.shape}, the parameter has {shapes[name]}"
    if not facts.is_float:
        return f"made of {facts.type}"
    if slot == _SQUARES and facts.lowest < 0:
        return "an average of squares is negative"
    return ""
