"""Twin of ``codes/proof.py``."""

import json
import time
from pathlib import Path

import pytest
from support.stores import fill, toy_store

from amhctl.codes.proof import require_complete, require_proof
from amhctl.codes.shard import Shard
from amhctl.codes.store import CodeStore
from amhctl.codes.writer import StoreWriter
from amhctl.core.errors import DatasetError

_WHOLE = Shard()
_LATER = time.time_ns() + 3_600_000_000_000
"""By then the files of a test have been as they are for long."""


class _Counted:
    """A progress that counts what was compared, and may be interrupted."""

    def __init__(self, stop_after: int = 1_000) -> None:
        self.announced = self.compared = 0
        self.ended = False
        self._stop_after = stop_after

    def start(self, title: str, total: int | None, unit: str) -> None:
        self.announced += total or 0

    def advance(self, amount: int = 1, note: str = "") -> None:
        self.compared += amount
        if self.compared >= self._stop_after:
            raise KeyboardInterrupt

    def finish(self) -> None:
        self.ended = True

    def say(self, message: str) -> None: ...


def _compare(path: Path, shard: Shard = _WHOLE, now_ns: int = _LATER) -> int:
    """Return how many utterances were compared."""
    progress = _Counted()
    require_proof(CodeStore.open(path), progress, shard=shard, now_ns=now_ns)
    assert progress.announced == progress.compared
    return progress.compared


def _flip(file: Path, place: int) -> None:
    content = bytearray(file.read_bytes())
    content[place] ^= 1
    file.write_bytes(bytes(content))


@pytest.mark.parametrize("name", ["codes", "features", "acoustics", "speaker"])
@pytest.mark.parametrize("proved", [False, True])
def test_a_changed_byte_is_found_before_and_after_a_proof(tmp_path: Path, name: str, proved: bool) -> None:
    path = toy_store(tmp_path / "store", acoustic=True).path
    if proved:
        assert _compare(path) == 6
    _flip(path / f"{name}-1-of-1.bin", -1)
    with pytest.raises(DatasetError, match="1 of 6 utterances are damaged: u5") as caught:
        _compare(path)
    assert "codes extract" in caught.value.hint


def test_all_damage_is_counted_and_some_named(tmp_path: Path) -> None:
    path = toy_store(tmp_path / "store", 9).path
    codes = path / "codes-1-of-1.bin"
    codes.write_bytes(bytes(codes.stat().st_size))
    with pytest.raises(DatasetError, match=r"9 of 9 .*: u0, u1, u2, u3, u4 …$"):
        _compare(path)


def test_what_was_proved_is_not_compared_again(tmp_path: Path) -> None:
    path = toy_store(tmp_path / "store").path
    assert [_compare(path) for _ in range(2)] == [6, 0]
    with StoreWriter.open(path) as store:
        fill(store, 6, 8)
    assert [_compare(path) for _ in range(2)] == [8, 0]


def test_an_interrupted_comparison_goes_on(tmp_path: Path) -> None:
    path = toy_store(tmp_path / "store").path
    progress = _Counted(stop_after=4)
    with pytest.raises(KeyboardInterrupt):
        require_proof(CodeStore.open(path), progress, now_ns=_LATER)
    assert progress.ended
    assert [_compare(path) for _ in range(2)] == [2, 0]


def test_what_stands_before_damage_is_proved_and_the_damage_never(tmp_path: Path) -> None:
    path = toy_store(tmp_path / "store").path
    _flip(path / "codes-1-of-1.bin", CodeStore.open(path).entry("u2").codes_offset)
    for _ in range(2):
        with pytest.raises(DatasetError, match="u2"):
            _compare(path)
    assert json.loads((path / ".proof-1-of-1.json").read_text())["utterances"] == 2


def test_files_that_have_just_changed_are_not_remembered(tmp_path: Path) -> None:
    path = toy_store(tmp_path / "store").path
    newest = max(max(file.stat().st_mtime_ns, file.stat().st_ctime_ns) for file in CodeStore.open(path).files)
    assert [_compare(path, now_ns=newest + 2_000_000_000) for _ in range(2)] == [6, 6]
    assert [_compare(path, now_ns=newest + 2_000_000_001) for _ in range(2)] == [6, 0]


def test_processes_share_the_work(tmp_path: Path) -> None:
    path = toy_store(tmp_path / "store", 7).path
    assert [_compare(path, shard=Shard(number, 3)) for number in (1, 2, 3)] == [3, 2, 2]
    _flip(path / "codes-1-of-1.bin", CodeStore.open(path).entry("u4").codes_offset)
    assert [_compare(path, shard=Shard(number, 3)) for number in (1, 3)] == [3, 2]
    with pytest.raises(DatasetError, match="1 of 2"):
        _compare(path, shard=Shard(2, 3))


@pytest.mark.parametrize("text", ["", "{}", '{"version": 9, "files": {}, "utterances": 6}', "[" * 1000])
def test_a_memory_that_cannot_be_read_is_none(tmp_path: Path, text: str) -> None:
    path = toy_store(tmp_path / "store").path
    (path / ".proof-1-of-1.json").write_text(text)
    assert [_compare(path) for _ in range(2)] == [6, 0]


def test_a_memory_that_claims_too_much_is_none_for_new_utterances(tmp_path: Path) -> None:
    path = toy_store(tmp_path / "store").path
    _compare(path)
    memory = path / ".proof-1-of-1.json"
    memory.write_text(memory.read_text().replace('"utterances":6', '"utterances":-6'))
    assert _compare(path) == 6


def test_a_store_that_cannot_be_written_is_compared_each_time(tmp_path: Path) -> None:
    path = toy_store(tmp_path / "store").path
    (path / ".proof-1-of-1.json").mkdir()
    assert [_compare(path) for _ in range(2)] == [6, 6]


def test_missing_data_are_named(tmp_path: Path) -> None:
    path = toy_store(tmp_path / "store").path
    require_complete(CodeStore.open(path))
    codes = path / "codes-1-of-1.bin"
    codes.write_bytes(codes.read_bytes()[:-1])
    for require in (require_complete, lambda store: require_proof(store, _Counted())):
        with pytest.raises(DatasetError, match="data of u5") as caught:
            require(CodeStore.open(path))
        assert "codes extract" in caught.value.hint
