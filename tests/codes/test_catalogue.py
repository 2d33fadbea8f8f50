import pickle
import tracemalloc
from dataclasses import fields, replace
from pathlib import Path

import pytest

from amhctl.codes.catalogue import StoreCatalogue
from amhctl.codes.index import StoredData, StoredUtterance, format_line, index_file
from amhctl.core.errors import DatasetError
from amhctl.corpus.records import Record


def _stored(id_: str, part: str = "1-of-1", *, line: int = 0, sha256: str = "d" * 64) -> StoredUtterance:
    return StoredUtterance(
        record=Record(id=id_, audio=f"{id_}.wav", text="ሰላም " * 8),
        part=part,
        line=line,
        frames=3,
        feature_frames=7,
        codes_offset=2**40,
        features_offset=2**63 - 1,
        sha256=sha256,
        encoder_frames=5,
        encoder_offset=11,
        acoustic_frames=13,
        acoustics_offset=2**41,
        speaker_offset=17,
    )


def _write(catalogue: StoreCatalogue, part: str, *ids: str) -> list[StoredUtterance]:
    """Write an index of a part and take it into a catalogue."""
    written: list[StoredUtterance] = []
    with index_file(catalogue.folder, part).open("wb") as index:
        for id_ in ids:
            written.append(_stored(id_, part, line=index.tell()))
            index.write(format_line(written[-1]))
    for stored in written:
        catalogue.add(stored)
    return written


@pytest.mark.parametrize("sha256", ["d" * 64, "", "no digest / ጥፋት"])
def test_where_data_lie_comes_back(tmp_path: Path, sha256: str) -> None:
    catalogue, stored = StoreCatalogue(tmp_path), _stored("u1", "12-of-300", line=99, sha256=sha256)
    assert catalogue.add(stored)
    data = catalogue.data("u1")
    assert type(data) is StoredData
    assert {f.name: getattr(data, f.name) for f in fields(data)} == {
        f.name: getattr(stored, f.name) for f in fields(data)
    }
    with pytest.raises(DatasetError, match="no utterance 'u2'"):
        catalogue.data("u2")


def test_a_later_line_counts_and_another_part_does_not(tmp_path: Path) -> None:
    catalogue = StoreCatalogue(tmp_path)
    assert all(catalogue.add(_stored(id_, "1-of-2")) for id_ in ("b", "a"))
    assert catalogue.add(_stored("b", "1-of-2", line=50))
    assert not catalogue.add(_stored("a", "2-of-2", line=70))
    assert (list(catalogue), len(catalogue)) == (["b", "a"], 2)
    assert [catalogue.data(id_).line for id_ in catalogue] == [50, 0]
    assert ("a" in catalogue, "c" in catalogue) == (True, False)


def test_lines_are_read_in_the_order_asked_for(tmp_path: Path) -> None:
    catalogue = StoreCatalogue(tmp_path)
    a, b, c = _write(catalogue, "1-of-2", "a", "b", "c")
    _, d = _write(catalogue, "2-of-2", "b", "d")
    assert list(catalogue.read(catalogue)) == [a, b, c, d]
    order = ("d", "c", "a", "b", "d", "c")
    read = list(catalogue.read(order))
    assert read == [d, c, a, b, d, c]
    # As processes that read batches get it.
    again = pickle.loads(pickle.dumps(catalogue))
    assert list(again.read(order)) == read


def test_an_index_that_was_replaced_is_found_out(tmp_path: Path) -> None:
    catalogue = StoreCatalogue(tmp_path)
    _write(catalogue, "1-of-1", "a", "b")
    other = StoreCatalogue(tmp_path)
    _write(other, "1-of-1", "c", "b")
    assert [stored.id for stored in catalogue.read(["b"])] == ["b"]
    with pytest.raises(DatasetError, match="was replaced"):
        list(catalogue.read(["b", "a"]))
    index_file(tmp_path, "1-of-1").write_bytes(b"")
    with pytest.raises(DatasetError, match="was replaced"):
        list(catalogue.read(["b"]))


def test_an_utterance_takes_little_memory_however_long_its_line(tmp_path: Path) -> None:
    catalogue, stored = StoreCatalogue(tmp_path), _stored("u")
    count = 2_000
    tracemalloc.start()
    for number in range(count):
        record = stored.record.model_copy(update={"id": f"made-up-{number:09d}", "text": f"{number}" * 500})
        catalogue.add(replace(stored, record=record))
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert held / count < 400
