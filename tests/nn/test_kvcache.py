"""The cache gives back what was written, and forgets what is written over."""

import pytest
import torch

from amhctl.nn.kvcache import LayerCache


def test_positions_stand_in_the_order_in_which_they_came() -> None:
    cache = LayerCache(7)
    keys = torch.randn(2, 3, 5, 4)
    for start, end in ((0, 3), (3, 4), (4, 5)):
        all_keys, all_values = cache.extend(keys[:, :, start:end], -keys[:, :, start:end], start)
    assert torch.equal(all_keys, keys)
    assert torch.equal(all_values, -keys)


def test_going_back_forgets_what_came_after() -> None:
    cache = LayerCache(4)
    keys = torch.randn(1, 1, 4, 2)
    cache.extend(keys, keys, 0)
    again, _ = cache.extend(keys[:, :, 3:], keys[:, :, 3:], 1)
    assert torch.equal(again, keys[:, :, [0, 3]])


def test_more_than_it_holds_is_an_error() -> None:
    cache = LayerCache(2)
    with pytest.raises(RuntimeError):
        cache.extend(torch.zeros(1, 1, 3, 2), torch.zeros(1, 1, 3, 2), 0)
