"""What of a voice learns: set up once, before a run begins. Knows no data and no loop.

In this order: parts are frozen by name, rows of the text are set apart, adapters are put beside layers. Which rows are
the base's is what the base says (``growth`` of its manifest), never a guess.
"""

from dataclasses import dataclass
from typing import Literal

from torch import nn

from amhctl.checkpoint.manifest import AdapterIdentity, VocabularyGrowth
from amhctl.config.schema import TrainingConfig
from amhctl.core.errors import ConfigError
from amhctl.nn.split_rows import SplitEmbedding, SplitLinear
from amhctl.training.adapters import AdapterTraining, RankAllocation, choose_layers, inject
from amhctl.training.network_tensors import stored_parameters
from amhctl.training.parts import is_low_rank, select

Kind = Literal["unified", "flow"]
TEXT_TABLES = ("text_embedding", "text_head")
"""The modules that have a row for each piece of the vocabulary."""
_WITH_ADAPTERS = {"unified": ("text", "codes"), "flow": ("text", "heads")}
"""What learns beside adapters: where ids come in and predictions go out."""


@dataclass(frozen=True, slots=True)
class Base:
    """What is known of the voice that a run starts from, or started from.

    Attributes
    ----------
    name : str
        Its name.
    growth : VocabularyGrowth | None
        How its vocabulary grew, if it did and says so.
    """

    name: str
    growth: VocabularyGrowth | None


@dataclass(frozen=True, slots=True)
class Tuning:
    """What was set up beside the network itself.

    Attributes
    ----------
    adapter : AdapterIdentity | None
        The low-rank terms, if there are any.
    ranks : RankAllocation | None
        What distributes their ranks, with AdaLoRA.
    """

    adapter: AdapterIdentity | None = None
    ranks: RankAllocation | None = None


def tune(model: nn.Module, config: TrainingConfig, *, kind: Kind, pieces: int, base: Base | None, seed: int) -> Tuning:
    """Let those parameters of a voice learn that are to, and no others.

    Parameters
    ----------
    model : nn.Module
        The voice, with the weights of its base; changed in place.
    config : TrainingConfig
        What is to learn.
    kind : Kind
        Kind of the voice.
    pieces : int
        Pieces of its vocabulary.
    base : Base | None
        What it starts from; None for a voice that starts from nothing.
    seed : int
        Of the run.

    Raises
    ------
    ConfigError
        If a selection means nothing, contradicts another, or it is not known which rows are the base's.
    MissingExtra
        If adapters are wanted and ``peft`` is not installed.
    """
    layers = _layers_to_adapt(model, config, kind)
    if layers and base is None:
        raise ConfigError(
            "an adapter needs a base, but this run starts from scratch",
            subject="training.adapter.method",
            hint="pass --base VOICE",
        )
    learning = _choose_learning(model, config, kind, layers)
    if config.text_rows == "new":
        _split_text(model, learning, pieces, base)
    identity, ranks = None, None
    if layers and base is not None:
        method = "lora" if config.adapter.method == "none" else config.adapter.method
        identity = AdapterIdentity(
            method=method, base=base.name, ranks=layers, scale=config.adapter.scale, whole=tuple(sorted(learning))
        )
        training = AdapterTraining(
            dropout=config.adapter.dropout,
            target_rank=config.adapter.target_rank,
            orthogonality=config.adapter.orthogonality,
            # A run that is made longer keeps the schedule it began with, as its rate does.
            steps=config.decay_steps or config.steps,
            seed=seed,
        )
        ranks = inject(model, identity, training)
    for each in stored_parameters(model):
        each.parameter.requires_grad_(".ranknum" not in each.name and (is_low_rank(each.name) or each.name in learning))
    return Tuning(identity, ranks)


def _layers_to_adapt(model: nn.Module, config: TrainingConfig, kind: Kind) -> dict[str, int]:
    """Return the ranks of the layers beside which adapters learn: not of those that someone froze."""
    layers = choose_layers(model, config.adapter, kind=kind, text=config.text_rows == "adapter")
    names = [name for name, _ in model.named_parameters()]
    frozen = select(names, config.freeze, kind=kind, key="training.freeze")
    return {name: rank for name, rank in layers.items() if f"{name}.weight" not in frozen}


def _choose_learning(model: nn.Module, config: TrainingConfig, kind: Kind, layers: dict[str, int]) -> frozenset[str]:
    """Return the names of the parameters that learn themselves."""
    names = [name for name, _ in model.named_parameters()]
    frozen = select(names, config.freeze, kind=kind, key="training.freeze")
    named = select(names, config.unfreeze, kind=kind, key="training.unfreeze")
    if config.adapter.method == "none":
        learning = (frozenset(names) - frozen) | named
    else:
        learning = named or (select(names, _WITH_ADAPTERS[kind], kind=kind, key="training.adapter") - frozen)
    adapted = frozenset(f"{layer}.{part}" for layer in layers for part in ("weight", "bias"))
    if twice := sorted(adapted & named):
        raise ConfigError(
            f"{twice[0]} has an adapter and cannot be trained itself",
            subject="training.unfreeze",
            hint="omit it, or train without an adapter: --set training.adapter.method=none",
        )
    learning -= adapted
    if not learning and not layers:
        raise ConfigError(
            "no parameters are left to train",
            subject="training.freeze",
            hint="freeze fewer parts, or use --set training.unfreeze",
        )
    return learning


def _split_text(model: nn.Module, learning: frozenset[str], pieces: int, base: Base | None) -> None:
    """Set the rows of the text that growing added apart from those of the base, which become constants."""
    growth = None if base is None else base.growth
    if growth is None:
        raise ConfigError(
            "it is not known which text embeddings are the base's: "
            + (
                "the run starts from scratch"
                if base is None
                else f"{base.name} does not record that its vocabulary was grown"
            ),
            subject="training.text_rows",
            hint="grow the base with `amhctl vocab extend … --base-checkpoint C --checkpoint-out D`, which records it, "
            "and pass --base D",
        )
    if growth.base_size >= pieces:
        raise ConfigError(
            f"the vocabulary was not grown: no embeddings were added to the {growth.base_size} of the base",
            subject="training.text_rows",
            hint="--set training.text_rows=all",
        )
    tables = [name for name in TEXT_TABLES if hasattr(model, name)]
    if still := [name for name in tables if f"{name}.weight" not in learning]:
        raise ConfigError(
            f"training.text_rows=new needs {still[0]}, which is frozen",
            subject="training.text_rows",
            hint="remove the text from training.freeze, or add it to training.unfreeze",
        )
    for name in tables:
        table = getattr(model, name)
        split = SplitLinear if isinstance(table, nn.Linear) else SplitEmbedding
        setattr(model, name, split(table, growth.base_size, pieces))
