"""What a voice that is fine-tuned forgets: its loss on speech of the base's language, compared with the base's own.

Measured on the averaged weights, as every validation is, before the first step and at each validation. Knows no loop.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from amhctl.codes.index import StoredUtterance
from amhctl.config.finetuning import ForgettingConfig
from amhctl.core.findings import Finding, Rule, Rules, Severity
from amhctl.training.voice_recipe import Item, Utterances

FORGOTTEN = "R013"
RULES = Rules(
    Rule(
        FORGOTTEN,
        Severity.WARNING,
        "base forgotten",
        "The loss on paths.probe is higher than that of the base by more than training.forgetting.worsening: "
        "catastrophic forgetting. Replay speech of the base (training.replay_share), train fewer parameters "
        "(training.freeze, training.adapter), or lower the learning rate.",
    ),
)


@dataclass(frozen=True, slots=True)
class Memory:
    """What is known of a base's language.

    Attributes
    ----------
    base : float
        The base's own loss on it.
    now : float
        That of the voice at its last validation.
    """

    base: float
    now: float

    @property
    def worsening(self) -> float:
        """How much higher the loss is now."""
        return self.now - self.base


def judge_memory(memory: Memory, config: ForgettingConfig) -> str:
    """Return in words what was forgotten; empty while that is little."""
    if not memory.worsening > config.worsening:
        return ""
    return (
        f"the loss on the base's language has risen from {memory.base:.4f} to {memory.now:.4f}, "
        f"by {memory.worsening:.4f}, more than {config.worsening:g}"
    )


def find_forgetting(memory: Memory | None, config: ForgettingConfig, subject: str) -> tuple[Finding, ...]:
    """Return a finding if a voice forgot what its base knew."""
    why = "" if memory is None else judge_memory(memory, config)
    hint = (
        "replay speech of that language: --set paths.replay=STORE --set training.replay_share=0.15; or train fewer "
        "parameters"
    )
    return (Finding(FORGOTTEN, Severity.WARNING, subject, why, hint),) if why else ()


class ProbedUtterances:
    """Some utterances of a dataset, evenly chosen.

    Parameters
    ----------
    dataset : Utterances
        Of the base's language.
    most : int
        How many are chosen at most.
    """

    def __init__(self, dataset: Utterances, most: int) -> None:
        count = min(most, len(dataset))
        self._dataset = dataset
        self._places = tuple(place * len(dataset) // count for place in range(count))

    def __len__(self) -> int:
        """Return the number of utterances."""
        return len(self._places)

    @property
    def entries(self) -> tuple[StoredUtterance, ...]:
        """The utterances, by index."""
        return tuple(self._dataset.entries[place] for place in self._places)

    @property
    def lengths(self) -> tuple[int, ...]:
        """Frames of each."""
        return self._chosen(self._dataset.lengths)

    @property
    def text_lengths(self) -> tuple[int, ...]:
        """Text ids of each."""
        return self._chosen(self._dataset.text_lengths)

    @property
    def prompt_frames(self) -> int:
        """Frames of the longest prompt."""
        return self._dataset.prompt_frames

    def item(self, index: int, epoch: int) -> Item:
        """Return one, as it is drawn in an epoch."""
        return self._dataset.item(self._places[index], epoch)

    def _chosen(self, values: Sequence[int]) -> tuple[int, ...]:
        return tuple(values[place] for place in self._places)
