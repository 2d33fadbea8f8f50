"""Twin of ``text/rulebook.py``: every rule's example, the table of readings, and what holds for every text."""

import time
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from support.realdata import real_corpus

from amhctl.config.text import TextConfig
from amhctl.core.errors import TextError
from amhctl.text.draft import Draft
from amhctl.text.frontend import Frontend
from amhctl.text.rule import Rule
from amhctl.text.rulebook import CLEANING, READING, WORD_TABLES, build_rulebook
from amhctl.text.script import GEMINATION, LETTERS, MARKS, build_homophones

DEFAULTS = TextConfig.model_validate({})
FOLDING = TextConfig.model_validate({"fold_homophones": True})
FRONTEND = Frontend()
TABLE = Path(__file__).with_name("table.tsv")
FORMS = Path(__file__).with_name("forms.tsv")
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


def test_forms_of_public_text_are_read_as_one_of_their_accepted_readings() -> None:
    """The file that tools/score_readings.py scores."""
    folded = str.maketrans(build_homophones() | dict.fromkeys(MARKS, " "))
    missed = []
    for line in FORMS.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            written, accepted, _ = line.split("\t")
            spoken = FRONTEND.normalize(written).text
            if " ".join(spoken.translate(folded).split()) not in {
                " ".join(one.translate(folded).split()) for one in accepted.split("|")
            }:
                missed.append((written, spoken))
    assert missed == []


# ------------------------------------------------------------------------------------------- what holds for every text

ALLOWED = frozenset(LETTERS + MARKS + GEMINATION + " ")
AMHARIC = st.text(
    "ሰላምእሥሺብርዓሚቁለከበየ.ም/ 0123456789፲፻፼፩፡%$€-–:,?!።፣«»()\u135f\u135e BbCcaEeIVXx&@½²'°#=+÷*\u200f\u2067\n😀", max_size=60
)


def check(written: str) -> None:
    """Read a text and hold what is promised of every text."""
    try:
        spoken = FRONTEND.normalize(written)
    except TextError:
        assert not set(written) & set(LETTERS), "a text with a word of Amharic is read"
        return
    assert set(spoken.text) <= ALLOWED
    assert FRONTEND.normalize(spoken.text).text == spoken.text
    assert FRONTEND.normalize(written) == spoken
    touched = {place for entry in spoken.trace for place in range(entry.start, entry.end)}
    kept = [letter for place, letter in enumerate(written) if place not in touched]
    remaining = iter(spoken.text)
    assert all(letter in remaining for letter in kept), "what no rule touched is spoken as it is written, in its order"


@given(AMHARIC)
def test_every_text_is_read_and_every_change_is_in_the_trace(written: str) -> None:
    check(written)


@given(st.text(max_size=60))
def test_any_unicode_is_read_or_refused(written: str) -> None:
    check(written)


@pytest.mark.slow
@example("\u135fB\u135f")
@settings(max_examples=5_000, deadline=None)
@given(st.one_of(AMHARIC, st.text(max_size=200)))
def test_many_texts_are_read_or_refused(written: str) -> None:
    check(written)


@pytest.mark.slow
def test_a_whole_corpus_is_read() -> None:
    for line in real_corpus()[::2]:
        if line.strip():
            check(line)


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("ሰላም \ud800 ዓለም", "ሰላም ዓለም"),
        ("ሰ\x07ላም\x1b[0m", "ሰ ላም፣ ዜሮ ሜትር"),
        ("\u202eሰላም\u202c 5", "ሰላም አምስት"),
        ("ሰላምworldዓለም", "ሰላም ወርልድዓለም"),
        ("31/13/1990", "ሠላሳ አንድ አሥራ ሦስት አንድ ሺህ ዘጠኝ መቶ ዘጠና"),
        ("0/0/0", "ዜሮ ዜሮ ዜሮ"),
        ("99:99", "ዘጠና ዘጠኝ ዘጠና ዘጠኝ"),
        ("ሰላም\udfff", "ሰላም"),
    ],
)
def test_bad_input_has_a_reading(written: str, spoken: str) -> None:
    assert FRONTEND.normalize(written).text == spoken


@pytest.mark.parametrize("written", ["\ud800", "\x00", "\u202e\u202c", "𐎠𐎡", "ـــ", "[]", "\ufeff"])
def test_what_holds_no_word_is_refused(written: str) -> None:
    with pytest.raises(TextError, match="nothing speakable"):
        FRONTEND.normalize(written)


UNITS_OF_LONG_TEXTS = (
    "ሀ", "7", " ", "1 ", "1/", "1-", "ሀ.", "1.", "111,", "a", "a.", "a@", "1:", "ሀ1", "+1 ", "፩", "፻", "። ", "-",
    "e\u0301", "a'", "1ለ", "5%", "ሀ/", "$1", "0123 ", "ቁ.1", "ገ\u135f", "½", "1ሺ", "ሰላም 25% በ1990 ዓ.ም ",
    "1,", "<a", "<a b=", "&a;", "&#1;", "ሀ[1]", "1⁻", "1ኛ-", "*12", "A.", "#ሀ", "1 - ", "<!--", "(01) 1-", "^", "1~",
    "1 000 ", "1 -", "ማቴ 1:1;", "a-b ",
    "@a", "1 ብር-1 ብር", "[pause ", "1:1.1", "251 ", "1'000", "ብር/", "በ 1 ", "aB", "እ ኤ አ",
)  # fmt: skip


def seconds_of(unit: str, size: int) -> float:
    """Return the processor seconds that a line of one unit, again and again, takes; the better of two."""
    written = "ሰላም " + unit * (size // len(unit))
    taken: list[float] = []
    for _ in range(2):
        start = time.process_time()
        FRONTEND.normalize(written)
        taken.append(time.process_time() - start)
    return min(taken)


@pytest.mark.parametrize("unit", ["1:", "1,", "1/", "a@", "<a b=", "1ኛ-"])
def test_a_line_of_signs_costs_what_its_length_costs_and_not_much_more_than_words(unit: str) -> None:
    # Four times the text: a square would cost sixteen times as much.
    taken = seconds_of(unit, 16_000)
    assert taken < 10 * max(seconds_of(unit, 4_000), 0.005)
    assert taken < 8 * max(seconds_of("ሰላም 25% በ1990 ዓ.ም ", 16_000), 0.02)


@pytest.mark.slow
@pytest.mark.parametrize("unit", UNITS_OF_LONG_TEXTS)
def test_a_long_line_costs_what_its_length_costs(unit: str) -> None:
    def seconds(size: int) -> float:
        written = "ሰላም 1 a.b " + unit * (size // len(unit)) + " 1"
        start = time.process_time()
        FRONTEND.normalize(written)
        return time.process_time() - start

    # Eight times the text: a square would cost sixty-four times as much. The best of three counts.
    allowed = 24 * max(seconds(5_000), 0.003)
    assert any(seconds(40_000) < allowed for _ in range(3))
