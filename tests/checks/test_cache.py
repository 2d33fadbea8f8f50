"""Twin of ``checks/cache.py``."""

import os
from pathlib import Path

import pytest
from support.manifests import tiny_manifest

from amhctl.checks.cache import MeasurementCache
from amhctl.checks.recording import check_audio
from amhctl.core.errors import DatasetError
from amhctl.corpus.records import read_records


def test_what_was_measured_is_known_until_the_recording_changes(tmp_path: Path) -> None:
    first, second, *_ = read_records(tiny_manifest(tmp_path))
    measured = check_audio(first, tmp_path).measurements
    assert measured is not None
    with MeasurementCache(tmp_path / "cache") as cache:
        assert cache.find(first, tmp_path) is None
        cache.keep(first, tmp_path, measured)
    with MeasurementCache(tmp_path / "cache") as cache:
        assert cache.find(first, tmp_path) == measured
        assert cache.find(second, tmp_path) is None
        assert cache.find(first.model_copy(update={"duration": 1.0}), tmp_path) is None
        path = tmp_path / first.audio
        os.utime(path, ns=(1, 1))
        assert cache.find(first, tmp_path) == measured
        content = bytearray(path.read_bytes())
        content[-1] ^= 1
        path.write_bytes(content)
        assert cache.find(first, tmp_path) is None
        path.unlink()
        assert cache.find(first, tmp_path) is None


@pytest.mark.parametrize("damage", [b"{", b"[1]", b'{"version": 7}', b"\xff\n"])
def test_a_damaged_line_is_passed_over(tmp_path: Path, damage: bytes) -> None:
    first, second, *_ = read_records(tiny_manifest(tmp_path))
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "measurements.jsonl").write_bytes(damage)
    measured = check_audio(first, tmp_path).measurements
    assert measured is not None
    with MeasurementCache(tmp_path / "cache") as cache:
        assert cache.damaged == 1
        cache.keep(first, tmp_path, measured)
    with MeasurementCache(tmp_path / "cache") as cache:
        assert cache.find(first, tmp_path) == measured
        assert cache.find(second, tmp_path) is None


def test_a_folder_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "cache").touch()
    with pytest.raises(DatasetError):
        MeasurementCache(tmp_path / "cache")
