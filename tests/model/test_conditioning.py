import pytest
import torch
from torch import nn

from amhctl.config.unified import ConformerConfig
from amhctl.core.errors import ModelError
from amhctl.model.conditioning import FEWEST_FEATURES, build_conditioner, encode_prompt
from amhctl.nn.conformer import Conformer
from amhctl.nn.perceiver import Perceiver

_SHAPE = ConformerConfig(output_size=16, linear_units=24, attention_heads=2, num_blocks=1)


@pytest.fixture
def conditioner() -> tuple[Conformer, Perceiver]:
    torch.manual_seed(0)
    encoder, perceiver = build_conditioner(_SHAPE, features=12, width=32, latents=3, normed=True)
    return encoder.eval(), perceiver.eval()


def test_a_prompt_in_a_padded_batch_is_heard_as_it_is_alone(conditioner: tuple[Conformer, Perceiver]) -> None:
    encoder, perceiver = conditioner
    features = torch.randn(2, 31, 12, generator=torch.Generator().manual_seed(1))
    lengths = torch.tensor([31, 18])
    for centred in (False, True):
        context, keep = encode_prompt(encoder, nn.Identity(), features, lengths, width=12, centred=centred)
        latents = perceiver(context, keep)
        assert latents.shape == (2, 3, 32)
        for item, length in enumerate(lengths.tolist()):
            alone = features[item : item + 1, :length]
            alone_context, alone_keep = encode_prompt(encoder, nn.Identity(), alone, None, width=12, centred=centred)
            torch.testing.assert_close(perceiver(alone_context, alone_keep)[0], latents[item], rtol=0, atol=1e-5)


def test_centred_on_the_mean_prompt_what_all_prompts_have_in_common_is_gone(
    conditioner: tuple[Conformer, Perceiver],
) -> None:
    encoder, _ = conditioner
    features = torch.randn(1, 65, 12, generator=torch.Generator().manual_seed(2))
    heard, _ = encode_prompt(encoder, nn.Identity(), features, None, width=12, centred=True)
    with torch.no_grad():
        encoder.after_norm.bias.add_(1_000.0)
    moved, _ = encode_prompt(encoder, nn.Identity(), features, None, width=12, centred=True)
    torch.testing.assert_close(moved, heard, rtol=0, atol=1e-2)
    kept, _ = encode_prompt(encoder, nn.Identity(), features, None, width=12, centred=False)
    assert float((kept - heard).detach().abs().min()) > 500.0


@pytest.mark.parametrize(("frames", "width"), [(FEWEST_FEATURES - 1, 12), (9, 11)])
def test_features_of_another_kind_are_refused(
    conditioner: tuple[Conformer, Perceiver], frames: int, width: int
) -> None:
    with pytest.raises(ModelError, match=f"{frames} frames of width {width}; expected are at least 3 of width 12"):
        encode_prompt(conditioner[0], nn.Identity(), torch.zeros(1, frames, width), None, width=12, centred=False)
