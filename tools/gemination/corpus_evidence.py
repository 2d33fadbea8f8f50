"""What a corpus adds to a list of words with geminates: words without any, and the types of verbs. Knows no model.

A list of geminates has no word without one. It has most of the basic words that have one, though: a noun that is
frequent in a corpus and that the list lacks is taken for plain. And the list gives the perfect of a verb, which does
not tell type A from type B; the infinitive of the corpus does (መስበር, but መፈለግ).
"""

from collections.abc import Collection, Mapping
from itertools import pairwise

from amhctl.text.g2p.gemination import split_marks
from amhctl.text.script import SYLLABLES, build_homophones, is_sixth_order, with_order

LEAST = 5
"""How often a noun stands in the corpus at least."""
_HOMOPHONES = build_homophones()
_BEFORE = ("የ", "በ", "ለ", "ከ")
# Derived words and infinitives, which the list has under their verb or not at all.
_DERIVED = ("ተ", "መ", "ማ", "አስ", "እ")
_ENDINGS = ("ነት", "ኛ", "ው", "ሚያ")
_SUFFIX_LIKE = frozenset("ችንህሽምስኝውል")


def fold(word: str) -> str:
    """Return a word with its homophones in one spelling.

    >>> fold("ሠላም")
    'ሰላም'
    """
    return "".join(_HOMOPHONES.get(letter, letter) for letter in word)


def list_plain_words(counts: Mapping[str, int], listed: Collection[str]) -> list[str]:
    """Return the nouns of a corpus that have no geminate, sorted.

    Parameters
    ----------
    counts : Mapping[str, int]
        Folded word to how often it stands in the corpus.
    listed : Collection[str]
        The folded words that have a geminate.
    """
    return sorted(word for word in counts if word not in listed and _is_basic(word) and _is_noun(word, counts))


def _is_noun(word: str, counts: Mapping[str, int]) -> bool:
    """Return whether a word is used as a noun: behind prepositions, as an object, and, if in doubt, in the plural."""
    if counts[word] < LEAST or word + "ን" not in counts or sum(one + word in counts for one in _BEFORE) < 3:
        return False
    if not is_sixth_order(word[-1]):
        return word + "ዎች" in counts
    return word[-1] not in _SUFFIX_LIKE or word[:-1] + with_order(word[-1], 6) + "ች" in counts


def _is_basic(word: str) -> bool:
    """Return whether a word is neither derived nor inflected by its looks."""
    if not 2 <= len(word) <= 5 or word.endswith(_ENDINGS) or word.startswith("ታ"):
        return False
    if len(word) > 3 and word.startswith(_DERIVED):
        return False
    syllables = [SYLLABLES[letter] for letter in word]
    repeated = any(one.series == other.series for one, other in pairwise(syllables))
    agent = len(word) > 2 and syllables[-1].order == 2 and syllables[-2].order == 3
    return not repeated and not agent


def sort_verbs(perfects: Mapping[str, tuple[bool, ...]], counts: Mapping[str, int]) -> dict[str, list[str]]:
    """Return the verbs of a list by type, as `paradigms.VERBS` names the types; a verb in doubt is left out.

    Parameters
    ----------
    perfects : Mapping[str, tuple[bool, ...]]
        Folded words of the list, and which of their letters are doubled.
    counts : Mapping[str, int]
        Folded word to how often it stands in a corpus.
    """
    found: dict[str, list[str]] = {}
    for word, doubled in sorted(perfects.items()):
        orders = "".join(str(SYLLABLES[letter].order) for letter in word)
        kind = _find_type(word, orders, doubled, counts)
        if kind:
            found.setdefault(kind, []).append(word)
    return found


def _find_type(word: str, orders: str, doubled: tuple[bool, ...], counts: Mapping[str, int]) -> str | None:
    places = "".join(str(place) for place, one in enumerate(doubled) if one)
    if word[0] == "አ":
        return "G" if (orders, places) == ("000", "1") and "ማ" + word[1] + with_order(word[2], 5) in counts else None
    match orders, places:
        case "0000", "2":
            infinitive = word[0] + with_order(word[1], 5) + word[2] + with_order(word[3], 5)
            return "Q" if word[0] != "ተ" and "መ" + infinitive in counts else None
        case "300", "1":  # ታሰረ is the passive of አሰረ, no verb of its own
            return "C" if word[0] != "ታ" and "መ" + word[:2] + with_order(word[2], 5) in counts else None
        case "000", "1":
            return _choose("A", "B", word, with_order(word[2], 5), counts)
        case "03", "1":
            return _choose("2", "T", word, word[1] + "ት", counts)
        case _:
            return None


def _choose(first: str, second: str, word: str, rest: str, counts: Mapping[str, int]) -> str | None:
    """Return the type by the infinitive: the first radical of type A has no vowel there, that of type B keeps its own.

    The infinitive of type B is also written as the passive one of type A (መሰበር), so that of type A goes first.
    """
    middle = word[1] if len(word) == 3 else ""
    if "መ" + with_order(word[0], 5) + middle + rest in counts:
        return first
    return second if "መ" + word[0] + middle + rest in counts else None


def count_folded(counts: Mapping[str, int]) -> dict[str, int]:
    """Return counts of words with their homophones in one spelling, words of other letters left out."""
    folded: dict[str, int] = {}
    for word, count in counts.items():
        plain, _ = split_marks(word)
        if plain and all(letter in SYLLABLES for letter in plain):
            key = fold(plain)
            folded[key] = folded.get(key, 0) + count
    return folded
