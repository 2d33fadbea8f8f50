"""The stems of verbs by type, with the radicals that are doubled in them. Knows no affix.

A verb is named by its perfect; its type says which radicals are doubled, and where (Leslau 1995, on types A, B, C,
verbs of four radicals and derived stems). A stem is a pattern of `segments` with the radicals a b c d in it, behind its
class (see `affixes`). ``v`` is the vowel that the first radical is cited with (ሄደ, ሆነ), ``u`` the close one of its
jussive.
"""

from collections.abc import Iterator, Mapping
from functools import cache

from amhctl.text.g2p.segments import read_pattern, spell

_STEMS: dict[str, str] = {
    "A": (
        "PC a0b:0c, IC a0b5c, JC a5b0c, GC a0b5c, VC መ0a5b0c, ag a0b3c, in መ0a5b0c, "
        "PC ተ0a0b:0c, IC a:0b:0c, JC a:0b0c, jC ተ0a0b0c, GC ተ0a0b5c, VC መ0a:0b0c, ag ተ0a0b3c, in መ0a:0b0c, "
        "aPC a0b:0c, aIC a0b5c, aJC a5b5c, aGC a5b5c, VC መ3a5b0c, ag አ3a5b3c, in መ3a5b0c, "
        "aPC ሰ5a0b:0c, aIC ሰ5a0b:5c, aJC ሰ5a0b:5c, aGC ሰ5a0b:5c, VC መ3ሰ5a0b:0c, ag አ3ሰ5a0b:3c, in መ3ሰ5a0b:0c"
    ),
    "B": (
        "PC a0b:0c, IC a0b:5c, JC a0b:5c, GC a0b:5c, VC መ0a0b:0c, ag a0b:3c, in መ0a0b:0c, "
        "PC ተ0a0b:0c, IC a:0b:0c, JC a:0b:0c, jC ተ0a0b:0c, GC ተ0a0b:5c, VC መ0a:0b:0c, ag ተ0a0b:3c, in መ0a:0b:0c, "
        "aPC a0b:0c, aIC a0b:5c, aJC a0b:5c, aGC a0b:5c, VC መ3a0b:0c, ag አ3a0b:3c, in መ3a0b:0c, "
        "aPC ሰ5a0b:0c, aIC ሰ5a0b:5c, aJC ሰ5a0b:5c, aGC ሰ5a0b:5c, VC መ3ሰ5a0b:0c, ag አ3ሰ5a0b:3c, in መ3ሰ5a0b:0c"
    ),
    "C": (
        "PC a3b:0c, IC a3b:5c, JC a3b5c, GC a3b5c, VC መ0a3b0c, ag a3b3c, in መ0a3b0c, "
        "PC ተ0a3b:0c, IC a:3b:0c, JC a:3b0c, jC ተ0a3b0c, GC ተ0a3b5c, VC መ0a:3b0c, ag ተ0a3b3c, "
        "aPC ሰ5a3b:0c, aIC ሰ5a3b:5c, aGC ሰ5a3b5c, VC መ3ሰ5a3b0c"
    ),
    "Q": (
        "PC a0b0c:0d, IC a0b0c:5d, JC a0b5c5d, GC a0b5c5d, VC መ0a0b5c0d, ag a0b5c3d, in መ0a0b5c0d, "
        "PC ተ0a0b0c:0d, IC a:0b0c:0d, JC a:0b0c0d, jC ተ0a0b0c0d, GC ተ0a0b5c5d, VC መ0a:0b0c0d, "
        "ag ተ0a0b5c3d, in መ0a:0b0c0d, "
        "aPC a0b0c:0d, aIC a0b0c:5d, aJC a0b5c5d, aGC a0b5c5d, VC መ3a0b5c0d, ag አ3a0b5c3d, in መ3a0b5c0d, "
        "aPC ሰ5a0b0c:0d, aIC ሰ5a0b0c:5d, aGC ሰ5a0b5c5d, VC መ3ሰ5a0b5c0d, ag አ3ሰ5a0b5c3d, "
        "PC ተ0a0b3c:0d, IC a:0b3c:0d, JC a:0b3c0d, GC ተ0a0b3c5d, VC መ0a:0b3c0d, ag ተ0a0b3c3d, "
        "aPC a:0b3c:0d, aIC a:0b3c:5d, aGC a:0b3c5d, VC መ3a:0b3c0d, "
        "ag አ3a:0b3c3d, in መ0a:0b3c0d, in መ3a:0b3c0d, "
        "PC ተ0a0b0c3c:0d, IC a:0b0c3c:0d, aPC a0b0c3c:0d, aIC a0b0c3c:5d, VC መ3a0b0c3c0d"
    ),
    "2": (
        "PA a0b:, IA a0b, JA a5b, GC a0b5ተ, VC መ0a5b3ተ, ag a0b, in መ0a5b, "
        "PA ተ0a0b:, IA a:0b:, JA a:0b, jA ተ0a0b, GC ተ0a0b5ተ, VC መ0a:0b3ተ, ag ተ0a0b, in መ0a:0b, "
        "aPA a0b:, aIA a0b, aJA a5b, aGC a5b5ተ, VC መ3a5b3ተ, ag አ3a5b, in መ3a5b, "
        "aPA ሰ5a0b:, aIA ሰ5a0b:, aJA ሰ5a0b:, aGC ሰ5a0b:5ተ, VC መ3ሰ5a0b:3ተ"
    ),
    "Y": (
        "PE a0b:, IC a0b, JC a5b, GC a0b5ተ, VC መ0a5b0ተ, ag a0b, in መ0a5b, "
        "PE ተ0a0b:, IC a:0b:, JC a:0b, GC ተ0a0b5ተ, VC መ0a:0b0ተ, "
        "aPE a0b:, aIC a0b, aGC a5b5ተ, VC መ3a5b0ተ, "
        "aPE ሰ5a0b:, aIC ሰ5a0b:, aJC ሰ5a0b:, aGC ሰ5a0b:5ተ, VC መ3ሰ5a0b:0ተ"
    ),
    "T": (
        "PA a0b:, IA a0b:, JA a0b:, GC a0b:5ተ, VC መ0a0b:3ተ, ag a0b:, in መ0a0b:, "
        "PA ተ0a0b:, IA a:0b:, JA a:0b:, GC ተ0a0b:5ተ, VC መ0a:0b:3ተ, "
        "aPA a0b:, aIA a0b:, aJA a0b:, aGC a0b:5ተ, VC መ3a0b:3ተ, aPA ሰ5a0b:, aIA ሰ5a0b:, aGC ሰ5a0b:5ተ, VC መ3ሰ5a0b:3ተ"
    ),
    "Z": (
        "PE a0b:, IC a0b:, JC a0b:, GC a0b:5ተ, VC መ0a0b:0ተ, PE ተ0a0b:, IC a:0b:, JC a:0b:, GC ተ0a0b:5ተ, VC መ0a:0b:0ተ, "
        "aPE a0b:, aIC a0b:, aJC a0b:, aGC a0b:5ተ, VC መ3a0b:0ተ, aPE ሰ5a0b:, aIC ሰ5a0b:, aGC ሰ5a0b:5ተ, VC መ3ሰ5a0b:0ተ"
    ),
    "N": (
        "PA a0b0c:, IA a0b0c:, JA a0b5c, GC a0b5c5ተ, VC መ0a0b5c3ተ, ag a0b5c, in መ0a0b5c, "
        "PA ተ0a0b0c:, IA a:0b0c:, JA a:0b0c, GC ተ0a0b5c5ተ, VC መ0a:0b0c3ተ, "
        "aPA a0b0c:, aIA a0b0c:, aJA a0b5c, aGC a0b5c5ተ, VC መ3a0b5c3ተ, "
        "aPA ሰ5a0b0c:, aIA ሰ5a0b0c:, aGC ሰ5a0b5c5ተ, aPA a0b0c3c:, aIA a0b0c3c:, aGC a0b0c3c5ተ, VC መ3a0b0c3c3ተ"
    ),
    "M": (
        "PE a0b0c:, IC a0b0c:, JC a0b5c, GC a0b5c5ተ, VC መ0a0b5c0ተ, ag a0b5c, in መ0a0b5c, "
        "PE ተ0a0b0c:, IC a:0b0c:, GC ተ0a0b5c5ተ, VC መ0a:0b0c0ተ, aPE ሰ5a0b0c:, aIC ሰ5a0b0c:, aGC ሰ5a0b5c5ተ"
    ),
    "H": (
        "PC avb, IC avb, JC aub, GC avb, GC aub, VC መ0avb, PC ተ0avb, IC a:vb, GC ተ0aub, VC መ0a:vb, "
        "aPC avb, aIC avb, aJC aub, aGC aub, VC መ3avb, ag አ3avb, in መ3avb, aPC ሰ5avb, aIC ሰ5avb, aGC ሰ5aub, VC መ3ሰ5avb"
    ),
    "S": (
        "PC a0b, IC a0b, JC a5b, GC a0b, VC መ0a0b, PC ተ0a0b, IC a:0b, JC a:0b, GC ተ0a0b, VC መ0a:0b, "
        "aPC ሰ5a0b, aIC ሰ5a0b"
    ),
    "W": (
        "PC a3b, IC a5b, JC a3b, GC a5b, VC መ0a3b, ag a3b, in መ0a3b, PC ተ0a3b, IC a:3b, JC a:3b, GC ተ0a5b, VC መ0a:3b, "
        "aPC a3b, aIC a5b, aGC a5b, VC መ3a3b, aPC ሰ5a3b, aIC ሰ5a5b, aGC ሰ5a5b, VC መ3ሰ5a3b, "
        "aPC ሰ5ተ0a3b, aIC ሰ5ተ0a5b, aJC ሰ5ተ5a5b, aGC ሰ5ተ0a5b, aGC ሰ5ተ5a5b, "
        "VC መ3ሰ5ተ0a3b, PC ተ0ሰ5ተ0a3b, IC ሰ5ተ0a3b, GC ተ0ሰ5ተ0a5b, VC መ0ሰ5ተ0a3b"
    ),
    "G": (
        "aPC b:0c, aIC b5c, aJC b5c, JC b0c, aGC b5c, VC መ3b0c, ag አ3b3c, in መ3b0c, "
        "PC ተ3b:0c, IC ተ:3b:0c, JC ተ:3b0c, GC ተ3b5c, VC መ0ተ:3b0c, ag ተ3b3c, in መ0ተ:3b0c, "
        "aPC ሰ3b:0c, aIC ሰ3b:5c, aJC ሰ3b5c, aGC ሰ3b5c, VC መ3ሰ3b0c, ag አ3ሰ3b3c, in መ3ሰ3b0c, "
        "aPC ሰ5ተ3b:0c, aIC ሰ5ተ3b:5c, aJC ሰ5ተ3b5c, aGC ሰ5ተ3b5c, VC መ3ሰ5ተ3b0c, ag አ3ሰ5ተ3b3c, in መ3ሰ5ተ3b0c"
    ),
    "D": (
        "aPC b:0c, aIC b:5c, aJC b:5c, aGC b:5c, VC መ3b:0c, ag አ3b:3c, in መ3b:0c, "
        "PC ተ3b:0c, IC ተ:3b:0c, JC ተ:3b:0c, GC ተ3b:5c, VC መ0ተ:3b:0c, ag ተ3b:3c, "
        "aPC ሰ3b:0c, aIC ሰ3b:5c, aJC ሰ3b:5c, aGC ሰ3b:5c, VC መ3ሰ3b:0c, "
        "aPC ሰ5ተ3b:0c, aIC ሰ5ተ3b:5c, aGC ሰ5ተ3b:5c, VC መ3ሰ5ተ3b:0c"
    ),
    "R": (
        "PC ተ0a3b:0c, IC a:3b:0c, JC a:3b0c, jC ተ0a3b0c, GC ተ0a3b5c, VC መ0a:3b0c, ag ተ0a3b3c, in መ0a:3b0c, "
        "aPC a:3b:0c, aIC a:3b:5c, aJC a:3b5c, aGC a:3b5c, VC መ3a:3b0c, ag አ3a:3b3c, in መ3a:3b0c, "
        "aPC ሰ5ተ0a3b:0c, aIC ሰ5ተ0a3b:5c, aGC ሰ5ተ0a3b5c, VC መ3ሰ5ተ0a3b0c, in መ3ሰ5ተ0a3b0c, ag አ3ሰ5ተ0a3b3c, "
        "PC ተ0ሰ5ተ0a3b:0c, IC ሰ5ተ0a3b:0c, GC ተ0ሰ5ተ0a3b5c, VC መ0ሰ5ተ0a3b0c"
    ),
    "F": (
        "PC a0b3b:0c, IC a0b3b:5c, GC a0b3b5c, PC ተ0a0b3b:0c, IC a:0b3b:0c, GC ተ0a0b3b5c, VC መ0a:0b3b0c, "
        "aPC a:0b3b:0c, aIC a:0b3b:5c, aGC a:0b3b5c, VC መ3a:0b3b0c, "
        "ag ተ0a0b3b3c, ag አ3a:0b3b3c, in መ0a:0b3b0c, in መ3a:0b3b0c"
    ),
    "U": (
        "PC a0b:0c, IC a0b:, JC a5b0c, GC a0b:, VC መ0a5b0c, ag a0b3c, in መ0a5b0c, "
        "PC ተ0a0b:0c, IC a:0b:0c, JC a:0b0c, GC ተ0a0b:, VC መ0a:0b0c, ag ተ0a0b3c, "
        "aPC a0b:0c, aIC a0b:, aJC a5b5c, aGC a5b5c, VC መ3a5b0c, ag አ3a5b3c, in መ3a5b0c, "
        "aPC ሰ5a0b:0c, aIC ሰ5a0b:5c, aJC ሰ5a0b:5c, aGC ሰ5a0b:5c, VC መ3ሰ5a0b:0c"
    ),
    "O": (
        "aPC b:0c, aIC b:, JC b0c, aGC b:, VC መ3b0c, ag አ3b3c, PC ተ3b:0c, IC ተ:3b:0c, GC ተ3b:, VC መ0ተ:3b0c, "
        "aPC ሰ3b:0c, aIC ሰ3b:5c, aGC ሰ3b5c, VC መ3ሰ3b0c"
    ),
    "P": (
        "PE ተ0a0b:, IC a:0b:, JC a:0b, GC ተ0a0b5ተ, VC መ0a:0b0ተ, in መ0a:0b, "
        "aPE a0b:, aIC a0b:, aJC a5b, aGC a5b5ተ, VC መ3a5b0ተ, ag አ3a5b, in መ3a5b, aPE ሰ5a0b:, aIC ሰ5a0b:, aGC ሰ5a0b:5ተ, "
        "VC መ3ሰ5a0b:0ተ, PE ተ0a3b:, IC a:3b:, GC ተ0a3b5ተ, VC መ0a:3b0ተ, in መ0a:3b, "
        "aPE a:3b:, aIC a:3b:, aGC a:3b5ተ, VC መ3a:3b0ተ"
    ),
    "5": (
        "PC ተ0awa:wb, IC a:wa:wb, GC ተ0awa1b, VC መ0a:wawb, ag ተ0awawb, "
        "aPC a:wa:wb, aIC a:wa:1b, aGC a:wa1b, VC መ3a:wawb"
    ),
    "I": "aPC b:",
    "3": "PC ተ0a3b, IC a:3b, JC a:3b, GC ተ0a5b, VC መ0a:3b",
    "4": "IC b, JC በ0b, GC በ5b, VC መ3b0ተ",
    "E": (
        "aPE b:, aIC b, aJC b, JC b, aGC b5ተ, VC መ3b0ተ, PE ተ3b:, IC ተ:3b:, GC ተ3b5ተ, VC መ0ተ:3b0ተ, "
        "aPE ሰ3b:, aIC ሰ3b:, aJC ሰ3b:, aGC ሰ3b5ተ, VC መ3ሰ3b:0ተ"
    ),
    "L": (
        "aPE a:0b3c:, aIC a:0b3c:, aJC a:0b3c, aGC a:0b3c5ተ, VC መ3a:0b3c0ተ, "
        "PE ተ0a0b3c:, IC a:0b3c:, JC a:0b3c, GC ተ0a0b3c5ተ, VC መ0a:0b3c0ተ"
    ),
    "X": (
        "PC ተ0ነ5a0b3c:0d, IC ነ5a0b3c:0d, JC ነ5a0b3c0d, GC ተ0ነ5a0b3c5d, VC መ0ነ5a0b3c0d, ag ተ0ነ5a0b3c3d, "
        "aPC ነ5a0b3c:0d, aIC ነ5a0b3c:5d, aGC ነ5a0b3c5d, VC መ3ነ5a0b3c0d, ag አ3ነ5a0b3c3d"
    ),
    "K": (
        "PA ተ0a5b3b:, IA a5b3b:, GC ተ0a5b3b5ተ, VC መ0a5b3b3ተ, aPA a5b3b:, aIA a5b3b:, aGC a5b3b5ተ, VC መ3a5b3b3ተ, "
        "PA ተ0a3b:, IA a:3b:, GC ተ0a3b5ተ, VC መ0a:3b3ተ, aPA a:3b:, aIA a:3b:, aGC a:3b5ተ, VC መ3a:3b3ተ, "
        "in መ3a5b3b, in መ0a:3b, in መ3a:3b, "
        "PA ተ0a0b3b:, IA a:0b3b:, GC ተ0a0b3b5ተ, VC መ0a:0b3b3ተ, "
        "aPA a:0b3b:, aIA a:0b3b:, aGC a:0b3b5ተ, VC መ3a:0b3b3ተ"
    ),
    "6": (
        "PA ተ0a0b3c:, IA a:0b3c:, JA a:0b3c, GC ተ0a0b3c5ተ, VC መ0a:0b3c3ተ, aPA a:0b3c:, aIA a:0b3c:, aGC a:0b3c5ተ, "
        "VC መ3a:0b3c3ተ"
    ),
    "8": (
        "PC ተ0a3a:3b, IC a:3a:3b, JC a:3a3b, GC ተ0a3a5b, VC መ0a:3a3b, aPC a:3a:3b, aIC a:3a:5b, aGC a:3a5b, "
        "VC መ3a:3a3b, ag ተ0a3a3b, in መ3a:3a3b"
    ),
    "1": (
        "aPC a:0b:0c, aIC a:0b:5c, aJC a:0b5c, aGC a:0b5c, VC መ3a:0b0c, ag አ3a:0b:3c, in መ3a:0b0c, "
        "PC ተ0a0b:0c, IC a:0b:0c, JC a:0b0c, GC ተ0a0b5c, VC መ0a:0b0c, ag ተ0a0b:3c"
    ),
}
"""Stems by type. Verbs of some types have the derived stems of others: frequentative F and K, reciprocal R, of W 8."""
_ALSO = {"A": "FR", "B": "FR", "U": "R", "2": "K", "W": "8"}
_RARE = frozenset("FRK8")
TYPES = frozenset(_STEMS)

