"""Twin of ``training/parts.py``."""

import pytest
from support.flow_voices import TINY_FLOW

from amhctl.config.unified import ModelConfig
from amhctl.core.errors import ConfigError
from amhctl.model.flow_soundness import flow_shapes
from amhctl.model.shapes import parameter_shapes
from amhctl.training.parts import PARTS, is_low_rank, layer_of, select

UNIFIED = tuple(parameter_shapes(ModelConfig()))
FLOW = tuple(name for name in flow_shapes(TINY_FLOW) if "_standard." not in name)


@pytest.mark.parametrize(("kind", "names"), [("unified", UNIFIED), ("flow", FLOW)])
def test_every_parameter_is_in_a_part(kind: str, names: tuple[str, ...]) -> None:
    absent = {"unified": {"durations"}, "flow": {"codes"}}[kind]
    parts = [part for part in PARTS[kind] if part not in {"all", "adapters", *absent}]
    assert select(names, parts, kind=kind, key="") == frozenset(names)
    assert select(names, ["all"], kind=kind, key="") == frozenset(names)


@pytest.mark.parametrize(
    ("part", "wanted"),
    [
        ("text", {"text_embedding.weight", "text_head.weight", "text_head.bias"}),
        ("positions", {"text_pos_embedding.emb.weight", "mel_pos_embedding.emb.weight"}),
        ("gpt.h.3.ln_?.bias", {"gpt.h.3.ln_1.bias", "gpt.h.3.ln_2.bias"}),
        ("speed", {"speed_emb.weight"}),
    ],
)
def test_a_part_or_a_pattern_means_these_parameters(part: str, wanted: set[str]) -> None:
    assert select(UNIFIED, [part], kind="unified", key="") == wanted


def test_norms_are_the_decoders_and_the_last_one() -> None:
    assert len(select(UNIFIED, ["norms"], kind="unified", key="")) == 2 * (2 * 24 + 2)


def test_only_adapters_and_patterns_mean_low_rank_terms() -> None:
    names = ("gpt.h.0.attn.c_attn.weight", "gpt.h.0.attn.c_attn.lora_A.weight")
    assert select(names, ["attention"], kind="unified", key="") == {names[0]}
    assert select(names, ["adapters"], kind="unified", key="") == {names[1]}
    assert select(names, ["gpt.*"], kind="unified", key="") == set(names)
    assert [is_low_rank(name) for name in (*names, "x.ranknum", "my_lora.weight")] == [False, True, True, False]


@pytest.mark.parametrize(
    ("selection", "words"),
    [
        ("conditionning", "similar names: conditioning"),
        ("gpt.h.0.attn.c_atn", "gpt.h.0.attn.c_attn"),
        ("durations", "this voice has no part 'durations'"),
        ("gpt.h.24.*", "neither a part"),
    ],
)
def test_a_selection_of_nothing_is_an_error_that_names_what_is_near(selection: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words.replace(".", r"\.")) as caught:
        select(UNIFIED, ["text", selection], kind="unified", key="training.freeze")
    assert caught.value.subject == "training.freeze"


@pytest.mark.parametrize(
    ("kind", "name", "depth"),
    [
        ("unified", "text_embedding.weight", 0),
        ("unified", "gpt.h.0.ln_1.bias", 1),
        ("unified", "gpt.h.23.mlp.c_fc.weight", 24),
        ("unified", "gpt.ln_f.weight", 25),
        ("unified", "mel_head.bias", 25),
        ("flow", "text_blocks.0.norm.weight", 0),
        ("flow", "blocks.1.expand.weight", 2),
        ("flow", "attentions.0.project_in.weight", 2),
        ("flow", "output.weight", 25),
    ],
)
def test_depth_counts_the_layers_of_the_body(kind: str, name: str, depth: int) -> None:
    assert layer_of(name, kind=kind, layers=24) == depth
