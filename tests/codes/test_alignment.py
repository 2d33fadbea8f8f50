import hashlib
import io
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest

from amhctl.codes.alignment import Alignment, join_alignments, read_alignment, round_durations, write_alignment
from amhctl.core.errors import DatasetError


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


def test_an_alignment_in_acoustic_frames_survives_its_file(tmp_path: Path) -> None:
    durations = {"a": np.array([3, 0, 2], dtype=np.uint16), "b": np.array([65_535], dtype=np.uint16)}
    frames = {"a": 2, "b": 16_384}
    made = Alignment.of("v", "t", durations, frames)
    write_alignment(tmp_path / "alignment.npz", made)
    back = read_alignment(tmp_path / "alignment.npz")
    assert back.fingerprint == made.fingerprint
    assert back.is_acoustic
    for id_ in durations:
        assert np.array_equal(back.acoustic_durations(id_), durations[id_])
        assert np.array_equal(back.measured(id_), durations[id_])
        assert np.array_equal(back.durations(id_), round_durations(durations[id_], frames[id_]))
        assert back.durations(id_).sum() == frames[id_]
    with pytest.raises(DatasetError, match="no durations"):
        back.acoustic_durations("c")


def test_an_alignment_in_code_frames_says_how_to_get_the_others() -> None:
    alignment = Alignment.of("v", "t", {"a": np.array([3, 0, 2], dtype=np.uint16)})
    assert (alignment.is_acoustic, alignment.measured("a").tolist()) == (False, [3, 0, 2])
    with pytest.raises(DatasetError, match="no durations in acoustic frames") as caught:
        alignment.acoustic_durations("a")
    assert "--acoustics" in caught.value.hint


def test_the_fingerprint_covers_acoustic_durations_and_that_of_an_old_alignment_stays() -> None:
    durations = {"a": np.array([5, 6, 5], dtype=np.uint16)}
    old, new = (
        Alignment.of("v", "t", {"a": np.array([1, 2, 1], dtype=np.uint16)}),
        Alignment.of("v", "t", durations, {"a": 4}),
    )
    assert old.durations("a").tolist() == new.durations("a").tolist()
    written = np.array([1, 2, 1], "<u2").tobytes()
    assert old.fingerprint == hashlib.sha256(b"v\nt" + b"\na 3 " + written).hexdigest()
    moved = Alignment.of("v", "t", {"a": np.array([5, 5, 6], dtype=np.uint16)}, {"a": 4})
    assert len({old.fingerprint, new.fingerprint, moved.fingerprint}) == 3


@pytest.mark.parametrize(
    ("durations", "frames", "rounded"),
    [
        ([4, 4, 4], 3, [1, 1, 1]),
        ([1, 1, 10], 3, [0, 1, 2]),
        ([0, 2], 1, [0, 1]),
        ([3, 5], 8, [3, 5]),
        ([1, 1], 4, [2, 2]),
    ],
)
def test_rounded_durations_take_the_same_time(durations: list[int], frames: int, rounded: list[int]) -> None:
    found = round_durations(np.array(durations, dtype=np.uint16), frames)
    assert (found.tolist(), found.dtype) == (rounded, np.uint16)


def test_alignments_of_one_kind_become_one() -> None:
    one, two = (Alignment.of("v", "t", {id_: np.array([6, 2], dtype=np.uint16)}, {id_: 2}) for id_ in "ab")
    both = join_alignments([one, two])
    assert both is not None
    assert (both.ids, both.acoustic_durations("b").tolist(), both.durations("b").tolist()) == (
        ("a", "b"),
        [6, 2],
        [2, 0],
    )
    coded = Alignment.of("v", "t", {"c": np.array([6, 2], dtype=np.uint16)})
    for other in (coded, None, Alignment.of("w", "t", {}, {})):
        assert join_alignments([one, other]) is None
    alone = join_alignments([coded])
    assert alone is not None
    assert not alone.is_acoustic


def bomb(path: Path, content: bytes, compression: int = zipfile.ZIP_STORED) -> Path:
    """Write an alignment whose durations are what is given."""
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, array in {"ids": np.zeros(0, np.uint8), "pieces": np.zeros(0, np.uint32)}.items():
            stream = io.BytesIO()
            np.save(stream, array)  # type: ignore[arg-type]
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


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({"acoustic_durations": np.ones(3, "<u2")}, "code_frames"),
        ({"acoustic_durations": np.ones(3, "<u2"), "code_frames": np.array([1, 2])}, "longer"),
        (
            {"acoustic_durations": np.ones(2, "<u2"), "code_frames": np.array([1])},
            "numbers of pieces and durations differ",
        ),
        ({"acoustic_durations": np.zeros(3, "<u2"), "code_frames": np.array([1])}, "no frames"),
        ({}, "durations"),
    ],
)
def test_acoustic_durations_that_say_too_little_are_damage(
    arrays: dict[str, np.ndarray], said: str, tmp_path: Path
) -> None:
    path = tmp_path / "alignment.npz"
    texts = {"vocabulary_fingerprint": np.array("v"), "text_hash": np.array("t")}
    np.savez(path, ids=np.frombuffer(b"a", np.uint8), pieces=np.array([3]), **arrays, **texts)  # type: ignore[arg-type]
    with pytest.raises(DatasetError, match=f"damaged.*{said}"):
        read_alignment(path)


def test_pieces_that_are_not_as_many_as_the_durations(tmp_path: Path) -> None:
    path = tmp_path / "alignment.npz"
    texts = {"vocabulary_fingerprint": np.array("v"), "text_hash": np.array("t")}
    np.savez(path, ids=np.frombuffer(b"a", np.uint8), pieces=np.array([3]), durations=np.ones(2, "<u2"), **texts)  # type: ignore[arg-type]
    with pytest.raises(DatasetError, match="numbers of pieces and durations differ"):
        read_alignment(path)
