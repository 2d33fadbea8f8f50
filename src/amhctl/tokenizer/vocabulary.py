"""A vocabulary: an immutable map of pieces to ids, as a SentencePiece ``.model`` file. Knows no text processing.

On disk it is that file and nothing else. Ids 0, 1 and 2 are ``<s>`` (start), ``</s>`` (stop) and ``<unk>``; there is no
padding piece. The fingerprint is the SHA-256 of the pieces, joined by newlines, in UTF-8.
"""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Self

from amhctl.core.documents import read_limited
from amhctl.core.errors import DocumentError, VocabularyError
from amhctl.core.files import refuse_existing, write_bytes_atomically
from amhctl.core.outputs import FileKind
from amhctl.tokenizer.alphabet import SILENT_PIECES, Units, alphabet_of
from amhctl.tokenizer.proto import PieceKind, parse_model

# The first field of a SentencePiece model is its first piece: field 1, of a length, begun by field 1 in turn.
VOCABULARY = FileKind("a vocabulary", re.compile(rb"\n[^\n]{1,2}\n", re.DOTALL))
SPECIALS = ("<s>", "</s>", "<unk>")
_SPECIAL_KINDS = (PieceKind.CONTROL, PieceKind.CONTROL, PieceKind.UNKNOWN)
# A million pieces, which a vocabulary may have, are some 30 MB.
_MOST_BYTES = 256 << 20
_PADDING = ("<pad>", PieceKind.CONTROL)


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Pieces in the order of their ids.

    Attributes
    ----------
    pieces : tuple[str, ...]
        The piece of each id.
    scores : tuple[float, ...]
        The score of each id.
    kinds : tuple[PieceKind, ...]
        The type of each id.
    units : Units
        What the pieces are made of: ``phones`` if every phone of several characters is a piece, else ``fidel``.
    model_type : str
        ``bpe``, ``unigram`` or ``char``.
    model_bytes : bytes
        The ``.model`` file.
    """

    pieces: tuple[str, ...]
    scores: tuple[float, ...]
    kinds: tuple[PieceKind, ...]
    units: Units
    model_type: str
    model_bytes: bytes = field(repr=False)

    START_ID: ClassVar[int] = 0
    STOP_ID: ClassVar[int] = 1
    UNKNOWN_ID: ClassVar[int] = 2

    @classmethod
    def from_bytes(cls, content: bytes, *, subject: str = "") -> Self:
        """Read a vocabulary from the bytes of a ``.model`` file.

        Raises
        ------
        VocabularyError
            If the bytes are no whole SentencePiece model, ids 0, 1 and 2 are not ``<s>``, ``</s>`` and ``<unk>``,
            there is a padding piece, or a piece occurs twice.
        """
        fields = parse_model(content, subject=subject)
        pieces = tuple(piece.text for piece in fields.pieces)
        kinds = tuple(piece.kind for piece in fields.pieces)
        if pieces[:3] != SPECIALS or kinds[:3] != _SPECIAL_KINDS:
            raise VocabularyError(
                f"ids 0, 1 and 2 are {', '.join(pieces[:3])}, not {', '.join(SPECIALS)}",
                subject=subject,
                hint="train the vocabulary with amhctl vocab train, or with bos_id 0, eos_id 1, unk_id 2 and pad_id -1",
            )
        entries = zip(pieces, kinds, strict=True)
        if (padding := next((i for i, entry in enumerate(entries) if entry == _PADDING), None)) is not None:
            raise VocabularyError(
                f"id {padding} is the padding piece {_PADDING[0]}, which is not supported",
                subject=subject,
                hint="train the vocabulary with amhctl vocab train, or with pad_id -1",
            )
        if len(set(pieces)) != len(pieces):
            twice = sorted({piece for piece in pieces if pieces.count(piece) > 1})
            raise VocabularyError(f"pieces occur more than once: {' '.join(twice[:10])}", subject=subject)
        phones = set(alphabet_of("phones").symbols)
        return cls(
            pieces=pieces,
            scores=tuple(piece.score for piece in fields.pieces),
            kinds=kinds,
            units="phones" if phones.issubset(pieces) else "fidel",
            model_type=fields.model_type,
            model_bytes=content,
        )

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a ``.model`` file.

        Raises
        ------
        VocabularyError
            If the file is missing or is not such a vocabulary.
        """
        try:
            content = read_limited(path, most_bytes=_MOST_BYTES)
        except OSError as error:
            raise VocabularyError(
                f"the vocabulary cannot be read: {error.strerror}",
                subject=str(path),
                hint="give the path of a SentencePiece .model file; amhctl vocab train makes one",
            ) from error
        except DocumentError as error:
            raise VocabularyError(f"the vocabulary is {error.message}", subject=str(path)) from error
        return cls.from_bytes(content, subject=str(path))

    def write(self, path: Path, *, force: bool = False) -> None:
        """Write the ``.model`` file, whole or not at all.

        Raises
        ------
        FileExistsRefused
            If the file exists and ``force`` is false.
        """
        refuse_existing(path, force=force)
        write_bytes_atomically(path, self.model_bytes)

    @property
    def size(self) -> int:
        """Number of pieces, specials included."""
        return len(self.pieces)

    def is_silent(self, id_: int) -> bool:
        """Return whether an id is that of a word boundary or a mark."""
        return self.pieces[id_] in SILENT_PIECES

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the ordered pieces."""
        return fingerprint_of(self.pieces)

    @property
    def missing(self) -> tuple[str, ...]:
        """Strings of the guaranteed alphabet that are not a piece."""
        present = set(self.pieces)
        return tuple(symbol for symbol in alphabet_of(self.units).guaranteed if symbol not in present)


def fingerprint_of(pieces: Iterable[str]) -> str:
    """Return the fingerprint of pieces in the order of their ids."""
    return hashlib.sha256("\n".join(pieces).encode("utf-8")).hexdigest()
