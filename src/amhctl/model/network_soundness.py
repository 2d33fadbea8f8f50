"""Rules that hold for the network of every voice, and for the state of its training. Sees facts of tensors.

``ckpt validate`` reports what they find, and every command that loads or writes such a checkpoint refuses it.
"""

from collections.abc import Iterator, Mapping

from amhctl.checkpoint import validate as rules
from amhctl.checkpoint.folder import WEIGHTS_FILE
from amhctl.checkpoint.manifest import AdapterIdentity, Manifest
from amhctl.checkpoint.store import Surveys
from amhctl.checkpoint.survey import Survey, check_weights
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
    return rules.finding("C021", ours, f"{value}, but {theirs} is {other}", hint)


def find_kept_faults(manifest: Manifest, surveys: Surveys, shapes: Mapping[str, Shape]) -> Iterator[Finding]:
    """Find what is wrong with the low-rank terms and the tensors of an adapter."""
    if manifest.adapter is None:
        hint = "the manifest was edited or written by another version: copy the adapter from its source again"
        yield rules.finding("C021", "adapter", "the description of the adapter and its base is missing", hint)
    elif not manifest.parent:
        yield rules.finding("C021", "parent", "the digest of the base's weights is missing")
    elif WEIGHTS_FILE in surveys:
        yield from find_adapter_faults(surveys[WEIGHTS_FILE], manifest.adapter, shapes)


def find_state_faults(
    surveys: Surveys, shapes: Mapping[str, Shape], adapter: AdapterIdentity | None = None
) -> Iterator[Finding]:
    """Find what is wrong with averaged weights, low-rank terms and the optimiser's moments of a training state."""
    hint = "resume from an earlier checkpoint of the run"
    for file in (AVERAGE_FILE, OPTIMIZER_FILE):
        if file not in surveys:
            yield rules.finding("C023", file, "missing or unreadable", hint)
    if adapter is not None:
        terms = term_shapes(adapter, shapes)
        for file in (ADAPTER_FILE, ADAPTER_AVERAGE_FILE):
            if file not in surveys:
                yield rules.finding("C023", file, "missing or unreadable", hint)
            else:
                yield from find_term_faults(surveys[file], terms, file=file)
        shapes = {**shapes, **terms}
    moments = surveys.get(OPTIMIZER_FILE, {})
    for key, each in moments.items():
        name, _, slot = key.rpartition("/")
        place = f"{OPTIMIZER_FILE}: {key}"
        if name not in shapes:
            yield rules.finding("C023", place, "belongs to no parameter", hint)
        elif each.shape != shapes[name] and (slot != "step" or each.shape):
            yield rules.finding("C023", place, f"shape {each.shape}, the parameter has {shapes[name]}", hint)
        elif not each.is_float:
            yield rules.finding("C023", place, f"made of {each.type}", hint)
        elif slot == _SQUARES and each.lowest < 0:
            yield rules.finding("C023", place, "an average of squares is negative", hint)
    squares = [each for key, each in moments.items() if key.endswith(f"/{_SQUARES}") and each.shape]
    if squares and all(each.is_zero for each in squares):
        yield rules.finding("C024", OPTIMIZER_FILE, "all averages of squares are zero", hint)
