"""The names that ``import amhctl`` offers, and what that import loads."""

import subprocess
import sys

import pytest

import amhctl

NAMES = ["SpeakOptions", "Voice", "Waveform", "__version__", "load_voice", "read_audio", "write_audio"]


def test_the_public_names_are_these_and_all_resolve() -> None:
    assert sorted(amhctl.__all__) == NAMES == dir(amhctl)
    assert all(getattr(amhctl, name) is not None for name in NAMES)
    assert amhctl.load_voice.__name__ == "load_voice"  # type: ignore[attr-defined]


def test_another_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'speek'"):
        _ = amhctl.speek


def test_importing_the_package_loads_nothing_else() -> None:
    program = "import sys, amhctl; print(sorted(n for n in sys.modules if n.startswith('amhctl') or n == 'torch'))"
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "['amhctl']"
