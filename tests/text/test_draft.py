"""Twin of ``text/draft.py``."""

import re

from hypothesis import given
from hypothesis import strategies as st

from amhctl.text.draft import Draft


def test_spans_point_into_the_written_text_through_several_rules() -> None:
    draft = Draft("ab 12 c")
    draft.substitute("number", re.compile(r"\d+"), lambda _: "twelve")
    draft.substitute("upper", re.compile("twelve"), lambda _: "XII")
    draft.replace("letter", {"c": "k"})
    assert draft.text == "ab XII k"
    assert [(entry.rule, entry.start, entry.end, entry.before, entry.after) for entry in draft.trace] == [
        ("number", 3, 5, "12", "twelve"),
        ("upper", 3, 5, "twelve", "XII"),
        ("letter", 6, 7, "c", "k"),
    ]


def test_what_a_rule_leaves_alone_is_not_in_the_trace() -> None:
    draft = Draft("aa")
    draft.substitute("none", re.compile("a"), lambda match: match.group())
    draft.substitute("skip", re.compile("a"), lambda _: None)
    assert draft.trace == []


@given(st.text("ab1 ", max_size=30), st.sampled_from(["", "x", "long"]))
def test_spans_stay_in_order_and_in_range(written: str, after: str) -> None:
    draft = Draft(written)
    draft.substitute("one", re.compile("a+"), lambda _: after)
    draft.substitute("two", re.compile("x|b|^"), lambda _: "yy")
    assert all(0 <= entry.start <= entry.end <= len(written) for entry in draft.trace)
