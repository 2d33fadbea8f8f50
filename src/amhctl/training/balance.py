"""Speakers drawn alike: those with few clips more often than their clips alone would be. Knows no model.

The share of a speaker in an epoch is proportional to the number of its clips to the power of 1 - balance: tempered
sampling, as for languages with little data (Arivazhagan et al. 2019, arXiv 1907.05019, section 4.2). An epoch has as
many utterances as without it. A clip that is used again in one epoch is drawn as in another: it has another prompt.
"""

import math
from collections import defaultdict
from itertools import accumulate

import numpy as np

from amhctl.codes.index import StoredUtterance
from amhctl.core.errors import ConfigError
from amhctl.training.voice_recipe import Item, Utterances


class BalancedUtterances:
    """Utterances of which an epoch has more of some speakers and fewer of others than there are.

    Parameters
    ----------
    own : Utterances
        What is drawn from.
    balance : float
        0 leaves the shares of the speakers as they are, 1 makes them alike.
    seed : int
        Of the draws.

    Raises
    ------
    ConfigError
        If all utterances are of one speaker.
    """

    def __init__(self, own: Utterances, *, balance: float, seed: int) -> None:
        self.own = own
        self._seed = seed
        clips: defaultdict[str, list[int]] = defaultdict(list)
        for index, entry in enumerate(own.entries):
            clips[entry.record.speaker].append(index)
        if len(clips) == 1:
            raise ConfigError(
                f"all clips are of one speaker, {next(iter(clips))}: there is nothing to balance",
                subject="training.speaker_balance",
                hint="--set training.speaker_balance=0",
            )
        self._clips = [clips[speaker] for speaker in sorted(clips)]
        weights = [len(chosen) ** (1.0 - balance) for chosen in self._clips]
        # Counted up to the number of utterances, by which rounding makes neither more nor fewer of them.
        self._edges = [len(own) * edge / sum(weights) for edge in accumulate(weights, initial=0.0)]
        self._edges[-1] = float(len(own))
        # How often a clip of each speaker can be used in an epoch.
        uses = [
            math.ceil((math.floor(behind - before) + 1) / len(chosen))
            for before, behind, chosen in zip(self._edges, self._edges[1:], self._clips, strict=False)
        ]
        self._rounds = max(uses)
        self._uses = [
            (index, turn)
            for turn in range(self._rounds)
            for chosen, most in zip(self._clips, uses, strict=True)
            if turn < most
            for index in chosen
        ]
        self._place = {use: place for place, use in enumerate(self._uses)}

    def __len__(self) -> int:
        """Return how many uses of utterances an epoch can have."""
        return len(self._uses)

    @property
    def entries(self) -> tuple[StoredUtterance, ...]:
        """The utterance of each use."""
        entries = self.own.entries
        return tuple(entries[index] for index, _ in self._uses)

    @property
    def lengths(self) -> tuple[int, ...]:
        """Frames of each."""
        lengths = self.own.lengths
        return tuple(lengths[index] for index, _ in self._uses)

    @property
    def text_lengths(self) -> tuple[int, ...]:
        """Text ids of each."""
        lengths = self.own.text_lengths
        return tuple(lengths[index] for index, _ in self._uses)

    @property
    def prompt_frames(self) -> int:
        """Frames of the longest prompt."""
        return self.own.prompt_frames

    def item(self, index: int, epoch: int) -> Item:
        """Return one, as it is drawn in an epoch."""
        clip, turn = self._uses[index]
        return self.own.item(clip, epoch * self._rounds + turn)

    def indices(self, epoch: int) -> tuple[int, ...]:
        """Return the uses of an epoch, as many as there are utterances: a function of the seed and the epoch."""
        random = np.random.default_rng((self._seed, epoch, 2))
        offset = random.uniform()
        chosen: list[int] = []
        for place, clips in enumerate(self._clips):
            count = math.floor(self._edges[place + 1] + offset) - math.floor(self._edges[place] + offset)
            whole, rest = divmod(count, len(clips))
            chosen += [self._place[index, turn] for turn in range(whole) for index in clips]
            some = random.choice(len(clips), size=rest, replace=False)
            chosen += [self._place[clips[index], whole] for index in sorted(some.tolist())]
        return tuple(chosen)


def epoch_indices(dataset: Utterances, epoch: int) -> tuple[int, ...]:
    """Return the utterances of a run's own that an epoch has: all, or as its speakers are balanced."""
    return dataset.indices(epoch) if isinstance(dataset, BalancedUtterances) else tuple(range(len(dataset)))
