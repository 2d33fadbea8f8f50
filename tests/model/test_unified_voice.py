"""UnifiedVoice against published numbers, and the equalities that make it safe to batch and to cache."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from amhctl.config.unified import AlignmentConfig, ConformerConfig, ModelConfig
from amhctl.core.errors import ModelError
from amhctl.model.layout import delay
from amhctl.model.unified_voice import UnifiedVoice

FIXTURES = Path(__file__).parents[3] / "shared" / "fixtures" / "unified_voice"


def _formula_weights(model: UnifiedVoice) -> None:
    """Fill the parameters by the fixture's formula: sines by the rank of the name."""
    parameters = dict(model.named_parameters())
    for index, name in enumerate(sorted(parameters)):
        tensor = parameters[name]
        count = tensor.numel()
        wave = np.sin(np.arange(count, dtype=np.float64) * (0.7310585 + 0.001 * index) + index)
        if tensor.ndim == 1:
            value = 1.0 + 0.1 * wave if name.endswith(("weight", "gamma")) else 0.05 * wave
        elif name.endswith("emb.weight") or any(
            part in name for part in ("embedding", "latents", "speed_emb", "pos_bias")
        ):
            value = 0.3 * wave
        else:
            value = wave * 1.4 / np.sqrt(count / tensor.shape[0])
        with torch.no_grad():
            tensor.copy_(torch.from_numpy(value.reshape(tensor.shape)).float())


@pytest.fixture(scope="module")
def published() -> tuple[UnifiedVoice, dict[str, Tensor], dict[str, list[int]]]:
    """Return the fixture's model, its numbers and its parameter shapes."""
    if not FIXTURES.is_dir():
        pytest.skip(f"no fixtures at {FIXTURES}: published parity is not checked")
    document = json.loads((FIXTURES / "config.json").read_text())
    # The published numbers were made by upstream's rule of positions.
    config = ModelConfig.model_validate({**document["config"], "position_rule": "upstream"})
    model = UnifiedVoice(config).eval()
    _formula_weights(model)
    return model, load_file(FIXTURES / "io.safetensors"), document["parameters"]


def _near(ours: Tensor, theirs: Tensor) -> bool:
    return ours.shape == theirs.shape and bool((ours - theirs).abs().max() < 1e-4)


@torch.inference_mode()
def test_names_and_shapes_are_the_published_ones(
    published: tuple[UnifiedVoice, dict[str, Tensor], dict[str, list[int]]],
) -> None:
    model, _, shapes = published
    assert {name: list(parameter.shape) for name, parameter in model.named_parameters()} == shapes


@torch.inference_mode()
def test_conditioning_is_the_published_one(
    published: tuple[UnifiedVoice, dict[str, Tensor], dict[str, list[int]]],
) -> None:
    model, numbers, _ = published
    assert _near(model.speaker_latents(numbers["speaker_features"]), numbers["speaker_latents"])
    assert _near(model.emotion_context(numbers["emotion_features"]), numbers["emotion_context"])
    assert _near(model.emotion_vector(numbers["emotion_features"]), numbers["emotion_vector"])


@torch.inference_mode()
def test_logits_and_latent_are_the_published_ones(
    published: tuple[UnifiedVoice, dict[str, Tensor], dict[str, list[int]]],
) -> None:
    model, numbers, _ = published
    text, codes = numbers["text"].long(), numbers["codes"].long()
    output = model(
        text,
        torch.tensor([text.shape[1]]),
        codes[:, None],
        torch.tensor([codes.shape[1]]),
        numbers["speaker_latents"],
        numbers["emotion_vector"],
    )
    assert output.text_logits_BTV is not None
    assert _near(output.text_logits_BTV, numbers["text_logits"])
    assert _near(output.code_logits_BQPV[:, 0], numbers["mel_logits"])
    assert _near(model.latent(text, codes, numbers["speaker_latents"], numbers["emotion_vector"]), numbers["latent"])


