"""Strings of units to ids and back. Knows neither written text nor training; sees only what the frontend made."""

from collections.abc import Iterable

import sentencepiece

from amhctl.core.errors import VocabularyError
from amhctl.tokenizer.alphabet import WORD_BOUNDARY
from amhctl.tokenizer.vocabulary import Vocabulary


class Tokenizer:
    """Encodes and decodes with one vocabulary; nothing unknown passes.

    Parameters
    ----------
    vocabulary : Vocabulary
        The pieces.

    Raises
    ------
    VocabularyError
        If SentencePiece cannot work with them.
    """

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary
        try:
            self._processor = sentencepiece.SentencePieceProcessor(model_proto=vocabulary.model_bytes)
        except RuntimeError as error:
            # It reads more of the file than `proto` does, and more strictly.
            raise VocabularyError(
                f"SentencePiece refuses the vocabulary: {error}",
                subject=f"vocabulary {vocabulary.fingerprint[:16]}…",
                hint="copy the file again, or make one with amhctl vocab train",
            ) from error

    def encode(self, units: str) -> tuple[int, ...]:
        """Return the ids of a string of units, without start and stop.

        Raises
        ------
        VocabularyError
            If a character has no piece; the message names the characters.
        """
        ids = self.ids(units)
        if self.vocabulary.UNKNOWN_ID in ids or WORD_BOUNDARY in units:
            named = ", ".join(f"{char!r} (U+{ord(char):04X})" for char in self.unknown(units))
            shown = " ".join(units.split())
            raise VocabularyError(
                f"the vocabulary has no pieces for {named}",
                subject=shown if len(shown) <= 60 else f"{shown[:57]}…",
                hint=f"encode the frontend's output for the units {self.vocabulary.units!r}, or add pieces with "
                "amhctl vocab extend",
            )
        return ids

    def ids(self, units: str) -> tuple[int, ...]:
        """Return the ids of any string, an unknown stretch as one id 2: for measuring, never for a network."""
        return tuple(self._processor.encode(units, out_type=int))

    def unknown(self, units: str) -> tuple[str, ...]:
        """Return the characters of a string that have no piece, one entry for each occurrence."""
        # The visible space is a piece, but as a letter it would come back as a space.
        found = [char for char in units if char == WORD_BOUNDARY]
        ids = self.ids(units)
        if self.vocabulary.UNKNOWN_ID in ids:
            for piece, number in zip(self.pieces(units), ids, strict=True):
                if number == self.vocabulary.UNKNOWN_ID:
                    found.extend(piece)
        return tuple(found)

    def pieces(self, units: str) -> tuple[str, ...]:
        """Return the pieces of a string; an unknown stretch comes as one piece."""
        return tuple(self._processor.encode(units, out_type=str))

    def decode(self, ids: Iterable[int]) -> str:
        """Return the string of units that ids stand for; start and stop are left out.

        Raises
        ------
        VocabularyError
            If an id is no piece, or is the unknown one.
        """
        numbers = [int(number) for number in ids]
        for number in numbers:
            if not 0 <= number < self.vocabulary.size or number == self.vocabulary.UNKNOWN_ID:
                raise VocabularyError(f"id {number} is not a text piece in a vocabulary of {self.vocabulary.size}")
        return str(self._processor.decode(numbers))
