"""By which clips the utterances of a data set are prompted: those of the same speaker, as they were recorded."""

from collections.abc import Sequence

import numpy as np

from amhctl.codes.index import StoredUtterance
from amhctl.corpus.pairs import SpeakerClips


class PromptPool:
    """The utterances of a data set that are no varied copies; a copy whose original is not there counts as one.

    Parameters
    ----------
    entries : Sequence[StoredUtterance]
        All utterances, copies too.
    """

    def __init__(self, entries: Sequence[StoredUtterance]) -> None:
        self._originals = _find_originals(entries)
        self._places: dict[int, int] = {}
        for index, original in enumerate(self._originals):
            if original == index:
                self._places[index] = len(self._places)
        self.originals = tuple(entries[index] for index in self._places)
        """The utterances, in their order."""
        self._clips = SpeakerClips([entry.record.speaker for entry in self.originals])

    @property
    def are_original(self) -> list[bool]:
        """Whether each of all utterances is one of the pool."""
        return [original == index for index, original in enumerate(self._originals)]

    @property
    def sole_clips(self) -> tuple[str, ...]:
        """Utterances that are their speaker's only one, and so their own prompt."""
        return tuple(self.originals[place].id for place in self._clips.sole)

    def choose(self, index: int, random: np.random.Generator) -> StoredUtterance:
        """Return what prompts an utterance: another clip of its speaker.

        A copy is prompted as its original is: by another clip as it was recorded, never by the same words varied.
        """
        return self.originals[self._clips.choose_prompt(self._places[self._originals[index]], random)]


def _find_originals(entries: Sequence[StoredUtterance]) -> tuple[int, ...]:
    """Return for each utterance the place of the one that it is a varied copy of, or its own."""
    places = {entry.id: index for index, entry in enumerate(entries)}
    return tuple(
        places.get(entry.id.rpartition("+")[0], index) if entry.is_copy else index
        for index, entry in enumerate(entries)
    )
