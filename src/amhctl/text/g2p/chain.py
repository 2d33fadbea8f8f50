"""The chain of backends: each word goes to the first backend whose phones pass the gate; why others did not is kept.

The gate looks at each word on its own: only known phones, no Ethiopic letter left, vowels enough and not too many,
a length that fits the fidel. Its thresholds pass short right words (səlam, al, na) and refuse what broken models
write.

A backend that raises is asked once more: what other packages load on use (a table, a model) may fail once, on a file
that is being written or for want of memory. If it fails again, or is absent, the text is refused: which backend reads a
word decides its phones, so another one takes its place only where the user has said so (``text.optional_backends``).
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Protocol

from amhctl.core.errors import MissingExtra, TextError
from amhctl.text.g2p.homographs import Homographs
from amhctl.text.g2p.phones import PHONES, VOWELS, split_phones
from amhctl.text.g2p.rules import RulesBackend
from amhctl.text.lexicon import find_phones
from amhctl.text.markup import MARKUP
from amhctl.text.script import GEMINATION, SYLLABLES
from amhctl.text.spoken import Fallback, Phones, split_words

_MIN_VOWEL_SHARE = 0.2
_MAX_PHONES_PER_FIDEL = 4.0
_MIN_PHONES_PER_FIDEL = 0.5
_REMEMBERED = 1 << 16
"""Words whose phones are kept: about the running vocabulary of a book; beyond it the oldest are forgotten."""
# What the code of another package may raise; faults of our own rules are none of these.
_FAULTS = (ArithmeticError, AssertionError, AttributeError, LookupError, OSError, RuntimeError, TypeError, ValueError)
# Spoken marks to the marks of phone strings.
_MARKS = {"።": "።", "፣": "፣", "፤": "፣", "፧": "፧", "!": "!"}
_Reading = tuple[str, tuple[str, ...], tuple[Fallback, ...]]
_KNOWN = frozenset(PHONES)
_VOWELS = frozenset(VOWELS)


class Backend(Protocol):
    """Turns one word into phones."""

    @property
    def name(self) -> str:
        """The name in `TextConfig.backends`."""
        ...

    def phones(self, word: str) -> tuple[str, ...]:
        """Return the phones of one word of fidel."""
        ...


class Chain:
    """Backends in the order in which they are tried; the result of each word is remembered.

    Parameters
    ----------
    backends : Sequence[Backend]
        The backends, the preferred one first.
    lexicon : Mapping[str, str] | None
        The user's phones of words, which go before everything but markup.
    homographs : Mapping[str, str] | None
        The table of words that their neighbours tell apart (see `homographs`), which go before the backends.
    optional : Sequence[str]
        Backends that may fail at a word: the next one reads it.
    absent : Sequence[Fallback]
        Backends that are wanted and not used, which every result names.
    rules : RulesBackend | None
        What says the suffix after a word of the lexicon; our own rules by default, whatever the backends are.
    words : Collection[str]
        Words that a word of the lexicon may make a compound with.
    """

    def __init__(
        self,
        backends: Sequence[Backend],
        lexicon: Mapping[str, str] | None = None,
        homographs: Mapping[str, str] | None = None,
        *,
        optional: Sequence[str] = (),
        absent: Sequence[Fallback] = (),
        rules: RulesBackend | None = None,
        words: Collection[str] = (),
    ) -> None:
        self._backends = tuple(backends)
        self._optional = frozenset(optional)
        self._absent = tuple(absent)
        self._lexicon = lexicon or {}
        self._rules = rules or RulesBackend()
        self._words = words
        self._homographs = Homographs(homographs or {})
        self._known: dict[str, _Reading] = {}

    def phones(self, spoken: str) -> Phones:
        """Return the phones of spoken text, its marks as words of their own.

        Raises
        ------
        TextError
            If no backend has acceptable phones for a word, or one fails that is not optional.
        MissingExtra
            If what a backend loads on use is not on this machine.
        """
        words: list[tuple[str, ...]] = []
        used: dict[str, None] = {}
        fallbacks: dict[Fallback, None] = dict.fromkeys(self._absent)
        tokens = split_words(spoken)
        for place, token in enumerate(tokens):
            if token in _MARKS:
                words.append((_MARKS[token],))
                continue
            name, phones, reasons = self._given(token) or self._disambiguate(tokens, place) or self._word(token)
            words.append(phones)
            used[name] = None
            fallbacks.update(dict.fromkeys(reasons))
        return Phones(tuple(words), "+".join(used), tuple(fallbacks))

    def _given(self, token: str) -> _Reading | None:
        """Return what the user says of a word: in the text itself, else in his lexicon."""
        marked = MARKUP.search(token)
        if marked is not None:
            return "markup", split_phones(marked[1]), ()
        known = find_phones(token, self._lexicon, self._words) if self._lexicon else None
        if known is None:
            return None
        before = self._part(known.before) if known.before else ()
        if not known.suffix:
            return "lexicon", before + known.phones + (self._part(known.rest) if known.rest else ()), ()
        return "lexicon", before + self._rules.extend(known.phones, known.rest), ()

    def _part(self, word: str) -> tuple[str, ...]:
        """Return the phones of a prefix, or of the other part of a compound."""
        known = self._lexicon.get(word)
        return self._word(word)[1] if known is None else split_phones(known)

    def _disambiguate(self, tokens: Sequence[str], place: int) -> _Reading | None:
        phones = self._homographs.find(tokens, place)
        return None if phones is None else ("homographs", phones, ())

    def _word(self, word: str) -> _Reading:
        known = self._known.get(word)
        if known is None:
            known = self._convert(word)
            if len(self._known) >= _REMEMBERED:
                del self._known[next(iter(self._known))]
            self._known[word] = known
        return known

    def _convert(self, word: str) -> _Reading:
        reasons: list[Fallback] = []
        for backend in self._backends:
            try:
                phones = _ask(backend, word)
            except MissingExtra:
                raise
            except _FAULTS as fault:
                reason = f"failed twice: {type(fault).__name__}: {fault}"
                if backend.name not in self._optional:
                    raise TextError(
                        f"the backend {backend.name} {reason}",
                        subject=word,
                        hint="remove it from text.backends, or add it to text.optional_backends to continue without it",
                    ) from fault
                reasons.append(Fallback(backend.name, f"{word}: {reason}"))
                continue
            fault_found = find_fault(word, phones)
            if fault_found is None:
                return backend.name, phones, tuple(reasons)
            reasons.append(Fallback(backend.name, f"{word}: {fault_found}"))
        raise TextError(
            "no backend returns phones for a word: " + "; ".join(f"{item.backend}: {item.reason}" for item in reasons),
            subject=word,
            hint="add the backend rules to text.backends: it converts every Amharic word",
        )


def _ask(backend: Backend, word: str) -> tuple[str, ...]:
    """Return a backend's phones, at its second try if its first one fails."""
    try:
        return backend.phones(word)
    except MissingExtra:
        raise
    except _FAULTS:
        return backend.phones(word)


def find_fault(word: str, phones: tuple[str, ...]) -> str | None:
    """Return why the phones of a word cannot be right, or None."""
    checks: tuple[Callable[[str, tuple[str, ...]], str | None], ...] = (_unknown, _vowels, _length)
    return next((fault for check in checks if (fault := check(word, phones)) is not None), None)


def _unknown(word: str, phones: tuple[str, ...]) -> str | None:
    if not phones:
        return "no phones"
    strange = sorted({phone for phone in phones if phone not in _KNOWN})
    return f"not Amharic phones: {' '.join(strange)}" if strange else None


def _vowels(word: str, phones: tuple[str, ...]) -> str | None:
    share = sum(phone in _VOWELS for phone in phones) / len(phones)
    return f"only {share:.0%} vowels" if share < _MIN_VOWEL_SHARE else None


def _length(word: str, phones: tuple[str, ...]) -> str | None:
    fidel = sum(letter in SYLLABLES for letter in word)
    marked = sum(letter == GEMINATION for letter in word)
    if fidel * _MIN_PHONES_PER_FIDEL <= len(phones) <= fidel * _MAX_PHONES_PER_FIDEL + marked:
        return None
    return f"{len(phones)} phones for {fidel} fidel"
