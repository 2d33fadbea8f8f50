"""All rules of reading, in the order in which they are applied. Knows no lexicon, no markup and no phones.

The order is the grammar: each rule sees what the earlier ones left. It stands here once, by name.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from amhctl.config.text import TextConfig
from amhctl.text.abbreviations import ABBREVIATIONS, Abbreviations
from amhctl.text.affixes import affix_rules
from amhctl.text.calendar import CONTEXT, MONTH_SPELLINGS, MONTHS, CalendarWords
from amhctl.text.contests import Contests
from amhctl.text.figures import Figures
from amhctl.text.hypertext import hypertext_rules
from amhctl.text.latin import LATIN_WORDS, LETTER_NAMES, latin_rules
from amhctl.text.normalize import SYMBOLS, cleaning_rules, finishing_rules, folding_rule
from amhctl.text.numbers import NUMERALS, NumberWords
from amhctl.text.quantities import CENTS, CURRENCIES, UNITS, Quantities
from amhctl.text.romanised import ROMANISED
from amhctl.text.rule import Rule
from amhctl.text.script import build_homophones, build_nearest
from amhctl.text.scripture import BOOKS, scripture_rule
from amhctl.text.telephone import telephone_rule

WORD_TABLES: dict[str, dict[str, str]] = {
    "abbreviations": ABBREVIATIONS,
    "numerals": NUMERALS,
    "letters": LETTER_NAMES,
    "symbols": SYMBOLS,
    "units": UNITS,
    "currencies": CURRENCIES,
    "homophones": build_homophones(),
    "nearest": build_nearest(),
    "cents": CENTS,
    "months": MONTHS,
    "month_spellings": MONTH_SPELLINGS,
    "context": CONTEXT,
    "latin_words": LATIN_WORDS,
    "books": BOOKS,
    "romanised": ROMANISED,
}
"""Every table that the rules read by, as the package has it."""

CLEANING = (
    "entity", "tag", "direction", "compose", "invisible", "blank", "footnote", "emoticon", "superscript", "character",
    "gemination-mark", "legacy-mark", "word-space", "quote", "dash",
)  # fmt: skip
"""Rules of characters; what a user's lexicon says goes after them and before all others."""

READING = (
    "abbreviation", "dotted-letters", "address", "hashtag",
    "ethiopic-numeral", "roman-numeral", "prefix-apart", "scripture", "era", "timestamp", "word-after", "thousand",
    "thousands", "number-sign", "loose-span",
    "date", "telephone", "clock", "thousand-and", "arithmetic", "temperature", "minus",
    "money", "percent", "unit", "fraction", "year-pair", "score", "range", "section", "decimal", "number-pair",
    "year", "number",
    "latin",
    "full-stop", "symbol", "hyphen", "mark", "dropped", "stray-gemination", "space", "marks", "edge", "homophone",
)  # fmt: skip
"""Rules of words, numbers and marks."""


@dataclass(frozen=True, slots=True)
class Rulebook:
    """The rules of one frontend, in order."""

    cleaning: tuple[Rule, ...]
    reading: tuple[Rule, ...]

    def __iter__(self) -> Iterator[Rule]:
        """Iterate over all rules in order."""
        yield from self.cleaning
        yield from self.reading


def build_rulebook(config: TextConfig, tables: Mapping[str, Mapping[str, str]] = WORD_TABLES) -> Rulebook:
    """Return the rules that some options and tables make.

    Parameters
    ----------
    config : TextConfig
        The options; homophones are folded only if they say so.
    tables : Mapping[str, Mapping[str, str]]
        Every table of `WORD_TABLES`.
    """
    context = tables["context"]
    negative = context["below-zero"] if config.negative == "ከዜሮ በታች" else ""
    numbers = NumberWords(dict(tables["numerals"]), config.hundred, negative)
    calendar = CalendarWords(numbers, tables["months"], tables["month_spellings"], context, config.months)
    quantities = Quantities(numbers, tables["units"], tables["currencies"], tables["cents"], context)
    rules = (
        *hypertext_rules(),
        *cleaning_rules(tables["nearest"], tables["symbols"]),
        *Abbreviations(tables["abbreviations"]).rules(),
        *latin_rules(tables["letters"], tables["latin_words"], tables["romanised"], context),
        *affix_rules(),
        scripture_rule(numbers, tables["books"], context["to"]),
        *Figures(numbers, context).rules(),
        telephone_rule(numbers, context["telephone-plus"]),
        *Contests(numbers, context).rules(),
        *calendar.rules(),
        *quantities.rules(),
        *finishing_rules(tables["symbols"]),
        folding_rule(tables["homophones"]),
    )
    named = {rule.name: rule for rule in rules}
    reading = READING if config.fold_homophones else READING[:-1]
    return Rulebook(tuple(named[name] for name in CLEANING), tuple(named[name] for name in reading))
