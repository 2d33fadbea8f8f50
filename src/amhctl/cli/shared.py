"""What all commands share: ``--json``, ``--quiet``, ``--verbose``, and how their work becomes a report."""

import inspect
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin

import typer

from amhctl.cli import options
from amhctl.cli.app import execute
from amhctl.core.progress import Progress
from amhctl.core.report import Report

Work = Callable[[Progress], Report]
"""What a command does, once its options are understood."""
_VALUES = {str: "TEXT", Path: "PATH", int: "INTEGER", float: "NUMBER"}
_SHARED = (("json", options.Json, False), ("quiet", options.Quiet, False), ("verbose", options.Verbose, 0))


def runs(name: str, *, summary: bool = False) -> Callable[[Callable[..., Work]], Callable[..., None]]:
    """Return the decorator of a command: it adds the options that all commands share and does the command's work.

    Parameters
    ----------
    name : str
        The command as one types it, such as ``data check``.
    summary : bool
        The result is a file, and the lines of the report only sum it up, so that ``--quiet`` leaves them out after a
        success; a dry run writes no file, and its lines are the result.
    """

    def decorate(function: Callable[..., Work]) -> Callable[..., None]:
        own = inspect.signature(function)
        # A command that has to know one of them, as `speak` with its audio on standard output, names it itself.
        added = [
            inspect.Parameter(key, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)
            for key, annotation, default in _SHARED
            if key not in own.parameters
        ]

        @wraps(function)
        def run(**values: Any) -> None:  # noqa: ANN401  (each option has a type of its own)
            shared = {key: values[key] for key, _, _ in _SHARED}
            work = function(**{key: value for key, value in values.items() if key in own.parameters})
            execute(name, work, **shared, summary=summary and not values.get("dry_run"))

        parameters = [*own.parameters.values(), *added]
        for each in parameters:
            _name_value(each)
        run.__signature__ = own.replace(parameters=parameters, return_annotation=None)  # type: ignore[attr-defined]
        run.__annotations__ = {each.name: each.annotation for each in parameters}
        return run

    return decorate


def _name_value(parameter: inspect.Parameter) -> None:
    """Give a parameter without a placeholder the one that help shows: an argument its name, an option its type."""
    if get_origin(parameter.annotation) is not Annotated:
        return
    kind, declared = get_args(parameter.annotation)[:2]
    if declared.metavar is None and isinstance(declared, typer.models.ArgumentInfo):
        declared.metavar = parameter.name.upper()
    elif declared.metavar is None:
        # The type stands alone, beside None, or as the item of a list.
        types = {kind, *get_args(kind), *(item for part in get_args(kind) for item in get_args(part))}
        declared.metavar = next((name for value, name in _VALUES.items() if value in types), None)
