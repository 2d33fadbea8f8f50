"""The frontend: written text to spoken text, phones and units, by tables that travel with a voice. Knows no ids.

A frontend made from a state speaks by that state's tables, whatever the package's tables have become since, and its
state is the one it was made from, entry for entry.
"""

import copy
from collections.abc import Iterable, Mapping
from typing import cast

from amhctl.config.text import TextConfig
from amhctl.core.errors import TextError
from amhctl.core.files import sha256_of_json
from amhctl.text.draft import TIE, Change, Draft
from amhctl.text.frontend_state import (
    GEMINATION_STEMS,
    GEMINATION_WEIGHTS,
    GEMINATION_WORDS,
    HOMOGRAPHS,
    LEXICON_PHONES,
    LEXICON_SPOKEN,
    OUR_TABLES,
    VERBS,
    build_state,
    copy_state,
    read_state,
)
from amhctl.text.g2p.backends import OTHERS, find_readers
from amhctl.text.g2p.chain import Backend, Chain
from amhctl.text.g2p.gemination import Gemination, read_stems, read_verbs, read_weights, read_words
from amhctl.text.g2p.homographs import read_homographs
from amhctl.text.g2p.rules import RulesBackend
from amhctl.text.lexicon import Lexicon, LexiconReader
from amhctl.text.markup import RULE as MARKUP_RULE
from amhctl.text.markup import shield, strip_markup, unshield
from amhctl.text.rule import Rule
from amhctl.text.rulebook import build_rulebook
from amhctl.text.script import GEMINATION, MARKS, SENTENCE_MARKS, count_syllables
from amhctl.text.sentences import split_breaths
from amhctl.text.spoken import WORD, Fallback, Phones, Segment, SpokenText, TraceEntry, Word

_UNUSED = "it was not installed where the text state was written"
_DEFAULTS = TextConfig.model_validate({})
NO_LEXICON = Lexicon()


