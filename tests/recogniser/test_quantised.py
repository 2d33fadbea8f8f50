"""Weights in bytes: no weight is off by more than half a step of its row."""

import torch
from support.recognisers import TINY_RECOGNISER, tiny_network

from amhctl.recogniser.quantised import SCALE, quantise, restore, stored_shapes


def test_no_weight_is_off_by_more_than_half_a_step() -> None:
    tensors = tiny_network().state_dict()
    stored = quantise(tensors)
    restored = restore(stored)
    assert set(restored) == set(tensors)
    for name, value in tensors.items():
        if value.ndim < 2:
            assert stored[name].dtype == torch.float16
            assert torch.equal(restored[name], value.half().float())
            continue
        assert stored[name].dtype == torch.int8
        scale = stored[name + SCALE]
        largest = value.abs().flatten(1).amax(dim=1)
        torch.testing.assert_close(scale.flatten() * 127, largest)
        assert ((restored[name] - value).abs() <= 0.5001 * scale).all()
        # The largest weight of each row is kept as it was.
        torch.testing.assert_close(restored[name].abs().flatten(1).amax(dim=1), largest)


def test_what_was_restored_is_stored_as_the_same_bytes() -> None:
    stored = quantise(tiny_network().state_dict())
    again = quantise(restore(stored))
    assert list(again) == list(stored)
    for name, value in stored.items():
        if name.endswith(SCALE):
            torch.testing.assert_close(again[name], value)
        else:
            assert torch.equal(again[name], value)


def test_a_row_of_zeros_stays_zero() -> None:
    matrix = torch.tensor([[0.0, 0.0], [1.0, -2.0]])
    restored = restore(quantise({"w": matrix}))["w"]
    assert torch.equal(restored[0], matrix[0])
    assert torch.isfinite(restored).all()
    torch.testing.assert_close(restored[1], matrix[1], atol=1e-2, rtol=0)


def test_stored_shapes_are_those_of_what_is_stored() -> None:
    stored = quantise(tiny_network().state_dict())
    assert stored_shapes(TINY_RECOGNISER) == {name: tuple(value.shape) for name, value in stored.items()}
    assert stored_shapes(TINY_RECOGNISER)["conv1.weight.scale"] == (16, 1, 1)
