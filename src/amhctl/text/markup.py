"""Inline markup: ``ገና[[ɡənna]]`` says how one word is spoken. Knows no rule.

Two square brackets directly after a word of fidel hold its phones, in the symbols of ``g2p.phones``, with or without
spaces between them. The word stays the text for voices that read fidel; the phones are never spoken as text. While
rules rewrite a text, each markup is shielded: one character of the last private plane stands for it.
"""

import re
from collections.abc import Mapping

from amhctl.core.errors import TextError
from amhctl.text.draft import Draft
from amhctl.text.g2p.phones import PHONES, split_phones
from amhctl.text.pattern import Pattern
from amhctl.text.script import GEMINATION, SYLLABLES

RULE = "markup"
FIRST_SHIELD, LAST_SHIELD = "\U00100000", "\U0010fffd"
MARKUP = Pattern(r"\[\[([^\[\]]*)\]\]")
_SHIELDS = Pattern(f"[{FIRST_SHIELD}-{LAST_SHIELD}]")
_HINT = "write the phones of one word directly after it, as in ገና[[ɡənna]]; amhctl text phones shows the symbols"
_KNOWN_PHONES = frozenset(PHONES)


def shield(draft: Draft) -> dict[str, str]:
    """Put one character in the place of each markup; return what each character stands for.

    Raises
    ------
    TextError
        If a markup is not closed, does not stand directly after a word, holds what is no phone, or a word continues
        after it.
    """
    draft.substitute("dropped", _SHIELDS, lambda _: "")
    if "[[" not in draft.text:
        return {}
    shields: dict[str, str] = {}

    def put(match: re.Match[str]) -> str:
        if ord(FIRST_SHIELD) + len(shields) > ord(LAST_SHIELD):
            raise TextError("the text has too many markups", subject="[[…]]")
        letter = chr(ord(FIRST_SHIELD) + len(shields))
        shields[letter] = f"[[{''.join(_read(match))}]]"
        return letter

    draft.substitute(RULE, MARKUP, put)
    place = draft.text.find("[[")
    if place >= 0:
        raise TextError("a markup is not closed", subject=repr(draft.text[place : place + 20]), hint=_HINT)
    return shields


def _read(match: re.Match[str]) -> tuple[str, ...]:
    phones = split_phones("".join(match[1].split()))
    before, after = match.string[: match.start()][-1:], match.string[match.end() : match.end() + 1]
    strange = sorted({phone for phone in phones if phone not in _KNOWN_PHONES})
    if strange or not phones:
        fault = f"contains symbols that are not phones: {' '.join(strange)}" if phones else "contains no phones"
    elif before not in SYLLABLES and before != GEMINATION:
        fault = "does not follow directly after a word in fidel"
    elif after in SYLLABLES or after.isalnum():
        fault = "is inside a word"
    else:
        return phones
    raise TextError(
        f"the markup {match.group()} {fault}",
        subject=f"character {match.start() + 1}",
        hint=_HINT,
    )


def unshield(text: str, shields: Mapping[str, str]) -> str:
    """Put the markups back."""
    return _SHIELDS.sub(lambda match: shields.get(match.group(), ""), text) if shields else text


def strip_markup(text: str) -> str:
    """Return a text without its markups: the words alone."""
    return MARKUP.sub("", text) if "[[" in text else text
