"""Training a vocabulary on strings of units. Knows neither files nor how the strings were made.

Every string of the alphabet (see ``alphabet``) becomes a piece whether or not the corpus has it, so that no text the
frontend can make is unknown; a corpus that holds anything else is refused.
"""

import io
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Literal

import sentencepiece

from amhctl.core.errors import VocabularyError
from amhctl.tokenizer.alphabet import WORD_BOUNDARY, Alphabet, Units, alphabet_of
from amhctl.tokenizer.vocabulary import SPECIALS, Vocabulary

ModelType = Literal["bpe", "unigram", "char"]

# SentencePiece drops longer lines without a word; 16 MiB is its whole buffer for one.
_LONGEST_LINE_BYTES = 1 << 24


def minimum_size(units: Units) -> int:
    """Return the fewest pieces a vocabulary of these units can have: specials, alphabet and word boundary."""
    return len(SPECIALS) + len(alphabet_of(units).guaranteed) + 1


def train_vocabulary(lines: Iterable[str], *, size: int, units: Units, model_type: ModelType = "char") -> Vocabulary:
    """Train a vocabulary of at most ``size`` pieces on strings of units, read once.

    ``char`` has exactly one piece for each fidel or phone, and the word boundary; ``bpe`` (Sennrich et al. 2016) and
    ``unigram`` (Kudo 2018) add longer pieces until ``size``, or until the corpus gives no more. The result is the same
    for the same lines.

    Raises
    ------
    VocabularyError
        If ``size`` cannot hold the alphabet, the corpus is empty, or it has characters outside the alphabet.
    """
    if size < minimum_size(units):
        raise VocabularyError(
            f"{size} pieces cannot hold the alphabet of the units {units!r}",
            subject="size",
            hint=f"ask for at least {minimum_size(units)}",
        )
    alphabet = alphabet_of(units)
    reader = CheckedLines(lines, alphabet)
    content = _train(reader, alphabet, size, model_type)
    vocabulary = Vocabulary.from_bytes(content)
    if vocabulary.missing:
        raise VocabularyError(f"the trainer left out {' '.join(vocabulary.missing)}", hint="ask for a larger size")
    return vocabulary


class CheckedLines:
    """Lines that belong to an alphabet; those that do not are kept back and reported all at once.

    Parameters
    ----------
    lines : Iterable[str]
        Strings of units.
    alphabet : Alphabet
        What they may be made of.
    """

    def __init__(self, lines: Iterable[str], alphabet: Alphabet) -> None:
        self._lines = lines
        self._alphabet = alphabet
        self._first_seen: dict[str, int] = {}
        self._kept = 0

    def __iter__(self) -> Iterator[str]:
        """Yield the good lines that are not empty."""
        for number, line in enumerate(self._lines, start=1):
            strangers = self._alphabet.strangers(line)
            for char in strangers:
                self._first_seen.setdefault(char, number)
            if line and not strangers:
                self._kept += 1
                yield line

    def raise_faults(self) -> None:
        """Refuse a corpus that had nothing, or characters outside the alphabet.

        Raises
        ------
        VocabularyError
            With the characters and the line in which each comes first.
        """
        if self._first_seen:
            shown = list(self._first_seen.items())[:10]
            more = len(self._first_seen) - len(shown)
            named = ", ".join(f"{char!r} (U+{ord(char):04X}) in line {number}" for char, number in shown)
            raise VocabularyError(
                f"the corpus has characters that are no {self._alphabet.units}: {named}"
                + (f" and {more} more" if more else ""),
                subject=f"line {shown[0][1]}",
                hint="pass the text through the frontend first",
            )
        if not self._kept:
            raise VocabularyError("the corpus is empty", hint="give at least one line of text")


def _train(reader: CheckedLines, alphabet: Alphabet, size: int, model_type: ModelType) -> bytes:
    output = io.BytesIO()
    try:
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=chain((_spell_alphabet(alphabet),), reader),
            model_writer=output,
            model_type=model_type,
            vocab_size=size,
            hard_vocab_limit=False,
            bos_id=Vocabulary.START_ID,
            eos_id=Vocabulary.STOP_ID,
            unk_id=Vocabulary.UNKNOWN_ID,
            pad_id=-1,
            character_coverage=1.0,
            required_chars="".join((WORD_BOUNDARY, *alphabet.characters)),
            user_defined_symbols=list(alphabet.symbols),
            normalization_rule_name="identity",
            add_dummy_prefix=True,
            max_sentence_length=_LONGEST_LINE_BYTES,
            # The sums of unigram training depend on how many threads share them.
            num_threads=1,
            minloglevel=2,
        )
    except RuntimeError as error:
        reader.raise_faults()
        raise VocabularyError(
            f"SentencePiece cannot train: {error}", subject="corpus", hint="ask for another size or give more text"
        ) from error
    reader.raise_faults()
    return output.getvalue()


def _spell_alphabet(alphabet: Alphabet) -> str:
    """Return a line with each character once, between marks, so that no two of them are neighbours to be merged.

    SentencePiece's ``required_chars`` alone is not enough: a required character that never occurs is dropped again
    where the characters that do occur add up to the whole coverage.
    """
    mark = alphabet.symbols[-1]
    return mark + mark.join(alphabet.characters) + mark
