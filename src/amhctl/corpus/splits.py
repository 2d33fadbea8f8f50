"""Leak-free splits of the sizes that were asked for, which stay as they are when a manifest grows. Knows no audio.

What no two splits may share (texts, speakers, sessions) ties utterances into groups, and a group goes to one split as a
whole. A hash of its own name gives each group a place on a circle from 0 to 1: the first arc is for the test, the next
one, as long as its share, for validation, and the rest for training. So that a draw is not left to chance, the two
borders of the training arc are moved, no further than it takes, until both held-out splits have their share within a
point, as far as the groups allow it. Of groups of several sizes those that fit are taken, the nearest to the border
first.

What growth may change is therefore this, and nothing else: a split that the manifest has already stays; nothing moves
between validation and test; and a group moves between training and one of them only if it is between the old border
and the new one. Where the circle alone gives the shares within a point, before and after, nothing moves at all.
"""

import hashlib
import math
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

SPLITS: tuple[Split, ...] = ("train", "valid", "test")
DISJOINT: tuple[Disjoint, ...] = ("text", "speaker", "session")

# A speaker with fewer clips than this is not asked to be in every split.
_FEWEST_FOR_EVERY_SPLIT = 10
# A group may be this many times what a held-out split asks for; larger ones are for training.
_LARGEST_GROUP = 2.0
_POINT = 0.01
"""By how much of all utterances a split may miss its share before a border moves."""


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


@dataclass(frozen=True, slots=True)
class SplitShares:
    """Shares of the validation and test splits; the rest is for training.

    Raises
    ------
    OptionError
        If a share is negative or nothing is left for training.
    """

    valid: float = 0.05
    test: float = 0.05

    def __post_init__(self) -> None:
        """Refuse shares that leave nothing for training."""
        if self.valid < 0 or self.test < 0 or self.valid + self.test >= 1:
            raise OptionError(
                f"the fractions {self.valid} and {self.test} leave no records for training",
                subject="--valid, --test",
                hint="give fractions of 0 or more whose sum is less than 1",
            )

    def held_out(self) -> tuple[tuple[Split, float], ...]:
        """Return the splits that are held out of training and have a share."""
        shares: tuple[tuple[Split, float], ...] = (("valid", self.valid), ("test", self.test))
        return tuple((split, share) for split, share in shares if share > 0)


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


def split_of(text: str, *, valid: float, test: float, seed: int = 0) -> Split:
    """Return the split of a sentence.

    The SHA-256 of the seed and the sentence (NFC, white space collapsed), read as a number in [0, 1), is compared with
    the shares: below ``test`` it is a test sentence, below ``test + valid`` a validation sentence.
    """
    place = _place(text, seed)
    if place < test:
        return "test"
    return "valid" if place < test + valid else "train"


def _place(name: str, seed: int) -> float:
    key = " ".join(unicodedata.normalize("NFC", name).split())
    return int.from_bytes(hashlib.sha256(f"{seed}\n{key}".encode()).digest()[:8], "big") / 2**64


