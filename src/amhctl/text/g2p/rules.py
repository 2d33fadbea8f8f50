"""Letters to phones by rule. Total: every word of speakable fidel gives phones. Knows no other backend.

The rules, with a before/after pair each (sources in docs/text.md):

* first order of ሀ ሐ ኀ አ ዐ is a, not ə: ሀገር haɡər, አለም aləm;
* the glottal letters are silent: after a vowel their sixth order is nothing (በእርግጥ bərɡɨtʼ), elsewhere it is the vowel ɨ (እንጀራ ɨnd͡ʒəra, ትዕዛዝ tɨzaz);
* labialised velars are one phone (ቋንቋ kʼʷankʼʷa), other labialised letters are the consonant and w (ሏ lwa);
* a letter with U+135F is doubled (ገና፟ ɡənna);
* sixth order is a bare consonant; ɨ comes where the syllable needs it, see `insert_vowels`.
"""

from collections.abc import Mapping

from amhctl.text.g2p.phones import VOWELS
from amhctl.text.script import GEMINATION, ORDER_VOWELS, SYLLABLES

CONSONANTS_OF_SERIES: dict[str, str] = {
    "ሀ": "h", "ለ": "l", "ሐ": "h", "መ": "m", "ሠ": "s", "ረ": "r", "ሰ": "s", "ሸ": "ʃ", "ቀ": "kʼ", "ቈ": "kʼʷ", "በ": "b", "ቨ": "v",
    "ተ": "t", "ቸ": "t͡ʃ", "ኀ": "h", "ኈ": "hʷ", "ነ": "n", "ኘ": "ɲ", "አ": "", "ኧ": "", "ከ": "k", "ኰ": "kʷ", "ኸ": "h", "ዀ": "hʷ",
    "ወ": "w", "ዐ": "", "ዘ": "z", "ዠ": "ʒ", "የ": "j", "ደ": "d", "ጀ": "d͡ʒ", "ገ": "ɡ", "ጐ": "ɡʷ", "ጠ": "tʼ", "ጨ": "t͡ʃʼ", "ጰ": "pʼ",
    "ጸ": "sʼ", "ፀ": "sʼ", "ፈ": "f", "ፐ": "p",
}  # fmt: skip
"""The consonant of each series; the empty one is silent."""

OPEN_SERIES = "ሀሐኀአዐ"
"""Series whose first order is read with a."""

# Sonority of Amharic consonants, for the choice of a vowel's place in a final cluster (Hayward 1988; Gouskova & Hall 2009).
_SONORITY = {"w": 5, "j": 5, "r": 4, "l": 3, "n": 2, "m": 2, "ɲ": 2}


class Slot:
    """A consonant position: one or two phones that no vowel may part, and how many consonants it counts for."""

    __slots__ = ("phones", "weight")

    def __init__(self, phones: tuple[str, ...], weight: int) -> None:
        self.phones = phones
        self.weight = weight


class RulesBackend:
    """Grapheme-to-phoneme conversion by the rules of this file, one word at a time, remembered."""

    name = "rules"

    def __init__(self, consonants: Mapping[str, str] = CONSONANTS_OF_SERIES) -> None:
        self._consonants = dict(consonants)
        self._known: dict[str, tuple[str, ...]] = {}

    def phones(self, word: str) -> tuple[str, ...]:
        """Return the phones of one word of fidel; letters that are not speakable are passed over."""
        found = self._known.get(word)
        if found is None:
            found = insert_vowels(self._read_letters(word))
            self._known[word] = found
        return found

    def _read_letters(self, word: str) -> list[str | Slot]:
        """Return vowels as strings and consonants as slots, before epenthesis."""
        parts: list[str | Slot] = []
        letters = [letter for letter in word if letter in SYLLABLES or letter == GEMINATION]
        for place, letter in enumerate(letters):
            if letter == GEMINATION:
                continue
            syllable = SYLLABLES[letter]
            consonant = self._consonants[syllable.series]
            vowel = ORDER_VOWELS[syllable.order]
            if syllable.order == 0 and syllable.series in OPEN_SERIES:
                vowel = "a"
            if not consonant:
                _add_silent(parts, vowel, last=place + 1 == len(letters))
                continue
            geminate = letters[place + 1 : place + 2] == [GEMINATION]
            phones = (consonant, consonant) if geminate else (consonant,)
            parts.append(Slot((*phones, "w") if syllable.labialised else phones, 2 if geminate else 1))
            if vowel:
                parts.append(vowel)
        return parts


def _add_silent(parts: list[str | Slot], vowel: str, *, last: bool) -> None:
    """Add a glottal letter: its vowel, or ɨ where its sixth order has no vowel before it to lean on."""
    after_consonant = bool(parts) and isinstance(parts[-1], Slot)
    if vowel:
        if after_consonant:
            parts.append("ɨ")  # ብአዴን bɨaden: the silent consonant still closes off the one before it
        parts.append(vowel)
    elif not parts or (after_consonant and not last):
        parts.append("ɨ")


def insert_vowels(parts: list[str | Slot]) -> tuple[str, ...]:
    """Place ɨ into runs of consonants, reading left to right.

    A word begins with at most one consonant and holds at most two in a row; a geminate counts as two.
    """
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
    initial = not phones
    for place, slot in enumerate(run):
        last = place + 1 == len(run)
        if weight and _needs_vowel(run, place, weight, initial=initial, before_vowel=before_vowel, last=last):
            phones.append("ɨ")
            weight = 0
            initial = False
        phones.extend(slot.phones)
        weight += slot.weight


def _needs_vowel(
    run: list[Slot], place: int, weight: int, *, initial: bool, before_vowel: bool, last: bool
) -> bool:
    """Return whether ɨ stands before this consonant, ``weight`` consonants after the last vowel."""
    slot = run[place]
    if initial or weight + slot.weight > 2:
        return True
    if before_vowel:
        return False
    if last:
        return _rises(run[place - 1], slot)
    return place + 2 == len(run) and slot.weight == 1 and run[place + 1].weight == 1 and not _rises(slot, run[place + 1])


def _rises(first: Slot, second: Slot) -> bool:
    """Return whether sonority rises from one consonant to the next, which no final cluster allows: ምክር mɨkɨr."""
    return _SONORITY.get(second.phones[-1], 0) > _SONORITY.get(first.phones[-1], 0)
