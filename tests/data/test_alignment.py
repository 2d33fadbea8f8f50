from pathlib import Path

import numpy as np
import pytest

from amhctl.core.errors import DatasetError
from amhctl.data.alignment import Alignment, read_alignment, write_alignment


def test_an_alignment_survives_its_file(tmp_path: Path) -> None:
    durations = {"ሀ 1": np.array([3, 0, 2], dtype=np.uint16), "b": np.array([65_535], dtype=np.uint16)}
    write_alignment(tmp_path / "alignment.npz", Alignment("v", "t", durations))
    back = read_alignment(tmp_path / "alignment.npz")
    assert back.ids == ("ሀ 1", "b")
    assert all(np.array_equal(back.durations(id_), durations[id_]) for id_ in durations)
    assert ("b" in back, "c" in back) == (True, False)
    with pytest.raises(DatasetError, match="no durations"):
        back.durations("c")


def test_an_empty_alignment_and_a_missing_file(tmp_path: Path) -> None:
    write_alignment(tmp_path / "alignment.npz", Alignment("v", "t", {}))
    assert read_alignment(tmp_path / "alignment.npz").ids == ()
    with pytest.raises(DatasetError):
        read_alignment(tmp_path / "none.npz")
