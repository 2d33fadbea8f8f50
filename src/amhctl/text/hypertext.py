"""What a copied web page leaves in a text: tags, references to characters, footnote marks. Knows no words.

A tag is a name in angle brackets, perhaps with attributes (``<b>``, ``</a>``, ``<a href="…">``): it is taken out and
never spoken. A sign of comparison has a space or a number behind it (3 < 5) and is none.
"""

import html
import re
from html.entities import html5

from amhctl.text.markup import FIRST_SHIELD, LAST_SHIELD
from amhctl.text.rule import DIGITS, Rule, insert, rewrite
from amhctl.text.script import LETTER_CLASS

# The first = ends the search for attributes, so that a line of open brackets costs what its length costs.
_TAG = re.compile(
    r"</?(?P<name>[A-Za-z][A-Za-z0-9]{0,15})(?:\s+[^\s<>=]{1,40}\s?=[^<>]*)?\s?/?>"
    r"|<!--[^<>]*-->|<!(?:DOCTYPE|doctype)[^<>]*>"
)
_INLINE = frozenset(
    ("a", "abbr", "b", "big", "bdi", "cite", "code", "em", "font", "i", "ins", "kbd", "mark", "q", "s", "small", "span",
     "strong", "tt", "u", "wbr")
)  # fmt: skip
"""Tags that may stand inside of a word (HTML Living Standard, phrasing content); any other parts two words."""
_REFERENCE = re.compile("&(?:#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});")
_FOOTNOTE = rf"(?<={LETTER_CLASS}|[።፣፤፧!.,»”\"])(?:\[\d{{1,3}}(?:[,–-] ?\d{{1,3}}){{0,9}}\])+"


def hypertext_rules() -> tuple[Rule, ...]:
    """Return the rules of what belongs to a page and not to its text."""
    return (
        Rule(
            "entity",
            "References to characters, such as &amp; and &#4613;, are the character",
            "HTML Living Standard, section 13.5",
            ("ሀ &amp; ለ", "ሀ እና ለ"),
            (rewrite(_REFERENCE, _refer),),
            (frozenset("&"), frozenset(";")),
        ),
        Rule(
            "tag",
            "Tags such as <b> are not spoken; inside of a word they leave no trace, others part two words",
            "HTML Living Standard, section 13.1.2",
            ("<b>ሰላም</b>ታ<br>ዓለም", "ሰላምታ ዓለም"),
            (rewrite(_TAG, lambda match: "" if (match["name"] or "").lower() in _INLINE else " "),),
            (frozenset("<"), frozenset(">")),
        ),
        Rule(
            "footnote",
            "The number of a footnote in square brackets, written on to a word, is not spoken",
            "Usage of encyclopaedias",
            ("ሰላም[1] ነው", "ሰላም ነው"),
            (insert(_FOOTNOTE, ""),),
            (DIGITS, frozenset("[")),
        ),
    )


def _refer(match: re.Match[str]) -> str | None:
    reference = match.group()
    letters = html.unescape(reference) if reference[1] == "#" else html5.get(reference[1:], reference)
    # A shield is the sign of a user's own markup, which no text may write itself.
    return None if letters == reference else "".join(x for x in letters if not FIRST_SHIELD <= x <= LAST_SHIELD)
