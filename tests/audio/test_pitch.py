"""Twin of ``audio/pitch.py``: pitch that is known, in speech-like sounds and in silence."""

import numpy as np
import pytest
from support.speechlike import between_silences, vowel_train

from amhctl.audio import pitch
from amhctl.audio.pitch import find_pitch, load_world
from amhctl.core.errors import MissingExtra


def _find(samples: np.ndarray, *, floor: float = 60.0, ceiling: float = 500.0, hop: int = 160) -> np.ndarray:
    return find_pitch(samples, 16_000, hop, floor=floor, ceiling=ceiling)


@pytest.mark.parametrize("hertz", [85.0, 120.0, 240.0])
def test_the_pitch_is_the_one_that_was_made_and_silence_has_none(hertz: float) -> None:
    seconds = 1.5
    clip = between_silences(vowel_train(seconds=seconds, pitch=hertz), before=0.3, after=0.3)
    found_T = _find(clip.samples)
    times = (np.arange(found_T.size) * 160 - 4_800) / 16_000
    made_T = hertz * (1.0 + 0.08 * np.sin(2.0 * np.pi * 0.7 * times))
    inside = (times > 0.05) & (times < seconds - 0.05)
    voiced = found_T > 0
    # Where a formant is far from the fundamental, DIO hears none.
    assert voiced[inside].mean() > 0.65
    # A frame earlier or later would be off by 0.4 %.
    assert np.median(np.abs(found_T[voiced] / made_T[voiced] - 1.0)) < 0.002
    assert np.abs(np.log2(found_T[voiced] / made_T[voiced])).max() < 0.2
    assert not voiced[(times < -0.05) | (times > seconds + 0.05)].any()


@pytest.mark.parametrize(("samples", "hop"), [(1, 160), (159, 160), (160, 160), (161, 160), (4_799, 240), (4_801, 240)])
def test_there_is_a_frame_for_each_hop_that_has_begun(samples: int, hop: int) -> None:
    found_T = _find(vowel_train(seconds=1.0).samples[:samples], hop=hop)
    assert (found_T.shape, found_T.dtype) == ((-(-samples // hop),), np.float32)
    assert _find(np.zeros(samples, dtype=np.float32), hop=hop).tolist() == [0.0] * found_T.size


def test_only_what_is_sought_is_found() -> None:
    samples = vowel_train(seconds=1.0, pitch=110.0).samples
    found_T = _find(samples, floor=150.0, ceiling=200.0)
    assert all(150.0 <= hertz <= 200.0 for hertz in found_T[found_T > 0])


def test_the_range_of_the_voice_leaves_no_place_for_another_octave() -> None:
    low, high = (vowel_train(seconds=seconds, pitch=hertz) for seconds, hertz in ((2.0, 100.0), (0.2, 310.0)))
    alone, among = _find(high.samples), _find(np.concatenate([low.samples, high.samples]))
    assert (alone > 250.0).mean() > 0.5
    assert among[among > 0].max() < 180.0


def test_without_pyworld_it_is_said_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pitch.importlib.util, "find_spec", lambda _: None)  # type: ignore[attr-defined]
    load_world.cache_clear()
    with pytest.raises(MissingExtra, match="pyworld is not installed"):
        load_world()
