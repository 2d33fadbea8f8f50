"""Leak-free splits: where a sentence goes depends on the sentence alone. Knows no audio.

The same text always lands in the same split, whoever says it and whatever is added to the manifest later.
"""

import hashlib
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from amhctl.core.errors import DatasetError
from amhctl.data.records import Record, Split

SPLITS: tuple[Split, ...] = ("train", "valid", "test")

# A speaker with fewer clips than this is not asked to be in every split.
_FEWEST_FOR_EVERY_SPLIT = 10


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


def text_key(text: str) -> str:
    """Return what makes two texts the same: NFC, letters, digits and marks only.

    ሰላም ፣ ዓለም ። | ሰላም ዓለም
    """
    composed = unicodedata.normalize("NFC", text)
    return " ".join("".join(c if unicodedata.category(c)[0] in "LNM" else " " for c in composed).split())


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
    records: Sequence[Record],
    shares: SplitShares,
    *,
    seed: int = 0,
    by: Literal["text", "speaker"] = "text",
    every_speaker: bool = False,
) -> tuple[Record, ...]:
    """Return the records with their splits.

    Parameters
    ----------
    records : Sequence[Record]
        In any order; it does not matter.
    shares : SplitShares
        How much goes where, in expectation.
    seed : int
        Another seed gives another split.
    by : Literal["text", "speaker"]
        What no two splits share: texts, or speakers and so perhaps texts too, where speakers read the same ones.
    every_speaker : bool
        Move texts, so that each speaker with ten texts or more is in each split that has a share. Without it only a
        manifest so small that chance left a split empty has texts moved.
    """

    def draw(key: str) -> Split:
        return split_of(key, valid=shares.valid, test=shares.test, seed=seed)

    if by == "speaker":
        return tuple(record.model_copy(update={"split": draw(record.speaker)}) for record in records)
    split_of_key = _draw_texts(records, draw)
    wanted: list[Split] = [split for split, share in _held_out(shares) if share > 0]
    groups: dict[str, set[str]] = defaultdict(set)
    for record in records:
        groups[record.speaker if every_speaker else ""].add(text_key(record.text))
    for name in sorted(groups):
        # A whole manifest always gets its splits, a speaker only with enough clips.
        if not every_speaker or len(groups[name]) >= _FEWEST_FOR_EVERY_SPLIT:
            _fill_splits(sorted(groups[name]), split_of_key, wanted, seed)
    return tuple(record.model_copy(update={"split": split_of_key[text_key(record.text)]}) for record in records)


def _draw_texts(records: Sequence[Record], draw: Callable[[str], Split]) -> dict[str, Split]:
    variants: dict[str, set[str]] = defaultdict(set)
    for record in records:
        variants[text_key(record.text)].add(record.text)
    # Spellings that differ in punctuation only are one text: the first of them, in the order of letters, decides.
    return {key: draw(min(texts)) for key, texts in variants.items()}


def _fill_splits(keys: Sequence[str], split_of_key: dict[str, Split], wanted: Sequence[Split], seed: int) -> None:
    """Move one training text into each split that none of the keys is in, as long as two texts stay for training."""
    for split in wanted:
        spare = [key for key in keys if split_of_key[key] == "train"]
        if len(spare) > 2 and all(split_of_key[key] != split for key in keys):
            chosen = min(spare, key=lambda key: hashlib.sha256(f"{seed}\n{key}".encode()).digest())
            split_of_key[chosen] = split


def _held_out(shares: SplitShares) -> tuple[tuple[Split, float], ...]:
    return (("valid", shares.valid), ("test", shares.test))
