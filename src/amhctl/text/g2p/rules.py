"""Letters to phones by rule. Total: every word of speakable fidel gives phones. Knows no other backend.

The rules, with a before/after pair each (sources in docs/text.md):

* first order of ሀ ሐ ኀ አ ዐ is a, not ə: ሀገር haɡər, አለም aləm;
* the glottal letters are silent: after a vowel their sixth order is nothing (በእርግጥ bərɡɨtʼ), elsewhere it is ɨ
  (እንጀራ ɨnd͡ʒəra, ትዕዛዝ tɨzaz);
* labialised velars are one phone (ቋንቋ kʼʷankʼʷa), other labialised letters are the consonant and w (ሏ lwa);
* a letter with U+135F is doubled (ገና፟ ɡənna);
* a prefix leaves the stem's first syllable alone: የምርጫ jəmɨrt͡ʃʼa, በትግራይ bətɨɡraj, ለብዙ ləbɨzu;
* the suffixes -ነት -ኛ -ና -ያ have a geminate that is not written, so ɨ comes before them: ውድነት wɨdɨnət, ማንኛውም
  manɨɲawɨm, ሰምና səmɨna, አህያ ahɨja;
* a repeated pair is two like syllables: ስብስብ sɨbsɨb, ዝርክርክ zɨrɨkrɨk;
* the accusative -ን keeps its ɨ before a further suffix: ያለውንም jaləwɨnɨm;
* the base of -ተኛ keeps its syllables: ግልፍተኛ ɡɨlɨftəɲɲa (ግልፍት ɡɨlɨft);
* otherwise the sixth order is a bare consonant, and ɨ comes where the syllable needs it: see `epenthesis`.
"""

from collections.abc import Mapping

from amhctl.text.g2p.epenthesis import Slot, insert_vowels
from amhctl.text.g2p.gemination import UNMARKED, Gemination, split_marks
from amhctl.text.g2p.morphology import Reading
from amhctl.text.g2p.phones import VOWELS, split_phones
from amhctl.text.pattern import Pattern
from amhctl.text.script import GEMINATION, LETTERS, ORDER_VOWELS, SYLLABLES

CONSONANTS_OF_SERIES: dict[str, str] = {
    "ሀ": "h", "ለ": "l", "ሐ": "h", "መ": "m", "ሠ": "s", "ረ": "r", "ሰ": "s", "ሸ": "ʃ", "ቀ": "kʼ", "ቈ": "kʼʷ",
    "በ": "b", "ቨ": "v",
    "ተ": "t", "ቸ": "t͡ʃ", "ኀ": "h", "ኈ": "hʷ", "ነ": "n", "ኘ": "ɲ", "አ": "", "ኧ": "", "ከ": "k", "ኰ": "kʷ", "ኸ": "h",
    "ዀ": "hʷ",
    "ወ": "w", "ዐ": "", "ዘ": "z", "ዠ": "ʒ", "የ": "j", "ደ": "d", "ጀ": "d͡ʒ", "ገ": "ɡ", "ጐ": "ɡʷ", "ጠ": "tʼ",
    "ጨ": "t͡ʃʼ", "ጰ": "pʼ",
    "ጸ": "sʼ", "ፀ": "sʼ", "ፈ": "f", "ፐ": "p",
}  # fmt: skip
"""The consonant of each series; the empty one is silent."""

EXCEPTIONS: dict[str, str] = {
    "ትውልድ": "tɨwlɨd", "ንግድ": "nɨɡd", "ወይስ": "wəjɨs", "ምኒልክ": "mɨnilɨk", "ሚኒልክ": "minilɨk", "ግምት": "ɡɨmɨt",
    "ዓይን": "ajn", "አይን": "ajn", "ወይን": "wəjn", "ሕልም": "hɨlm", "ህልም": "hɨlm", "ፊልም": "film", "ሰማንያ": "səmanja",
}  # fmt: skip
"""Frequent stems that the rules get wrong, alone or after a prefix; a voice's own lexicon goes here too."""

OPEN_SERIES = "ሀሐኀአዐ"
"""Series whose first order is read with a."""

_BARE = "".join(letter for letter in LETTERS if SYLLABLES[letter].order == 5 and SYLLABLES[letter].series not in "አዐ")
_ANY_PREFIX = Pattern("ስለ|እንደ|[የበ]?ባለ|ያለ|[በለከ]የ|[የበለከ]እነ|የበ|ከበ|[የበለከ]")
_PREFIX = Pattern(f"(?:{_ANY_PREFIX.pattern})(?=[{_BARE}][{LETTERS}])")
_REPEATED = Pattern(f"([{_BARE}])([{_BARE}])\\1\\2")
_APART = Pattern(f"(?<=ው)ን(?=[ምናስ]$)|(?<=^[{_BARE}]{{2}})[{_BARE}](?=ተ(?:ኛ|ኞ|ኝነ))")
# Words whose first letter is no prefix though it looks like one: verbs and nouns of the corpus that are frequent.
_ROOTS = Pattern(
    "በር|በስ[ተቲ]|በቅ[ተቶቷታሎ]|በይ[ነኗኖ]|በል[ተቶቼታግ]|በዝ[ተቶቷባብ]|በልጦ|በልጠ|በልጧ|በትነ|በትኖ|በትር|በትረ|በድ[ሩሪን]$|በድኑ|በክለ|በሽ[ቀቆ]|በግና"
    "|ለንደን|ለይ[ተቶታቷ]|ለቅ[ቆቀቃቄሶ]|ለው[ጠጦጡጥጧ]|ለብ[ሰሶሳሷሠሼ]|ለስላ|ለምለ|ለምዶ|ለምደ|ለግ[ሰሶሳሷሻ]|ለፍ[ተቶ]|ለጥ[ፎፈ]|ለክ[ተቶ]|ለቅሞ"
    "|ከን[ቲቱፈድ]|ከብ[ቶቱትዶደረቦበ]|ከፍ[ቶለሎላሏቷ]|ከፍተ[ውንና]|ከር|ከልካ|ከልክ|ከድ[ተቶ]|ከሽ[ፏፎፈ]|ከስ[ሯሮረሏሶ]|ከት[ቷቶ]|ከስል"
)
# Suffixes whose first consonant is doubled in speech; እውነት and አምና only look like them.
_DERIVING = Pattern(f"(?<=[{_BARE}])(?:(?<!እው)ነ(?=[ተቱታትቷቴ])|ኛ|(?<!አም)ና$|(?<=አህ)ያ)")


