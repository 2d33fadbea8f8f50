"""Twin of ``text/hypertext.py``: tags, references and footnote marks, each rule alone."""

import pytest

from amhctl.text.draft import Draft
from amhctl.text.frontend import Frontend
from amhctl.text.hypertext import hypertext_rules
from amhctl.text.markup import FIRST_SHIELD

RULES = {rule.name: rule for rule in hypertext_rules()}


def apply(rule: str, text: str) -> str:
    """Return a text as one rule leaves it."""
    draft = Draft(text)
    RULES[rule].apply(draft)
    return draft.text


@pytest.mark.parametrize(
    ("written", "left"),
    [
        ("<b>ሀ</b>", "ሀ"), ("<B>ሀ</B>", "ሀ"), ("ሀ<br>ለ", "ሀ ለ"), ("ሀ<br />ለ", "ሀ ለ"), ("<a href='x'>ሀ</a>", "ሀ"),
        ("<p class=x id=y>ሀ", " ሀ"), ("ሀ<!-- ለ -->", "ሀ "), ("<!DOCTYPE html>ሀ", " ሀ"), ("<sup>2</sup>", " 2 "),
    ],
)  # fmt: skip
def test_tags_are_taken_out(written: str, left: str) -> None:
    assert apply("tag", written) == left


@pytest.mark.parametrize("written", ["3 < 5 > 4", "3<5>4", "ሀ < ለ > መ", "i < j > k", "<ሰላም>", "<b", "<b and c>", "<>"])
def test_signs_of_comparison_and_quotation_are_no_tags(written: str) -> None:
    assert apply("tag", written) == written


@pytest.mark.parametrize(
    ("written", "left"),
    [
        ("&amp;", "&"), ("&#4613;", "ህ"), ("&#x1205;", "ህ"), ("&nbsp;", "\u00a0"), ("&nothing;", "&nothing;"),
        ("AT&T;", "AT&T;"), ("&#xD800;", "\ufffd"), (f"&#{ord(FIRST_SHIELD)};", ""),
    ],
)  # fmt: skip
def test_references_are_characters_but_never_the_sign_of_a_markup(written: str, left: str) -> None:
    assert apply("entity", written) == left


def test_a_reference_cannot_speak_for_a_markup() -> None:
    spoken = Frontend().normalize(f"ገና[[ɡənna]] ሰላም&#{ord(FIRST_SHIELD)};")
    assert spoken.text == "ገና[[ɡənna]] ሰላም"


@pytest.mark.parametrize(
    ("written", "left"),
    [
        ("ሰላም[1] ነው", "ሰላም ነው"), ("ሰላም።[1][2,3]", "ሰላም።"), ("ሰላም [1]", "ሰላም [1]"), ("[1] ሰላም", "[1] ሰላም"),
        ("ሰላም[1234]", "ሰላም[1234]"), ("ሰላም[ሀ]", "ሰላም[ሀ]"),
    ],
)  # fmt: skip
def test_footnotes_are_those_written_on_to_a_word(written: str, left: str) -> None:
    assert apply("footnote", written) == left
