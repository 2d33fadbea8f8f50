"""Weights of a voice that only speaks: once in memory, halved where they are multiplied, and nearly as good."""

import pytest
import torch
from torch import Tensor

from amhctl.config.unified import ConformerConfig, ModelConfig
from amhctl.core.units import Precision
from amhctl.model.kept_weights import count_bytes, keep_weight, type_of
from amhctl.model.official import OFFICIAL
from amhctl.model.unified_voice import UnifiedVoice

CPU = torch.device("cpu")
_SMALL = ConformerConfig(output_size=16, linear_units=16, attention_heads=2, num_blocks=1, perceiver_mult=1)
SHAPE = ModelConfig(
    model_dim=64,
    layers=3,
    heads=4,
    number_text_tokens=30,
    number_mel_codes=202,
    start_mel_token=200,
    stop_mel_token=201,
    condition_dim=8,
    condition_num_latent=4,
    condition_module=_SMALL,
    emo_condition_module=None,
)


@pytest.fixture(scope="module")
def weights() -> dict[str, Tensor]:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        tensors = UnifiedVoice(SHAPE).state_dict()
    # As a trained one, it is sure of some codes and not of others.
    return {name: 4.0 * each if each.ndim == 2 and name.startswith("gpt.") else each for name, each in tensors.items()}


def build(weights: dict[str, Tensor], precision: Precision) -> UnifiedVoice:
    with torch.device("meta"):
        model = UnifiedVoice(SHAPE)
    kept = {name: keep_weight(name, tensor, precision, CPU) for name, tensor in weights.items()}
    model.load_state_dict(kept, strict=True, assign=True)
    return model.eval().requires_grad_(False)


@torch.inference_mode()
def step_through(model: UnifiedVoice, codes_S: Tensor) -> Tensor:
    """Return the logits after the start and after each of some codes, shape (S + 1, V)."""
    prompt = torch.linspace(-1.0, 1.0, 4 * 64).view(1, 4, 64), torch.zeros(1, 64)
    state = model.begin(torch.tensor([[5, 6, 7]]), torch.tensor([3]), *prompt)
    logits = []
    for code in (SHAPE.start_mel_token, *codes_S.tolist()):
        following_1QV, state = model.step(torch.tensor([[code]]), state)
        logits.append(following_1QV[0, 0])
    return torch.stack(logits)


def test_only_what_is_multiplied_is_halved_and_nothing_is_kept_twice(weights: dict[str, Tensor]) -> None:
    model = build(weights, "bf16")
    halved = {name for name, each in model.named_parameters() if each.dtype is torch.bfloat16}
    assert halved == {name for name in weights if ".attn.c_" in name or ".mlp.c_" in name}
    assert model.state_dict().keys() == weights.keys()
    places = {
        each.untyped_storage().data_ptr(): each.untyped_storage().nbytes() for each in model.state_dict().values()
    }
    assert sum(places.values()) == count_bytes(weights.items(), "bf16")
    saved = sum(weights[name].numel() for name in halved) * 2
    assert count_bytes(weights.items(), "fp32") - count_bytes(weights.items(), "bf16") == saved


def test_the_official_shape_takes_what_the_docs_say() -> None:
    with torch.device("meta"):
        tensors = UnifiedVoice(OFFICIAL).state_dict()
    assert round(count_bytes(tensors.items(), "fp32") / 2**30, 2) == 3.23
    assert round(count_bytes(tensors.items(), "bf16") / 2**30, 2) == 2.35
    assert type_of("gpt.h.0.ln_1.weight", "bf16") is type_of("mel_head.weight", "fp16") is torch.float32


def test_a_copy_has_the_values_and_on_a_processor_the_inputs_of_an_output_lie_together() -> None:
    tensor = torch.randn(3, 5)
    for precision, strides in (("fp32", (5, 1)), ("bf16", (1, 3))):
        kept = keep_weight("gpt.h.11.mlp.c_fc.weight", tensor, precision, CPU)  # type: ignore[arg-type]
        assert kept.stride() == strides
        assert torch.equal(kept, tensor.to(kept.dtype))
        assert kept.data_ptr() != tensor.data_ptr()
    already = keep_weight("gpt.h.0.mlp.c_fc.weight", tensor.bfloat16(), "bf16", CPU)
    assert torch.equal(already, tensor.bfloat16())


def test_full_precision_has_the_bits_of_a_network_that_was_never_converted(weights: dict[str, Tensor]) -> None:
    plain = UnifiedVoice(SHAPE).eval().requires_grad_(False)
    plain.load_state_dict(weights)
    codes_S = torch.arange(20)
    assert torch.equal(step_through(build(weights, "fp32"), codes_S), step_through(plain, codes_S))


def test_the_likeliest_code_is_nearly_always_the_same_in_half_precision(weights: dict[str, Tensor]) -> None:
    codes_S = torch.randint(200, (300,), generator=torch.Generator().manual_seed(1))
    exact_SV = step_through(build(weights, "fp32"), codes_S)
    model = build(weights, "bf16")
    rounded_SV = step_through(model, codes_S)
    assert exact_SV.dtype == rounded_SV.dtype == torch.float32
    agreement = float((exact_SV.argmax(dim=1) == rounded_SV.argmax(dim=1)).float().mean())
    assert 0.95 <= agreement <= 1.0
    assert 0.0 < float((exact_SV - rounded_SV).abs().max()) < 0.1 * float(exact_SV.std())
    assert torch.equal(step_through(model, codes_S), rounded_SV), "from run to run, the same bits"


def test_the_second_pass_is_nearly_the_same_in_half_precision(weights: dict[str, Tensor]) -> None:
    given = torch.tensor([[5, 6, 7]]), torch.arange(40)[None], torch.ones(1, 4, 64), torch.zeros(1, 64)
    with torch.inference_mode():
        exact, rounded = (build(weights, precision).latent(*given) for precision in ("fp32", "bf16"))
    assert rounded.dtype is torch.float32
    assert 0.0 < float((exact - rounded).abs().max()) < 0.1
