"""``python -m amhctl`` is the command."""

import subprocess
import sys

from amhctl import __version__


def test_the_module_is_the_command() -> None:
    result = subprocess.run([sys.executable, "-m", "amhctl", "--version"], capture_output=True, text=True, check=True)
    assert result.stdout == f"amhctl {__version__}\n"