@torch.inference_mode()
def test_greedy_decoding_is_the_published_one(
    published: tuple[UnifiedVoice, dict[str, Tensor], dict[str, list[int]]],
) -> None:
    model, numbers, _ = published
    text = numbers["text"].long()
    state = model.begin(text, torch.tensor([text.shape[1]]), numbers["speaker_latents"], numbers["emotion_vector"])
    code = torch.tensor([[model.config.start_mel_token]])
    codes, logits = [], []
    for _ in range(numbers["greedy_codes"].shape[1]):
        step_logits, state = model.step(code, state)
        logits.append(step_logits[:, 0])
        allowed = step_logits[:, 0].clone()
        allowed[:, model.config.stop_mel_token] = -torch.inf
        code = allowed.argmax(-1)[:, None]
        codes.append(code)
    assert torch.equal(torch.cat(codes, 1), numbers["greedy_codes"].long())
    assert _near(torch.stack(logits, 1), numbers["greedy_logits"])


def _small(*, books: int, alignment: AlignmentConfig | None) -> UnifiedVoice:
    torch.manual_seed(0)
    conformer = ConformerConfig(output_size=16, linear_units=24, attention_heads=2, num_blocks=1)
    config = ModelConfig(
        model_dim=32,
        layers=2,
        heads=2,
        max_text_tokens=20,
        max_mel_tokens=40,
        number_text_tokens=30,
        number_mel_codes=18,
        start_mel_token=16,
        stop_mel_token=17,
        codebooks=books,
        condition_dim=12,
        condition_num_latent=3,
        condition_module=conformer,
        emo_condition_module=conformer,
        emo_dim=16,
        position_rule="aligned",
        alignment=alignment,
        condition_norms=alignment is not None,
    )
    model = UnifiedVoice(config).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.1)
    return model


SHAPES = [
    pytest.param(1, None, id="official layout"),
    pytest.param(3, None, id="delayed books"),
    pytest.param(3, AlignmentConfig(encoder_layers=1, duration_layers=1), id="durations"),
    pytest.param(2, AlignmentConfig(encoder_layers=1, text_prefix=True), id="durations and prefix"),
]


def _batch(model: UnifiedVoice) -> dict[str, Tensor]:
    random = torch.Generator().manual_seed(1)
    durations = torch.tensor([[2, 0, 3, 1, 1], [1, 3, 1, 9, 9]])
    text_lengths = torch.tensor([5, 3])
    return {
        "text": torch.randint(3, 30, (2, 5), generator=random),
        "text_lengths": text_lengths,
        "codes": torch.randint(0, 16, (2, model.config.codebooks, 9), generator=random),
        "code_lengths": torch.tensor([7, 5]),
        "features": torch.randn(2, 31, 12, generator=random),
        "feature_lengths": torch.tensor([31, 18]),
        "durations": durations,
    }


@pytest.mark.parametrize(("books", "alignment"), SHAPES)
@torch.inference_mode()
def test_a_padded_batch_equals_its_items(books: int, alignment: AlignmentConfig | None) -> None:
    model = _small(books=books, alignment=alignment)
    batch = _batch(model)

    def run(items: slice, *, cut: bool) -> tuple[Tensor, Tensor | None, Tensor | None]:
        part = {name: value[items] for name, value in batch.items()}
        texts = int(part["text_lengths"].max()) if cut else part["text"].shape[1]
        frames = int(part["code_lengths"].max()) if cut else part["codes"].shape[2]
        features = int(part["feature_lengths"].max()) if cut else part["features"].shape[1]
        prompts = part["features"][:, :features]
        output = model(
            part["text"][:, :texts],
            part["text_lengths"],
            part["codes"][:, :, :frames],
            part["code_lengths"],
            model.speaker_latents(prompts, part["feature_lengths"]),
            model.emotion_vector(prompts, part["feature_lengths"]),
            part["durations"][:, :texts] if alignment else None,
        )
        return output.code_logits_BQPV, output.text_logits_BTV, output.log_durations_BT

    together = run(slice(None), cut=False)
    for row in range(2):
        alone = run(slice(row, row + 1), cut=True)
        for whole, single in zip(together, alone, strict=True):
            if single is None:
                assert whole is None
                continue
            index = tuple(slice(0, size) for size in single.shape[1:])
            assert torch.allclose(whole[(row, *index)], single[0], atol=1e-5)  # type: ignore[index]


