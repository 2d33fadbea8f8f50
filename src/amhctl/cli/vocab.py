"""``amhctl vocab``: train, extend and check vocabularies; grow the checkpoints that speak them."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from amhctl.cli import options
from amhctl.cli.shared import Work, runs
from amhctl.cli.standard_input import open_files

app = typer.Typer(help="Vocabularies: train, extend, grow, check.", no_args_is_help=True, rich_markup_mode=None)


class Units(StrEnum):
    """Units of the pieces."""

    FIDEL = "fidel"
    PHONES = "phones"


class ModelType(StrEnum):
    """SentencePiece algorithms."""

    CHAR = "char"
    BPE = "bpe"
    UNIGRAM = "unigram"


Corpus = Annotated[
    list[Path],
    typer.Argument(
        metavar="CORPUS...", help="Text files (also .gz, .xz, .bz2) or manifests (.jsonl); - reads standard input."
    ),
]
Output = Annotated[Path, typer.Option("-o", "--output", help="Vocabulary to write.")]
_BASE_CHECKPOINT = typer.Option(help="Voice, training checkpoint or run folder that uses the base vocabulary.")
_GROWN = "Where to write it with the embeddings of the new pieces."


@app.command("train")
@runs("vocab train", summary=True)
def train(
    corpus: Corpus,
    output: Output,
    size: Annotated[
        int | None, typer.Option(min=16, help="Number of pieces, 512 by default; the corpus may give fewer.")
    ] = None,
    units: Annotated[Units | None, typer.Option(help="Units of the pieces; phones by default.")] = None,
    model_type: Annotated[
        ModelType | None,
        typer.Option("--type", help="Algorithm; char, the default, gives one piece per fidel or phone."),
    ] = None,
    lexicon: options.Lexicon = None,
    sets: options.Set = None,
    config: options.Config = None,
    force: options.Force = False,
) -> Work:
    """Train a vocabulary in which every fidel or phone has a piece."""
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
    return lambda progress: train_vocabulary.run(request, progress)


@app.command("extend")
@runs("vocab extend", summary=True)
def extend(
    base: Annotated[Path, typer.Argument(help="Vocabulary to append to.")],
    corpus: Corpus,
    output: Output,
    size: Annotated[
        int, typer.Option(min=1, max=1_000_000, help="Total number of pieces, those of the base included.")
    ],
    units: Annotated[Units | None, typer.Option(help="Units of the new pieces; those of the base by default.")] = None,
    proof: Annotated[
        Path | None,
        typer.Option(help="Normalised text in the languages of the base, which must keep its ids."),
    ] = None,
    base_checkpoint: Annotated[Path | None, _BASE_CHECKPOINT] = None,
    checkpoint_out: Annotated[Path | None, typer.Option(help=_GROWN)] = None,
    lexicon: options.Lexicon = None,
    sets: options.Set = None,
    config: options.Config = None,
    seed: options.Seed = None,
    force: options.Force = False,
) -> Work:
    """Append pieces to a vocabulary; ids of the base do not change. V.plan.json says how new embeddings start."""
    if (base_checkpoint is None) != (checkpoint_out is None):
        raise typer.BadParameter("give --base-checkpoint and --checkpoint-out together")
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
    return lambda progress: extend_vocabulary.run(request, progress)


@app.command("grow")
@runs("vocab grow", summary=True)
def grow(
    vocabulary: Annotated[Path, typer.Argument(help="Extended vocabulary, made by amhctl vocab extend.")],
    base_checkpoint: Annotated[Path, _BASE_CHECKPOINT],
    output: Annotated[Path, typer.Option("-o", "--output", help=_GROWN)],
    plan: Annotated[
        Path | None, typer.Option(help="Plan of the extension; by default in the vocabulary's folder.")
    ] = None,
    lexicon: options.Lexicon = None,
    sets: options.Set = None,
    config: options.Config = None,
    seed: options.Seed = None,
    force: options.Force = False,
) -> Work:
    """Add embeddings to a checkpoint for an extended vocabulary."""
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
    return lambda progress: grow_checkpoint.run(request, progress)


@app.command("check")
@runs("vocab check")
def check(
    vocabulary: Annotated[Path, typer.Argument(help="Vocabulary to measure.")],
    corpus: Corpus,
    max_unknown: Annotated[
        float,
        typer.Option(
            min=0.0, max=1.0, callback=options.require_number, help="Largest accepted fraction of unknown characters."
        ),
    ] = 0.0,
    base: Annotated[
        Path | None, typer.Option(help="Vocabulary to compare with, such as the base of an extension.")
    ] = None,
    rare: Annotated[int, typer.Option(min=0, help="List learnt pieces that occur less often than this.")] = 10,
    report: Annotated[Path | None, typer.Option(help="HTML page with plots.")] = None,
    lexicon: options.Lexicon = None,
    sets: options.Set = None,
    config: options.Config = None,
    force: options.Force = False,
) -> Work:
    """Measure how well a vocabulary covers a text. Exit 1 if too many characters are unknown."""
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
    return lambda progress: check_vocabulary.run(request, progress)