# Before i these consonants become palatals, which swallow it (Leslau 1995): ከፋች, ሰብሬ but ከፍቼ.
PALATALS = dict(zip("ተደጠሰዘነለጸ", "ቸጀጨሸዠኘየጨ", strict=True))
_CLOSE = {"6": "1", "4": "2"}
# A radical that is cited with o keeps it, or has u where others have none (ቆረጠ, መቁረጥ; ተኮሰ, ይተኩሳል); one with e has i
# there (ተካሄደ, ተካሂዶ); so ጓዘ keeps wa.
_KEPT = {
    "6": (("0", "6"), ("5", "1"), ("3", "w")),
    "4": (("0", "4"), ("5", "2")),
    "w": (("3", "w"), ("5", "1")),
}
Stem = tuple[str, str, tuple[int, ...], bool]
"""The class of a stem, its segments up to its last consonant, its doubled letters, and whether it is a reciprocal or a
frequentative, which is rarer than what else is written like it."""


def list_stems(verbs: Mapping[str, str]) -> Iterator[Stem]:
    """Yield every stem of some verbs, given by their perfects with the letters of their types."""
    for perfect, types in verbs.items():
        spelt = spell(perfect)
        radicals, vowels = spelt[::2], spelt[1::2]
        # አ is the first radical of G, D, O and E, and stands in no pattern.
        letters = dict(zip(map(ord, "abcd"), radicals, strict=False))
        for kind in types:
            for stem, plain, marks, needed, rare in _read_type(kind, vowels):
                if needed <= len(radicals):
                    yield from _fill(stem, plain.translate(letters), marks, rare=rare)


