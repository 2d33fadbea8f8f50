"""Every document is read in one way: within limits, and with one kind of error for whatever is wrong with it."""

import re
from pathlib import Path

import amhctl

SOURCE = Path(amhctl.__file__).parent
# Besides: what a process of ours has just written, a million index lines, by a parser with limits of its own, and a
# cache of a run, which is made anew where it cannot be read.
ALLOWED = {
    "checkpoint/torchfile.py",
    "core/documents.py",
    "codes/index.py",
    "evaluation/thread_speed.py",
    "training/readings.py",
}
READERS = re.compile(r"json\.loads?\(|tomllib|JSONDecoder|validate_json|np\.load\(|torch\.load\(|pickle\.load")


def test_no_document_is_read_past_the_limits() -> None:
    found = {
        path.relative_to(SOURCE).as_posix()
        for path in SOURCE.rglob("*.py")
        if READERS.search(path.read_text(encoding="utf-8"))
    }
    assert found == ALLOWED
