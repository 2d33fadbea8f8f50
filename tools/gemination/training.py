"""How the weights of the gemination tagger are learned: an averaged perceptron over letters. Knows no phones.

What it learns from: a list of words with U+135F behind their geminates (the columns ``plain``, ``geminated_U135F``,
``transliteration``, ``sheet`` of geezorg/data, CC BY-SA 4.0), the package's tables of words, the paradigms of verbs and
nouns, and what a corpus adds (`corpus_evidence`). Every word of the list has a geminate; the others show what is *not*
doubled, and weigh more. Where the marks and the transliteration of a word differ, the transliteration is taken: a mark
has often slipped by a letter, or is missing. What the list leaves open is not learned from (`_mask`). About a tenth of
all forms is kept out, by the last two strong consonants of the stem, so that no other form of a kept word is seen.

The same input gives the same weights, byte for byte: words are sorted, the shuffle is seeded, sums are whole numbers.
Source of the method: Collins, "Discriminative training methods for hidden Markov models" (2002), averaged parameters.
"""

import hashlib
import random
import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from amhctl.core.errors import TextError
from amhctl.text.g2p.gemination import Gemination, find_sure, list_features, read_nouns, read_words, split_marks
from amhctl.text.script import SYLLABLES, build_homophones
from gemination.corpus_evidence import fold, list_plain_words, sort_verbs
from gemination.paradigms import list_forms, list_noun_forms
from gemination.transliteration import read_doubled

EPOCHS = 5
MARGIN = 20
CAUTION = 11
"""What the score of a letter must exceed: the list has more geminates than texts have. Chosen, as the weights of the
sources are, by cross-validation on the package's words."""
REPEATED = 2
"""How often the package's words and the plain words of a corpus are learned from, for once the rest."""
RAREST = 3
"""A feature that occurs less often is not learned."""
SCALE, LIGHTEST = 1, 4
"""Weights are multiplied by this and rounded; what is lighter is left out of the table."""
SEED = 1
_HELD_OUT = 26  # of 256 values of a digest's first byte: a tenth

_HOMOPHONES = build_homophones()
_SUFFIXES = re.compile("(?:ዎች|ቸው|ችሁ|ነት|[ችኛናውምንትኮስሁህሽኝዋ])+$")
_WEAK = frozenset("አወየሀ")
_RELATIVE = re.compile("(?:የ|በ|ለ|ከ|ስለ|እንደ)(?=[ሚማም])|እ(?=የ)|እ(?=ን)")
_OPEN_ENDINGS = re.compile("ለ(?=[ሁህሽችን]$)|ሉ$|(?<=[ሃ-ፓ])[ቸች](?=[ውሁን]|ኋል)")
_BOUND_SUFFIXES = frozenset("ናኮስምሳማ")


@dataclass(frozen=True, slots=True)
class Example:
    """A word to learn from.

    Attributes
    ----------
    word : str
        Its letters.
    doubled : tuple[bool, ...]
        Which of them are doubled.
    known : tuple[bool, ...]
        For which of them that is known.
    """

    word: str
    doubled: tuple[bool, ...]
    known: tuple[bool, ...]


@dataclass(frozen=True, slots=True)
class TaggerScore:
    """How well geminates are found.

    Attributes
    ----------
    precision : float
        Share of the letters called doubled that are.
    recall : float
        Share of the doubled letters that are found.
    words : float
        Share of the wholly known words in which every letter is right.
    """

    precision: float
    recall: float
    words: float

    @property
    def f1(self) -> float:
        """The harmonic mean of precision and recall."""
        total = self.precision + self.recall
        return 2 * self.precision * self.recall / total if total else 0.0


def read_examples(lines: Iterable[str]) -> list[Example]:
    """Read the list of words with their geminates; one example a word, sorted.

    Raises
    ------
    TextError
        If the first line does not name the columns.
    """
    rows = [line.rstrip("\r\n").split("\t") for line in lines]
    if not rows or rows[0][:2] != ["plain", "geminated_U135F"] or "sheet" not in rows[0]:
        raise TextError("the list of geminates has other columns than plain, geminated_U135F … sheet", subject="line 1")
    sheet = rows[0].index("sheet")
    found: dict[str, Counter[Example]] = {}
    for row in rows[1:]:
        loose = len(row) > sheet and row[sheet] == "sheet3"
        marked, said = _cut(row[1]), _cut(row[2]) if len(row) > 2 else []
        for place, part in enumerate(marked):
            word, doubled = split_marks(part)
            if len(word) > 1 and any(doubled) and all(letter in SYLLABLES for letter in word):
                heard = read_doubled(word, said[place]) if len(said) == len(marked) else None
                example = _mask(word, doubled, loose=loose) if heard is None else _complete(word, heard)
                found.setdefault(word, Counter())[example] += 1
    # Where two rows disagree, the more frequent reading is taken, then the one with more marks.
    return [
        max(readings, key=lambda one: (readings[one], sum(one.doubled), one.doubled, one.known))
        for _, readings in sorted(found.items())
    ]


def _cut(cell: str) -> list[str]:
    return [part for part in re.split(r"[\s-]+", re.sub(r"[()*?.]", "", cell)) if part]


def _complete(word: str, doubled: tuple[bool, ...]) -> Example:
    """Return an example of which every letter is known, the suffixes that are always doubled included."""
    sure = find_sure(word)
    return Example(word, tuple(one or place in sure for place, one in enumerate(doubled)), (True,) * len(word))


