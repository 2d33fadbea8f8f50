"""``amhctl ckpt``: validate, sign, show, compare, average, prune, describe and hand on checkpoints."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from amhctl.cli import options
from amhctl.cli.shared import Work, runs

app = typer.Typer(
    help="Checkpoints: check, compare, average, merge, import, export.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.command("validate")
@runs("ckpt validate")
def validate(
    checkpoint: Annotated[
        Path, typer.Argument(help="Folder of a voice, codec, vocoder or training state, or a gpt.pth.")
    ],
    vocab: Annotated[Path | None, typer.Option("--vocab", help="Vocabulary that the checkpoint must match.")] = None,
    against: Annotated[
        Path | None, typer.Option("--against", help="Checkpoint that it must be compatible with.")
    ] = None,
    signature: Annotated[
        Path | None, typer.Option("--signature", help="Signature file; signature.json in the folder by default.")
    ] = None,
    root: Annotated[
        str | None, typer.Option("--root", help="Digest of the whole folder, as its author published it.")
    ] = None,
) -> Work:
    """Check a checkpoint against all rules; exit 1 if one is broken."""
    from amhctl.workflows.ckpt import validate as validate_checkpoint

    request = validate_checkpoint.ValidateCheckpointRequest(
        checkpoint=checkpoint, vocabulary=vocab, against=against, signature=signature, root=root
    )
    return lambda progress: validate_checkpoint.run(request, progress)


@app.command("show")
@runs("ckpt show")
def show(
    checkpoint: Annotated[Path, typer.Argument(help="Folder of a voice, codec, vocoder or training state.")],
) -> Work:
    """Show a checkpoint's manifest."""
    from amhctl.workflows.ckpt import show as show_checkpoint

    request = show_checkpoint.ShowCheckpointRequest(checkpoint)
    return lambda progress: show_checkpoint.run(request, progress)


@app.command("diff")
@runs("ckpt diff")
def diff(
    first: Annotated[Path, typer.Argument(help="First checkpoint folder.")],
    second: Annotated[Path, typer.Argument(help="Second checkpoint folder.")],
) -> Work:
    """List the fields and tensors in which two checkpoints differ."""
    from amhctl.workflows.ckpt import diff as diff_checkpoints

    request = diff_checkpoints.DiffCheckpointsRequest(first, second)
    return lambda progress: diff_checkpoints.run(request, progress)


@app.command("sign")
@runs("ckpt sign", summary=True)
def sign(
    checkpoint: Annotated[Path, typer.Argument(help="Folder of a voice, codec, vocoder or training state.")],
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="File to write; signature.json in the folder by default.")
    ] = None,
    force: options.Force = False,
) -> Work:
    """Write the digests of all files of a checkpoint. Recipients can verify it with them."""
    from amhctl.workflows.ckpt import sign as sign_checkpoint

    request = sign_checkpoint.SignCheckpointRequest(checkpoint, output, force=force)
    return lambda progress: sign_checkpoint.run(request, progress)


