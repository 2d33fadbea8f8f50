"""``amhctl`` and ``python -m amhctl``: where a process begins; nothing is loaded yet that an interrupt could hit."""

import importlib
import sys

_INTERRUPTED = 130


def main() -> None:
    """Run the command line and end the process.

    Raises
    ------
    SystemExit
        Always, with one of the exit codes of ``amhctl.cli.main``.
    """
    try:
        importlib.import_module("amhctl.cli.main").main()
    except KeyboardInterrupt:
        # What runs a command says so itself; until then a tenth of a second goes by, with nothing to clear away.
        sys.stderr.write("interrupted\n")
        sys.exit(_INTERRUPTED)
    finally:
        # Where an interrupt ended code that is compiled from a string, such as a named tuple's while it is imported,
        # `python -m` would end by the signal and not with the exit code; to run another such code makes it forget.
        exec("")


if __name__ == "__main__":
    main()
