"""The arithmetic of shapes against the networks themselves, and the official totals."""

from math import prod

import pytest
import torch

from amhctl.config.unified import AlignmentConfig, ConformerConfig, ModelConfig
from amhctl.model.shapes import parameter_count, parameter_shapes
from amhctl.model.unified_voice import UnifiedVoice

SMALL = ConformerConfig(output_size=24, linear_units=20, attention_heads=3, num_blocks=2, perceiver_mult=3)
CONFIGS = [
    pytest.param(ModelConfig(), id="official"),
    pytest.param(ModelConfig(emo_condition_module=None, codebooks=3, condition_dim=31), id="without emotion"),
    pytest.param(
        ModelConfig(
            model_dim=40,
            heads=4,
            layers=2,
            condition_dim=50,
            condition_module=SMALL,
            emo_condition_module=SMALL,
            emo_dim=28,
            codebooks=4,
            alignment=AlignmentConfig(encoder_layers=3, duration_layers=1, kernel=7),
        ),
        id="durations",
    ),
    pytest.param(
        ModelConfig(model_dim=40, heads=4, layers=1, condition_module=SMALL, condition_norms=True), id="norms"
    ),
    pytest.param(
        ModelConfig(model_dim=40, heads=4, layers=1, alignment=AlignmentConfig(text_prefix=True)),
        id="durations and prefix",
    ),
]


@pytest.mark.parametrize("config", CONFIGS)
def test_a_network_has_the_shapes_its_configuration_implies(config: ModelConfig) -> None:
    with torch.device("meta"):
        model = UnifiedVoice(config)
    shapes = {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}
    assert parameter_shapes(config) == shapes


def test_the_official_totals() -> None:
    shapes = parameter_shapes(ModelConfig())
    # The official file has 665 tensors: two of them are tables of sinusoids, which are no parameters.
    assert len(shapes) == 663
    assert parameter_count(ModelConfig()) == 865_980_639

    def count(*prefixes: str) -> int:
        return sum(prod(shape) for name, shape in shapes.items() if name.startswith(prefixes))

    assert count("gpt.") == 472_261_120
    assert count("conditioning_encoder.") == 159_250_944
    assert count("perceiver_encoder.") == 19_053_224
    assert count("emo_conditioning_encoder.") == 146_622_976
    assert count("emo_perceiver_encoder.") == 11_018_580
    assert count("emo_layer.") == 1_639_680
    assert count("emovec_layer.") == 1_312_000
    conditioning = ("conditioning_encoder.", "perceiver_encoder.", "emo")
    assert parameter_count(ModelConfig()) - count(*conditioning) == 527_083_235


def test_more_pieces_grow_only_the_text_rows() -> None:
    more = ModelConfig(number_text_tokens=24_000)
    assert parameter_count(more) - parameter_count(ModelConfig()) == 30_732_000
