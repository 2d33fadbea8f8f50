"""Twin of ``workflows/network_run.py``: whose folder a run may take, and which clips are left out."""

from pathlib import Path

import pytest

from amhctl.core.errors import AudioError, ConfigError, DatasetError, FileExistsRefused, InUseError
from amhctl.core.progress import SilentProgress
from amhctl.corpus.records import Record
from amhctl.workflows.network_run import hold_run, load_split, require_run_folder

QUIET = SilentProgress()
RECORDS = [
    (Path("data"), Record(id="one", audio="1.wav", text="ሰላም", split="train")),
    (Path("data"), Record(id="two", audio="2.wav", text="ዓለም", split="train")),
    (Path("data"), Record(id="three", audio="3.wav", text="ሰው", split="valid")),
]


def _read(folder: Path, record: Record) -> str:
    if record.id == "two":
        raise AudioError("too short")
    return str(folder / record.audio)


def test_clips_of_a_split_are_read_and_others_left_out_with_their_reason() -> None:
    left_out: dict[str, str] = {}
    assert load_split([Path("m.jsonl")], RECORDS, "train", _read, left_out, QUIET) == [str(Path("data/1.wav"))]
    assert left_out == {"two": "too short"}


def test_a_split_without_clips_is_refused() -> None:
    with pytest.raises(DatasetError, match="no clips of split 'test'"):
        load_split([Path("m.jsonl")], RECORDS, "test", _read, {}, QUIET)
    with pytest.raises(DatasetError, match="none of the 1 clips") as caught:
        load_split([Path("m.jsonl")], RECORDS[1:2], "train", _read, {}, QUIET)
    assert caught.value.hint == "the first is two: too short"


def test_a_run_folder_is_held_and_kept(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    with (
        hold_run(folder, resume=False, force=False, progress=QUIET),
        pytest.raises(InUseError),
        hold_run(folder, resume=False, force=True, progress=QUIET),
    ):
        pass
    folder.mkdir(exist_ok=True)
    (folder / "journal.jsonl").write_text("{}\n")
    with pytest.raises(FileExistsRefused), hold_run(folder, resume=False, force=False, progress=QUIET):
        pass
    for options in ({"resume": True, "force": False}, {"resume": False, "force": True}):
        with hold_run(folder, **options, progress=QUIET):
            assert (folder / "journal.jsonl").is_file()


def test_resuming_is_not_starting_again(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be combined"):
        require_run_folder(tmp_path / "run", resume=True, force=True, sources=())
    require_run_folder(tmp_path / "run", resume=True, force=False, sources=())
    require_run_folder(tmp_path / "run", resume=False, force=False, sources=())