def assign_splits(
    utterances: Sequence[Placed],
    shares: SplitShares,
    *,
    seed: int = 0,
    disjoint: AbstractSet[Disjoint] = frozenset({"text"}),
    every_speaker: bool = False,
    redraw: bool = False,
) -> tuple[Split, ...]:
    """Return the split of each utterance.

    Parameters
    ----------
    utterances : Sequence[Placed]
        In any order; it does not matter.
    shares : SplitShares
        How much of the utterances goes where.
    seed : int
        Another seed gives another split.
    disjoint : AbstractSet[Disjoint]
        What no two splits share. Texts are compared by ``text_key``; a session is one of its speaker.
    every_speaker : bool
        Give each speaker with ten texts or more the shares, and at least one text in each split that has one.
    redraw : bool
        Draw for utterances that have a split, too, instead of keeping it.

    Raises
    ------
    DatasetError
        If what is asked for cannot be had of these utterances: the message has the numbers.
    """
    if every_speaker and disjoint != {"text"}:
        raise DatasetError(
            "--every-speaker cannot be combined with disjoint speakers or sessions",
            hint="omit --every-speaker, or use --disjoint text",
        )
    _require_sessions(utterances, disjoint)
    groups = _tie(utterances, disjoint, redraw=redraw)
    for group in {id(group): group for group in groups}.values():
        group.place = _place(group.name, seed)
        group.split = group.kept or split_of(group.name, valid=shares.valid, test=shares.test, seed=seed)
    ordered = sorted({id(group): group for group in groups}.values(), key=lambda group: (group.place, group.name))
    if disjoint == {"text"}:
        for circle in _speaker_circles(utterances, ordered, groups) if every_speaker else [ordered]:
            _balance(circle, shares, smallest=1.0)
            _fill_with_texts(circle, shares)
    else:
        tied_by = "s and ".join(sorted(disjoint)) + "s"
        _refuse_few(ordered, shares, tied_by)
        _balance(ordered, shares)
        _refuse_empty(ordered, shares, tied_by)
    return tuple(group.split for group in groups)


@dataclass(slots=True)
class _Group:
    """Utterances that go to one split together."""

    name: str
    size: int = 0
    place: float = 0.0
    kept: Split | Literal[""] = ""
    split: Split = "train"


def _require_sessions(utterances: Sequence[Placed], disjoint: AbstractSet[Disjoint]) -> None:
    nameless = sum(not utterance.session for utterance in utterances)
    if "session" in disjoint and nameless:
        raise DatasetError(
            f"{nameless} of {len(utterances)} records have no session, so splits cannot be disjoint in session",
            hint="add the session to each record, or omit session from --disjoint",
        )


def _tie(utterances: Sequence[Placed], disjoint: AbstractSet[Disjoint], *, redraw: bool) -> list[_Group]:
    """Return the group of each utterance: those that share anything are in one, through others, too."""
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
    groups: dict[str, _Group] = {}
    members: list[_Group] = []
    clashes: dict[int, str] = {}
    for utterance, first in zip(utterances, firsts, strict=True):
        name = _name(utterance, disjoint)
        group = groups.setdefault(root(first), _Group(name))
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
            hint="assign all splits anew with --redraw",
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


def _speaker_circles(
    utterances: Sequence[Placed], ordered: Sequence[_Group], groups: Sequence[_Group]
) -> list[list[_Group]]:
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


def _balance(groups: Sequence[_Group], shares: SplitShares, *, smallest: float = 0.0) -> None:
    """Move groups between training and the held-out splits until these have their shares, as far as groups allow it.

    Parameters
    ----------
    groups : Sequence[_Group]
        In the order of their places.
    shares : SplitShares
        Of all utterances in these groups.
    smallest : float
        A group of this size may go anywhere.
    """
    total = sum(group.size for group in groups)
    for split, share in shares.held_out():
        most = max(smallest, _LARGEST_GROUP * share * total)
        # The test's border to the training is at 0, where the circle closes, and that of the validation at its end.
        outward = list(reversed(groups)) if split == "test" else list(groups)
        for group in groups:
            if group.split == split and not group.kept and group.size > most:
                group.split = "train"
        _recruit([group for group in outward if group.size <= most], groups, split, share * total, _POINT * total)
        _release(list(reversed(outward)), groups, split, share * total, _POINT * total)
        _exchange([group for group in outward if group.size <= most], groups, split, share * total, _POINT * total)


def _held(groups: Iterable[_Group], split: Split) -> int:
    return sum(group.size for group in groups if group.split == split)


