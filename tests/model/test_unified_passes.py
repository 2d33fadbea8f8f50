from dataclasses import FrozenInstanceError, replace

import pytest

from amhctl.model.unified_passes import DecodeState
from amhctl.nn.kvcache import LayerCache


def test_a_state_moves_on_as_a_new_value_with_the_same_caches() -> None:
    state = DecodeState((LayerCache(4),), 3, None, None, 0, 2)
    after = replace(state, position=1)
    assert after.caches is state.caches
    assert (state.position, after.position) == (0, 1)
    with pytest.raises(FrozenInstanceError):
        state.position = 2  # type: ignore[misc]
