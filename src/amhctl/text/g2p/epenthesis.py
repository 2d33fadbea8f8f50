"""Where ɨ is between consonants. Knows slots of consonants and vowels, no letters.

A stem begins with at most one consonant; at most two stand in a row inside a word and at its end; a geminate counts
as two. Reading left to right, ɨ comes before the consonant that would be one too many (Leslau 1995, ch. 1; Hayward
1988). Which pairs may end a word is `may_close`, made from how the frequent words of a news corpus are said.
"""

from dataclasses import dataclass

from amhctl.text.g2p.phones import VOWELS

_PALATALS = frozenset(("t͡ʃ", "d͡ʒ", "t͡ʃʼ", "ʃ", "ʒ", "ɲ"))
_STOPS = frozenset(("kʼ", "b", "t", "k", "d", "ɡ", "tʼ", "pʼ", "p", "kʷ", "kʼʷ", "ɡʷ"))
_SUFFIX_PHONES = frozenset(("m", "n", "h", "ʃ", "ɲ", "ʒ"))
_PARTED = frozenset((("l", "kʼ"), ("l", "ɡ"), ("s", "b")))
_SONORITY = {"w": 5, "j": 5, "r": 4, "l": 3, "n": 2, "m": 2, "ɲ": 2}


@dataclass(frozen=True, slots=True)
class Slot:
    """A consonant position.

    Attributes
    ----------
    phones : tuple[str, ...]
        One to three phones that no vowel may part.
    weight : int
        How many consonants it counts for: 2 for a geminate, written or not.
    onset : bool
        Whether a stem begins here, after a prefix: the stem keeps its own first syllable (የ + ምርጫ jəmɨrt͡ʃʼa).
    apart : bool
        Whether ɨ always comes before it.
    bound : bool
        Whether it leans on the consonant before it where the syllable has room: ፈለግን fəlləɡn.
    """

    phones: tuple[str, ...]
    weight: int = 1
    onset: bool = False
    apart: bool = False
    bound: bool = False


def insert_vowels(parts: list[str | Slot]) -> tuple[str, ...]:
    """Return the phones of a word, ɨ put into its runs of consonants."""
    phones: list[str] = []
    run: list[Slot] = []
    for part in parts:
        if isinstance(part, Slot):
            run.append(part)
            continue
        _write_run(phones, run, before_vowel=True)
        run = []
        phones.append(part)
    _write_run(phones, run, before_vowel=False)
    if phones and not any(phone in VOWELS for phone in phones):
        phones.append("ɨ")  # a lone letter is said with its vowel: ብ bɨ
    return tuple(phones)


def _write_run(phones: list[str], run: list[Slot], *, before_vowel: bool) -> None:
    weight = 0
    vowel = phones[-1] if phones else ""
    initial = not phones or (bool(run) and run[0].onset)
    for place, slot in enumerate(run):
        if weight and (initial or _parts(run, place, weight, vowel, before_vowel=before_vowel)):
            phones.append("ɨ")
            vowel = "ɨ"
            weight = 0
            initial = False
        phones.extend(slot.phones)
        weight += slot.weight


def _parts(run: list[Slot], place: int, weight: int, vowel: str, *, before_vowel: bool) -> bool:
    """Return whether ɨ parts a consonant from the one before it, ``weight`` consonants after ``vowel``."""
    first, slot = run[place - 1], run[place]
    if slot.bound:
        return weight + slot.weight > 2
    if slot.apart or weight + slot.weight > 2 or first.phones[-1] == slot.phones[0]:
        return True
    left = len(run) - place - 1
    if place == 2 and vowel == "ɨ" and (left > 1 or (left and before_vowel)) and _begins_st(slot, run[place + 1]):
        return True
    if (before_vowel or left) and _hard(first.phones[-1], slot.phones[0]):
        return True
    if before_vowel:
        return False
    if left == 0:
        return not may_close(vowel, first.phones[-1], slot.phones[-1])
    # Three at the end: the last two stay together where they may (ሳምንት samɨnt), else the last stands apart (ወንድም
    # wəndɨm).
    last = run[place + 1]
    if left > 1 or last.weight > 1 or last.apart:
        return False
    return may_close("ɨ", slot.phones[-1], last.phones[-1])


def _begins_st(slot: Slot, following: Slot) -> bool:
    """Return whether s and t stay together after a word's first syllable: ክርስቶስ kɨrɨstos, ክርስትና kɨrɨstɨnna."""
    return (slot.phones, following.phones) == (("s",), ("t",))


def _hard(first: str, second: str) -> bool:
    """Return whether two consonants are parted even before a vowel: ግጭቶች ɡɨt͡ʃʼɨtot͡ʃ, ችላል t͡ʃɨlal."""
    return (first in _PALATALS and second in ("t", "h", "l")) or (first, second) == ("w", "j")


def may_close(vowel: str, first: str, second: str) -> bool:
    """Return whether two consonants may end a word after a vowel.

    Sonority may not rise (ምክር mɨkɨr). ም ህ ሽ ኝ ን are mostly suffixes and stand apart (ወይም wəjɨm, ትንሽ tɨnɨʃ, ያለውን
    jaləwɨn). A palatal is parted from
    what follows (ግጭት ɡɨt͡ʃʼɨt), a stop from another stop but t (እቅድ ɨkʼɨd, but ወቅት wəkʼt) and after ɨ from f
    (እጥፍ ɨtʼɨf), l from kʼ and ɡ (ትልቅ tɨlɨkʼ), s from b (ያስብ jasɨb), j from a stop but t and after a close vowel
    from anything (ኃይል hajl, but ጥይት tʼɨjɨt).
    """
    if second in _SUFFIX_PHONES or first == second or first in _PALATALS:
        return False
    if first == "j":
        return vowel in ("a", "o", "u") or (vowel == "ə" and (second == "t" or second not in _STOPS))
    if first == "w" and second in ("l", "r"):
        return False
    if _SONORITY.get(second, 0) > _SONORITY.get(first, 0):
        return False
    if first in _STOPS and (second in _STOPS or (second == "f" and vowel == "ɨ")):
        return second == "t"
    return (first, second) not in _PARTED
