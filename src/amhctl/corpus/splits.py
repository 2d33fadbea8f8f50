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
import unicodedata
from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from amhctl.core.errors import DatasetError
from amhctl.corpus.records import Split
from amhctl.corpus.split_balance import SplitShares, balance, fill_empty, fill_with_texts, refuse_few
from amhctl.corpus.split_groups import Disjoint, Placed, require_sessions, speaker_circles, tie

SPLITS: tuple[Split, ...] = ("train", "valid", "test")


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
    require_sessions(utterances, disjoint)
    groups = tie(utterances, disjoint, redraw=redraw)
    each = {id(group): group for group in groups}.values()
    for group in each:
        group.place = _place(group.name, seed)
        group.split = group.kept or split_of(group.name, valid=shares.valid, test=shares.test, seed=seed)
    ordered = sorted(each, key=lambda group: (group.place, group.name))
    if disjoint == {"text"}:
        for circle in speaker_circles(utterances, ordered, groups) if every_speaker else [ordered]:
            balance(circle, shares, smallest=1.0)
            fill_with_texts(circle, shares)
    else:
        tied_by = "s and ".join(sorted(disjoint)) + "s"
        refuse_few(ordered, shares, tied_by)
        balance(ordered, shares)
        fill_empty(ordered, shares, tied_by)
    return tuple(group.split for group in groups)
