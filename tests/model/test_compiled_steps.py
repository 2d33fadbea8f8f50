"""Compiled steps: the logits of ordinary ones within rounding, one shape for all, and clear errors otherwise."""

from collections.abc import Iterator

import pytest
import torch
from torch import Tensor

from amhctl.config.unified import AlignmentConfig, ConformerConfig, ModelConfig
from amhctl.core.errors import ModelError, SynthesisError
from amhctl.devices import compiler
from amhctl.model.compiled_steps import CompiledSteps
from amhctl.model.unified_passes import DecodeState
from amhctl.model.unified_voice import UnifiedVoice

# Of modules of torch that are loaded when something is compiled.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
CPU = torch.device("cpu")
_MODULE = ConformerConfig(output_size=8, linear_units=8, attention_heads=2, num_blocks=1, perceiver_mult=1)


@pytest.fixture
def plainly(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let steps be what dynamo makes of them, computed by torch as ever: compiled code takes a minute to make."""
    monkeypatch.setattr(compiler, "BACKEND", "eager")
    torch._dynamo.reset()
    torch._dynamo.utils.counters.clear()
    yield
    torch._dynamo.reset()


def build(*, books: int = 1, alignment: bool = False, frames: int = 300) -> UnifiedVoice:
    config = ModelConfig(
        model_dim=16,
        layers=2,
        heads=2,
        max_text_tokens=20,
        max_mel_tokens=frames,
        number_text_tokens=30,
        number_mel_codes=42,
        start_mel_token=40,
        stop_mel_token=41,
        codebooks=books,
        condition_dim=8,
        condition_num_latent=2,
        condition_module=_MODULE,
        emo_condition_module=None,
        position_rule="aligned" if alignment else "upstream",
        alignment=AlignmentConfig(encoder_layers=1, duration_layers=1) if alignment else None,
    )
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return UnifiedVoice(config).eval().requires_grad_(False)


def begin(model: UnifiedVoice, lengths: tuple[int, ...] = (6, 4)) -> DecodeState:
    text_BT = torch.arange(2, 8).expand(len(lengths), -1)
    prompt = torch.linspace(-1.0, 1.0, 32).view(1, 2, 16).expand(len(lengths), -1, -1), torch.zeros(len(lengths), 16)
    durations_BT = torch.full((len(lengths), 6), 2) if model.config.alignment else None
    return model.begin(text_BT, torch.tensor(lengths), *prompt, durations_BT)


def walk(stepper: UnifiedVoice | CompiledSteps, state: DecodeState, books: int, steps: int = 14) -> Tensor:
    """Return the logits of some steps, shape (steps, B, Q, V)."""
    found = []
    for step in range(steps):
        logits_BQV, state = stepper.step(torch.full((state.rows, books), (7 * step) % 40), state)
        found.append(logits_BQV.clone())
    return torch.stack(found)


@pytest.mark.usefixtures("plainly")
@pytest.mark.parametrize(("books", "alignment"), [(1, False), (2, True)])
@torch.inference_mode()
def test_steps_have_the_logits_of_ordinary_ones(books: int, alignment: bool) -> None:
    """With a padded prefix, and past the end of an aligned text."""
    model = build(books=books, alignment=alignment)
    compiled = CompiledSteps(model)
    for lengths in ((6, 4), (5, 6)):
        wanted = walk(model, begin(model, lengths), books)
        found = walk(compiled, compiled.begin(begin(model, lengths), 14), books)
        torch.testing.assert_close(found, wanted, rtol=1e-5, atol=1e-6)
    graphs = torch._dynamo.utils.counters["stats"]["unique_graphs"]
    assert graphs == 1, "what another passage says is of the same shapes"


@pytest.mark.usefixtures("plainly")
@torch.inference_mode()
def test_a_longer_passage_gets_longer_buffers_and_the_first_are_kept_for_a_while() -> None:
    model = build(frames=2_000)
    compiled = CompiledSteps(model)
    capacities = []
    for steps in (10, 200, 300, 600, 900, 1_200):
        state = compiled.begin(begin(model, (6,)), steps)
        capacities.append(state.capacity)
        walk(compiled, state, 1, steps=1)
    assert capacities == [256, 256, 512, 768, 1024, 1280]
    assert len(compiled._buffers) == 4


@pytest.mark.usefixtures("plainly")
@torch.inference_mode()
def test_the_longest_sequence_is_the_models() -> None:
    model = build(frames=3)
    compiled = CompiledSteps(model)
    with pytest.raises(ModelError, match="longer than the model's 3 frames"):
        walk(compiled, compiled.begin(begin(model, (6,)), 20), 1, steps=9)


@pytest.mark.slow
@pytest.mark.skipif(bool(compiler.find_missing(CPU)), reason="no C++ compiler here")
@torch.inference_mode()
def test_compiled_code_has_the_logits_of_ordinary_steps() -> None:
    torch._dynamo.reset()
    model = build()
    compiled = CompiledSteps(model)
    wanted = walk(model, begin(model), 1)
    torch.testing.assert_close(walk(compiled, compiled.begin(begin(model), 14), 1), wanted, rtol=1e-4, atol=1e-5)


def test_a_machine_that_cannot_compile_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    model = build()
    monkeypatch.setattr(compiler, "find_fault", lambda _: "no space left")
    monkeypatch.setattr(compiler, "find_missing", lambda _: "")
    with pytest.raises(SynthesisError, match="cpu does not work on this machine: no space left") as caught:
        CompiledSteps(model)
    assert (caught.value.subject, "omit --compile" in caught.value.hint) == ("--compile", True)
    monkeypatch.setattr(compiler, "find_missing", lambda _: "a compiler")
    with pytest.raises(SynthesisError, match="cpu needs a compiler, which is not installed"):
        CompiledSteps(model)


@pytest.mark.usefixtures("plainly")
@pytest.mark.parametrize(
    ("error", "kind"),
    [(torch._dynamo.exc.TorchDynamoException("no"), SynthesisError), (RuntimeError("no"), RuntimeError)],
)
@torch.inference_mode()
def test_what_torch_cannot_compile_is_an_error_that_says_so(
    error: Exception, kind: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise error

    model = build()
    compiled = CompiledSteps(model)
    state = compiled.begin(begin(model), 3)
    monkeypatch.setattr(compiled, "_compute", fail)
    with pytest.raises(kind, match="no"):
        compiled.step(torch.zeros(2, 1, dtype=torch.long), state)