class RulesBackend:
    """Grapheme-to-phoneme conversion by the rules of this file, one word at a time.

    Parameters
    ----------
    consonants : Mapping[str, str]
        First letter of a series to its consonant.
    exceptions : Mapping[str, str]
        Word to its phones.
    gemination : Gemination
        What finds the doubled letters; without it, only marked letters are doubled.
    """

    name = "rules"

    def __init__(
        self,
        consonants: Mapping[str, str] = CONSONANTS_OF_SERIES,
        exceptions: Mapping[str, str] = EXCEPTIONS,
        gemination: Gemination = UNMARKED,
    ) -> None:
        self._consonants = dict(consonants)
        self._gemination = gemination
        self._exceptions = {word: split_phones(phones) for word, phones in exceptions.items()}

    def phones(self, word: str) -> tuple[str, ...]:
        """Return the phones of one word of fidel; letters that are not speakable are skipped."""
        return self._convert("".join(letter for letter in word if letter in SYLLABLES or letter == GEMINATION))

    def extend(self, stem: tuple[str, ...], rest: str) -> tuple[str, ...]:
        """Return the phones of a word whose stem is known by its phones.

        Parameters
        ----------
        stem : tuple[str, ...]
            The phones of the stem; ɨ is put after its last consonants only.
        rest : str
            The letters of the word from the last one of the stem on, doubled letters marked.
        """
        parts = self._read_letters(rest, Reading(split_marks(rest)[1], sure=True, stem=0))
        run = len(stem)
        while run and stem[run - 1] not in VOWELS:
            run -= 1
        closing = stem[run:]
        if not closing:
            # The last letter of the stem is said already.
            return stem[:-1] + insert_vowels([stem[-1], *parts[2 if isinstance(parts[0], Slot) else 1 :]])
        slot = Slot(closing, min(len(closing), 2))
        return stem[:run] + insert_vowels([*stem[run - 1 : run], slot, *parts[1:]])[1 if run else 0 :]

    def _convert(self, word: str) -> tuple[str, ...]:
        known = self._exceptions.get(word)
        if known is not None:
            return known
        prefix = _ANY_PREFIX.match(word)
        if prefix is not None and (known := self._exceptions.get(word[prefix.end() :])) is not None:
            return insert_vowels(self._read_letters(prefix.group())) + known
        return insert_vowels(self._read_letters(word))

    def _read_letters(self, word: str, reading: Reading | None = None) -> list[str | Slot]:
        """Return vowels as strings and consonants as slots, before epenthesis; a reading not given is asked for."""
        parts: list[str | Slot] = []
        reading = reading or self._gemination.read(word)
        doubled = reading.doubled
        stem = find_stem(word) if reading.stem is None else reading.stem
        word = word.replace(GEMINATION, "")
        heavy = set() if reading.sure else {match.start() for match in _DERIVING.finditer(word)}
        apart = {match.start() for match in _APART.finditer(word)}
        apart |= {place for match in _REPEATED.finditer(word) for place in (match.start() + 1, match.end() - 1)}
        for place, letter in enumerate(word):
            syllable = SYLLABLES[letter]
            consonant = self._consonants[syllable.series]
            vowel = ORDER_VOWELS[syllable.order]
            if syllable.order == 0 and syllable.series in OPEN_SERIES:
                vowel = "a"
            if not consonant:
                _add_silent(parts, vowel, last=place + 1 == len(word))
                continue
            phones = (consonant, consonant) if doubled[place] else (consonant,)
            weight = 2 if doubled[place] or place in heavy else 1
            parts.append(
                Slot(
                    (*phones, "w") if syllable.labialised else phones,
                    weight,
                    onset=place == stem and place > 0,
                    apart=place in apart,
                    bound=place == reading.bound,
                )
            )
            if vowel:
                parts.append(vowel)
        return parts


def find_stem(word: str) -> int:
    """Return where a stem that begins with a bare consonant begins after its prefix; 0 if there is none."""
    match = _PREFIX.match(word)
    if match is None or _ROOTS.match(word, match.end() - 1):
        return 0
    return match.end()


def _add_silent(parts: list[str | Slot], vowel: str, *, last: bool) -> None:
    """Add a glottal letter: its vowel, or ɨ where its sixth order has no vowel before it to lean on."""
    after_consonant = bool(parts) and isinstance(parts[-1], Slot)
    if vowel:
        if after_consonant:
            parts.append("ɨ")  # ብአዴን bɨaden: the silent consonant still closes off the one before it
        parts.append(vowel)
    elif not parts or (after_consonant and not last):
        parts.append("ɨ")