@pytest.mark.parametrize(("books", "alignment"), SHAPES)
@torch.inference_mode()
def test_cached_decoding_equals_the_teacher_forced_pass(books: int, alignment: AlignmentConfig | None) -> None:
    model = _small(books=books, alignment=alignment)
    batch = _batch(model)
    latents = model.speaker_latents(batch["features"], batch["feature_lengths"])
    emotion = model.emotion_vector(batch["features"], batch["feature_lengths"])
    durations = batch["durations"] if alignment else None
    arguments = (batch["text"], batch["text_lengths"])
    output = model(*arguments, batch["codes"][:, :, :7], batch["code_lengths"], latents, emotion, durations)
    streams = delay(batch["codes"][:, :, :7], batch["code_lengths"], start=16, stop=17)
    state = model.begin(*arguments, latents, emotion, durations)
    for position in range(streams.inputs_BQP.shape[2]):
        logits, state = model.step(streams.inputs_BQP[:, :, position], state)
        assert torch.allclose(logits, output.code_logits_BQPV[:, :, position], atol=1e-4)


@torch.inference_mode()
def test_decoding_can_go_back_to_an_earlier_state() -> None:
    model = _small(books=2, alignment=AlignmentConfig(encoder_layers=1, text_prefix=True))
    batch = _batch(model)
    latents = model.speaker_latents(batch["features"], batch["feature_lengths"])
    begun = model.begin(batch["text"], batch["text_lengths"], latents, torch.zeros(2, 32), batch["durations"])

    def walk(codes: range) -> list[Tensor]:
        state, logits = begun, []
        for code in codes:
            logits_BQV, state = model.step(torch.full((2, 2), code), state)
            logits.append(logits_BQV)
        return logits

    first, other, again = walk(range(5)), walk(range(10, 15)), walk(range(5))
    assert not torch.equal(first[-1], other[-1])
    assert all(torch.equal(one, two) for one, two in zip(first, again, strict=True))


@torch.inference_mode()
def test_the_upstream_rule_skips_the_second_position() -> None:
    aligned = _small(books=1, alignment=None)
    upstream = UnifiedVoice(aligned.config.model_copy(update={"position_rule": "upstream"})).eval()
    upstream.load_state_dict(aligned.state_dict())
    table = upstream.mel_pos_embedding.emb.weight
    table[2:] = table[1:-1].clone()
    batch = _batch(aligned)
    latents, emotion = torch.randn(2, 3, 32), torch.randn(2, 32)
    states = [model.begin(batch["text"], batch["text_lengths"], latents, emotion) for model in (aligned, upstream)]
    for code in (16, 3, 9, 3):
        codes = torch.full((2, 1), code)
        one, states[0] = aligned.step(codes, states[0])
        two, states[1] = upstream.step(codes, states[1])
        assert torch.equal(one, two)


def test_no_gradient_comes_from_padding() -> None:
    model = _small(books=2, alignment=AlignmentConfig(encoder_layers=1, text_prefix=True))
    batch = _batch(model)
    features = batch["features"].requires_grad_()
    latents = model.speaker_latents(features, batch["feature_lengths"])
    emotion = model.emotion_vector(features, batch["feature_lengths"])
    output = model(
        batch["text"],
        batch["text_lengths"],
        batch["codes"],
        batch["code_lengths"],
        latents,
        emotion,
        batch["durations"],
    )
    output.code_logits_BQPV.sum().backward()
    assert features.grad is not None
    assert not features.grad[1, 18:].any()
    assert bool(features.grad[1, :17].any())


