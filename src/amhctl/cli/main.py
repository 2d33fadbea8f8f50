"""The ``amhctl`` command: registers the commands, runs one, turns what goes wrong into an exit code.

Exit codes: 0 success · 1 done, check failed · 2 wrong usage · 3 cannot continue · 70 bug · 130 interrupted.
Importing this file loads typer and nothing heavier: each command's body imports what it needs.
"""

import importlib
import os
import sys
import traceback
from collections.abc import Callable
from functools import cache
from typing import Annotated, NoReturn

import typer

from amhctl import __version__
from amhctl.cli.app import BUG, INTERRUPTED, OK, USAGE, end_with_error, end_with_interrupt, named, open_console
from amhctl.cli.console import Console
from amhctl.cli.process import end_as_interrupted, is_interrupt, require_utf8, spare_collections, spare_plugins
from amhctl.cli.render import render_error
from amhctl.core.errors import AmhctlError
from amhctl.devices.processors import settle_threads

# In the order of a voice's life; help lists them so. Each is a module of this folder: one command, or a group.
COMMANDS = (
    "speak",
    "serve",
    "voices",
    "text",
    "data",
    "vocab",
    "codec",
    "codes",
    "train",
    "ckpt",
    "eval",
    "leaderboard",
    "listen",
    "recogniser",
    "init",
    "config",
    "doctor",
    "bench",
)


def build_app(only: str | None = None) -> typer.Typer:
    """Return the command line: all of it, or with one command or group, which takes a fraction of the time.

    Parameters
    ----------
    only : str | None
        One of ``COMMANDS``; anything else is all of them.
    """
    app = typer.Typer(
        name="amhctl",
        help="Build, check, train, speak and measure an Amharic voice.",
        no_args_is_help=True,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback(invoke_without_command=True)(_root)
    for name in (only,) if only in COMMANDS else COMMANDS:
        module = importlib.import_module(f"amhctl.cli.{name}")
        if hasattr(module, "app"):
            app.add_typer(module.app, name=name)
        else:
            app.command(name)(module.command)
    return app


def _root(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version.", is_eager=True)] = False,
) -> None:
    """Build, check, train, speak and measure an Amharic voice."""
    if version:
        Console().data(f"amhctl {__version__}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        # Words that end options, and nothing after them.
        Console().complain(context.get_help())
        raise typer.Exit(USAGE)


class UsageError(AmhctlError):
    """Options or arguments that a command does not take."""


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and end the process.

    Parameters
    ----------
    arguments : list[str] | None
        Words after ``amhctl``; those of the process by default.

    Raises
    ------
    SystemExit
        Always, with one of the exit codes.
    """
    if arguments is None:
        require_utf8()
        spare_collections()
        spare_plugins(os.environ)
    settle_threads(os.environ)
    words = sys.argv[1:] if arguments is None else arguments
    console = open_console(_named_command(words), json="--json" in words)
    with end_as_interrupted():
        _run(words, console)


def _run(words: list[str], console: Console) -> NoReturn:
    """Run a command; whatever comes of it becomes an exit code."""
    try:
        code = _command(_first(words))(args=words, prog_name="amhctl", standalone_mode=False)
    except typer.TyperException as error:
        _end_with_usage(error, console)
    except (typer.Abort, KeyboardInterrupt):
        end_with_interrupt(_named_command(words), console)
    except AmhctlError as error:
        end_with_error(_named_command(words), error, console)
    except SystemExit as end:
        # So the framework ends when the reader of help goes away, which is the reader's right.
        if isinstance(end.__context__, BrokenPipeError):
            console.abandon_data()
            sys.exit(OK)
        raise
    except OSError as error:
        # Help and version are written outside of any command's work.
        if not console.json:
            console.abandon_data()
        end_with_error(_named_command(words), named(error), console)
    except UnicodeDecodeError as error:
        fault = AmhctlError(f"the input is not UTF-8: {error.reason} at byte {error.start}", hint="write it as UTF-8")
        end_with_error(_named_command(words), fault, console)
    except Exception as bug:  # noqa: BLE001 - the one place where a bug becomes an exit code
        if is_interrupt(bug):
            end_with_interrupt(_named_command(words), console)
        console.complain(traceback.format_exc().rstrip())
        report = AmhctlError(f"{type(bug).__name__}: {bug}", hint="this is a bug in amhctl: please report it")
        render_error(_named_command(words), report, console, kind="Bug")
        sys.exit(BUG)
    if code == INTERRUPTED:
        end_with_interrupt(_named_command(words), console)
    sys.exit(code if isinstance(code, int) else OK)


def _end_with_usage(error: typer.TyperException, console: Console) -> None:
    """Say what is wrong with the words, and end with the code of wrong usage."""
    context = getattr(error, "ctx", None)
    if type(error).__name__ == "NoArgsIsHelpError":
        console.complain(str(error))
        sys.exit(USAGE)
    path = context.command_path if context is not None else "amhctl"
    fault = UsageError(
        _plain(getattr(error, "format_message", error.__str__)().rstrip(".")),
        hint=f"`{path} --help` shows its arguments and options",
    )
    render_error(path.removeprefix("amhctl").strip(), fault, console)
    sys.exit(USAGE)


def _plain(message: str) -> str:
    """Return a message of the framework without the names of its types."""
    return message.replace("a valid int range", "an integer").replace("a valid float range", "a number")


@cache
def _command(first: str) -> Callable[..., object]:
    """Return the command line for words that begin so; all of it takes a tenth of a second."""
    return typer.main.get_command(build_app(first))


def _named_command(words: list[str]) -> str:
    command: object = _command(_first(words))
    path = []
    for word in words:
        command = getattr(command, "commands", {}).get(word)
        if command is None:
            break
        path.append(word)
    return " ".join(path)


def _first(words: list[str]) -> str:
    return words[0] if words else ""
