"""Drawing with a FlowVoice: lengths as expected, the same noise gives the same, more steps come closer."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from support.flow_voices import random_text, tiny_flow

from amhctl.core.errors import OptionError
from amhctl.model.flow_on_torch import FlowOnTorch
from amhctl.model.flow_sampling import (
    Floats,
    FlowSampling,
    ReadText,
    between_silences,
    expected_frames,
    sample_mel,
    sample_prosody,
    settle_durations,
)
from amhctl.model.flow_voice import FlowVoice, Score

PIECES = 6
DURATIONS = np.array([2, 4, 1, 5, 3, 3])
STEPS = 9


@pytest.fixture(scope="module")
def network() -> FlowOnTorch:
    return FlowOnTorch(tiny_flow())


def noise(shape: tuple[int, int], seed: int = 0) -> Floats:
    return np.random.default_rng(seed).standard_normal(shape, dtype=np.float32)


def mel_noise(network: FlowOnTorch, seed: int = 0) -> Floats:
    return noise((STEPS, network.config.acoustics.mel.bins * network.config.stacked_frames), seed)


def written(network: FlowOnTorch, *, drop_text: bool = False) -> tuple[ReadText, Score]:
    text_BP, _, speakers_BE = random_text((PIECES,))
    text = network.read(text_BP[0].numpy(), speakers_BE[0].numpy())
    return text, network.score(text, DURATIONS, 0.0, prosody_P2=None, drop_text=drop_text)


@pytest.mark.parametrize("speed", [1.0, 2.0, 0.8])
def test_durations_have_the_expected_total_and_the_drawn_proportions(speed: float) -> None:
    random = np.random.default_rng(0)
    for pieces in (40, 17, 1):
        expected_P = (5.0 + 10.0 * random.random(pieces)).astype(np.float32)
        sampled_P = (5.0 + 50.0 * random.random(pieces)).astype(np.float32)
        durations_P = settle_durations(sampled_P, float(expected_P.sum()) / speed)
        assert durations_P.dtype == np.int64
        wanted = round(float(expected_P.sum()) / speed)
        assert durations_P.sum() == wanted
        exact_P = sampled_P * wanted / sampled_P.sum()
        # The ends of pieces are rounded, so that what one loses the next one has.
        assert np.abs(durations_P - exact_P).max() <= 1.0 + 1e-3
        assert np.abs(durations_P.cumsum() - exact_P.cumsum()).max() <= 0.5 + 1e-3


def test_nothing_expected_lasts_no_time() -> None:
    assert settle_durations(np.zeros(2, np.float32), 0.0).tolist() == [0, 0]


def test_the_same_noise_gives_the_same_and_another_one_another(network: FlowOnTorch) -> None:
    text, score = written(network)
    mels = [sample_mel(network, score, mel_noise(network, seed), steps=3, guidance=0.0) for seed in (0, 0, 1)]
    assert mels[0].tobytes() == mels[1].tobytes()
    assert not np.array_equal(mels[0], mels[2])
    drawn = [sample_prosody(network, text, noise((PIECES, 3), seed), 3) for seed in (0, 0, 1)]
    assert drawn[0].tobytes() == drawn[1].tobytes()
    assert not np.array_equal(drawn[0], drawn[2])


def test_guidance_goes_beyond_what_the_text_adds(network: FlowOnTorch) -> None:
    _, score = written(network)
    _, silent = written(network, drop_text=True)
    begun = mel_noise(network)
    plain = sample_mel(network, score, begun, steps=1, guidance=0.0)
    np.testing.assert_array_equal(sample_mel(network, score, begun, steps=1, guidance=0.0, silent=silent), plain)
    unguided = sample_mel(network, silent, begun, steps=1, guidance=0.0)
    guided = sample_mel(network, score, begun, steps=1, guidance=1.5, silent=silent)
    added = plain - unguided
    np.testing.assert_allclose(guided, plain + 1.5 * (added - added.mean(axis=0)), atol=1e-4, rtol=1e-4)
    # The mean of each bin is that of the voice.
    np.testing.assert_allclose(guided.mean(axis=0), plain.mean(axis=0), atol=1e-4)


def test_more_steps_come_closer_to_the_course_of_the_flow(network: FlowOnTorch) -> None:
    text, score = written(network)
    begun = mel_noise(network)
    exact = sample_mel(network, score, begun, steps=256, guidance=0.0)
    far = [
        float(np.sqrt(np.square(sample_mel(network, score, begun, steps=steps, guidance=0.0) - exact).mean()))
        for steps in (1, 8, 64)
    ]
    assert far[0] > 2 * far[1] > 4 * far[2] > 0.0
    begun_P3 = noise((PIECES, 3), 2)
    exact_P3 = sample_prosody(network, text, begun_P3, 256)
    near, nearer = (np.abs(sample_prosody(network, text, begun_P3, steps) - exact_P3).max() for steps in (4, 64))
    assert near > 2 * nearer > 0.0


@torch.no_grad()
def test_the_steps_of_a_flow_at_rest_go_all_the_way() -> None:
    """Of a velocity that is the same everywhere, any number of steps from time 0 to 1 adds exactly it."""
    model: FlowVoice = tiny_flow()
    for name in ("output", "prosody_output"):
        layer = getattr(model, name)
        torch.nn.init.zeros_(layer.weight)
        torch.nn.init.ones_(layer.bias)
    still = FlowOnTorch(model)
    text, score = written(still)
    begun = mel_noise(still)
    for steps in (1, 2, 7):
        mel = sample_mel(still, score, begun, steps=steps, guidance=0.0)
        wanted = model.unstack(torch.from_numpy(begun + 1.0)[None])[0].numpy()
        np.testing.assert_allclose(mel, wanted, atol=1e-5)
        drawn = sample_prosody(still, text, np.zeros((PIECES, 3), np.float32), steps)
        np.testing.assert_allclose(drawn, np.ones((PIECES, 3)), atol=1e-6)


def test_options_are_a_value() -> None:
    assert replace(FlowSampling(), steps=2) == FlowSampling(steps=2)


@pytest.mark.parametrize("wrong", [{"steps": 0}, {"steps": 101}, {"guidance": -0.1}, {"guidance": 10.1}])
def test_impossible_options_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(OptionError):
        FlowSampling(**wrong)  # type: ignore[arg-type]
    FlowSampling(steps=100, guidance=10.0)


@pytest.mark.parametrize("speed", [0.5, 0.9, 1.3, 2.0])
def test_at_another_speed_the_total_is_divided_and_no_piece_is_too_short(speed: float) -> None:
    for seed in range(20):
        durations_P = np.random.default_rng(seed).integers(2, 15, size=24)
        scaled_P = settle_durations(durations_P.astype(np.float32), durations_P.sum() / speed, 2)
        assert scaled_P.sum() == round(durations_P.sum() / speed)
        assert scaled_P.min() >= 2
        assert np.abs(scaled_P - durations_P / speed).max() < 2.0


def test_where_no_piece_can_be_shorter_the_total_is_longer() -> None:
    assert settle_durations(np.array([2, 3, 2], np.float32), 3.5, 2).tolist() == [2, 2, 2]
    assert settle_durations(np.array([2, 40, 2], np.float32), 22.0, 2).tolist() == [2, 18, 2]
    assert settle_durations(np.array([3, 40, 3], np.float32), 92.0, 2).tolist() == [6, 80, 6]


def test_short_pieces_take_their_frames_from_the_others() -> None:
    # Word boundaries, that are expected to last hardly any time, still last two frames; the whole is no longer for it.
    drawn_P = np.array([0.2, 9.0, 11.0, 0.1, 10.0, 10.0, 0.3], np.float32)
    durations_P = settle_durations(drawn_P, float(drawn_P.sum()), 2)
    assert durations_P.sum() == round(float(drawn_P.sum()))
    assert durations_P.tolist() == [2, 8, 10, 2, 8, 9, 2]


def test_a_network_expects_no_negative_frames() -> None:
    frames_P = expected_frames(np.array([-1.0, 0.0, math.log(6.0)], np.float32))
    np.testing.assert_allclose(frames_P, [0.0, 0.0, 5.0], rtol=1e-6)


@pytest.mark.parametrize(
    ("silent", "inner"),
    [("1001011", "0111100"), ("00", "11"), ("111", "111"), ("0", "1"), ("", ""), ("10", "01"), ("01", "10")],
)
def test_between_silences_is_what_is_heard_and_the_pauses_in_it(silent: str, inner: str) -> None:
    found = between_silences(np.array([mark == "1" for mark in silent], dtype=np.bool_))
    assert found.tolist() == [mark == "1" for mark in inner]
