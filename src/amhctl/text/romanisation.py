"""Fidel in Latin letters and back, by two published systems. Knows no words.

*SERA* (System for Ethiopic Representation in ASCII, Yacob and Firdyiwek, 1997), as for Amharic: every letter has a
spelling of its own, so that the way back is unique. An apostrophe stands where a letter of the sixth order would take
the vowel after it for its own.

*BGN/PCGN* (1967 System, for names): letters that sound alike are written alike, so that the way back gives one spelling
of several: ሠ comes back as ሰ, ሐ and ኀ as ሀ, ፀ as ጸ, and the first order of ቈ ኈ ኰ ዀ ጐ as ቆ ሆ ኮ ሆ ጎ. The vowel of the
sixth order is written where it is spoken, and where its consonant would be read together with the next letter.
"""

import re
from collections.abc import Callable
from typing import Literal

from amhctl.text.g2p.phones import VOWELS
from amhctl.text.script import LETTER_CLASS, LETTERS, SYLLABLES, Syllable, with_order

Scheme = Literal["bgn", "sera"]
Speak = Callable[[str], tuple[str, ...]]
"""Phones of a word."""

_SERA_SERIES = {
    "ሀ": "h", "ለ": "l", "ሐ": "H", "መ": "m", "ሠ": "`s", "ረ": "r", "ሰ": "s", "ሸ": "x", "ቀ": "q", "በ": "b", "ቨ": "v",
    "ተ": "t", "ቸ": "c", "ኀ": "`h", "ነ": "n", "ኘ": "N", "ከ": "k", "ኸ": "K", "ወ": "w", "ዘ": "z", "ዠ": "Z", "የ": "y",
    "ደ": "d", "ጀ": "j", "ገ": "g", "ጠ": "T", "ጨ": "C", "ጰ": "P", "ጸ": "S", "ፀ": "`S", "ፈ": "f", "ፐ": "p",
    "ቈ": "qW", "ኈ": "hW", "ኰ": "kW", "ዀ": "KW", "ጐ": "gW",
}  # fmt: skip
_SERA_VOWELS = ("e", "u", "i", "a", "E", "", "o")
_SERA_BARE = ("a", "u", "i", "A", "E", "I", "o")
_SERA_MARKS = {"።": "::", "፣": ",", "፤": ";"}

_BGN_SERIES = {
    "ሀ": "h", "ለ": "l", "ሐ": "h", "መ": "m", "ሠ": "s", "ረ": "r", "ሰ": "s", "ሸ": "sh", "ቀ": "k’", "በ": "b", "ቨ": "v",
    "ተ": "t", "ቸ": "ch", "ኀ": "h", "ነ": "n", "ኘ": "ny", "አ": "’", "ከ": "k", "ኸ": "h", "ወ": "w", "ዐ": "‘", "ዘ": "z",
    "ዠ": "zh", "የ": "y", "ደ": "d", "ጀ": "j", "ገ": "g", "ጠ": "t’", "ጨ": "ch’", "ጰ": "p’", "ጸ": "ts’", "ፀ": "ts’",
    "ፈ": "f", "ፐ": "p", "ቈ": "k’", "ኈ": "h", "ኰ": "k", "ዀ": "h", "ጐ": "g",
}  # fmt: skip
_BGN_VOWELS = ("e", "u", "ī", "a", "ē", "i", "o")
_OPEN = "ሀሐኀአዐ"
"""Series whose first order sounds as the fourth."""
_BGN_BACK = {
    "ts’": "ጸ", "ch’": "ጨ", "sh": "ሸ", "zh": "ዠ", "ny": "ኘ", "ch": "ቸ", "k’": "ቀ", "t’": "ጠ", "p’": "ጰ", "h": "ሀ",
    "l": "ለ", "m": "መ", "r": "ረ", "s": "ሰ", "b": "በ", "v": "ቨ", "t": "ተ", "n": "ነ", "k": "ከ", "w": "ወ", "z": "ዘ",
    "y": "የ", "d": "ደ", "j": "ጀ", "g": "ገ", "f": "ፈ", "p": "ፐ", "’": "አ", "‘": "ዐ",
}  # fmt: skip
_BGN_LABIAL = {"ቀ": "ቈ", "ከ": "ኰ", "ገ": "ጐ", "ሀ": "ኈ"}
_WORD = re.compile(f"{LETTER_CLASS}+")


def romanise(text: str, scheme: Scheme, speak: Speak | None = None) -> str:
    """Return a text with its fidel in Latin letters; everything else stays, save the marks that SERA writes.

    Parameters
    ----------
    text : str
        The text.
    scheme : Scheme
        The system.
    speak : Speak | None
        Phones of a word, which say where BGN/PCGN writes the vowel of the sixth order; None writes it always.
    """
    if scheme == "sera":
        text = _WORD.sub(lambda match: _to_sera(match.group()), text)
        return re.sub("[።፣፤]", lambda match: _SERA_MARKS[match.group()], text)
    return _WORD.sub(lambda match: _to_bgn(match.group(), speak), text)


def deromanise(text: str, scheme: Scheme) -> str:
    """Return a text in Latin letters in fidel; what is no spelling of the system stays as it is."""
    if scheme == "sera":
        text = _SERA.sub(lambda match: _SERA_BACK[match.group()], text)
        text = re.sub(f"(?<={LETTER_CLASS})'(?={LETTER_CLASS})", "", text)
        return re.sub("::|[,;]", lambda match: {mark: sign for sign, mark in _SERA_MARKS.items()}[match.group()], text)
    plain = text.replace("'", "’").replace("ʼ", "’").replace("`", "‘").replace("ʻ", "‘").lower()
    return _BGN.sub(_from_bgn, plain)


