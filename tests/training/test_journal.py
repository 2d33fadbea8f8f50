"""Twin of ``training/journal.py``."""

from pathlib import Path

import pytest
from tensorboard.backend.event_processing.event_file_loader import EventFileLoader

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


def test_what_was_written_is_safe_before_the_journal_is_closed(tmp_path: Path) -> None:
    with Journal(tmp_path / "journal.jsonl", tmp_path / "tensorboard", step=0) as journal:
        journal.write("step", 1, {"loss": 2.0})
        assert list(read_journal(tmp_path / "journal.jsonl")) == [{"kind": "step", "step": 1, "loss": 2.0}]


def test_curves_are_cut_where_the_run_goes_on(tmp_path: Path) -> None:
    write_steps(tmp_path, 4, 5)
    (file,) = (tmp_path / "tensorboard").iterdir()
    events = list(EventFileLoader(str(file)).Load())
    # By this mark tensorboard drops what was drawn from step 4 on.
    assert [event.step for event in events if event.HasField("session_log")] == [4]
    assert [(value.tag, event.step) for event in events for value in event.summary.value] == [
        ("step/loss", 4),
        ("step/loss", 5),
    ]


def test_no_file_is_an_empty_journal(tmp_path: Path) -> None:
    assert list(read_journal(tmp_path / "none.jsonl")) == []


@pytest.mark.parametrize(
    "damage", [b"{", b"\xff\xfe", b"[]", b"{}", b'{"step": "4"}', b'{"step": true}', b"", b"\x00" * 40, b"[" * 100_000]
)
def test_a_damaged_line_is_left_out_and_named(tmp_path: Path, damage: bytes) -> None:
    path = tmp_path / "journal.jsonl"
    write_steps(tmp_path, 1, 4)
    lines = path.read_bytes().splitlines()
    path.write_bytes(b"\n".join([*lines[:2], damage, lines[3]]) + b"\n")
    assert [entry["step"] for entry in read_journal(path)] == [1, 2, 4]
    with Journal(path, tmp_path / "tensorboard", step=4) as journal:
        (finding,) = journal.findings
    assert (finding.code, finding.subject) == ("R008", f"{path}:3")
    assert "step 4" in finding.hint
    assert [entry["step"] for entry in read_journal(path)] == [1, 2, 4]