def _mask(word: str, doubled: tuple[bool, ...], *, loose: bool) -> Example:
    """Return an example that is silent where the list is: the suffix alone is marked in many of its inflected forms.

    -ኛ and the plural are doubled always, marked or not; the doubled letters of የሚ-, እየ-, እን-, -አለ-, -አቸው and a final -ም
    are marked here and there.
    """
    last = len(word) - 1
    sure = find_sure(word)
    if loose and sum(doubled) == 1 and doubled[-1] and word[-1] in _BOUND_SUFFIXES:
        return Example(word, doubled, (False,) * last + (True,))
    silent = {match.end() for match in _RELATIVE.finditer(word) if match.start() == 0}
    silent |= {match.start() for match in _OPEN_ENDINGS.finditer(word)}
    silent = {place for place in silent if not doubled[place]} - sure
    if word[-1] == "ም" and last > 1:
        silent.add(last)
    known = tuple(place not in silent for place in range(len(word)))
    return Example(word, tuple(marked or place in sure for place, marked in enumerate(doubled)), known)


def list_own_examples() -> list[Example]:
    """Return examples of the package's tables of words, sorted."""
    return [_read_marked(word) for word in sorted(set(read_words().values()))]


def list_form_examples(verbs: Mapping[str, Iterable[str]]) -> list[Example]:
    """Return examples of the paradigms of the package's verbs and nouns, and of further verbs by type, sorted."""
    forms = {*list_forms(), *list_forms(verbs), *list_noun_forms(read_nouns())} - set(read_words().values())
    return [_read_marked(word) for word in sorted(forms)]


def _read_marked(marked: str) -> Example:
    word, doubled = split_marks(marked)
    return Example(word, doubled, (True,) * len(word))


def is_held_out(word: str) -> bool:
    """Return whether a word is kept out of learning: by the last two strong consonants of its stem."""
    series = [SYLLABLES[_HOMOPHONES.get(letter, letter)].series for letter in _SUFFIXES.sub("", word)]
    strong = "".join(one for one in series if one not in _WEAK)[-2:]
    return hashlib.sha256((strong or word[0]).encode()).digest()[0] < _HELD_OUT


def train(examples: Sequence[Example], counts: Mapping[str, int], unseen: Collection[str] = ()) -> dict[str, str]:
    """Learn the weights of the tagger.

    Parameters
    ----------
    examples : Sequence[Example]
        What `read_examples` read.
    counts : Mapping[str, int]
        What `corpus_evidence.count_folded` counted in a corpus.
    unseen : Collection[str]
        Words that must not be learned from, besides the tenth.
    """
    avoided = {fold(word) for word in unseen}
    taken = [
        one for one in _gather(examples, counts, avoided) if fold(one.word) not in avoided and not is_held_out(one.word)
    ]
    listed = [list_features(one.word) for one in taken]
    counts = Counter(feature for word in listed for letter in word for feature in letter)
    numbers = {name: number for number, name in enumerate(sorted(name for name in counts if counts[name] >= RAREST))}
    letters = [
        ([numbers[name] for name in names if name in numbers], 1 if doubled else -1)
        for example, word in zip(taken, listed, strict=True)
        for names, doubled, known in zip(word, example.doubled, example.known, strict=True)
        if known
    ]
    average = _perceptron(letters, len(numbers))
    average[numbers["b"]] -= CAUTION
    rounded = ((name, round(SCALE * average[number])) for name, number in numbers.items())
    return {name: str(weight) for name, weight in rounded if abs(weight) >= LIGHTEST}


def _gather(examples: Sequence[Example], counts: Mapping[str, int], avoided: Collection[str]) -> list[Example]:
    """Return all that is learned from: the list, the paradigms, and, repeated, the words that show what is plain."""
    own = list_own_examples()
    perfects = {fold(one.word): one.doubled for one in examples}
    verbs = sort_verbs({word: doubled for word, doubled in perfects.items() if word not in avoided}, counts)
    known = {fold(one.word) for one in own}
    plain = [_read_marked(word) for word in list_plain_words(counts, perfects) if word not in known]
    return [*examples, *list_form_examples(verbs), *(own + plain) * REPEATED]


def _perceptron(letters: list[tuple[list[int], int]], width: int) -> list[float]:
    """Return averaged weights; a letter that is right by less than the margin counts as wrong."""
    weights, sums, step = [0] * width, [0] * width, 1
    shuffled = list(letters)
    order = random.Random(SEED)
    for _ in range(EPOCHS):
        order.shuffle(shuffled)
        for features, sign in shuffled:
            if sign * sum(map(weights.__getitem__, features)) <= MARGIN:
                for one in features:
                    weights[one] += sign
                    sums[one] += sign * step
            step += 1
    return [weight - total / step for weight, total in zip(weights, sums, strict=True)]


def score(gemination: Gemination, examples: Iterable[Example]) -> TaggerScore:
    """Compare what is found with what is known."""
    hits = called = doubled = right = whole = 0
    for example in examples:
        found = gemination.mark(example.word)
        pairs = [(a, b) for a, b, known in zip(found, example.doubled, example.known, strict=True) if known]
        hits += sum(a and b for a, b in pairs)
        called += sum(a for a, _ in pairs)
        doubled += sum(b for _, b in pairs)
        if all(example.known):
            whole += 1
            right += all(a == b for a, b in pairs)
    return TaggerScore(
        hits / called if called else 0.0, hits / doubled if doubled else 0.0, right / whole if whole else 0.0
    )
