"""The ``amhctl`` command: registers the commands, runs one, turns what goes wrong into an exit code.

Exit codes: 0 done and well · 1 done, verdict negative · 2 wrong usage · 3 cannot go on · 70 bug · 130 interrupted.
Importing this file loads typer and nothing heavier: each command's body imports what it needs.
"""

import os
import sys
import traceback

import click
import typer

from amhctl import __version__
from amhctl.cli import bench, codec, codes, config, data, doctor, init, speak, text, train, vocab, voices
from amhctl.cli import ckpt as ckpt_commands
from amhctl.cli import eval as eval_command
from amhctl.cli.app import BUG, INTERRUPTED, USAGE, end_with_error
from amhctl.cli.console import Console
from amhctl.cli.render import render_error
from amhctl.core.errors import AmhctlError

app = typer.Typer(
    name="amhctl",
    help="Build, check, train, speak and measure an Amharic voice.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("speak")(speak.command)
app.add_typer(voices.app, name="voices")
app.add_typer(text.app, name="text")
app.add_typer(data.app, name="data")
app.add_typer(vocab.app, name="vocab")
app.add_typer(codec.app, name="codec")
app.add_typer(codes.app, name="codes")
app.command("train")(train.command)
app.add_typer(ckpt_commands.app, name="ckpt")
app.command("eval")(eval_command.command)
app.command("init")(init.command)
app.add_typer(config.app, name="config")
app.command("doctor")(doctor.command)
app.command("bench")(bench.command)


@app.callback(invoke_without_command=True)
def root(
    version: bool = typer.Option(False, "--version", help="Print the version.", is_eager=True),
) -> None:
    """Build, check, train, speak and measure an Amharic voice."""
    if version:
        Console().data(f"amhctl {__version__}")
        raise typer.Exit


class _UsageError(AmhctlError):
    """Options or arguments that the command does not take."""


def main() -> None:
    """Run the command line and end the process."""
    arguments = sys.argv[1:]
    console = Console(json="--json" in arguments, verbose=sum(argument.count("v") for argument in arguments if argument.startswith("-v")))
    command = " ".join(argument for argument in arguments[:2] if argument.isalpha())
    try:
        app(args=arguments, standalone_mode=False)
    except click.UsageError as error:
        usage = error.ctx.get_usage() if error.ctx else ""
        hint = f"{usage}\n      try `{error.ctx.command_path} --help`" if error.ctx else "try `amhctl --help`"
        render_error(command, _UsageError(error.format_message(), hint=hint), console)
        sys.exit(USAGE)
    except (click.exceptions.Abort, KeyboardInterrupt):
        console.complain("interrupted")
        sys.exit(INTERRUPTED)
    except click.exceptions.Exit as error:
        sys.exit(error.exit_code)
    except AmhctlError as error:
        end_with_error(command, error, console)
    except BrokenPipeError:
        # The reader went away, which is its right; the interpreter must not complain about it at exit either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except Exception:  # noqa: BLE001 - the one place where a bug becomes an exit code
        console.complain(traceback.format_exc().rstrip())
        console.complain("This is a bug in amhctl. Please report it with the lines above.")
        sys.exit(BUG)
