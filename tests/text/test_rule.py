"""Twin of ``text/rule.py``."""

import re

from amhctl.text.draft import Draft
from amhctl.text.rule import Rule, any_of, insert, letters_of, replace, rewrite

RULE = Rule(
    "number",
    "Digits",
    "Convention",
    ("1", "x"),
    (rewrite(r"\d+", lambda match: "x" * len(match.group())), insert("-", " "), replace({"c": "k"})),
    (frozenset("123"), frozenset("-")),
)


def read(text: str) -> tuple[str, list[str]]:
    draft = Draft(text)
    RULE.apply(draft)
    return draft.text, [entry.rule for entry in draft.trace]


def test_the_steps_are_done_in_order_under_the_name_of_the_rule() -> None:
    assert read("a12-c") == ("axx k", ["number", "number", "number"])


def test_a_text_that_lacks_what_is_needed_is_left_alone() -> None:
    assert read("a12c") == ("a12c", [])
    assert read("a-9c") == ("a-9c", [])


def test_the_longest_name_is_found_first_and_no_name_matches_nothing() -> None:
    assert re.findall(any_of(["k", "km", "$"]), "km$k") == ["km", "$", "k"]
    assert re.findall(any_of([]), "km") == []
    assert letters_of(["km", "kg", "$", ""]) == {"k", "$"}
