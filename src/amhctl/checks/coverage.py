"""Which sounds and letters a corpus has, and which it lacks; words spelled in several ways. Knows no audio.

Homophone letters are folded as the frontend folds them. Words are counted by lossy counting (Manku and Motwani,
"Approximate Frequency Counts over Data Streams", VLDB 2002): where there are too many, those seen once are forgotten,
so that memory is bounded and a variant seen again and again is found.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

from amhctl.core.findings import Finding, Rule, Rules, Severity
from amhctl.text.frontend import Frontend
from amhctl.text.g2p.phones import CONSONANTS, MARKS, PHONES, VOWELS
from amhctl.text.script import LETTERS, SYLLABLES, build_homophones

RULES = Rules(
    Rule(
        "D072",
        Severity.INFO,
        "homophone variants",
        "Words are spelled in several ways with letters that sound the same; the text frontend "
        "gives them the same phones.",
    ),
    Rule(
        "D073",
        Severity.WARNING,
        "phones missing",
        "A manifest of 200 texts or more lacks some Amharic phones: the voice cannot learn them.",
    ),
    Rule(
        "D074",
        Severity.INFO,
        "sounds rare",
        "In a manifest of 200 texts or more, some phones occur fewer than 5 times, some consonants (other than h) "
        "never occur geminated, or some fidel are missing.",
    ),
)

_FEWEST_TEXTS = 200
_RARE = 5
_MOST_WORDS = 200_000
_SHOWN = 20
_FOLD = str.maketrans(build_homophones())
# Every consonant may be doubled but h (Leslau 1995, ch. 1); four of 14,765 geminates of a gemination lexicon are one.
_NEVER_DOUBLED = frozenset({"h", "hʷ"})
_SPOKEN_LETTERS = frozenset(LETTERS.translate(_FOLD))


@dataclass(frozen=True, slots=True)
class CorpusCoverage:
    """Counts over all texts.

    Attributes
    ----------
    texts : int
        Texts that could be spoken.
    phones, diphones, fidel, geminates : Mapping[str, int]
        How often each occurs; a diphone is two phones of one word with a hyphen, a geminate is named by its phone.
    variants : Mapping[str, tuple[str, ...]]
        By the folded word, the spellings of words that have several; the commonest first.
    """

    texts: int
    phones: Mapping[str, int]
    diphones: Mapping[str, int]
    fidel: Mapping[str, int]
    geminates: Mapping[str, int]
    variants: Mapping[str, tuple[str, ...]]

    @property
    def missing_phones(self) -> tuple[str, ...]:
        """Phones that do not occur."""
        return tuple(phone for phone in PHONES if phone not in self.phones)

    @property
    def missing_fidel(self) -> tuple[str, ...]:
        """Fidel, homophones folded, that do not occur."""
        return tuple(sorted(letter for letter in _SPOKEN_LETTERS if letter not in self.fidel))

    @property
    def missing_geminates(self) -> tuple[str, ...]:
        """Consonants that are never doubled here and could be."""
        return tuple(phone for phone in CONSONANTS if phone not in self.geminates and phone not in _NEVER_DOUBLED)

    def findings(self) -> Iterator[Finding]:
        """Yield what is missing or rare, and the words of several spellings."""
        if self.variants:
            shown = ", ".join("/".join(spellings) for spellings in list(self.variants.values())[:_SHOWN])
            yield RULES.finding("D072", "words", f"{len(self.variants)} words have variants: {shown}")
        if self.texts < _FEWEST_TEXTS:
            return
        if self.missing_phones:
            message = f"{len(self.missing_phones)} of {len(PHONES)} do not occur: {' '.join(self.missing_phones)}"
            yield RULES.finding("D073", "phones", message, "record sentences that contain them")
        rare = [phone for phone in PHONES if 0 < self.phones.get(phone, 0) < _RARE]
        for subject, lacking, how in (
            ("phones", rare, f"fewer than {_RARE} times"),
            ("geminates", self.missing_geminates, "never doubled"),
            ("fidel", self.missing_fidel, "never"),
        ):
            if lacking:
                shown = " ".join(lacking[:_SHOWN]) + (" …" if len(lacking) > _SHOWN else "")
                yield RULES.finding("D074", subject, f"{len(lacking)} {how}: {shown}")

    def payload(self) -> dict[str, object]:
        """Return the figures."""
        return {
            "texts": self.texts,
            "phones": dict(sorted(self.phones.items(), key=lambda item: (-item[1], item[0]))),
            "diphones": len(self.diphones),
            "geminates": dict(sorted(self.geminates.items(), key=lambda item: (-item[1], item[0]))),
            "fidel": len(self.fidel),
            "missing_phones": list(self.missing_phones),
            "missing_geminates": list(self.missing_geminates),
            "missing_fidel": list(self.missing_fidel),
            "variants": len(self.variants),
        }


class CoverageCounter:
    """Counts the sounds of texts one by one.

    Parameters
    ----------
    frontend : Frontend
        Gives the phones of spoken words.
    """

    def __init__(self, frontend: Frontend) -> None:
        self._frontend = frontend
        self._texts = 0
        self._phones: Counter[str] = Counter()
        self._diphones: Counter[str] = Counter()
        self._fidel: Counter[str] = Counter()
        self._geminates: Counter[str] = Counter()
        self._words: dict[str, Counter[str]] = defaultdict(Counter)

    def add(self, written: str, spoken: str) -> None:
        """Count one text."""
        self._texts += 1
        self._fidel.update(letter for letter in spoken.translate(_FOLD) if letter in _SPOKEN_LETTERS)
        for word in self._frontend.phones(spoken).words:
            if word[0] in MARKS:
                continue
            self._phones.update(word)
            for one, two in pairwise(word):
                # Two equal vowels are two syllables.
                double = one == two and one not in VOWELS
                (self._geminates if double else self._diphones)[one if double else f"{one}-{two}"] += 1
        for word_written in written.split():
            plain = "".join(letter for letter in word_written if letter in SYLLABLES)
            if len(plain) > 1:
                self._words[plain.translate(_FOLD)][plain] += 1
        if len(self._words) > _MOST_WORDS:
            kept = {folded: spellings for folded, spellings in self._words.items() if spellings.total() > 1}
            self._words = defaultdict(Counter, kept)

    def finish(self) -> CorpusCoverage:
        """Return the counts."""
        several = [(folded, spellings) for folded, spellings in self._words.items() if len(spellings) > 1]
        several.sort(key=lambda item: (-item[1].total(), item[0]))
        variants = {
            folded: tuple(sorted(spellings, key=lambda word, counts=spellings: (-counts[word], word)))  # type: ignore[misc]
            for folded, spellings in several
        }
        return CorpusCoverage(
            self._texts,
            dict(self._phones),
            dict(self._diphones),
            dict(self._fidel),
            dict(self._geminates),
            variants,
        )
