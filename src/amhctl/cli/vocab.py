"""``amhctl vocab``: train, extend and check vocabularies; grow the checkpoints that speak them."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from amhctl.cli import options
from amhctl.cli.app import execute
from amhctl.cli.standard_input import open_files

app = typer.Typer(help="Vocabularies: train, extend, grow, check.", no_args_is_help=True, rich_markup_mode=None)


class Units(StrEnum):
    """What the pieces are made of."""

    FIDEL = "fidel"
    PHONES = "phones"


class ModelType(StrEnum):
    """SentencePiece algorithms."""

    CHAR = "char"
    BPE = "bpe"
    UNIGRAM = "unigram"


Corpus = Annotated[
    list[Path], typer.Argument(help="Text files (also .gz, .xz, .bz2) or manifests (.jsonl); - reads standard input.")
]
Output = Annotated[Path, typer.Option("-o", "--output", help="Vocabulary to write.")]
_BASE_CHECKPOINT = typer.Option(help="Voice, training checkpoint or run folder that speaks the base.")
_GROWN = "Where to write it with its rows grown."


@app.command("train")
def train(
    corpus: Corpus,
    output: Output,
    size: Annotated[int | None, typer.Option(min=1, help="Pieces wanted; at most that many come out.")] = None,
    units: Annotated[Units | None, typer.Option(help="What the pieces are made of.")] = None,
    model_type: Annotated[
        ModelType | None, typer.Option("--type", help="Algorithm; char gives one piece per fidel or phone.")
    ] = None,
    lexicon: options.Lexicon = None,
    sets: options.Set = None,
    config: options.Config = None,
    force: options.Force = False,
    json: options.Json = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = 0,
) -> None:
    """Train a vocabulary in which every fidel or phone is guaranteed a piece."""
    from amhctl.workflows.vocab import train as train_vocabulary

    files, piped = open_files(corpus)
    request = train_vocabulary.TrainVocabularyRequest(
        corpus=files,
        standard_input=piped,
        output=output,
        size=size,
        units=units.value if units else None,
        model_type=model_type.value if model_type else None,
        project=config or Path(),
        sets=tuple(sets or ()),
        lexicons=tuple(lexicon or ()),
        force=force,
    )
    execute(
        "vocab train",
        lambda progress: train_vocabulary.run(request, progress),
        json=json,
        quiet=quiet,
        verbose=verbose,
    )


@app.command("extend")
def extend(
    base: Annotated[Path, typer.Argument(help="Vocabulary to append to.")],
    corpus: Corpus,
    output: Output,
    size: Annotated[int, typer.Option(min=1, max=1_000_000, help="Pieces wanted in all, those of the base included.")],
    units: Annotated[
        Units | None, typer.Option(help="What the new pieces are made of; as the base by default.")
    ] = None,
    proof: Annotated[
        Path | None,
        typer.Option(help="Text of the base's languages, as its network sees it, that must keep its ids."),
    ] = None,
    base_checkpoint: Annotated[Path | None, _BASE_CHECKPOINT] = None,
    checkpoint_out: Annotated[Path | None, typer.Option(help=_GROWN)] = None,
    lexicon: options.Lexicon = None,
    sets: options.Set = None,
    config: options.Config = None,
    seed: options.Seed = None,
    force: options.Force = False,
    json: options.Json = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = 0,
) -> None:
    """Append pieces to a vocabulary; the ids of the base stay as they are. V.plan.json says how each new row starts."""
    if (base_checkpoint is None) != (checkpoint_out is None):
        raise typer.BadParameter("--base-checkpoint and --checkpoint-out need one another")
    from amhctl.workflows.vocab import extend as extend_vocabulary

    files, piped = open_files(corpus)
    request = extend_vocabulary.ExtendVocabularyRequest(
        base=base,
        corpus=files,
        standard_input=piped,
        output=output,
        size=size,
        units=units.value if units else None,
        proof=proof,
        base_checkpoint=base_checkpoint,
        checkpoint_output=checkpoint_out,
        project=config or Path(),
        sets=tuple(sets or ()),
        lexicons=tuple(lexicon or ()),
        seed=seed,
        force=force,
    )
    execute(
        "vocab extend",
        lambda progress: extend_vocabulary.run(request, progress),
        json=json,
        quiet=quiet,
        verbose=verbose,
    )


@app.command("grow")
def grow(
    vocabulary: Annotated[Path, typer.Argument(help="Extended vocabulary, made by amhctl vocab extend.")],
    base_checkpoint: Annotated[Path, _BASE_CHECKPOINT],
    output: Annotated[Path, typer.Option("-o", "--output", help=_GROWN)],
    plan: Annotated[Path | None, typer.Option(help="Plan of the extension; beside the vocabulary by default.")] = None,
    lexicon: options.Lexicon = None,
    sets: options.Set = None,
    config: options.Config = None,
    seed: options.Seed = None,
    force: options.Force = False,
    json: options.Json = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = 0,
) -> None:
    """Grow the text rows of a checkpoint for an extended vocabulary, each row found by its piece."""
    from amhctl.workflows.vocab import grow as grow_checkpoint

    request = grow_checkpoint.GrowCheckpointRequest(
        vocabulary=vocabulary,
        checkpoint=base_checkpoint,
        output=output,
        plan=plan,
        project=config or Path(),
        sets=tuple(sets or ()),
        lexicons=tuple(lexicon or ()),
        seed=seed,
        force=force,
    )
    execute(
        "vocab grow",
        lambda progress: grow_checkpoint.run(request, progress),
        json=json,
        quiet=quiet,
        verbose=verbose,
    )


@app.command("check")
def check(
    vocabulary: Annotated[Path, typer.Argument(help="Vocabulary to measure.")],
    corpus: Corpus,
    max_unknown: Annotated[
        float,
        typer.Option(
            min=0.0, max=1.0, callback=options.require_number, help="Largest share of unknown characters that is well."
        ),
    ] = 0.0,
    base: Annotated[Path | None, typer.Option(help="Vocabulary to compare with, such as the one extended.")] = None,
    rare: Annotated[int, typer.Option(min=0, help="Learnt pieces that occur less often are listed.")] = 10,
    report: Annotated[Path | None, typer.Option(help="HTML page with plots to write.")] = None,
    lexicon: options.Lexicon = None,
    sets: options.Set = None,
    config: options.Config = None,
    force: options.Force = False,
    json: options.Json = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = 0,
) -> None:
    """Measure how well a vocabulary covers text; exit 1 if too much is unknown."""
    from amhctl.workflows.vocab import check as check_vocabulary

    files, piped = open_files(corpus)
    request = check_vocabulary.CheckVocabularyRequest(
        vocabulary=vocabulary,
        corpus=files,
        standard_input=piped,
        max_unknown=max_unknown,
        base=base,
        rare=rare,
        report=report,
        force=force,
        project=config or Path(),
        sets=tuple(sets or ()),
        lexicons=tuple(lexicon or ()),
    )
    execute(
        "vocab check",
        lambda progress: check_vocabulary.run(request, progress),
        json=json,
        quiet=quiet,
        verbose=verbose,
    )
