"""The real recordings and texts beside a checkout, where there are any."""

import lzma
import os
from pathlib import Path

import pytest

_FOLDER = Path(__file__).resolve().parents[3] / "shared" / "data" / "speech"


def real_manifest(name: str) -> Path:
    """Return the manifest of a real data set; the test is skipped where there is none."""
    path = _FOLDER / name / "manifest.jsonl"
    if not path.is_file():
        pytest.skip(f"the real recordings {name} are not beside this checkout")
    return path


def real_corpus() -> list[str]:
    """Return every fourth line of the real news corpus, 32,000 of them; the test is skipped where there is none.

    With ``AMHCTL_TEST_WHOLE_CORPUS`` set, all lines are returned: the tests then take four times as long.
    """
    path = _FOLDER.parent / "text" / "corpus.txt.xz"
    if not path.is_file():
        pytest.skip("the real news corpus is not beside this checkout")
    with lzma.open(path, "rt", encoding="utf-8") as stream:
        lines = stream.read().split("\n")
    return lines if os.environ.get("AMHCTL_TEST_WHOLE_CORPUS") else lines[::4]
