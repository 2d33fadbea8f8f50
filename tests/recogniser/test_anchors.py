"""Twin of ``recogniser/anchors.py``."""

import numpy as np

from amhctl.recogniser.anchors import RUN, find_anchors


def _phones(seed: int, count: int) -> list[int]:
    return np.random.default_rng(seed).integers(2, 40, count).tolist()


def test_a_text_agrees_with_itself_everywhere() -> None:
    text = _phones(0, 200)
    assert [(one.wanted, one.found) for one in find_anchors(text, text)] == [(place, place) for place in range(195)]


def test_what_one_of_them_lacks_is_a_gap() -> None:
    first, second, third, other = (_phones(seed, 60) for seed in range(4))
    anchors = find_anchors([*first, *second, *third], [*first, *other, *third])
    assert {one.wanted // 60 for one in anchors} == {0, 2}
    assert all(one.found == one.wanted for one in anchors)
    anchors = find_anchors([*first, *second], [*other, *first, *third, *second])
    assert {one.found - one.wanted for one in anchors} == {60, 120}


def test_errors_between_runs_do_no_harm() -> None:
    text = _phones(0, 300)
    found = [label for place, label in enumerate(text) if place % 20 != 7]
    anchors = find_anchors(text, found)
    assert len(anchors) > 100
    assert all(text[one.wanted : one.wanted + RUN] == found[one.found : one.found + RUN] for one in anchors)
    assert all(one.wanted - one.found == (one.wanted + 12) // 20 for one in anchors)


def test_a_short_agreement_is_chance() -> None:
    text, found = _phones(0, 300), _phones(1, 300)
    assert find_anchors(text, found) == ()
    found[100:108] = text[200:208]
    assert find_anchors(text, found) == ()
    assert find_anchors(text[:3], found) == find_anchors([], []) == ()