def share_radicals(perfect: str, types: str) -> str:
    """Return the radicals of a verb that all of its stems have, in this order; the last one may be softened there.

    >>> share_radicals("ሰበረ", "A"), share_radicals("አመነ", "G")
    ('ሰበረ', 'መነ')
    """
    shared = frozenset("abcd").intersection(*map(_shared, types))
    return "".join(radical for letter, radical in zip("abcd", spell(perfect)[::2], strict=False) if letter in shared)


@cache
def _shared(kind: str) -> frozenset[str]:
    """Return the letters of the radicals that all patterns of a type have."""
    patterns = (entry for one in kind + _ALSO.get(kind, "") for entry in _STEMS[one].split(", "))
    return frozenset("abcd").intersection(*(pattern[pattern.index(" ") :] for pattern in patterns))


@cache
def _read_type(kind: str, vowels: str) -> tuple[tuple[str, str, tuple[int, ...], int, bool], ...]:
    """Return class, segments, doubled letters, radicals needed and rareness of the stems of a type.

    ``vowels`` are those that the radicals of the verb are cited with.
    """
    found: list[tuple[str, str, tuple[int, ...], int, bool]] = []
    for one in kind + _ALSO.get(kind, ""):
        for entry in _STEMS[one].split(", "):
            stem, _, pattern = entry.partition(" ")
            for radical, vowel in zip("abcd", vowels[:-1], strict=False):
                for before, after in _KEPT.get(vowel, ()):
                    pattern = pattern.replace(radical + before, radical + after)
                    pattern = pattern.replace(f"{radical}:{before}", f"{radical}:{after}")
            pattern = pattern.replace("v", vowels[0]).replace("u", _CLOSE.get(vowels[0], vowels[0]))
            needed = max("abcd".find(letter) + 1 for letter in pattern)
            found.append((stem, *read_pattern(pattern), needed, one != kind and one in _RARE))
    return tuple(found)


def _fill(kind: str, filled: str, marks: tuple[int, ...], *, rare: bool) -> Iterator[Stem]:
    plain = filled.replace("ሀ0", "ሀ3").replace("አ0", "አ3")
    # Glottal consonants are not doubled (Leslau 1995, ch. 1).
    marks = tuple(place for place in marks if plain[2 * place] not in "ሀአ")
    palatal = PALATALS.get(plain[-1])
    softened = plain[:-1] + palatal if palatal else ""
    if kind == "ag":
        yield "N2", plain, marks, rare
        if softened:
            yield "NC", softened, marks, rare
            yield "N2", softened, marks, rare
    elif kind == "in":
        yield "N3", softened or plain + "2የ", marks, rare
        if softened:
            yield "N3", plain + "2የ", marks, rare
    else:
        yield kind, plain, marks, rare
        if softened and kind[-2] in "IJjG":
            yield kind[:-1] + "F", softened, marks, rare
