"""Twin of ``model/adapter_shapes.py``."""

from typing import Literal

import pytest

from amhctl.checkpoint.manifest import AdapterIdentity
from amhctl.checkpoint.survey import TensorFacts
from amhctl.config.unified import ModelConfig
from amhctl.model.adapter_shapes import find_adapter_faults, find_term_faults, term_shapes
from amhctl.model.shapes import parameter_shapes

SHAPES = parameter_shapes(ModelConfig())


def identity(
    method: Literal["lora", "dora", "adalora"], *whole: str, ranks: dict[str, int] | None = None
) -> AdapterIdentity:
    return AdapterIdentity(method=method, base="b", ranks=ranks or {"gpt.h.0.attn.c_attn": 32}, scale=2.0, whole=whole)


def facts(*shape: int, type: str = "float32") -> TensorFacts:
    return TensorFacts(shape, type, type == "float32", 0.0, 0.0)


@pytest.mark.parametrize(
    ("method", "wanted"),
    [
        ("lora", {"lora_A.weight": (32, 1280), "lora_B.weight": (3840, 32)}),
        (
            "dora",
            {"lora_A.weight": (32, 1280), "lora_B.weight": (3840, 32), "lora_magnitude_vector.weight": (3840,)},
        ),
        ("adalora", {"lora_A": (32, 1280), "lora_B": (3840, 32), "lora_E": (32, 1)}),
    ],
)
def test_terms_have_the_shapes_of_their_layer(
    method: Literal["lora", "dora", "adalora"], wanted: dict[str, tuple[int, ...]]
) -> None:
    assert term_shapes(identity(method), SHAPES) == {f"gpt.h.0.attn.c_attn.{n}": shape for n, shape in wanted.items()}


def test_terms_of_the_text_are_those_of_a_table_and_of_a_head() -> None:
    found = term_shapes(identity("lora", ranks={"text_embedding": 8, "text_head": 4}), SHAPES)
    assert found == {
        "text_embedding.lora_embedding_A": (8, 12_001),
        "text_embedding.lora_embedding_B": (1280, 8),
        "text_head.lora_A.weight": (4, 1280),
        "text_head.lora_B.weight": (12_001, 4),
    }


def test_layers_and_tensors_that_the_voice_lacks_are_named() -> None:
    adapter = identity("lora", "other.weight", ranks={"gpt.h.24.attn.c_attn": 32, "gpt.ln_f": 2})
    found = [fault.subject for fault in find_adapter_faults({}, adapter, SHAPES)]
    assert found == ["adapter.ranks.gpt.h.24.attn.c_attn", "adapter.ranks.gpt.ln_f", "adapter.whole: other.weight"]


def test_what_an_adapter_lacks_has_too_much_or_misshapen_is_named() -> None:
    name = "gpt.h.0.attn.c_attn"
    present = {f"{name}.lora_A.weight": facts(16, 1280), "mel_head.bias": facts(8194), "more": facts(1)}
    found = {
        (fault.code, fault.subject) for fault in find_adapter_faults(present, identity("lora", "mel_head.bias"), SHAPES)
    }
    assert found == {("C007", f"{name}.lora_B.weight"), ("C008", "more"), ("C009", f"{name}.lora_A.weight")}


def test_a_matrix_of_zeros_is_none_of_the_faults_and_whole_numbers_are() -> None:
    assert not list(find_term_faults({"x": facts(2, 2)}, {"x": (2, 2)}))
    found = list(find_term_faults({"x": facts(2, 2, type="int64")}, {"x": (2, 2)}, file="f"))
    assert [(fault.code, fault.subject) for fault in found] == [("C020", "f: x")]
