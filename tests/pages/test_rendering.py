"""Twin of ``pages/rendering.py``: what every page has, and what no text of a user can do to one."""

import base64
import re
from dataclasses import dataclass
from pathlib import Path

import jinja2
import pytest

from amhctl.pages import rendering
from amhctl.pages.charts import chart_heights
from amhctl.pages.rendering import data_url, format_number, render

TEMPLATES = Path(rendering.__file__).parent / "templates"


@dataclass(frozen=True, slots=True)
class _View:
    title: str = '<script>alert(1)</script> & "two"'
    chart: object = None


def _macro(call: str, view: _View) -> str:
    environment = rendering._environment()
    return environment.from_string(f'{{% import "macros.html.j2" as parts %}}{{{{ {call} }}}}').render(view=view)


def test_a_page_escapes_its_title_and_needs_nothing_else() -> None:
    page = render("page.html.j2", _View())
    assert page.startswith('<!doctype html>\n<html lang="en">')
    assert page.count("&lt;script&gt;alert(1)&lt;/script&gt; &amp; &#34;two&#34;") == 2
    assert not re.search(r"<script|<link|http|url\(|@import", page)
    assert 'name="viewport"' in page
    assert "prefers-color-scheme: dark" in page


def test_a_text_inside_an_attribute_cannot_leave_it() -> None:
    chart = chart_heights('" onload="x', "", [1], ['"><script>'], [(0.5, "<b>")])
    drawn = _macro("parts.bar_chart(view.chart)", _View(chart=chart))
    assert 'onload="' not in drawn
    assert "<script>" not in drawn
    assert "<b>" not in drawn


def test_a_chart_stands_in_its_frame() -> None:
    chart = chart_heights("a", "n", [2, 134_000, 67_000], ["x", "y", "z"], [(0.5, "middle"), (1.0, "end")])
    drawn = _macro("parts.bar_chart(view.chart)", _View(chart=chart))
    assert re.findall(r'<rect x="(.*?)" width=".85" height="(.*?)"', drawn) == [
        ("0", "0.0"),
        ("1", "1.0"),
        ("2", "0.5"),
    ]
    assert "scale(88.6667 -90)" in drawn
    assert re.findall(r'text-anchor="end">(.*?)<', drawn) == ["134k", "0", "end"]
    assert re.findall(r'text-anchor="middle">(.*?)<', drawn) == ["middle"]
    assert 'aria-label="a, n; highest 134k"' in drawn


def test_a_template_that_names_what_a_view_lacks_fails() -> None:
    with pytest.raises(jinja2.UndefinedError, match="copy"):
        render("cleaning.html.j2", _View())


def test_no_template_turns_escaping_off() -> None:
    for path in TEMPLATES.iterdir():
        assert not re.search(
            r"\bsafe\b|autoescape|innerHTML|insertAdjacent|eval\(", path.read_text(encoding="utf-8")
        ), path.name


def test_only_the_page_of_a_listening_test_has_a_script() -> None:
    scripted = [path.name for path in TEMPLATES.iterdir() if "<script" in path.read_text(encoding="utf-8")]
    assert scripted == ["listening.html.j2"]


def test_a_number_that_was_not_measured_is_nothing() -> None:
    assert (format_number(None, ".2f"), format_number(0.126, ".1%"), format_number(-1, "+.2f")) == (
        "",
        "12.6%",
        "-1.00",
    )


def test_an_address_holds_the_file() -> None:
    kind, content = data_url(b"\x00\xff", "audio/mpeg").split(",")
    assert (kind, base64.b64decode(content)) == ("data:audio/mpeg;base64", b"\x00\xff")
