"""Training a vocabulary on strings of units. Knows neither files nor how the strings were made.

Every string of the alphabet (see ``alphabet``) becomes a piece whether or not the corpus has it, so that no text the
frontend can make is unknown; a corpus that holds anything else is refused. There is no byte fallback: a letter spelled
in bytes would be learnt by nobody and spoken wrong without a word.

SentencePiece is given each different word once with its count (its ``tsv`` input), so that time and memory follow the
number of different words and not the length of the corpus.
"""

import io
from collections.abc import Iterable, Iterator
from typing import Literal

import sentencepiece

from amhctl.core.errors import VocabularyError
from amhctl.tokenizer.alphabet import WORD_BOUNDARY, Alphabet, Units, alphabet_of
from amhctl.tokenizer.vocabulary import SPECIALS, Vocabulary
from amhctl.tokenizer.words import WordCounts, count_words

ModelType = Literal["bpe", "unigram", "char"]

# SentencePiece drops longer entries without a word; 16 MiB is its whole buffer for one.
_LONGEST_LINE_BYTES = 1 << 24


def minimum_size(units: Units) -> int:
    """Return the fewest pieces a vocabulary of these units can have: specials, alphabet and word boundary."""
    return len(SPECIALS) + len(alphabet_of(units).guaranteed) + 1


def train_vocabulary(lines: Iterable[str], *, size: int, units: Units, model_type: ModelType = "char") -> Vocabulary:
    """Train a vocabulary of at most ``size`` pieces on strings of units, read once.

    ``char`` has exactly one piece for each fidel or phone, and the word boundary; ``bpe`` (Sennrich et al. 2016) and
    ``unigram`` (Kudo 2018) add longer pieces until ``size``, or until the corpus gives no more. The result is the same
    for the same words and counts, in whatever order they come.

    Raises
    ------
    VocabularyError
        If ``size`` cannot hold the alphabet, the corpus is empty, or it has characters outside the alphabet.
    """
    _require_room(size, units)
    return train_on_words(count_words(lines, alphabet_of(units)), size=size, units=units, model_type=model_type)


def train_on_words(words: WordCounts, *, size: int, units: Units, model_type: ModelType) -> Vocabulary:
    """Train as `train_vocabulary` does, on words that are counted already.

    Raises
    ------
    VocabularyError
        If ``size`` cannot hold the alphabet, or SentencePiece cannot train on these words.
    """
    _require_room(size, units)
    vocabulary = Vocabulary.from_bytes(_train(words, alphabet_of(units), size, model_type))
    if vocabulary.missing:
        raise VocabularyError(f"the vocabulary lacks {' '.join(vocabulary.missing)}", hint="request a larger size")
    return vocabulary


def _require_room(size: int, units: Units) -> None:
    if size < minimum_size(units):
        raise VocabularyError(
            f"{size} pieces cannot hold the alphabet of the units {units!r}",
            subject="size",
            hint=f"use --size {minimum_size(units)} or more",
        )


def _train(words: WordCounts, alphabet: Alphabet, size: int, model_type: ModelType) -> bytes:
    output = io.BytesIO()
    # What the corpus has beside the alphabet: letters of other languages of Ethiopia.
    inside = set("".join(alphabet.guaranteed))
    others = tuple(sorted(char for char in words.letters if char not in inside))
    characters = (*alphabet.characters, *others)
    try:
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=_entries(words, _spell_alphabet(alphabet, characters)),
            input_format="tsv",
            model_writer=output,
            model_type=model_type,
            vocab_size=size,
            hard_vocab_limit=False,
            bos_id=Vocabulary.START_ID,
            eos_id=Vocabulary.STOP_ID,
            unk_id=Vocabulary.UNKNOWN_ID,
            pad_id=-1,
            character_coverage=1.0,
            required_chars="".join((WORD_BOUNDARY, *characters)),
            user_defined_symbols=list(alphabet.symbols),
            normalization_rule_name="identity",
            add_dummy_prefix=True,
            max_sentence_length=_LONGEST_LINE_BYTES,
            # The sums of unigram training depend on how many threads share them.
            num_threads=1,
            minloglevel=2,
        )
    except RuntimeError as error:
        raise VocabularyError(
            f"SentencePiece cannot train: {error}", subject="corpus", hint="request another size or give more text"
        ) from error
    return output.getvalue()


def _entries(words: WordCounts, alphabet: str) -> Iterator[str]:
    """Yield the words with their counts in one order, whatever that of the corpus was."""
    yield f"{alphabet}\t1"
    for word in sorted(words.counts):
        yield f"{word}\t{words.counts[word]}"


def _spell_alphabet(alphabet: Alphabet, characters: Iterable[str]) -> str:
    """Return a word with each character once, between marks, so that no two of them are neighbours to be merged.

    SentencePiece's ``required_chars`` alone is not enough: a required character that never occurs is dropped again
    where the characters that do occur add up to the whole coverage.
    """
    mark = alphabet.symbols[-1]
    return mark + mark.join(characters) + mark
