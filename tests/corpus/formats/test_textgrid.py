"""Twin of ``corpus/formats/textgrid.py``."""

import re

from amhctl.corpus.formats.textgrid import Interval, format_textgrid


def _read(text: str) -> list[tuple[str, list[tuple[float, float, str]]]]:
    """Return names and intervals of the tiers, as a reader that knows only the format finds them."""
    tiers = []
    for tier in re.split(r"    item \[\d+\]:\n", text)[1:]:
        name = re.search(r'name = "(.*)"', tier)
        found = re.findall(r'intervals \[\d+\]:\s+xmin = (\S+)\s+xmax = (\S+)\s+text = "((?:[^"]|"")*)"', tier)
        assert f"intervals: size = {len(found)}" in tier
        assert name is not None
        tiers.append((name[1], [(float(a), float(b), c.replace('""', '"')) for a, b, c in found]))
    return tiers


def test_tiers_have_no_gaps_and_no_overlaps() -> None:
    words = [Interval(0.5, 1.0, 'ሰላም "ነው"'), Interval(1.0, 1.2, "ሀ"), Interval(1.1, 2.0, "ለ"), Interval(1.5, 1.9, "ሐ")]
    tiers = _read(format_textgrid({"words": words, "empty": []}, 3.0))
    expected = [(0.0, 0.5, ""), (0.5, 1.0, 'ሰላም "ነው"'), (1.0, 1.2, "ሀ"), (1.2, 2.0, "ለ"), (2.0, 3.0, "")]
    assert tiers == [("words", expected), ("empty", [(0.0, 3.0, "")])]


def test_the_last_interval_ends_with_the_recording() -> None:
    ((_, intervals),) = _read(format_textgrid({"words": [Interval(0.0, 9.0, "ሀ")]}, 2.5))
    assert intervals == [(0.0, 2.5, "ሀ")]
