"""What all commands share: ``--json``, ``--quiet``, ``--verbose``, and how their work becomes a report."""

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Any

from amhctl.cli import options
from amhctl.cli.app import execute
from amhctl.core.progress import Progress
from amhctl.core.report import Report

Work = Callable[[Progress], Report]
"""What a command does, once its options are understood."""
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
        run.__signature__ = own.replace(parameters=parameters, return_annotation=None)  # type: ignore[attr-defined]
        run.__annotations__ = {each.name: each.annotation for each in parameters}
        return run

    return decorate
