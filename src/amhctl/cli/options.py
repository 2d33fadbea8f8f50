"""Options that mean the same in every command. Typer only: nothing heavy may be imported here."""

import math
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer


def require_number(value: float | None) -> float | None:
    """Return the value of an option; "nan" and "inf", which no range excludes, are wrong usage.

    Raises
    ------
    typer.BadParameter
        If the value is no finite number.
    """
    if value is not None and not math.isfinite(value):
        raise typer.BadParameter(f"{value} is not a finite number")
    return value


def require_device(value: str) -> str:
    """Return the value of an option if it can be the name of a device; whether there is one, the command finds out.

    Raises
    ------
    typer.BadParameter
        If no device is called so.
    """
    if re.fullmatch(r"auto|cpu|mps|cuda(:\d{1,3})?", value) is None:
        raise typer.BadParameter(f"{value!r} is none of auto, cpu, cuda, cuda:N, mps")
    return value


def read_names(option: str, given: Sequence[str] | None) -> tuple[tuple[str, str], ...]:
    """Return the values of a repeated NAME=VOICE option.

    Raises
    ------
    typer.BadParameter
        If one is something else, or two have the same name.
    """
    named = [each.partition("=") for each in given or ()]
    if any(not name or not target for name, _, target in named):
        raise typer.BadParameter(f"{option} is NAME=VOICE")
    names = [name for name, _, _ in named]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise typer.BadParameter(f"{option} gives the name {twice!r} twice")
    return tuple((name, target) for name, _, target in named)


Json = Annotated[bool, typer.Option("--json", help="Print exactly one JSON object on standard output.")]
Quiet = Annotated[bool, typer.Option("-q", "--quiet", help="No messages and no progress; errors and results only.")]
Verbose = Annotated[
    int,
    typer.Option(
        "-v",
        "--verbose",
        count=True,
        show_default=False,
        help="More messages; given twice (-vv), tracebacks of errors too.",
    ),
]
Force = Annotated[bool, typer.Option("--force", help="Overwrite an earlier output of the same kind.")]
Seed = Annotated[
    int | None, typer.Option("--seed", min=0, max=2**32 - 1, help="Random seed; 0 if none is given or configured.")
]
Device = Annotated[str, typer.Option("--device", callback=require_device, help="auto, cpu, cuda, cuda:N or mps.")]
Config = Annotated[
    Path | None, typer.Option("--config", help="Project file or folder; by default amhctl.toml in the current folder.")
]
Set = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="KEY=VALUE", help="Set one configuration value, such as training.steps=100; may be repeated."
    ),
]
Manifest = Annotated[Path, typer.Argument(help="Manifest, a JSON Lines file.")]
Lexicon = Annotated[
    list[Path] | None,
    typer.Option("--lexicon", help="Pronunciations of words, a .tsv or .toml file; may be repeated.", metavar="FILE"),
]
Preset = Annotated[
    str | None, typer.Option("--preset", help="tiny, cpu, flow-cpu, flow-gpu, t4, rtx3090, a100, h100 or vocoder-24k.")
]
FeaturesModel = Annotated[
    Path | None,
    typer.Option("--features-model", help="Folder of the w2v-bert model; by default the Hugging Face cache."),
]
Recogniser = Annotated[
    str | None,
    typer.Option(help="Recogniser, by name or folder; by default the bundled one.", metavar="NAME|FOLDER"),
]
