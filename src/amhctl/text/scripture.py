"""References to chapter and verse: ማቴ 5፡3-12, 1ኛ ቆሮ. 13:4, መዝ ፷፪፥፯. Knows the names of books, and no clock.

A chapter and a verse are written like a time of day; the book before them tells. Each number is said alone, with a
pause between chapter and verse.
"""

import re
from collections.abc import Mapping

from amhctl.text.draft import TIE
from amhctl.text.numbers import NumberWords
from amhctl.text.rule import DIGITS, Rule, any_of, rewrite
from amhctl.text.script import LETTER_CLASS
from amhctl.text.table import read_words

BOOKS: dict[str, str] = read_words("books")
"""Books of the Bible and what else has chapters and verses, with their short forms, and how each is said."""

_GAP = f"[ {TIE}]"
_VERSES = r"\d{1,3}(?:[-–—]\d{1,3}(?![:፥]))?(?:, ?\d{1,3}(?:[-–—]\d{1,3})?)*"
_MORE = r"(?:[;፤] ?\d{1,3}[:፥]\d{1,3}(?:[-–—]\d{1,3})?)*"
_WORDS = frozenset(("ማር", "ነገ", "ዜና", "ምሳ", "አስ", "ፊል", "ጥበ"))
"""Short forms that are words as well: without a verse they name no book."""
_HOUR = f"(?! ?ሰ[ዓአዐ]ት|{LETTER_CLASS}|[ ]?%)"


def scripture_rule(numbers: NumberWords, books: Mapping[str, str], to: str) -> Rule:
    """Return the rule of verses.

    Parameters
    ----------
    numbers : NumberWords
        Numbers in words.
    books : Mapping[str, str]
        `BOOKS`, unless a voice learnt others.
    to : str
        What is said between the first verse and the last.
    """
    names = any_of(books).replace("\\ ", _GAP)
    reference = (
        rf"(?<![\w.])(?P<prefix>[በከየለ]?)(?:(?P<count>[1-4]) ?(?:ኛ ?)?)?(?P<own>[በከየለ]?)"
        rf"(?P<book>{names})(?P<stop>\.?){_GAP}?"
        rf"(?:(?:ምዕራፍ|ምዕ\.?|ም\.){_GAP}?)?(?P<chapter>\d{{1,3}})"
        rf"(?:{_GAP}?[:፥.]{_GAP}?(?P<verses>{_VERSES})(?P<end>[-–—]\d{{1,3}}[:፥]\d{{1,3}})?(?P<more>{_MORE}))?"
        rf"(?![\d:፥]|[./]\d){_HOUR}"
    )

    def say_verses(verses: str) -> str:
        spans = [part.strip() for part in verses.split(",")]
        return "፣ ".join(map(say_span, spans))

    def say_span(span: str) -> str:
        first, *last = (numbers.cardinal(int(part)) for part in re.split("[-–—]", span))
        return f"ከ{first}{TIE}{to}{TIE}{last[0]}" if last else first

    def say(chapter: str, verses: str) -> str:
        return f"{numbers.cardinal(int(chapter))}፣ {say_verses(verses)}"

    def read(match: re.Match[str]) -> str | None:
        book = books[match["book"].replace(TIE, " ")]
        count = f"{numbers.ordinal(int(match['count']))}{TIE}" if match["count"] else ""
        prefix = match["prefix"] + match["own"]
        if prefix and book.startswith("የ"):
            book = book[1:]
        head = f"{prefix}{count}{book.replace(' ', TIE)} "
        if match["verses"] is None:
            # A short form alone may be another word (ማር is honey): its stop or its count says that it is a book.
            known = book != match["book"] and match["book"] not in _WORDS and (match["stop"] or match["count"])
            return f"{head}{numbers.cardinal(int(match['chapter']))}" if known else None
        words = head + say(match["chapter"], match["verses"])
        if match["end"]:
            chapter, verse = re.split("[:፥]", match["end"][1:])
            words += f" {to} {say(chapter, verse)}"
        for part in re.split("[;፤]", match["more"])[1:]:
            words += "፤ " + say(*re.split("[:፥]", part.strip()))
        return words

    return Rule(
        "scripture",
        "A book of the Bible with chapter and verse; short names of books are written in full",
        "Usage of Amharic Bibles; the names of the books: Amharic Bible of 1962",
        ("ማቴ 5፡3-12", "ማቴዎስ አምስት፣ ከሦስት እስከ አሥራ ሁለት"),
        (rewrite(reference, read),),
        (DIGITS,),
    )
