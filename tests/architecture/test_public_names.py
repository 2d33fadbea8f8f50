"""The names that ``import amhctl`` offers, and what that import loads."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

import amhctl

NAMES = ["SpeakOptions", "Voice", "Waveform", "__version__", "load_voice", "read_audio", "write_audio"]


def test_the_public_names_are_these_and_all_resolve() -> None:
    assert sorted(amhctl.__all__) == NAMES == dir(amhctl)
    assert all(getattr(amhctl, name) is not None for name in NAMES)
    assert amhctl.load_voice.__name__ == "load_voice"


def test_type_checkers_see_the_same_names() -> None:
    stub = Path(amhctl.__file__).with_suffix(".pyi").read_text(encoding="utf-8")
    seen = {"__version__", *re.findall(r"^from \S+ import (?:\w+ as )?(\w+)$", stub, flags=re.MULTILINE)}
    assert sorted(seen) == NAMES


def test_another_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'speek'"):
        _ = amhctl.speek  # type: ignore[attr-defined]


def test_importing_the_package_loads_nothing_else() -> None:
    program = "import sys, amhctl; print(sorted(n for n in sys.modules if n.startswith('amhctl') or n == 'torch'))"
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "['amhctl']"
