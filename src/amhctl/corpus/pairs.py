"""Which other utterance of the same speaker prompts an utterance. Knows neither audio nor text.

A prompt is never the utterance itself, unless it is its speaker's only one. It is drawn again in each epoch: a pure
function of the seed, the epoch and the utterance's place.
"""

from collections.abc import Iterator, Sequence

import numpy as np


def epoch_random(seed: int, epoch: int, index: int) -> np.random.Generator:
    """Return the generator of all that is drawn for an utterance in an epoch."""
    return np.random.default_rng((seed, epoch, index))


class SpeakerClips:
    """The utterances of each speaker, by their places in a list.

    Parameters
    ----------
    speakers : Sequence[str]
        The speaker of each utterance; equal names are one speaker.
    """

    def __init__(self, speakers: Sequence[str]) -> None:
        clips: dict[str, list[int]] = {}
        self._place: list[int] = []
        for index, speaker in enumerate(speakers):
            own = clips.setdefault(speaker, [])
            self._place.append(len(own))
            own.append(index)
        self._speakers = tuple(speakers)
        self._clips = clips

    @property
    def sole(self) -> tuple[int, ...]:
        """Utterances that are their speaker's only one."""
        return tuple(clips[0] for clips in self._clips.values() if len(clips) == 1)

    def choose_prompt(self, index: int, random: np.random.Generator) -> int:
        """Return another utterance of the same speaker, each with the same chance; a sole one is its own prompt."""
        clips = self._clips[self._speakers[index]]
        if len(clips) == 1:
            return index
        # One of the others: a step of 1 … n - 1 around the circle never comes back to the clip itself.
        step = int(random.integers(1, len(clips)))
        return clips[(self._place[index] + step) % len(clips)]


def choose_pairs(speakers: Sequence[str], *, seed: int, epoch: int) -> Iterator[tuple[int, int]]:
    """Yield the places of each utterance and of its prompt in an epoch; utterances no second utterance are left out."""
    clips = SpeakerClips(speakers)
    for index in range(len(speakers)):
        prompt = clips.choose_prompt(index, epoch_random(seed, epoch, index))
        if prompt != index:
            yield index, prompt