class Frontend:
    """Reads Amharic by one set of options and tables.

    Parameters
    ----------
    config : TextConfig
        The options.
    lexicon : Lexicon
        The user's own readings, which go before all rules.
    """

    def __init__(self, config: TextConfig = _DEFAULTS, lexicon: Lexicon = NO_LEXICON) -> None:
        lexicons = {LEXICON_SPOKEN: dict(lexicon.spoken), LEXICON_PHONES: dict(lexicon.phones)}
        # Read here, not at import: no command needs these tables before it has a frontend.
        gemination = {GEMINATION_WORDS: dict(read_words()), GEMINATION_WEIGHTS: dict(read_weights())}
        gemination |= {GEMINATION_STEMS: dict(read_stems()), VERBS: dict(read_verbs())}
        tables = {**OUR_TABLES, **lexicons, **gemination, HOMOGRAPHS: dict(read_homographs())}
        readers, absent = find_readers(config)
        self._setup(config, tables, readers, absent)
        self._state = build_state(config, tables, readers)
        self._hash: str | None = None

    def _setup(
        self,
        config: TextConfig,
        tables: dict[str, dict[str, str]],
        readers: tuple[str, ...],
        absent: tuple[Fallback, ...],
    ) -> None:
        self.config = config
        self._tables = tables
        self._rulebook = build_rulebook(config, tables)
        cleaning = self._rulebook.cleaning
        known = self._as_read(tables[LEXICON_PHONES], cleaning)
        self._lexicon = LexiconReader(self._as_read(tables[LEXICON_SPOKEN], cleaning), known)
        gemination = Gemination(
            tables[GEMINATION_WORDS], tables[GEMINATION_WEIGHTS], tables[GEMINATION_STEMS], tables[VERBS]
        )
        rules = RulesBackend(tables["consonants"], tables["exceptions"], gemination)
        backends: dict[str, Backend] = {rules.name: rules, **{name: make() for name, make in OTHERS.items()}}
        folding = self._rulebook.reading[-1:] if config.fold_homophones else ()
        phones = self._as_read(tables[LEXICON_PHONES], (*self._rulebook.cleaning, *folding))
        self._chain = Chain(
            [backends[name] for name in readers],
            phones,
            tables[HOMOGRAPHS],
            rules=rules,
            words=tables[GEMINATION_WORDS],
            optional=config.optional_backends,
            absent=absent,
        )

    @staticmethod
    def _as_read(table: Mapping[str, str], rules: Iterable[Rule]) -> dict[str, str]:
        """Return a lexicon's table with its words spelled as these rules spell the text that is searched."""
        found: dict[str, str] = {}
        steps = tuple(rules)
        for word, said in table.items():
            draft = Draft(word)
            for rule in steps:
                rule.apply(draft)
            spelt = " ".join(draft.text.split())
            if not spelt:
                raise TextError(
                    f"the written word {word!r} never occurs in normalised text, because "
                    "normalisation removes its characters",
                    subject="lexicon",
                    hint="remove the entry",
                )
            found[spelt] = said
        return found

    @classmethod
    def from_state(cls, state: Mapping[str, object], *, place: str = "", known_hash: str | None = None) -> "Frontend":
        """Return the frontend that a state describes; it reads by the state's own tables.

        Parameters
        ----------
        state : Mapping[str, object]
            The state.
        place : str
            The file it is from, for error messages.
        known_hash : str | None
            Its ``state_hash``, where the digest of its file has told it; None computes it when it is asked for.

        Raises
        ------
        TextError
            If the state is damaged, or of a format that this package does not read.
        MissingExtra
            If a backend that read when the state was written is not on this machine.
        """
        try:
            config, tables, readers = read_state(state)
        except TextError as error:
            subject = f"{place}: {error.subject}" if place else error.subject
            raise TextError(error.message, subject=subject, hint=error.hint) from error
        for name, read in ((GEMINATION_STEMS, read_stems), (VERBS, read_verbs)):
            # Of words that may be meant alike, the first of the list is taken. The JSON of a state is sorted.
            if (listed := dict(read())) == tables[name]:
                tables[name] = listed
        absent = (Fallback(name, _UNUSED) for name in config.backends if name not in readers)
        frontend = cls.__new__(cls)
        frontend._setup(config, tables, readers, tuple(absent))
        frontend._state = copy_state(state)
        frontend._hash = known_hash
        return frontend

    def with_lexicon(self, lexicon: Lexicon) -> "Frontend":
        """Return a frontend that reads as this one except for the words of a lexicon, which go before its own."""
        state = self.state()
        tables = dict(cast("dict[str, dict[str, str]]", state["tables"]))
        joined = Lexicon(tables.get(LEXICON_SPOKEN, {}), tables.get(LEXICON_PHONES, {})).joined(lexicon)
        tables |= {LEXICON_SPOKEN: dict(joined.spoken), LEXICON_PHONES: dict(joined.phones)}
        return Frontend.from_state({**state, "tables": tables})

    @property
    def lexicon(self) -> Lexicon:
        """The user's own readings."""
        return Lexicon(dict(self._tables[LEXICON_SPOKEN]), dict(self._tables[LEXICON_PHONES]))

    def state(self) -> dict[str, object]:
        """Return everything this frontend reads by, as JSON values."""
        return copy.deepcopy(self._state)

    @property
    def state_hash(self) -> str:
        """SHA-256 of the canonical JSON of the state."""
        if self._hash is None:
            self._hash = sha256_of_json(self._state)
        return self._hash

    def normalize(self, written: str) -> SpokenText:
        """Return what a reader says for written text: fidel, spaces and the marks ። ፧ ! ፤ ፣ only.

        Raises
        ------
        TextError
            If nothing in it can be spoken.
        """
        return _spoken(written, *self._read(written))

    def read(self, written: str) -> tuple[SpokenText, tuple[Segment, ...]]:
        """Return spoken text as `normalize` does, and its breath groups as `split` does, from one reading.

        Raises
        ------
        TextError
            If nothing in the text can be spoken.
        """
        draft, shields = self._read(written)
        return _spoken(written, draft, shields), self._segments(draft, shields)

    def _read(self, written: str) -> tuple[Draft, dict[str, str]]:
        draft = Draft(written)
        shields = shield(draft)
        for rule in self._rulebook.cleaning:
            rule.apply(draft)
        self._lexicon.apply(draft)
        for rule in self._rulebook.reading:
            rule.apply(draft)
        if count_syllables(draft.text) == 0:
            shown = written if len(written) <= 40 else f"{written[:40]}…"
            raise TextError(
                "the text has nothing speakable",
                subject=repr(shown),
                hint="give at least one Amharic word or number",
            )
        return draft, shields

    def phones(self, spoken: str) -> Phones:
        """Return the phones of spoken text.

        Raises
        ------
        TextError
            If no backend can read a word.
        """
        return self._chain.phones(spoken)

    def units(self, written: str) -> str:
        """Return the string that the tokenizer sees, ending with a sentence mark: spoken fidel or phones.

        Marks stand as words of their own; ፤ is written ፣, and a pause mark at the very end becomes ።.

        Raises
        ------
        TextError
            If nothing in the text can be spoken.
        """
        return self.spoken_units(self.normalize(written).text)

    def spoken_units(self, spoken: str) -> str:
        """Return ``units`` of text that is spoken text already, such as a segment's; no rule is applied again."""
        spoken = spoken.replace("፤", "፣")
        if spoken[-1] not in SENTENCE_MARKS:
            spoken = spoken.rstrip(MARKS) + "።"
        if self.config.units == "phones":
            return self.phones(spoken).text
        spoken = strip_markup(spoken)
        for mark in MARKS:
            spoken = spoken.replace(mark, f" {mark} ")
        return " ".join(spoken.replace(GEMINATION, "").split())

    def split(self, written: str, longest: int | None = None) -> tuple[Segment, ...]:
        """Return the breath groups of a text, as spoken text; each can be given to `units`.

        Parameters
        ----------
        written : str
            Written text.
        longest : int | None
            Fidel that no group may exceed, though a number or a word is cut for it; None for the option's breaths.

        Raises
        ------
        TextError
            If nothing in the text can be spoken.
        """
        return self._segments(*self._read(written), longest)

    def _segments(self, draft: Draft, shields: Mapping[str, str], longest: int | None = None) -> tuple[Segment, ...]:
        limit = self.config.breath_syllables
        segments = split_breaths(draft.text, limit if longest is None else min(limit, longest), longest)
        plain = _untie(draft.text)
        found, place = [], 0
        for segment in segments:
            begin = plain.index(segment.text, place)
            place = begin + len(segment.text)
            words = tuple(
                Word(unshield(match.group(), shields), *draft.origin(begin + match.start(), begin + match.end()))
                for match in WORD.finditer(segment.text)
            )
            found.append(Segment(unshield(segment.text, shields), segment.pause, words))
        return tuple(found)


def _spoken(written: str, draft: Draft, shields: Mapping[str, str]) -> SpokenText:
    trace = tuple(
        TraceEntry(rule, start, end, before.replace(TIE, " "), after.replace(TIE, " "))
        for rule, start, end, before, after in _without_shields(draft.changes, shields)
    )
    return SpokenText(written, _untie(unshield(draft.text, shields)), trace)


def _without_shields(changes: list[Change], shields: Mapping[str, str]) -> Iterable[Change]:
    """Return the changes with each markup as the user wrote it, and without those that only put the shields up."""
    if not shields:
        return changes
    return [
        (rule, start, end, unshield(before, shields), unshield(after, shields))
        for rule, start, end, before, after in changes
        if rule != MARKUP_RULE
    ]


def _untie(text: str) -> str:
    return text.replace(TIE, " ")