def _recruit(nearest: Sequence[_Group], groups: Sequence[_Group], split: Split, wanted: float, slack: float) -> None:
    """Let training groups into a split that is too small: those that fit, nearest to the border first."""
    held = _held(groups, split)
    spare = _spare(nearest)
    for group in spare[:-1]:
        if held >= wanted - slack:
            return
        if held + group.size <= wanted + slack:
            group.split, held = split, held + group.size
    better = [group for group in _spare(nearest)[:-1] if abs(held + group.size - wanted) < wanted - held]
    if held < wanted - slack and better:
        min(better, key=lambda group: abs(held + group.size - wanted)).split = split


def _release(nearest: Sequence[_Group], groups: Sequence[_Group], split: Split, wanted: float, slack: float) -> None:
    """Let groups of a split that is too large into the training, nearest to the border first."""
    held = _held(groups, split)
    for group in [group for group in nearest if group.split == split and not group.kept]:
        if held <= wanted + slack:
            return
        if held - group.size >= max(1.0, wanted - slack):
            group.split, held = "train", held - group.size
    members = [group for group in nearest if group.split == split and not group.kept and group.size < held]
    better = [group for group in members if abs(held - group.size - wanted) < held - wanted]
    if held > wanted + slack and better:
        min(better, key=lambda group: abs(held - group.size - wanted)).split = "train"


def _exchange(nearest: Sequence[_Group], groups: Sequence[_Group], split: Split, wanted: float, slack: float) -> None:
    """Exchange groups of a split for training groups of other sizes, as long as that brings it nearer to its share."""
    while True:
        members = [group for group in nearest if group.split == split and not group.kept]
        held = _held(groups, split)
        # The nearest group of each size is enough to look at.
        leaving = {group.size: group for group in members}.values()
        coming = {group.size: group for group in reversed(_spare(nearest))}.values()
        pairs = [(abs(held - old.size + new.size - wanted), old, new) for old in leaving for new in coming]
        off, old, new = min(pairs, key=lambda pair: pair[0], default=(math.inf, None, None))
        if abs(held - wanted) <= slack or old is None or new is None or off >= abs(held - wanted):
            return
        old.split, new.split = "train", split


def _fill_with_texts(groups: Sequence[_Group], shares: SplitShares) -> None:
    """Move one training text into each split that is empty, as long as two texts stay for training."""
    for split, _ in shares.held_out():
        if any(group.split == split for group in groups):
            continue
        if len(spare := _spare(groups)) > 2:
            _at_border(spare, split).split = split


def _refuse_few(groups: Sequence[_Group], shares: SplitShares, tied_by: str) -> None:
    wanted = shares.held_out()
    if len(groups) <= len(wanted):
        total = sum(group.size for group in groups)
        raise DatasetError(
            f"{total} records form only {len(groups)} groups with the same {tied_by}, too few for "
            f"{len(wanted) + 1} splits",
            hint="require less with --disjoint, or make fewer splits with --valid 0 or --test 0",
        )


def _refuse_empty(groups: Sequence[_Group], shares: SplitShares, tied_by: str) -> None:
    """Fill a split that is empty still with one group, and refuse shares for which every group is too large."""
    total = sum(group.size for group in groups)
    for split, share in shares.held_out():
        if any(group.split == split for group in groups):
            continue
        spare = _spare(groups)
        fitting = [group for group in spare if group.size <= _LARGEST_GROUP * share * total]
        if not fitting or len(spare) < 2:
            smallest = min((group.size for group in spare), default=0)
            raise DatasetError(
                f"the split {split} should have {share * total:.0f} of {total} records, but the smallest available "
                f"group with the same {tied_by} has {smallest}",
                hint=f"give --{split} {max(share, smallest / total / _LARGEST_GROUP):.2f} or more, or require less "
                "with --disjoint",
            )
        _at_border(fitting, split).split = split


def _spare(groups: Iterable[_Group]) -> list[_Group]:
    return [group for group in groups if group.split == "train" and not group.kept]


def _at_border(groups: Sequence[_Group], split: Split) -> _Group:
    """Return the training group that is the nearest to a split."""
    return groups[-1] if split == "test" else groups[0]
