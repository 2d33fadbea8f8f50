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


class Naive:
    """The same bookkeeping in the plainest way: one written span a character."""

    def __init__(self, written: str) -> None:
        self.text = written
        self.spans = [(place, place + 1) for place in range(len(written))]

    def rewrite(self, edits: list[tuple[int, int, str]]) -> list[tuple[int, int]]:
        sources: list[tuple[int, int]] = []
        for begin, end, after in reversed(edits):
            before = self.spans[begin - 1][1] if begin else 0
            source = (self.spans[begin][0], self.spans[end - 1][1]) if begin < end else (before, before)
            self.text = self.text[:begin] + after + self.text[end:]
            self.spans[begin:end] = [source] * len(after)
            sources.append(source)
        return sources[::-1]


@given(
    st.text("abc", max_size=20),
    st.lists(st.tuples(st.sampled_from(["a", "b+", "ca", "x", "^", "xb|"]), st.sampled_from(["", "x", "ab"]))),
)
def test_spans_are_those_of_the_plainest_bookkeeping(written: str, rules: list[tuple[str, str]]) -> None:
    draft, naive = Draft(written), Naive(written)
    for pattern, after in rules:
        seen = len(draft.trace)
        edits = [(*match.span(), after) for match in re.finditer(pattern, draft.text) if match.group() != after]
        draft.substitute("rule", re.compile(pattern), lambda _, after=after: after)  # type: ignore[misc]
        assert [(entry.start, entry.end) for entry in draft.trace[seen:]] == naive.rewrite(edits)
        assert draft.text == naive.text
        assert draft.letters == set(naive.text)
