"""Written text as a recogniser knows it: spoken words, each with its phones. Knows no sound."""

from dataclasses import dataclass

from amhctl.core.errors import AmhctlError
from amhctl.recogniser.labels import word_labels
from amhctl.text.frontend import Frontend


@dataclass(frozen=True, slots=True)
class ReadWord:
    """A word as it is spoken.

    Attributes
    ----------
    spoken : str
        Its letters: a number in words, an abbreviation in full.
    phones : tuple[int, ...]
        Labels of its phones; at least one.
    """

    spoken: str
    phones: tuple[int, ...]


def read_spoken(frontend: Frontend, written: str) -> tuple[ReadWord, ...]:
    """Return the words of a written text as they are spoken; none if nothing of it can be read.

    Marks and words without a phone are left out.
    """
    try:
        spoken = frontend.normalize(written)
        phones = frontend.phones(spoken.text)
        labels = [word_labels("".join(word)) for word in phones.words]
    except (AmhctlError, KeyError):
        return ()
    pairs = zip(spoken.words, labels, strict=True)
    return tuple(ReadWord(word, found[0]) for word, found in pairs if found)
