"""What a voice reads a text as: rules, words, phones, and what it leaves out; for people who correct words."""

from dataclasses import asdict, dataclass
from typing import Any

from amhctl.inference.voice import Voice
from amhctl.text.spoken import TraceEntry
from amhctl.text.unspoken import find_unspoken


@dataclass(frozen=True, slots=True)
class Reading:
    """How a text is read.

    Attributes
    ----------
    spoken : str
        What is said, in fidel.
    words : tuple[tuple[str, tuple[str, ...]], ...]
        Each word of it, or mark, and its phones.
    changes : tuple[TraceEntry, ...]
        What the rules changed; spans count characters of the written text.
    unspoken : tuple[str, ...]
        Stretches of the written text that nothing is said for.
    """

    spoken: str
    words: tuple[tuple[str, tuple[str, ...]], ...]
    changes: tuple[TraceEntry, ...]
    unspoken: tuple[str, ...]

    def document(self) -> dict[str, object]:
        """Return it as JSON values."""
        return {
            "spoken": self.spoken,
            "words": [{"spoken": word, "phones": list(phones)} for word, phones in self.words],
            "changes": [asdict(change) for change in self.changes],
            "unspoken": list(self.unspoken),
        }


def read_text(voice: Voice[Any], text: str) -> Reading:
    """Return how a voice reads a text.

    Raises
    ------
    TextError
        If nothing in it can be spoken.
    """
    spoken = voice.frontend.normalize(text)
    phones = voice.frontend.phones(spoken.text)
    return Reading(
        spoken=spoken.text,
        words=tuple(zip(spoken.words, phones.words, strict=True)),
        changes=spoken.trace,
        unspoken=tuple(stretch.text for stretch in find_unspoken(spoken)),
    )
