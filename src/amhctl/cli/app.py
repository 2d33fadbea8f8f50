"""Running one command: from work to report to exit code. Errors become messages here and nowhere else."""

import errno
import os
import sys
import traceback
from collections.abc import Callable
from typing import NoReturn

from amhctl.cli.console import Console
from amhctl.cli.progress import make_progress
from amhctl.cli.render import render_error, render_report
from amhctl.core.errors import AmhctlError, UnspeakableError
from amhctl.core.progress import Progress
from amhctl.core.report import Report

OK, NEGATIVE, USAGE, CANNOT_GO_ON, BUG, INTERRUPTED = 0, 1, 2, 3, 70, 130


def execute(command: str, work: Callable[[Progress], Report], *, json: bool, quiet: bool, verbose: int) -> None:
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

    Raises
    ------
    SystemExit
        Always, unless the work raises something that only a bug can.
    """
    console = Console(json=json, quiet=quiet, verbose=verbose)
    progress = make_progress(console)
    try:
        report = _do(work, progress)
    except KeyboardInterrupt:
        console.complain("interrupted")
        sys.exit(INTERRUPTED)
    except AmhctlError as error:
        end_with_error(command, error, console)
    except OSError as error:
        end_with_error(command, named(error), console)
    try:
        render_report(command, report, console)
    except BrokenPipeError:
        # The reader went away, which is its right. The work is done and its verdict known all the same.
        console.abandon_data()
    except KeyboardInterrupt:
        console.complain("interrupted")
        sys.exit(INTERRUPTED)
    except AmhctlError as error:
        # Reports of streams do their work while they are written.
        end_with_error(command, error, console)
    except OSError as error:
        console.abandon_data()
        end_with_error(command, named(error), console)
    sys.exit(OK if report.ok else NEGATIVE)


def _do(work: Callable[[Progress], Report], progress: Progress) -> Report:
    """Work, and leave the terminal as it was whatever happens."""
    try:
        return work(progress)
    finally:
        progress.finish()


def end_with_error(command: str, error: AmhctlError, console: Console) -> NoReturn:
    """Write an error and end the process with its exit code."""
    if console.verbose > 1:
        console.complain(traceback.format_exc().rstrip())
    render_error(command, error, console)
    sys.exit(NEGATIVE if isinstance(error, UnspeakableError) else CANNOT_GO_ON)


def named(error: OSError) -> AmhctlError:
    """Return an error of the system as one that says where, and what to do."""
    hints = {
        errno.ENOSPC: "make room on the disk; nothing was left half-written",
        errno.EDQUOT: "the quota is used up; nothing was left half-written",
        errno.EACCES: "check the permissions of the path",
        errno.EPERM: "check the permissions of the path",
        errno.EROFS: "the file system is read-only: choose another path",
        errno.ENOENT: "check the path",
        errno.EEXIST: "something else stands there: choose another path",
        errno.EISDIR: "name a file, not a folder",
        errno.ENOTDIR: "name a folder, not a file",
    }
    subject = os.fsdecode(error.filename) if isinstance(error.filename, str | bytes | os.PathLike) else ""
    message = (error.strerror or str(error) or type(error).__name__).lower()
    return AmhctlError(message, subject=subject, hint=hints.get(error.errno or 0, ""))
