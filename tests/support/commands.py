"""The commands of the command line, as the program itself lists them."""

from collections.abc import Iterator

import typer

from amhctl.cli.main import build_app


def leaf_commands() -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield every command that does something by the words one types, and its options and arguments, sorted."""
    yield from _leaves(typer.main.get_command(build_app()), "")


def _leaves(command: object, path: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    for name, inner in sorted(getattr(command, "commands", {}).items()):
        words = f"{path} {name}".strip()
        if hasattr(inner, "commands"):
            yield from _leaves(inner, words)
        else:
            yield words, tuple(sorted(option for parameter in inner.params for option in parameter.opts))
