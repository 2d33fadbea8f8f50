"""Running one command: from work to report to exit code. Errors become messages here and nowhere else."""

import errno
import os
import sys
import traceback
from collections.abc import Callable
from typing import NoReturn

from amhctl.cli.console import Console
from amhctl.cli.process import collect_garbage, follows_another, is_interrupt
from amhctl.cli.progress import make_progress
from amhctl.cli.render import render_error, render_report
from amhctl.core.errors import AmhctlError, OptionError, UnspeakableError
from amhctl.core.progress import Progress
from amhctl.core.report import Report
from amhctl.core.shortage import WayOut, explained, shortage_of

_WAY_OUT = WayOut(sound="no incomplete output was left", again="then run the same command again")
OK, NEGATIVE, USAGE, CANNOT_GO_ON, BUG, INTERRUPTED = 0, 1, 2, 3, 70, 130
_CODES = {UnspeakableError: NEGATIVE, OptionError: USAGE}


def execute(
    command: str,
    work: Callable[[Progress], Report],
    *,
    json: bool,
    quiet: bool,
    verbose: int,
    summary: bool = False,
) -> None:
    """Do a command's work, write its report and end the process with the exit code of its verdict.

    Parameters
    ----------
    command : str
        The command as one types it, such as ``data check``.
    work : Callable[[Progress], Report]
        What to do; it gets the progress to talk to.
    json : bool
        Write one JSON object instead of lines.
    quiet : bool
        No talk and no progress.
    verbose : int
        How much more to say; 2 shows the traceback of an error.
    summary : bool
        The result is a file, and the lines of the report only sum it up: ``quiet`` leaves them out after a success.

    Raises
    ------
    SystemExit
        Always, unless the work raises something that only a bug can.
    """
    collect_garbage()
    console = open_console(command, json=json, quiet=quiet, verbose=verbose)
    progress = make_progress(console)
    try:
        with console.hush():
            report = _do(work, progress)
    except KeyboardInterrupt:
        end_with_interrupt(command, console)
    except AmhctlError as error:
        end_with_error(command, error, console)
    except (OSError, MemoryError, RuntimeError) as error:
        end_with_error(command, as_error(error), console)
    try:
        with console.hush():
            _render(command, report, console, progress, summary=summary)
    except BrokenPipeError:
        # The reader went away, which is its right. The work is done and its verdict known all the same.
        console.abandon_data()
    except KeyboardInterrupt:
        end_with_interrupt(command, console)
    except AmhctlError as error:
        # Reports of streams do their work while they are written.
        end_with_error(command, error, console)
    except OSError as error:
        console.abandon_data()
        end_with_error(command, unwritten(error, is_result=getattr(report, "raw", None) is not None), console)
    except (MemoryError, RuntimeError) as error:
        end_with_error(command, as_error(error), console)
    sys.exit(OK if report.ok else NEGATIVE)


def _do(work: Callable[[Progress], Report], progress: Progress) -> Report:
    """Work, and leave the terminal as it was whatever happens."""
    try:
        return work(progress)
    finally:
        progress.finish()


def _render(command: str, report: Report, console: Console, progress: Progress, *, summary: bool) -> None:
    """Write a report; one that does its work meanwhile leaves the terminal as it was too."""
    try:
        render_report(command, report, console, summary=summary)
    finally:
        progress.finish()


def open_console(command: str, *, json: bool, quiet: bool = False, verbose: int = 0) -> Console:
    """Return the console of a command; of several processes that train together, one writes the data."""
    follows = command == "train" and follows_another()
    return Console(json=json, quiet=quiet, verbose=verbose, follows=follows)


def end_with_interrupt(command: str, console: Console) -> NoReturn:
    """Say that the work was interrupted and end the process with the exit code of that."""
    if console.json:
        error = AmhctlError("interrupted", hint="finished outputs are kept; run the command again to resume")
        render_error(command, error, console, kind="Interrupted")
    else:
        console.complain("interrupted")
    sys.exit(INTERRUPTED)


def end_with_error(command: str, error: AmhctlError, console: Console) -> NoReturn:
    """Write an error and end the process with its exit code; one that came of an interrupt is no error."""
    if is_interrupt(error):
        end_with_interrupt(command, console)
    if console.verbose > 1:
        console.complain(traceback.format_exc().rstrip())
    render_error(command, error, console)
    sys.exit(next((code for kind, code in _CODES.items() if isinstance(error, kind)), CANNOT_GO_ON))


def unwritten(error: OSError, *, is_result: bool = False) -> AmhctlError:
    """Return why a report could not be written, or the result itself, where it goes to standard output."""
    hint = "the work is done, but its report could not be written"
    if is_result:
        hint = "what was written is incomplete: make room, then run the same command again"
    return AmhctlError(named(error).message, subject="standard output", hint=hint)


def as_error(error: OSError | MemoryError | RuntimeError) -> AmhctlError:
    """Return an error of the system or of a library as one that says what to do.

    Raises
    ------
    RuntimeError
        The same, if it is one that only a bug can raise.
    """
    if shortage_of(error) == "memory":
        return explained("memory", error, None, _WAY_OUT)
    if isinstance(error, OSError):
        return named(error)
    raise error


def named(error: OSError) -> AmhctlError:
    """Return an error of the system as one that says where, and what to do."""
    hints = {
        errno.ENOSPC: "free disk space; no incomplete output was left",
        errno.EDQUOT: "the quota is used up; no incomplete output was left",
        errno.EACCES: "check the permissions of the path",
        errno.EPERM: "check the permissions of the path",
        errno.EROFS: "the file system is read-only: choose another path",
        errno.ENOENT: "check the path",
        errno.EEXIST: "the path exists and is of another kind: choose another path",
        errno.EISDIR: "give a file name, not a folder",
        errno.ENOTDIR: "name a folder, not a file",
        errno.ELOOP: "the symbolic links form a loop: choose another path",
        errno.ENAMETOOLONG: "choose a shorter name",
    }
    subject = os.fsdecode(error.filename) if isinstance(error.filename, str | bytes | os.PathLike) else ""
    message = (error.strerror or str(error) or type(error).__name__).lower()
    return AmhctlError(message, subject=subject, hint=hints.get(error.errno or 0, ""))
