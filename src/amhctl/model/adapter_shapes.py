"""What an adapter must hold, known from its manifest: low-rank terms by layer, and tensors of its own. Sees no files.

Beside a layer ``X`` whose weight maps ``in`` to ``out`` values, by rank r: ``X.lora_A.weight`` (r, in) and
``X.lora_B.weight`` (out, r); DoRA has ``X.lora_magnitude_vector.weight`` (out) too. AdaLoRA's are ``X.lora_A`` (r, in),
``X.lora_E`` (r, 1) and ``X.lora_B`` (out, r). Beside an embedding of V rows of width D: ``X.lora_embedding_A`` (r, V)
and ``X.lora_embedding_B`` (D, r).
"""

from collections.abc import Iterator, Mapping

from amhctl.checkpoint import validate as rules
from amhctl.checkpoint.manifest import AdapterIdentity
from amhctl.checkpoint.rules import RULES
from amhctl.checkpoint.survey import Survey
from amhctl.core.findings import Finding

Shape = tuple[int, ...]
_EMBEDDINGS = ("text_embedding",)
# The decoder of a UnifiedVoice keeps its weights (in, out), as GPT-2 does.
_TRANSPOSED = "gpt.h."


def term_shapes(adapter: AdapterIdentity, shapes: Mapping[str, Shape]) -> dict[str, Shape]:
    """Return the shapes of the low-rank terms of an adapter, by name; ``shapes`` are those of the voice.

    A layer that the voice does not have has no terms: ``find_adapter_faults`` names it.
    """
    found: dict[str, Shape] = {}
    for layer, rank in adapter.ranks.items():
        weight = shapes.get(f"{layer}.weight", ())
        if len(weight) != 2:
            continue
        if layer in _EMBEDDINGS:
            found[f"{layer}.lora_embedding_A"] = (rank, weight[0])
            found[f"{layer}.lora_embedding_B"] = (weight[1], rank)
            continue
        inputs, outputs = weight if layer.startswith(_TRANSPOSED) else weight[::-1]
        end = "" if adapter.method == "adalora" else ".weight"
        found[f"{layer}.lora_A{end}"] = (rank, inputs)
        found[f"{layer}.lora_B{end}"] = (outputs, rank)
        if adapter.method == "adalora":
            found[f"{layer}.lora_E"] = (rank, 1)
        if adapter.method == "dora":
            found[f"{layer}.lora_magnitude_vector.weight"] = (outputs,)
    return found


def find_adapter_faults(facts: Survey, adapter: AdapterIdentity, shapes: Mapping[str, Shape]) -> Iterator[Finding]:
    """Find what is wrong with the tensors of an adapter; ``shapes`` are those of the voice that it makes."""
    for layer in adapter.ranks:
        if len(shapes.get(f"{layer}.weight", ())) != 2:
            yield RULES.finding("C021", f"adapter.ranks.{layer}", "the base voice has no such layer")
    for name in adapter.whole:
        if name not in shapes:
            yield RULES.finding("C021", f"adapter.whole: {name}", "the base voice has no such tensor")
    whole = {name: shapes[name] for name in adapter.whole if name in shapes}
    yield from find_term_faults(facts, term_shapes(adapter, shapes) | whole)


def find_term_faults(facts: Survey, expected: Mapping[str, Shape], *, file: str = "") -> Iterator[Finding]:
    """Find missing, unexpected and misshapen tensors, and those that are no floating-point numbers.

    A matrix of zeros is none of them: AdaLoRA may leave a layer no rank at all.
    """
    yield from rules.compare_shapes({name: each.shape for name, each in facts.items()}, expected, file=file)
    for name, each in facts.items():
        if not each.is_float:
            place = f"{file}: {name}" if file else name
            yield RULES.finding("C020", place, f"type {each.type}, not floating-point")
