"""Twin of ``text/rulebook.py``: every rule's example, the table of readings, and what holds for every text."""

from pathlib import Path

import pytest

from amhctl.config.schema import TextConfig
from amhctl.text.draft import Draft
from amhctl.text.frontend import Frontend
from amhctl.text.rule import Rule
from amhctl.text.rulebook import CLEANING, READING, WORD_TABLES, build_rulebook

DEFAULTS = TextConfig.model_validate({})
FOLDING = TextConfig.model_validate({"fold_homophones": True})
FRONTEND = Frontend()
TABLE = Path(__file__).with_name("table.tsv")
ROWS = [line.split("\t") for line in TABLE.read_text(encoding="utf-8").splitlines()[1:] if not line.startswith("# ")]


@pytest.mark.parametrize("rule", list(build_rulebook(FOLDING)), ids=lambda rule: rule.name)
def test_every_rule_reads_its_own_example(rule: Rule) -> None:
    written, spoken = rule.example
    config = TextConfig.model_validate(dict(rule.options))
    read = (FRONTEND if config == DEFAULTS else Frontend(config)).normalize(written)
    assert read.text == spoken
    assert rule.name in {entry.rule for entry in read.trace}
    assert rule.summary
    assert rule.source


def test_every_rule_stands_once_and_homophones_are_folded_on_request_only() -> None:
    names = [rule.name for rule in build_rulebook(FOLDING)]
    assert names == [*CLEANING, *READING]
    assert len(set(names)) == len(names)
    assert [rule.name for rule in build_rulebook(DEFAULTS)] == names[:-1]


@pytest.mark.parametrize(
    ("option", "value", "written"),
    [
        ("hundred", "አንድ መቶ", "100 ሰዎች"),
        ("negative", "ከዜሮ በታች", "-5"),
        ("months", "gregorian", "3/2/2009"),
        ("fold_homophones", True, "ሠላም"),
    ],
)
def test_every_option_changes_a_reading(option: str, value: object, written: str) -> None:
    other = Frontend(TextConfig.model_validate({option: value})).normalize(written).text
    assert other != FRONTEND.normalize(written).text


def test_negative_numbers_are_below_zero_on_request() -> None:
    below = Frontend(TextConfig.model_validate({"negative": "ከዜሮ በታች"}))
    assert below.normalize("-5").text == "ከዜሮ በታች አምስት"
    assert below.normalize("-2.5%").text == "ከዜሮ በታች ሁለት ነጥብ አምስት በመቶ"


@pytest.mark.parametrize(
    ("table", "key"),
    [
        ("abbreviations", "ዶ.ር"), ("numerals", "3"), ("letters", "B"), ("symbols", "&"), ("units", "km"),
        ("currencies", "€"), ("cents", "ብር"), ("months", "ethiopian-3"), ("context", "percent"),
        ("latin_words", "google"), ("homophones", "ሠ"), ("nearest", "ቐ"),
    ],
)  # fmt: skip
def test_every_table_is_read_by_a_rule(table: str, key: str) -> None:
    text = "ዶ/ር 3 B & 5 km €5 5.50 ብር 1/3/1990 5% Google ሠቐ"
    tables = {**WORD_TABLES, table: {**WORD_TABLES[table], key: "ጰጰ"}}
    changed = Draft(text)
    for rule in build_rulebook(FOLDING, tables):
        rule.apply(changed)
    assert "ጰጰ" in changed.text


def test_spellings_of_months_are_read_by_a_rule() -> None:
    state = FRONTEND.state()
    state["tables"]["month_spellings"]["ሰላም"] = "ሰኔ"  # type: ignore[index]
    assert FRONTEND.normalize("ሰላም 1990").text == "ሰላም አንድ ሺህ ዘጠኝ መቶ ዘጠና"
    assert Frontend.from_state(state).normalize("ሰላም 1990").text == "ሰላም አሥራ ዘጠኝ መቶ ዘጠና"


def test_the_table_of_readings_is_large_and_each_rule_has_its_rows() -> None:
    assert len(ROWS) >= 600
    assert all(len(row) == 4 and row[3] for row in ROWS)
    assert len({row[0] for row in ROWS}) == len(ROWS)
    named = {rule for _, _, rules, _ in ROWS for rule in rules.split(",")}
    # What a line of a table cannot hold: a tab, blanks at its ends, and what needs an option.
    assert {rule.name for rule in build_rulebook(DEFAULTS)} - named <= {"blank", "edge", "space"}


@pytest.mark.parametrize(("written", "spoken", "rules", "source"), ROWS, ids=range(len(ROWS)))
def test_readings(written: str, spoken: str, rules: str, source: str) -> None:
    read = FRONTEND.normalize(written)
    assert read.text == spoken
    applied = {entry.rule for entry in read.trace}
    assert set(rules.split(",")) - {"none"} <= applied
    assert (rules == "none") == (not applied)
    assert source
