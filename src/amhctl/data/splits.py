"""Leak-free splits: where a sentence goes depends on the sentence alone. Knows no audio.

What no two splits may share (texts, speakers, sessions) ties utterances into groups, and a group goes to one split as a
whole. The split is drawn by a hash of the group's own name, so that it stays where it is whatever is added later.
"""

import hashlib
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Literal, Protocol

from amhctl.core.errors import DatasetError
from amhctl.data.records import Split
from amhctl.text.script import build_homophones

Disjoint = Literal["text", "speaker", "session"]

SPLITS: tuple[Split, ...] = ("train", "valid", "test")
DISJOINT: tuple[Disjoint, ...] = ("text", "speaker", "session")

# A speaker with fewer clips than this is not asked to be in every split.
_FEWEST_FOR_EVERY_SPLIT = 10
# A group of speakers or sessions may be this many times what a held-out split asks for; larger ones are for training.
_LARGEST_GROUP = 2.0


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
    DatasetError
        If a share is negative or nothing is left for training.
    """

    valid: float = 0.05
    test: float = 0.05

    def __post_init__(self) -> None:
        """Refuse shares that leave nothing for training."""
        if self.valid < 0 or self.test < 0 or self.valid + self.test >= 1:
            raise DatasetError(
                f"the shares {self.valid} and {self.test} leave nothing for training",
                hint="give shares of 0 or more that sum to less than 1",
            )

    def held_out(self) -> tuple[tuple[Split, float], ...]:
        """Return the splits that are held out of training and have a share."""
        shares: tuple[tuple[Split, float], ...] = (("valid", self.valid), ("test", self.test))
        return tuple((split, share) for split, share in shares if share > 0)


def parse_disjoint(names: Iterable[str]) -> frozenset[Disjoint]:
    """Return the names as what splits can be disjoint in.

    Raises
    ------
    DatasetError
        If there is none, or another name.
    """
    given = set(names)
    if not given or not given <= set(DISJOINT):
        raise DatasetError(
            f"splits cannot be disjoint in {', '.join(sorted(given)) or 'nothing'}",
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
    key = " ".join(unicodedata.normalize("NFC", text).split())
    digest = hashlib.sha256(f"{seed}\n{key}".encode()).digest()
    point = int.from_bytes(digest[:8], "big") / 2**64
    if point < test:
        return "test"
    return "valid" if point < test + valid else "train"


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
        How much goes where, in expectation.
    seed : int
        Another seed gives another split.
    disjoint : AbstractSet[Disjoint]
        What no two splits share. Texts are compared by ``text_key``; a session is one of its speaker.
    every_speaker : bool
        Move texts, so that each speaker with ten texts or more is in each split that has a share. Without it only a
        manifest so small that chance left a split empty has texts moved.
    redraw : bool
        Draw for utterances that have a split, too, instead of keeping it.

    Raises
    ------
    DatasetError
        If what is asked for cannot be had of these utterances: the message has the numbers.
    """
    if every_speaker and disjoint != {"text"}:
        raise DatasetError(
            "every speaker in every split cannot be had together with disjoint speakers or sessions",
            hint="leave out --every-speaker, or ask for disjoint texts alone",
        )
    _require_sessions(utterances, disjoint)
    groups = _tie(utterances, disjoint, redraw=redraw)
    ordered = sorted({id(group): group for group in groups}.values(), key=lambda group: group.name)
    for group in ordered:
        drawn = split_of(group.name, valid=shares.valid, test=shares.test, seed=seed)
        group.split = group.kept or drawn
    if disjoint == {"text"}:
        circles = _speaker_circles(utterances, groups) if every_speaker else [ordered]
        for circle in circles:
            _fill_with_texts(circle, shares, seed)
    else:
        _fit_groups(ordered, shares, seed, "s and ".join(sorted(disjoint)) + "s", len(utterances))
    return tuple(group.split for group in groups)


@dataclass(slots=True)
class _Group:
    """Utterances that go to one split together."""

    name: str
    size: int = 0
    kept: Split | Literal[""] = ""
    split: Split = "train"


