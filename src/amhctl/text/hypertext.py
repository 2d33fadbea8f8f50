"""What a copied web page leaves in a text: tags, references to characters, footnote marks. Knows no words.

A tag is a name in angle brackets, perhaps with attributes (``<b>``, ``</a>``, ``<a href="…">``): it is taken out and
never spoken. A sign of comparison has a space or a number after it (3 < 5) and is none.
"""

import html
import re
from html.entities import html5

from amhctl.text.markup import FIRST_SHIELD, LAST_SHIELD
from amhctl.text.pattern import Pattern
from amhctl.text.rule import DIGITS, Rule, insert, rewrite
from amhctl.text.script import LETTER_CLASS

# The first = ends the search for attributes, so that a line of open brackets costs what its length costs.
_TAG = Pattern(
    r"</?(?P<name>[A-Za-z][A-Za-z0-9:-]{0,24})(?:\s+[^\s<>=]{1,40}\s?=[^<>]*)?\s?/?>"
    r"|<!--[^<>]*-->|<!(?:DOCTYPE|doctype)[^<>]*>"
)
# Directions to a reader: <break 1s>, [pause:1s], {pause}. What they ask for is not spoken.
_DIRECTION = Pattern(
    r"(?i)<(?:break|pause|silence)\b[^<>]{0,60}>|\[(?:break|pause|silence)\b[^\[\]]{0,60}\]"
    r"|\{(?:break|pause|silence)\b[^{}]{0,60}\}"
)
# Faces and hearts typed by parts, apart from any word: :) ;-) :D <3 xD.
_EMOTICON = Pattern(
    r"(?<!\w)(?:[:;]['^]?-?[)(DPpOo*|\\]+|=[)(]+|(?<!\d )<3+(?![\d.])|[xX]D+|\^[_.-]?\^|[-T]_[-T])(?![\w/)(])"
)
_INLINE = frozenset(
    ("a", "abbr", "b", "big", "bdi", "cite", "code", "em", "font", "i", "ins", "kbd", "mark", "q", "s", "small", "span",
     "strong", "tt", "u", "wbr")
)  # fmt: skip
"""Tags that may stand inside of a word (HTML Living Standard, phrasing content); any other parts two words."""
_REFERENCE = Pattern("&(?:#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});")
_FOOTNOTE = rf"(?<={LETTER_CLASS}|[።፣፤፧!.,»”\"])(?:\[\d{{1,3}}(?:[,–-] ?\d{{1,3}}){{0,9}}\])+"


def hypertext_rules() -> tuple[Rule, ...]:
    """Return the rules of what belongs to a page and not to its text."""
    return (
        Rule(
            "entity",
            "Character references, such as &amp; and &#4613;, become the character",
            "HTML Living Standard, section 13.5",
            ("ሀ &amp; ለ", "ሀ እና ለ"),
            (rewrite(_REFERENCE, _refer),),
            (frozenset("&"), frozenset(";")),
        ),
        Rule(
            "tag",
            "Tags such as <b> are not spoken; inside a word they are removed, others become a space",
            "HTML Living Standard, section 13.1.2",
            ("<b>ሰላም</b>ታ<br>ዓለም", "ሰላምታ ዓለም"),
            (rewrite(_TAG, lambda match: "" if (match["name"] or "").lower() in _INLINE else " "),),
            (frozenset("<"), frozenset(">")),
        ),
        Rule(
            "direction",
            "Instructions for a synthesiser, such as [pause:1s] and <break 2s>, are not spoken",
            "W3C Speech Synthesis Markup Language 1.1, section 3.2.3; usage of other readers",
            ("ሰላም [pause:1s] ዓለም", "ሰላም ዓለም"),
            (insert(_DIRECTION, " "),),
            (frozenset("<[{"),),
        ),
        Rule(
            "emoticon",
            "Faces and hearts typed with punctuation and letters are not spoken",
            "Usage of social media",
            ("ደስ ይላል :D", "ደስ ይላል"),
            (insert(_EMOTICON, " "),),
            (frozenset(":;=<xX^_"),),
        ),
        Rule(
            "footnote",
            "A footnote number in square brackets directly after a word is not spoken",
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
