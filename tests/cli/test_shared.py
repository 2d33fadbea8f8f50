"""The options that all commands share are added to each, after its own, and reach the console."""

import inspect
import json
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Literal

import pytest
import typer
from typer.testing import CliRunner

from amhctl.cli.shared import Work, runs
from amhctl.core.progress import Progress

OK_REPORT = type(
    "Report",
    (),
    {"ok": True, "findings": (), "payload": lambda self: {"told": self.told}, "lines": lambda self: [self.told]},
)


def _command() -> Callable[..., None]:
    @runs("some thing")
    def some(word: str, times: int = 1) -> Work:
        """Say a word."""

        def work(_: Progress) -> object:
            report = OK_REPORT()
            report.told = word * times
            return report

        return work  # type: ignore[return-value]

    return some


def test_the_shared_options_come_after_the_commands_own() -> None:
    signature = inspect.signature(_command())
    assert list(signature.parameters) == ["word", "times", "json", "quiet", "verbose"]
    assert _command().__doc__ == "Say a word."


def test_they_reach_the_console_and_the_others_the_command() -> None:
    app = typer.Typer()
    app.command()(_command())
    plain, as_json = (CliRunner().invoke(app, ["a", "--times", "3", *more]) for more in ([], ["--json"]))
    assert (plain.exit_code, plain.stdout) == (0, "aaa\n")
    assert json.loads(as_json.stdout)["told"] == "aaa"
    assert json.loads(as_json.stdout)["command"] == "some thing"


def test_a_command_may_name_one_of_them_itself() -> None:
    seen: list[bool] = []

    @runs("other")
    def other(json: bool = False) -> Work:
        seen.append(json)
        raise typer.BadParameter("enough")

    with pytest.raises(typer.BadParameter):
        other(json=True, quiet=True, verbose=0)
    assert seen == [True]
    assert list(inspect.signature(other).parameters) == ["json", "quiet", "verbose"]


def test_help_has_one_kind_of_placeholder() -> None:
    @runs("other")
    def other(
        manifest: Annotated[Path, typer.Argument()],
        corpus: Annotated[list[Path], typer.Argument(metavar="CORPUS...")],
        output: Annotated[Path | None, typer.Option("-o")] = None,
        sets: Annotated[list[str] | None, typer.Option("--set", metavar="KEY=VALUE")] = None,
        speed: Annotated[float, typer.Option(min=0.5)] = 1.0,
        steps: Annotated[int | None, typer.Option(min=1)] = None,
        names: Annotated[list[str] | None, typer.Option("--name")] = None,
        kind: Annotated[Literal["a", "b"], typer.Option()] = "a",
    ) -> Work:
        raise NotImplementedError

    app = typer.Typer(rich_markup_mode=None)
    app.command()(other)
    shown = CliRunner().invoke(app, ["--help"]).stdout
    for words in (
        "{MANIFEST} {CORPUS...}",
        "-o PATH",
        "--set KEY=VALUE",
        "--speed NUMBER",
        "--steps INTEGER",
        "--name TEXT",
        "--kind <a|b>",
    ):
        assert words in shown
