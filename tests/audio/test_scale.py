from pathlib import Path

import pytest

from amhctl.audio.scale import refuse_scale
from amhctl.core.errors import AudioError, ScaleError

_FILE = Path("a.wav")


@pytest.mark.parametrize("scale", [2.0**15, 2.0**23, 2.0**31])
def test_each_scale_of_integers_is_recognised_and_accepted_as_what_it_is(scale: float) -> None:
    for peak in (0.9 * scale, 1.2 * scale):
        with pytest.raises(ScaleError, match=f"seems to be {scale:.0f}") as caught:
            refuse_scale(peak, 1.0, _FILE)
        assert caught.value.full_scale == scale
        refuse_scale(peak, scale, _FILE)


def test_a_little_over_full_scale_is_allowed_and_more_than_any_scale_is_no_audio() -> None:
    refuse_scale(8.0, 1.0, _FILE)
    with pytest.raises(ScaleError):
        refuse_scale(8.1, 1.0, _FILE)
    with pytest.raises(ScaleError):
        refuse_scale(1.3 * 2.0**15, 2.0**15, _FILE)
    with pytest.raises(AudioError, match="not a known full scale"):
        refuse_scale(1e12, 1.0, _FILE)