@torch.inference_mode()
def test_with_norms_the_mean_prompt_says_nothing() -> None:
    """The speaker branch hears a prompt by what differs from the mean one, so that no drift of all can drown it."""
    model = _small(books=2, alignment=AlignmentConfig(encoder_layers=1))
    model.conditioning_standard.mean.fill_(-6.0)  # type: ignore[operator]
    model.conditioning_standard.deviation.fill_(2.5)  # type: ignore[operator]
    mean, clip = torch.full((1, 65, 12), -6.0), torch.randn(1, 65, 12, generator=torch.Generator().manual_seed(2))
    heard = model.speaker_latents(clip)
    # The same for every prompt: nothing of it is left behind the encoder.
    model.conditioning_encoder.after_norm.bias.add_(1_000.0)
    assert torch.allclose(model.speaker_latents(clip), heard, atol=1e-2)
    context, _ = model._encode_prompt(model.conditioning_encoder, mean, None)
    assert torch.allclose(context.mean(dim=1), torch.zeros(1, 16), atol=1e-3)


def test_what_the_model_cannot_take_is_refused() -> None:
    model = _small(books=2, alignment=AlignmentConfig())
    batch = _batch(model)
    with pytest.raises(ModelError, match="width"):
        model.speaker_latents(torch.zeros(1, 9, 11))
    with pytest.raises(ModelError, match="frames"):
        model.speaker_latents(torch.zeros(1, 2, 12))
    with pytest.raises(ModelError, match="frames of each text id"):
        model.begin(batch["text"], batch["text_lengths"], torch.zeros(2, 3, 32), torch.zeros(2, 32))
    with pytest.raises(ModelError, match="more than"):
        model.begin(torch.zeros(1, 99, dtype=torch.long), torch.tensor([99]), torch.zeros(1, 3, 32), torch.zeros(1, 32))


def test_a_row_that_does_not_hear_its_text_ignores_it() -> None:
    model = _small(books=2, alignment=AlignmentConfig(text_prefix=False))
    batch = _batch(model)
    latents = model.speaker_latents(batch["features"], batch["feature_lengths"])
    emotion = model.emotion_vector(batch["features"], batch["feature_lengths"])
    start = torch.full((2, 2), model.config.start_mel_token)

    def logits(text: Tensor, heard: list[bool] | None) -> Tensor:
        has_text_B = None if heard is None else torch.tensor(heard)
        state = model.begin(text, batch["text_lengths"], latents, emotion, batch["durations"], has_text_B)
        return model.step(start, state)[0]

    other = 32 - batch["text"]
    with torch.inference_mode():
        full, half = logits(batch["text"], None), logits(batch["text"], [True, False])
        changed = logits(other, [True, False])
    assert torch.equal(full[0], half[0])
    assert not torch.equal(full[1], half[1])
    assert torch.equal(half[1], changed[1])
    assert not torch.equal(half[0], changed[0])


def test_text_is_withheld_in_training_only() -> None:
    model = _small(books=2, alignment=AlignmentConfig())
    model.config = model.config.model_copy(update={"text_dropout": 0.5})
    aligned_BPD = torch.ones(64, 3, 4)
    assert model.eval()._drop_text(aligned_BPD) is aligned_BPD
    kept_B = model.train()._drop_text(aligned_BPD).flatten(1).mean(dim=1)
    assert set(kept_B.tolist()) == {0.0, 1.0}
    assert 10 < kept_B.sum() < 54


