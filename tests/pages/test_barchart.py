"""Twin of ``pages/barchart.py``: a drawing that is XML, with bars as long as what they stand for."""

import xml.etree.ElementTree as ElementTree

from amhctl.pages.barchart import Bar, draw_bars

_SVG = "{http://www.w3.org/2000/svg}"


def test_bars_are_as_long_as_their_values() -> None:
    root = ElementTree.fromstring(draw_bars("a <title> & more", [Bar("a", 1.0, "1"), Bar("<b>", 2.0, "2 & 3")]))
    lengths = [float(each.get("width", "")) for each in root.iter(f"{_SVG}rect") if each.get("fill") == "#33658a"]
    assert lengths == [210.0, 420.0]
    assert [each.text for each in root.iter(f"{_SVG}text")] == ["a <title> & more", "a", "1", "<b>", "2 & 3"]


def test_nothing_to_draw_is_drawn_too() -> None:
    for bars in ([], [Bar("a", 0.0, "0")]):
        assert ElementTree.fromstring(draw_bars("none", bars)).tag == f"{_SVG}svg"
