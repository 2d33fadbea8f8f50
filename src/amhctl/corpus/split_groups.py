"""Groups of utterances that go to one split as a whole: what no two splits may share ties them together."""

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Literal, Protocol

from amhctl.core.errors import DatasetError, OptionError
from amhctl.corpus.records import Split
from amhctl.text.script import build_homophones

Disjoint = Literal["text", "speaker", "session"]

DISJOINT: tuple[Disjoint, ...] = ("text", "speaker", "session")

# A speaker with fewer clips than this is not asked to be in every split.
_FEWEST_FOR_EVERY_SPLIT = 10


class _KeyLetters(dict[int, str]):
    """What stands for each character in a text's key; learnt as characters are met."""

    def __missing__(self, code: int) -> str:
        letter = chr(code)
        self[code] = letter if unicodedata.category(letter)[0] in "LNM" else " "
        return self[code]


_KEY_LETTERS = _KeyLetters(str.maketrans(build_homophones()))


class Placed(Protocol):
    """What decides where an utterance goes; a Record is one."""

    @property
    def text(self) -> str:
        """What is said."""

    @property
    def speaker(self) -> str:
        """Who says it."""

    @property
    def session(self) -> str:
        """In which recording session."""

    @property
    def split(self) -> Split | Literal[""]:
        """Where it stands already; empty if nowhere."""


@dataclass(slots=True)
class Group:
    """Utterances that go to one split together."""

    name: str
    size: int = 0
    place: float = 0.0
    kept: Split | Literal[""] = ""
    split: Split = "train"


def parse_disjoint(names: Iterable[str]) -> frozenset[Disjoint]:
    """Return the names as what splits can be disjoint in.

    Raises
    ------
    OptionError
        If there is none, or another name.
    """
    given = set(names)
    if not given or not given <= set(DISJOINT):
        raise OptionError(
            f"splits cannot be disjoint in {', '.join(sorted(given)) or 'nothing'}",
            subject="--disjoint",
            hint=f"any of {', '.join(DISJOINT)}",
        )
    return frozenset(name for name in DISJOINT if name in given)


def text_key(text: str) -> str:
    """Return what makes two texts the same: NFC, letters, digits and marks only, homophones as one letter.

    ሰላም ፣ ዓለም ። | ሰላም አለም
    """
    return " ".join(unicodedata.normalize("NFC", text).translate(_KEY_LETTERS).split())


def require_sessions(utterances: Sequence[Placed], disjoint: AbstractSet[Disjoint]) -> None:
    """Refuse utterances without a session where sessions must be disjoint.

    Raises
    ------
    DatasetError
        If some have none.
    """
    nameless = sum(not utterance.session for utterance in utterances)
    if "session" in disjoint and nameless:
        raise DatasetError(
            f"{nameless} of {len(utterances)} records have no session, so splits cannot be disjoint in session",
            hint="add the session to each record, or omit session from --disjoint",
        )


def tie(utterances: Sequence[Placed], disjoint: AbstractSet[Disjoint], *, redraw: bool) -> list[Group]:
    """Return the group of each utterance: those that share anything are in one, through others, too.

    Raises
    ------
    DatasetError
        If a group is in several splits already.
    """
    # A forest of what is shared (Galler & Fischer 1964): what hangs from one root is one group.
    parents: dict[str, str] = {}

    def root(key: str) -> str:
        while (above := parents.get(key, key)) != key:
            parents[key] = parents.get(above, above)
            key = above
        return key

    firsts: list[str] = []
    for utterance in utterances:
        first, *others = _ties(utterance, disjoint)
        firsts.append(first)
        for other in others:
            if (lower := root(other)) != (upper := root(first)):
                parents[lower] = upper
    groups: dict[str, Group] = {}
    members: list[Group] = []
    clashes: dict[int, str] = {}
    for utterance, first in zip(utterances, firsts, strict=True):
        name = _name(utterance, disjoint)
        group = groups.setdefault(root(first), Group(name))
        # Spellings that differ in punctuation only are one text: the first of all names, in order of letters, decides.
        group.name = min(group.name, name)
        group.size += 1
        if utterance.split and not redraw:
            if group.kept not in ("", utterance.split):
                clashes.setdefault(id(group), name)
            group.kept = utterance.split
        members.append(group)
    _refuse_clashes(clashes, disjoint)
    return members


def _refuse_clashes(clashes: Mapping[int, str], disjoint: AbstractSet[Disjoint]) -> None:
    if clashes:
        example = next(iter(clashes.values()))
        raise DatasetError(
            f"{len(clashes)} groups with one {' or '.join(sorted(disjoint))} are already in several splits of the "
            f"manifest, such as {example!r}",
            hint="assign all splits again with --redraw",
        )


def _ties(utterance: Placed, disjoint: AbstractSet[Disjoint]) -> list[str]:
    ties: list[str] = []
    if "text" in disjoint:
        ties.append(f"text {text_key(utterance.text)}")
    if "speaker" in disjoint:
        ties.append(f"speaker {utterance.speaker}")
    if "session" in disjoint:
        # Sessions are often numbered for each speaker again; the length keeps the two names apart.
        ties.append(f"session {len(utterance.speaker)} {utterance.speaker} {utterance.session}")
    return ties


def _name(utterance: Placed, disjoint: AbstractSet[Disjoint]) -> str:
    if "speaker" in disjoint:
        return utterance.speaker
    return f"{utterance.speaker}\n{utterance.session}" if "session" in disjoint else utterance.text


def speaker_circles(
    utterances: Sequence[Placed], ordered: Sequence[Group], groups: Sequence[Group]
) -> list[list[Group]]:
    """Return the groups of each speaker with enough of them to be in every split, then those of all others together."""
    texts: dict[str, set[int]] = defaultdict(set)
    for utterance, group in zip(utterances, groups, strict=True):
        texts[utterance.speaker].add(id(group))
    circles = [
        [group for group in ordered if id(group) in texts[speaker]]
        for speaker in sorted(texts)
        if len(texts[speaker]) >= _FEWEST_FOR_EVERY_SPLIT
    ]
    placed = {id(group) for circle in circles for group in circle}
    return [*circles, [group for group in ordered if id(group) not in placed]]
