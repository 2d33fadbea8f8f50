"""What the training loop asks of a kind of voice: batches, losses, and what is to be watched. Knows no kind.

Implementations: ``UnifiedRecipe``, ``FlowRecipe``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

from torch import nn

from amhctl.batches.batching import PositionLimit
from amhctl.codes.index import StoredUtterance
from amhctl.config.schema import TrainingConfig
from amhctl.core.findings import Finding
from amhctl.model.speaker_probe import SpeakerProbe
from amhctl.training.feed import Plan
from amhctl.training.precision import Precision

# What only one kind of voice looks into: the loop hands it from one method of the kind's recipe to another.
Item: TypeAlias = Any
Batch: TypeAlias = Any
Counts: TypeAlias = Any
Model: TypeAlias = Any
Dataset: TypeAlias = Any


class Utterances(Protocol):
    """A dataset: utterances that are read one by one."""

    def __len__(self) -> int:
        """Return the number of utterances."""
        ...

    @property
    def entries(self) -> tuple[StoredUtterance, ...]:
        """The utterances, by index."""
        ...

    @property
    def lengths(self) -> tuple[int, ...]:
        """Frames of each, by which batches are made."""
        ...

    @property
    def text_lengths(self) -> tuple[int, ...]:
        """Text ids of each."""
        ...

    @property
    def prompt_frames(self) -> int:
        """Frames of the longest prompt; 0 where there are none."""
        ...

    def item(self, index: int, epoch: int) -> Item:
        """Return one, as it is drawn in an epoch."""
        ...


@dataclass(frozen=True, slots=True)
class Lengths:
    """Frames and text pieces of each item of a dataset, and frames of its longest prompt."""

    frames: tuple[int, ...]
    text: tuple[int, ...]
    prompt: int = 0

    @classmethod
    def of(cls, dataset: Utterances) -> "Lengths":
        """Return those of a dataset."""
        return cls(dataset.lengths, dataset.text_lengths, dataset.prompt_frames)

    def limit(self, positions: int) -> PositionLimit | None:
        """Return the bound of ``training.batch_positions``; 0 is none."""
        return PositionLimit(positions, self.text, self.prompt) if positions else None

    def sums(self, batches: Plan) -> tuple[int, int, int]:
        """Return how many items, frames and text pieces micro-batches have."""
        items = [index for batch in batches for index in batch]
        return len(items), sum(self.frames[index] for index in items), sum(self.text[index] for index in items)


@dataclass(frozen=True, slots=True)
class BatchSize:
    """How large the tensors of a micro-batch are, padding included.

    Attributes
    ----------
    items : int
        Utterances.
    frames, text, prompt : int
        Frames, text pieces and prompt frames of the longest of them.
    """

    items: int
    frames: int
    text: int
    prompt: int

    @property
    def positions(self) -> int:
        """All of them together."""
        return self.items * (self.frames + self.text + self.prompt)


class Means(Protocol):
    """Losses as means over real targets."""

    @property
    def total(self) -> float:
        """What is minimised."""
        ...

    @property
    def decisive(self) -> float:
        """By which, on the validation set, a voice is better than another."""
        ...

    def journal(self) -> dict[str, float | list[float]]:
        """Return the values of a step."""
        ...

    def valid_journal(self) -> dict[str, float | list[float]]:
        """Return the values of a validation."""
        ...

    def metrics(self) -> dict[str, Any]:
        """Return what a voice's manifest says of it."""
        ...


class VoiceRecipe(Protocol):
    """A kind of voice in training."""

    def collate(self, items: Sequence[Item]) -> Batch:
        """Return items as one batch, which has ``to(device)``."""
        ...

    def blank(self, size: BatchSize) -> Batch:
        """Return a batch of a size without meaning, to see what one takes."""
        ...

    def count(self, lengths: Lengths, batches: Plan) -> Counts:
        """Return how many real targets micro-batches have."""
        ...

    def objective(
        self, model: Model, config: TrainingConfig, precision: Precision, classifier: nn.Module | None = None
    ) -> nn.Module:
        """Return the module from a batch and ``inputs`` to the loss to minimise and the packed sums of all losses.

        ``classifier`` tells speakers by what the voice makes of a clip; only kinds that know emotion are given one.
        """
        ...

    def inputs(
        self, batch: Batch, counts: Counts, config: TrainingConfig, *, seed: int, step: int, place: int
    ) -> tuple[Any, ...]:
        """Return what the objective is given after a micro-batch of training: a function of seed, step and place."""
        ...

    def valid_inputs(self, batch: Batch, counts: Counts, *, seed: int, place: int) -> tuple[Any, ...]:
        """Return what it is given after a micro-batch of validation, the same each time."""
        ...

    def summarize(self, packed: list[float], counts: Counts, config: TrainingConfig) -> Means:
        """Return the means of packed sums."""
        ...

    def probe_speakers(self, model: Model, dataset: Dataset) -> SpeakerProbe:
        """Measure what a voice makes of the speakers of a dataset."""
        ...

    def find_collapsed_speakers(
        self, speaker_probe: SpeakerProbe, dataset: Dataset, subject: str
    ) -> tuple[Finding, ...]:
        """Return a finding if the voice does not tell speakers apart."""
        ...