def _require_sessions(utterances: Sequence[Placed], disjoint: AbstractSet[Disjoint]) -> None:
    nameless = sum(not utterance.session for utterance in utterances)
    if "session" in disjoint and nameless:
        raise DatasetError(
            f"{nameless} of {len(utterances)} records name no session, so that disjoint sessions cannot be had",
            hint="give each record its session, or leave session out of --disjoint",
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
            f"{len(clashes)} groups with one {' or '.join(sorted(disjoint))} stand in several splits of the manifest "
            f"already, such as {example!r}",
            hint="draw all splits anew with --redraw",
        )


def _ties(utterance: Placed, disjoint: AbstractSet[Disjoint]) -> list[str]:
    ties: list[str] = []
    if "text" in disjoint:
        ties.append(f"text {text_key(utterance.text)}")
    if "speaker" in disjoint:
        ties.append(f"speaker {utterance.speaker}")
    if "session" in disjoint:
        # Sessions are often numbered for each speaker anew; the length keeps the two names apart.
        ties.append(f"session {len(utterance.speaker)} {utterance.speaker} {utterance.session}")
    return ties


def _name(utterance: Placed, disjoint: AbstractSet[Disjoint]) -> str:
    if "speaker" in disjoint:
        return utterance.speaker
    return f"{utterance.speaker}\n{utterance.session}" if "session" in disjoint else utterance.text


def _speaker_circles(utterances: Sequence[Placed], groups: Sequence[_Group]) -> list[list[_Group]]:
    """Return the groups of each speaker with enough of them to be in every split, in the order of names."""
    circles: dict[str, dict[str, _Group]] = defaultdict(dict)
    for utterance, group in zip(utterances, groups, strict=True):
        circles[utterance.speaker][group.name] = group
    enough = [circle for _, circle in sorted(circles.items()) if len(circle) >= _FEWEST_FOR_EVERY_SPLIT]
    return [[circle[name] for name in sorted(circle)] for circle in enough]


def _fill_with_texts(groups: Sequence[_Group], shares: SplitShares, seed: int) -> None:
    """Move one training text into each split that is empty, as long as two texts stay for training."""
    for split, _ in shares.held_out():
        if any(group.split == split for group in groups):
            continue
        if len(spare := _spare(groups)) > 2:
            _first_by_hash(spare, seed).split = split


def _fit_groups(groups: Sequence[_Group], shares: SplitShares, seed: int, tied_by: str, total: int) -> None:
    """Keep groups out of splits that they are too large for, and fill those that are empty then."""
    wanted = shares.held_out()
    if len(groups) <= len(wanted):
        raise DatasetError(
            f"{total} records that share {tied_by} are {len(groups)} groups, too few for {len(wanted) + 1} splits",
            hint="ask for less in --disjoint, or for fewer splits with --valid 0 or --test 0",
        )
    largest = {split: _LARGEST_GROUP * share * total for split, share in wanted}
    for group in groups:
        if not group.kept and group.size > largest.get(group.split, total):
            group.split = "train"
    for split, share in wanted:
        if any(group.split == split for group in groups):
            continue
        spare = _spare(groups)
        fitting = [group for group in spare if group.size <= largest[split]]
        if not fitting or len(spare) < 2:
            smallest = min((group.size for group in spare), default=0)
            raise DatasetError(
                f"the split {split} asks for {share * total:.0f} of {total} records, and the smallest group that "
                f"shares {tied_by} and could go there has {smallest}",
                hint=f"give --{split} {max(share, smallest / total / _LARGEST_GROUP):.2f} or more, or ask for less in "
                "--disjoint",
            )
        _first_by_hash(fitting, seed).split = split


def _spare(groups: Iterable[_Group]) -> list[_Group]:
    return [group for group in groups if group.split == "train" and not group.kept]


def _first_by_hash(groups: Iterable[_Group], seed: int) -> _Group:
    return min(groups, key=lambda group: hashlib.sha256(f"{seed}\n{group.name}".encode()).digest())
