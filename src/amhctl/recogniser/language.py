"""What a recogniser knows of the language: the phone model and the word list, learnt from spoken text."""

from collections.abc import Iterable, Iterator, Mapping

from safetensors.numpy import save

from amhctl.core.errors import AmhctlError
from amhctl.recogniser.catalog import LANGUAGE_FILE
from amhctl.recogniser.labels import join_words, word_labels
from amhctl.recogniser.phone_model import learn_phone_model
from amhctl.recogniser.words import WORDS_FILE, Labels, WordList, count_words
from amhctl.text.frontend import Frontend
from amhctl.text.script import MARKS

_MARKS = str.maketrans(dict.fromkeys(MARKS, " "))


def read_words(frontend: Frontend, written: str) -> tuple[Labels, ...]:
    """Return the labels of each word of a written text; empty if it cannot be spoken or read."""
    try:
        return word_labels(frontend.phones(frontend.normalize(written).text).text)
    except (AmhctlError, KeyError):
        return ()


def spoken_words(frontend: Frontend, written: str) -> str:
    """Return the words of a written text as they are spoken, without marks; empty if there are none."""
    try:
        return " ".join(frontend.normalize(written).text.translate(_MARKS).split())
    except AmhctlError:
        return ""


def learn_language(sentences: Iterable[str], frontend: Frontend, *, words: int = 60_000) -> Mapping[str, bytes]:
    """Learn the models of language and return the files that hold them.

    Parameters
    ----------
    sentences : Iterable[str]
        Spoken text without marks, from ``spoken_words``.
    frontend : Frontend
        What reads its words.
    words : int
        How many words are kept, the most frequent ones.

    Raises
    ------
    ValueError
        If the text has no word that can be read.
    """

    def read(word: str) -> Labels | None:
        try:
            found = word_labels(frontend.phones(word).text)
        except (AmhctlError, KeyError):
            return None
        return found[0] if len(found) == 1 else None

    lines = [line for line in sentences if line]
    known = count_words(lines, read, largest=words)
    model = learn_phone_model(_read_lines(lines, known))
    return {LANGUAGE_FILE: save(model.arrays()), WORDS_FILE: known.dump()}


def _read_lines(lines: Iterable[str], known: WordList) -> Iterator[Labels]:
    """Yield the labels of each stretch of known words: a word that is not among the frequent ones ends it."""
    for line in lines:
        stretch: list[Labels] = []
        for word in line.split():
            sound = known.sound(word)
            if sound is not None:
                stretch.append(sound)
            elif stretch:
                yield join_words(stretch)
                stretch = []
        if stretch:
            yield join_words(stretch)
