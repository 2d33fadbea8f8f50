import io
import tracemalloc
import zipfile
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


def bomb(path: Path, content: bytes, compression: int = zipfile.ZIP_STORED) -> Path:
    """Write an alignment whose durations are what is given."""
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, array in {"ids": np.zeros(0, np.uint8), "pieces": np.zeros(0, np.uint32)}.items():
            stream = io.BytesIO()
            np.save(stream, array)
            archive.writestr(f"{name}.npy", stream.getvalue())
        archive.writestr("durations.npy", content)
    return path


def header(shape: tuple[int, ...]) -> bytes:
    stream = io.BytesIO()
    np.lib.format.write_array_header_1_0(stream, {"descr": "<u2", "fortran_order": False, "shape": shape})
    return stream.getvalue()


@pytest.mark.parametrize("shape", [(10**12,), (2**40, 2**40), (1,)])
def test_what_an_array_declares_is_not_believed(shape: tuple[int, ...], tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="not as long as it declares"):
        read_alignment(bomb(tmp_path / "alignment.npz", header(shape)))


def test_a_compressed_alignment_is_not_unpacked(tmp_path: Path) -> None:
    size = 300 << 20
    path = bomb(tmp_path / "alignment.npz", header((size // 2,)) + bytes(size), zipfile.ZIP_DEFLATED)
    tracemalloc.start()
    with pytest.raises(DatasetError, match="compressed"):
        read_alignment(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1 << 20


@pytest.mark.parametrize("content", [b"", b"x", b"\x93NUMPY\x01\x00\xff\xff", b"\x93NUMPY\x09\x00"])
def test_junk_for_an_array_is_damage(content: bytes, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="damaged"):
        read_alignment(bomb(tmp_path / "alignment.npz", content))


def test_pieces_that_are_not_as_many_as_the_durations(tmp_path: Path) -> None:
    path = tmp_path / "alignment.npz"
    texts = {"vocabulary_fingerprint": np.array("v"), "text_hash": np.array("t")}
    np.savez(path, ids=np.frombuffer(b"a", np.uint8), pieces=np.array([3]), durations=np.ones(2, "<u2"), **texts)
    with pytest.raises(DatasetError, match="not as many"):
        read_alignment(path)
