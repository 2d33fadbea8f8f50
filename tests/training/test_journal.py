"""Twin of ``training/journal.py``."""

from pathlib import Path

import pytest

from amhctl.core.errors import TrainingError
from amhctl.training.journal import Journal, read_journal


def write_steps(folder: Path, first: int, last: int) -> None:
    with Journal(folder / "journal.jsonl", folder / "tensorboard", step=first - 1) as journal:
        for step in range(first, last + 1):
            journal.write("step", step, {"loss": 1.0 / step})


def test_entries_come_back_exactly(tmp_path: Path) -> None:
    with Journal(tmp_path / "journal.jsonl", tmp_path / "tensorboard", step=0) as journal:
        journal.write("step", 1, {"loss": 0.1 + 0.2})
        journal.write("valid", 1, {"loss": 1.0, "codebooks": [1.0, 2.0]})
    assert list(read_journal(tmp_path / "journal.jsonl")) == [
        {"kind": "step", "step": 1, "loss": 0.1 + 0.2},
        {"kind": "valid", "step": 1, "loss": 1.0, "codebooks": [1.0, 2.0]},
    ]
    assert list((tmp_path / "tensorboard").iterdir())


def test_going_on_drops_what_came_after_the_checkpoint(tmp_path: Path) -> None:
    interrupted, whole = tmp_path / "interrupted", tmp_path / "whole"
    for folder in (interrupted, whole):
        folder.mkdir()
    write_steps(whole, 1, 6)
    write_steps(interrupted, 1, 4)
    with (interrupted / "journal.jsonl").open("a") as stream:
        stream.write('{"kind": "step", "st')
    write_steps(interrupted, 3, 6)
    assert (interrupted / "journal.jsonl").read_bytes() == (whole / "journal.jsonl").read_bytes()


def test_no_file_is_an_empty_journal(tmp_path: Path) -> None:
    assert list(read_journal(tmp_path / "none.jsonl")) == []


@pytest.mark.parametrize("line", ["{", "[]", '{"kind": "step"}', '{"step": "x"}', "[" * 100_000, "{}\xff"])
def test_a_line_that_is_no_entry_is_named(line: str, tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    path.write_bytes(b'{"kind": "step", "step": 1}\n' + line.encode("latin-1") + b"\n")
    with pytest.raises(TrainingError) as error:
        list(read_journal(path))
    assert error.value.subject == f"{path}:2"