def test_the_longest_text_and_speech_are_taken_and_nothing_longer() -> None:
    model = _small(books=3, alignment=None).eval()
    config = model.config
    frames, pieces = config.max_mel_tokens - config.codebooks + 1, config.max_text_tokens

    def forward(text: int, speech: int) -> None:
        with torch.no_grad():
            latents = torch.zeros(1, config.condition_num_latent, config.model_dim)
            emotion = torch.zeros(1, config.model_dim)
            codes_BQS = torch.zeros(1, config.codebooks, speech, dtype=torch.int64)
            text_BT = torch.full((1, text), 5)
            model(text_BT, torch.tensor([text]), codes_BQS, torch.tensor([speech]), latents, emotion, None)

    forward(pieces, frames)
    for text, speech in ((pieces + 1, frames), (pieces, frames + 1)):
        with pytest.raises(ModelError):
            forward(text, speech)


def _say(model: UnifiedVoice, speeds_B: Tensor | None) -> Tensor:
    batch = _batch(model)
    latents_BLD = model.speaker_latents(batch["features"], batch["feature_lengths"])
    emotion_BD = model.emotion_vector(batch["features"], batch["feature_lengths"])
    told = [batch[name] for name in ("text", "text_lengths", "codes", "code_lengths")]
    return model(*told, latents_BLD, emotion_BD, speeds_B=speeds_B).code_logits_BQPV


@torch.inference_mode()
def test_speed_one_is_the_published_sequence_and_others_lie_on_a_line_through_both_rows() -> None:
    model = _small(books=1, alignment=None)
    zero, one = model.speed_emb.weight
    untold = _say(model, None)
    assert torch.equal(_say(model, torch.ones(2)), untold)
    rows_B2D = model._embed_speed(torch.tensor([0.5, 1.0, 2.0]))
    torch.testing.assert_close(rows_B2D[:, 0], torch.stack([zero, one, 2 * one - zero]))
    assert torch.equal(rows_B2D[:, 1], zero.expand(3, -1))
    mixed = _say(model, torch.tensor([1.0, 1.5]))
    torch.testing.assert_close(mixed[0], untold[0])
    assert not torch.allclose(mixed[1], untold[1], atol=1e-3)


@torch.inference_mode()
def test_decoding_is_told_the_speed_that_the_teacher_forced_pass_is_told() -> None:
    model = _small(books=1, alignment=None)
    batch, speeds_B = _batch(model), torch.tensor([0.7, 1.4])
    latents_BLD = model.speaker_latents(batch["features"], batch["feature_lengths"])
    emotion_BD = model.emotion_vector(batch["features"], batch["feature_lengths"])
    state = model.begin(batch["text"], batch["text_lengths"], latents_BLD, emotion_BD, speeds_B=speeds_B)
    logits_BQV, _ = model.step(torch.full((2, 1), model.config.start_mel_token), state)
    torch.testing.assert_close(logits_BQV, _say(model, speeds_B)[:, :, 0], rtol=1e-4, atol=1e-5)


@torch.inference_mode()
def test_the_second_pass_is_told_the_speed_too() -> None:
    model = _small(books=1, alignment=None)
    batch, speeds_B = _batch(model), torch.tensor([0.7, 1.4])
    text_BT, codes_BS = batch["text"][:, :3], batch["codes"][:, 0, :3]
    latents_BLD = model.speaker_latents(batch["features"], batch["feature_lengths"])
    emotion_BD = model.emotion_vector(batch["features"], batch["feature_lengths"])
    states_BSD = model.latent(text_BT, codes_BS, latents_BLD, emotion_BD, speeds_B)
    lengths_B = torch.full((2,), 3)
    told = model(text_BT, lengths_B, codes_BS[:, None], lengths_B, latents_BLD, emotion_BD, speeds_B=speeds_B)
    torch.testing.assert_close(model.mel_head(states_BSD), told.code_logits_BQPV[:, 0, :3], rtol=1e-4, atol=1e-5)


def test_both_rows_of_the_speed_learn() -> None:
    model = _small(books=1, alignment=None)
    _say(model, torch.tensor([0.8, 1.3])).square().sum().backward()
    assert model.speed_emb.weight.grad is not None
    assert (model.speed_emb.weight.grad.norm(dim=1) > 0).all()
