"""Utterances of the base's language among those that a voice is fine-tuned on, so that it does not forget them.

What a network is not shown, it forgets (McCloskey and Cohen 1989); a small share of earlier data keeps most of it
(Rolnick et al. 2019, arXiv 1811.11682). Each epoch has all utterances of its own and others sampled from the store
of the base's language, so that their share is as configured; the sample is a pure function of seed and epoch. Knows no
model.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from amhctl.batches.batching import PositionLimit, plan_epoch
from amhctl.codes.index import StoredUtterance
from amhctl.codes.store import CodeStore
from amhctl.core.errors import DatasetError
from amhctl.training.balance import BalancedUtterances, epoch_indices
from amhctl.training.feed import Plan
from amhctl.training.voice_recipe import Item, Utterances


class ReplayedUtterances:
    """A run's own utterances, and after them replayed ones, of which an epoch has some.

    Parameters
    ----------
    own : Utterances
        What is trained on as a whole.
    replayed : Utterances
        What is sampled from.
    share : float
        Of the replayed among the utterances of an epoch, less than 1.
    seed : int
        Of the draws.
    """

    def __init__(self, own: Utterances, replayed: Utterances, *, share: float, seed: int) -> None:
        self.own = own
        self.replayed = replayed
        self._seed = seed
        # Of n own ones, n share / (1 - share) others make that share of all.
        count = len(epoch_indices(own, 0))
        self._count = min(len(replayed), max(1, round(count * share / (1.0 - share))))

    def __len__(self) -> int:
        """Return the number of utterances that an epoch can have."""
        return len(self.own) + len(self.replayed)

    @property
    def entries(self) -> tuple[StoredUtterance, ...]:
        """The utterances, by index: the own ones first."""
        return (*self.own.entries, *self.replayed.entries)

    @property
    def lengths(self) -> tuple[int, ...]:
        """Frames of each."""
        return (*self.own.lengths, *self.replayed.lengths)

    @property
    def text_lengths(self) -> tuple[int, ...]:
        """Text ids of each."""
        return (*self.own.text_lengths, *self.replayed.text_lengths)

    @property
    def prompt_frames(self) -> int:
        """Frames of the longest prompt."""
        return max(self.own.prompt_frames, self.replayed.prompt_frames)

    @property
    def sampled(self) -> int:
        """How many replayed utterances an epoch has: fewer than the share asks for where there are no more."""
        return self._count

    def item(self, index: int, epoch: int) -> Item:
        """Return one, as it is drawn in an epoch."""
        if index < len(self.own):
            return self.own.item(index, epoch)
        return self.replayed.item(index - len(self.own), epoch)

    def indices(self, epoch: int) -> tuple[int, ...]:
        """Return the utterances of an epoch: the own ones, and replayed ones, none of them twice."""
        random = np.random.default_rng((self._seed, epoch, 1))
        sampled = np.sort(random.choice(len(self.replayed), size=self._count, replace=False))
        return (*epoch_indices(self.own, epoch), *(len(self.own) + sampled).tolist())


def own_part(dataset: Utterances) -> Utterances:
    """Return the utterances of a voice's own, without replayed ones and each once."""
    while isinstance(dataset, ReplayedUtterances | BalancedUtterances):
        dataset = dataset.own
    return dataset


def plan_training_epoch(
    dataset: Utterances,
    frames: Sequence[int],
    *,
    batch_frames: int,
    seed: int,
    epoch: int,
    bucketing: bool,
    positions: PositionLimit | None = None,
) -> Plan:
    """Return the micro-batches of an epoch of training.

    Parameters
    ----------
    dataset : Utterances
        What is trained on.
    frames : Sequence[int]
        Frames of each.
    batch_frames, seed, epoch, bucketing, positions : int, int, int, bool, PositionLimit | None
        As of ``plan_epoch``.
    """
    indices = dataset.indices(epoch) if isinstance(dataset, ReplayedUtterances) else epoch_indices(dataset, epoch)
    chosen = [frames[index] for index in indices]
    if positions is not None:
        positions = replace(positions, texts=[positions.texts[index] for index in indices])
    plan = plan_epoch(
        chosen, batch_frames=batch_frames, seed=seed, epoch=epoch, bucketing=bucketing, positions=positions
    )
    return tuple(tuple(indices[place] for place in batch) for batch in plan)


def require_alike(store: CodeStore, other: CodeStore, *, key: str) -> None:
    """Refuse a second store of a run that was not made as its first one was.

    Raises
    ------
    DatasetError
        If its codec, its features, its level or its acoustics are others.
    """
    differing = [
        name
        for name, ours, theirs in (
            ("codec", store.spec, other.spec),
            ("conditioning features", store.conditioning_config, other.conditioning_config),
            ("speech level", store.level, other.level),
            ("acoustics", store.document.acoustics, other.document.acoustics),
            ("speaker encoder", store.document.speaker, other.document.speaker),
        )
        if ours != theirs
    ]
    if differing:
        raise DatasetError(
            f"the stores of {key} and paths.data differ in: {', '.join(differing)}",
            subject=str(other.path),
            hint="extract both with the same options of `amhctl codes extract`",
        )
