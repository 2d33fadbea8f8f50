"""The cache gives back what was written, and forgets what is written over."""

import pytest
import torch

from amhctl.nn.kvcache import LayerCache, StaticLayerCache


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


def test_a_prefix_is_read_once_something_is_written() -> None:
    cache = LayerCache(4)
    with pytest.raises(RuntimeError, match="nothing has been written"):
        cache.read(1)
    keys = torch.randn(1, 2, 3, 2)
    cache.extend(keys, -keys, 0)
    assert all(map(torch.equal, cache.read(2), (keys[:, :, :2], -keys[:, :, :2])))


def test_a_static_cache_is_given_back_whole_and_written_where_it_is_told() -> None:
    buffers, place_P, key = (
        (torch.zeros(1, 2, 5, 3), torch.ones(1, 2, 5, 3)),
        torch.tensor([3]),
        torch.randn(1, 2, 1, 3),
    )
    keys, values = StaticLayerCache(*buffers, place_P).extend(key, 2 * key, 0)
    assert keys.data_ptr() == buffers[0].data_ptr()
    assert torch.equal(keys[:, :, 3:4], key)
    assert torch.equal(values[:, :, 3:4], 2 * key)
    assert not keys[:, :, [0, 1, 2, 4]].any()
    assert bool((values[:, :, [0, 1, 2, 4]] == 1).all())