def _to_sera(word: str) -> str:
    written = ""
    for place, letter in enumerate(word):
        spelling = _SERA_SPELLING[letter]
        if place and SYLLABLES[word[place - 1]].order == 5 and spelling[0] in "aeiouAEIO":
            written += "'"
        written += spelling
    return written


def _spell_sera(syllable: Syllable) -> str:
    series, order = syllable.series, syllable.order
    if series == "ኧ":
        return "ea"
    if series in "አዐ":
        return ("`" if series == "ዐ" else "") + _SERA_BARE[order]
    if syllable.labialised:
        return f"{_SERA_SERIES[series]}Wa"
    return _SERA_SERIES[series] + _SERA_VOWELS[order]


_SERA_SPELLING = {letter: _spell_sera(syllable) for letter, syllable in SYLLABLES.items()}
_SERA_BACK = {
    **{f"{_SERA_SERIES[letter]}u": chr(ord(letter) + 5) for letter in "ቈኈኰዀጐ"},
    "U": "ኡ", "O": "ኦ", "`e": "ዐ",
    **{spelling: letter for letter, spelling in _SERA_SPELLING.items()},
}  # fmt: skip
_SERA = re.compile("|".join(map(re.escape, sorted(_SERA_BACK, key=len, reverse=True))))


def _to_bgn(word: str, speak: Speak | None) -> str:
    spoken = _spoken_sixths(word, speak(word)) if speak is not None else None
    written = ""
    for place, letter in enumerate(word):
        syllable = SYLLABLES[letter]
        consonant = "’" if syllable.series == "ኧ" else _BGN_SERIES[syllable.series]
        if consonant == "’" and not place:
            consonant = ""
        following = word[place + 1 :]
        if syllable.order == 5 and _is_silent(place, spoken) and not _runs_together(consonant, following):
            written += consonant + ("w" if syllable.series in "ቈኈኰዀጐ" else "")
        else:
            written += consonant + _vowel(syllable)
    return written


def _vowel(syllable: Syllable) -> str:
    if syllable.labialised:
        return "wa"
    if syllable.series in "ቈኈኰዀጐ":
        return "o" if syllable.order == 0 else f"w{_BGN_VOWELS[syllable.order]}"
    return "ā" if syllable.order == 0 and syllable.series in _OPEN else _BGN_VOWELS[syllable.order]


def _is_silent(place: int, spoken: tuple[bool, ...] | None) -> bool:
    return spoken is not None and not spoken[place]


def _runs_together(consonant: str, following: str) -> bool:
    """Return whether a consonant without its vowel would be read as part of what follows."""
    if not consonant or consonant in "’‘":
        return True
    if not following:
        return False
    after = SYLLABLES[following[0]]
    if after.series in "አዐኧወ":
        return True
    joined = consonant + _BGN_SERIES[after.series]
    match = _BGN_CONSONANT.match(joined)
    return match is None or match.end() != len(consonant)


def _spoken_sixths(word: str, phones: tuple[str, ...]) -> tuple[bool, ...] | None:
    """Return for each letter whether a vowel is spoken after it; None where letters and phones cannot be matched."""
    vowels: list[bool] = []
    place = 0
    for letter in word:
        syllable = SYLLABLES[letter]
        if syllable.series not in "አዐኧ":
            if place >= len(phones) or phones[place] in VOWELS:
                return None
            # A geminate is written twice.
            place += 2 if phones[place : place + 1] == phones[place + 1 : place + 2] else 1
        has_vowel = place < len(phones) and phones[place] in VOWELS
        place += has_vowel
        if not has_vowel and syllable.order != 5:
            return None
        vowels.append(has_vowel)
    return tuple(vowels) if place == len(phones) else None


_BGN_CONSONANT = re.compile("|".join(map(re.escape, sorted(_BGN_BACK, key=len, reverse=True))))
_BGN = re.compile(
    f"(?P<c>{_BGN_CONSONANT.pattern})?(?P<w>w(?=[īaēi]))?(?P<v>[āeuīaēio])|(?P<only>{_BGN_CONSONANT.pattern})"
)


def _from_bgn(match: re.Match[str]) -> str:
    if match["only"]:
        return with_order(_BGN_BACK[match["only"]], 5)
    consonant, vowel = match["c"], match["v"]
    if match["w"] and consonant is None:
        consonant = "w"
    elif match["w"]:
        return _labial(_BGN_BACK[consonant], vowel)
    if consonant is None:
        return "ኧ" if vowel == "e" else _open_order("አ", vowel)
    series = _BGN_BACK[consonant]
    if vowel == "e" and series == "አ":
        return "ኧ"
    if series in "ሀአዐ" and not (series == "ሀ" and vowel == "e"):
        return _open_order(series, vowel)
    if series == "ሀ":
        return "ኸ"
    return with_order(series, _BGN_VOWELS.index(vowel)) if vowel in _BGN_VOWELS else with_order(series, 3)


def _open_order(series: str, vowel: str) -> str:
    return with_order(series, 0 if vowel == "ā" else _BGN_VOWELS.index(vowel))


def _labial(series: str, vowel: str) -> str:
    """Return a consonant with w and a vowel as one letter where there is one, else as two."""
    order = _BGN_VOWELS.index(vowel)
    if series in _BGN_LABIAL:
        return chr(ord(_BGN_LABIAL[series]) + order)
    single = chr(ord(series) + 7)
    if vowel == "a" and single in LETTERS and SYLLABLES[single].labialised:
        return single
    return with_order(series, 5) + with_order("ወ", order)
