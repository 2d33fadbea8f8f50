"""What an extension appended, piece by piece, and how each new row of a network starts. Knows no network.

On disk, beside the extended vocabulary (``V.model`` has ``V.plan.json``), one JSON object: ``format_version`` (1),
``base`` and ``result`` (``size`` and ``fingerprint`` of the two vocabularies) and ``rows``, in the order of the ids,
each with ``id``, ``piece``, ``score``, ``start``, and ``sources`` and ``source_pieces``, the ids and strings whose rows
the new row starts as the mean of. ``start`` says what they are:

* ``same``: the same string in the base under another form, with or without the word boundary;
* ``mean``: the pieces that spelled it before, those of the base and the letters appended before it;
* ``related``: pieces of the base that sound or serve alike (``kinship``);
* ``none``: there are none; the row starts as the mean of all old rows.

A plan holds for its own base and result alone. Rows are found by string: a network whose vocabulary has the base's
pieces in another order is grown all the same, and each row lands on its piece.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Self, cast, get_args

from amhctl.core.documents import read_json
from amhctl.core.errors import DocumentError, VocabularyError
from amhctl.core.files import refuse_existing, write_text_atomically
from amhctl.tokenizer.vocabulary import Vocabulary, fingerprint_of

FORMAT_VERSION = 1
# A million rows, which a vocabulary may have, are some 200 MB.
_MOST_BYTES = 512 << 20
Start = Literal["same", "mean", "related", "none"]


@dataclass(frozen=True, slots=True)
class NewRow:
    """One appended piece.

    Attributes
    ----------
    piece : str
        The piece.
    score : float
        Its score.
    start : Start
        What its sources are.
    sources : tuple[str, ...]
        The pieces whose rows its own starts as the mean of; each is in the base or in a row before.
    """

    piece: str
    score: float
    start: Start
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class VocabularyMark:
    """Which vocabulary is meant."""

    size: int
    fingerprint: str


@dataclass(frozen=True, slots=True)
class RowPlacement:
    """Where the rows of one network go, by id: a plan applied to the vocabulary that the network speaks.

    Attributes
    ----------
    moved : tuple[int, ...]
        For each id of the base, the network's row of that piece.
    sources : tuple[tuple[int, ...], ...]
        For each new row, the ids, smaller than its own, that it starts as the mean of.
    """

    moved: tuple[int, ...]
    sources: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class ExtensionPlan:
    """What an extension appended; the row of id ``base.size + i`` is ``rows[i]``."""

    base: VocabularyMark
    result: VocabularyMark
    rows: tuple[NewRow, ...]

    def document(self, vocabulary: Vocabulary) -> dict[str, object]:
        """Return the plan as JSON values; ``vocabulary`` is the extended one, whose ids it names."""
        ids = {piece: id_ for id_, piece in enumerate(vocabulary.pieces)}
        return {
            "format_version": FORMAT_VERSION,
            "base": {"size": self.base.size, "fingerprint": self.base.fingerprint},
            "result": {"size": self.result.size, "fingerprint": self.result.fingerprint},
            "rows": [
                {
                    "id": ids[row.piece],
                    "piece": row.piece,
                    "score": row.score,
                    "start": row.start,
                    "sources": [ids[source] for source in row.sources],
                    "source_pieces": list(row.sources),
                }
                for row in self.rows
            ],
        }

    def write(self, path: Path, vocabulary: Vocabulary, *, force: bool = False) -> None:
        """Write the plan, whole or not at all; ``vocabulary`` is the extended one.

        Raises
        ------
        FileExistsRefused
            If the file exists and ``force`` is false.
        """
        refuse_existing(path, force=force)
        write_text_atomically(path, json.dumps(self.document(vocabulary), ensure_ascii=False, indent=1) + "\n")

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a plan.

        Raises
        ------
        VocabularyError
            If the file is missing, is no plan, or is of another format version.
        """
        try:
            document = read_json(path, most_bytes=_MOST_BYTES)
        except OSError as error:
            raise _unreadable(path, f"the plan cannot be read: {error.strerror}") from error
        except DocumentError as error:
            raise _unreadable(path, f"the plan cannot be read: it is {error.message}") from error
        version = document.get("format_version") if isinstance(document, dict) else None
        if version != FORMAT_VERSION:
            raise _unreadable(path, f"the plan has format version {version}, this amhctl reads {FORMAT_VERSION}")
        document = cast("dict[str, Any]", document)
        try:
            return cls(_mark(document["base"]), _mark(document["result"]), tuple(map(_row, document["rows"])))
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise _unreadable(path, f"the plan is damaged: {error}") from error

    def place(self, theirs: Vocabulary, result: Vocabulary) -> RowPlacement:
        """Return where the rows of a network that speaks ``theirs`` go, each piece found by its string.

        Raises
        ------
        VocabularyError
            If ``result`` is not what the plan made, or ``theirs`` does not have exactly the base's pieces.
        """
        base = result.pieces[: self.base.size]
        appended = tuple(row.piece for row in self.rows)
        if (
            result.fingerprint != self.result.fingerprint
            or fingerprint_of(base) != self.base.fingerprint
            or result.pieces[self.base.size :] != appended
        ):
            raise VocabularyError(
                "the plan belongs to another vocabulary",
                subject=f"result {self.result.fingerprint[:16]}…, found {result.fingerprint[:16]}…",
                hint="take the plan that amhctl vocab extend wrote beside the vocabulary",
            )
        rows = {piece: row for row, piece in enumerate(theirs.pieces)}
        if unlike := sorted(set(base) ^ set(rows)):
            shown = " ".join(unlike[:10]) + (" …" if len(unlike) > 10 else "")
            raise VocabularyError(
                f"the plan was made for another base: {len(unlike)} pieces are in one of the two only: {shown}",
                subject=f"base {self.base.fingerprint[:16]}…, found {theirs.fingerprint[:16]}…",
                hint="extend the vocabulary that the checkpoint was made with",
            )
        ids = {piece: id_ for id_, piece in enumerate(result.pieces)}
        sources = tuple(tuple(ids[source] for source in row.sources if source in ids) for row in self.rows)
        for place, row in enumerate(self.rows):
            if len(sources[place]) != len(row.sources) or any(id_ >= self.base.size + place for id_ in sources[place]):
                raise VocabularyError(
                    "an embedding is initialised from pieces that do not come before it", subject=row.piece
                )
        return RowPlacement(tuple(rows[piece] for piece in base), sources)


def plan_path(vocabulary: Path) -> Path:
    """Return where the plan of an extended vocabulary lies."""
    return vocabulary.with_suffix(".plan.json")


def mark_of(vocabulary: Vocabulary) -> VocabularyMark:
    """Return the mark of a vocabulary."""
    return VocabularyMark(vocabulary.size, vocabulary.fingerprint)


def _mark(value: Mapping[str, Any]) -> VocabularyMark:
    return VocabularyMark(int(value["size"]), str(value["fingerprint"]))


def _row(value: Mapping[str, Any]) -> NewRow:
    start = value["start"]
    if start not in get_args(Start):
        raise ValueError(f"an embedding has the unknown initialisation {start!r}")
    return NewRow(
        str(value["piece"]), float(value["score"]), cast("Start", start), tuple(map(str, value["source_pieces"]))
    )


def _unreadable(path: Path, message: str) -> VocabularyError:
    return VocabularyError(message, subject=str(path), hint="make the plan again with amhctl vocab extend")