@app.command("prune")
@runs("ckpt prune", summary=True)
def prune(
    run: Annotated[Path, typer.Argument(help="Run folder of train or codec train.")],
    keep: Annotated[int, typer.Option("--keep", min=1, help="Number of newest checkpoints to keep.")] = 2,
    every: Annotated[
        int | None, typer.Option("--every", min=1, help="Also keep checkpoints whose step is a multiple of this.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="List what would be removed, and remove nothing.")] = False,
) -> Work:
    """Remove old training checkpoints of a run. The best and the newest undamaged one are always kept."""
    from amhctl.workflows.ckpt import prune as prune_run

    request = prune_run.PruneRunRequest(run, keep=keep, every=every, dry_run=dry_run)
    return lambda progress: prune_run.run(request, progress)


@app.command("card")
@runs("ckpt card", summary=True)
def card(
    checkpoint: Annotated[str, typer.Argument(help="Bundled voice, or folder of a voice, codec or vocoder.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="File to write, such as VOICE/README.md.")],
    evaluation: Annotated[
        Path | None, typer.Option("--eval", help="Output of `amhctl eval VOICE --json` for this voice.")
    ] = None,
    licence: Annotated[
        str | None, typer.Option("--licence", help="Licence of the weights, such as Apache-2.0.")
    ] = None,
    base_model: Annotated[
        str | None, typer.Option("--base-model", help="Hugging Face name of the model it was fine-tuned from.")
    ] = None,
    force: options.Force = False,
) -> Work:
    """Write a Hugging Face model card from a checkpoint's manifest."""
    from amhctl.workflows.ckpt import card as write_card

    request = write_card.WriteCardRequest(
        checkpoint, output, evaluation=evaluation, licence=licence, base_model=base_model, force=force
    )
    return lambda progress: write_card.run(request, progress)


@app.command("average")
@runs("ckpt average", summary=True)
def average(
    checkpoints: Annotated[
        list[Path],
        typer.Argument(metavar="CHECKPOINT...", help="Folders of voices fine-tuned from the same checkpoint."),
    ],
    output: Annotated[Path, typer.Option("-o", "--output", help="Folder to write.")],
    name: Annotated[
        str | None, typer.Option("--name", help="Name of the new voice; that of the first one by default.")
    ] = None,
    force: options.Force = False,
) -> Work:
    """Average the weights of several voices."""
    from amhctl.workflows.ckpt import average as average_checkpoints

    request = average_checkpoints.AverageCheckpointsRequest(tuple(checkpoints), output, name=name, force=force)
    return lambda progress: average_checkpoints.run(request, progress)


@app.command("merge")
@runs("ckpt merge", summary=True)
def merge(
    adapter: Annotated[
        Path, typer.Argument(help="Adapter folder, such as best/ of a run with training.adapter.keep=adapter.")
    ],
    base: Annotated[Path, typer.Option("--base", help="Voice the adapter was trained for: folder or bundled name.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="Folder to write.")],
    name: Annotated[str | None, typer.Option("--name", help="Name of the new voice; the adapter's by default.")] = None,
    force: options.Force = False,
) -> Work:
    """Merge an adapter and its base into one voice."""
    from amhctl.workflows.ckpt import merge as merge_checkpoint

    request = merge_checkpoint.MergeCheckpointRequest(adapter, base, output, name=name, force=force)
    return lambda progress: merge_checkpoint.run(request, progress)


@app.command("import")
@runs("ckpt import", summary=True)
def import_(
    source: Annotated[Path, typer.Argument(metavar="GPT.PTH", help="File of weights in the source format.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="Folder of the voice to write.")],
    config: Annotated[Path, typer.Option("--config", help="The config.yaml that came with the weights.")],
    bpe: Annotated[Path, typer.Option("--bpe", help="The bpe.model that came with the weights.")],
    format: Annotated[
        Literal["indextts2"],
        typer.Option("--format", help="Source format: IndexTTS-2 or a model fine-tuned from it."),
    ] = "indextts2",
    adapter: Annotated[
        Path | None, typer.Option("--adapter", help="Folder of a PEFT adapter to merge into the weights.")
    ] = None,
    base: Annotated[
        Path | None,
        typer.Option("--base", help="Model they were fine-tuned from (voice folder or .pth): reports what changed."),
    ] = None,
    features_model: options.FeaturesModel = None,
    name: Annotated[str | None, typer.Option("--name", help="Name of the new voice; the folder's by default.")] = None,
    force: options.Force = False,
) -> Work:
    """Import IndexTTS-2, or a model fine-tuned from it. The command reports what cannot be verified."""
    from amhctl.workflows.ckpt import import_ as import_checkpoint

    request = import_checkpoint.ImportCheckpointRequest(
        source,
        config,
        bpe,
        output,
        format=format,
        adapter=adapter,
        base=base,
        features_model=features_model,
        name=name,
        force=force,
    )
    return lambda progress: import_checkpoint.run(request, progress)


@app.command("export")
@runs("ckpt export", summary=True)
def export(
    checkpoint: Annotated[Path, typer.Argument(help="Folder of a voice, codec or vocoder.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="Folder to write.")],
    name: Annotated[str | None, typer.Option("--name", help="New name; the current one by default.")] = None,
    format: Annotated[
        Literal["safetensors", "onnx", "indextts2"],
        typer.Option(
            "--format",
            help="onnx adds graphs; a FlowVoice then speaks without torch. indextts2 writes files that IndexTTS-2 "
            "programs load.",
        ),
    ] = "safetensors",
    speaker: Annotated[
        list[str] | None,
        typer.Option(
            "--speaker",
            help="Speaker to keep, for a voice with several; may be repeated. The first is the default speaker.",
        ),
    ] = None,
    fit_durations: Annotated[
        Path | None,
        typer.Option(
            "--fit-durations",
            metavar="STORE",
            help="Measure on the training and validation clips of a code store by what the durations of a FlowVoice "
            "must be multiplied, so that its speech is as long as the recordings.",
        ),
    ] = None,
    force: options.Force = False,
) -> Work:
    """Export a voice for distribution, in half precision. With --format indextts2, write files for IndexTTS-2."""
    from amhctl.workflows.ckpt import export as export_checkpoint

    request = export_checkpoint.ExportCheckpointRequest(
        checkpoint,
        output,
        name=name,
        format=format,
        speakers=tuple(speaker or ()),
        durations=fit_durations,
        force=force,
    )
    return lambda progress: export_checkpoint.run(request, progress)
