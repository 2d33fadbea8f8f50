import sys
from pathlib import Path
from typing import Any

import pytest

from amhctl.core.errors import DatasetError, MissingExtra
from amhctl.corpus.formats.parquet import TEXT_COLUMNS, read_parquet, write_parquet
from amhctl.corpus.formats.row import EmbeddedAudio

pyarrow = pytest.importorskip("pyarrow", reason="the extra huggingface is not installed")
parquet = pytest.importorskip("pyarrow.parquet", reason="the extra huggingface is not installed")


def _row(name: str, **values: object) -> dict[str, object]:
    return dict.fromkeys(TEXT_COLUMNS, "") | {"id": name, "text": f"ቃል {name}", "duration": 1.5} | values


def _table(rows: list[dict[str, Any]]) -> Any:
    return pyarrow.Table.from_pylist(rows)


def test_written_is_read_over_batches(tmp_path: Path) -> None:
    rows = [(_row(f"u{n}", speaker="ሀና"), EmbeddedAudio(b"RIFF%d" % n, ".wav")) for n in range(150)]
    write_parquet(tmp_path / "validation-00000-of-00001.parquet", rows)
    back = list(read_parquet(tmp_path))
    assert [row.embedded for row in back] == [audio for _, audio in rows]
    assert [row.values for row in back] == [row for row, _ in rows]
    assert {row.unknown for row in back} == {()}
    assert back[149].subject == "validation-00000-of-00001.parquet:150"


def test_the_datasets_library_is_told_which_column_is_audio(tmp_path: Path) -> None:
    write_parquet(tmp_path / "a.parquet", [(_row("a"), EmbeddedAudio(b"fLaC", ".flac"))])
    schema = parquet.read_schema(tmp_path / "a.parquet")
    assert b'"audio": {"_type": "Audio"}' in schema.metadata[b"huggingface"]
    assert schema.field("audio").type == pyarrow.struct([("bytes", pyarrow.binary()), ("path", pyarrow.string())])


def test_saved_data_sets_of_others(tmp_path: Path) -> None:
    rows = [
        {"audio": {"bytes": b"OggSxx", "path": None}, "sentence": "ሰላም", "up_votes": 2},
        {"audio": {"bytes": None, "path": "b.mp3"}, "sentence": "ዓለም", "up_votes": 2},
    ]
    table = _table(rows)
    folder = tmp_path / "test"
    folder.mkdir()
    saved = str(folder / "data-00000-of-00001.arrow")
    with pyarrow.OSFile(saved, "wb") as file, pyarrow.ipc.new_stream(file, table.schema) as writer:
        writer.write_table(table)
    (folder / "cache-1.arrow").write_bytes(b"no arrow")
    first, second = read_parquet(tmp_path)
    assert first.values == {"text": "ሰላም", "split": "test", "id": "data-00000-of-00001-1"}
    assert first.embedded == EmbeddedAudio(b"OggSxx", ".ogg")
    assert second.values == {"text": "ዓለም", "split": "test", "id": "b", "audio": folder / "b.mp3"}
    assert (second.embedded, second.unknown) == (None, ("up_votes",))


def test_a_column_that_is_a_path(tmp_path: Path) -> None:
    parquet.write_table(_table([{"path": "wav/a.wav", "text": "ሰላም"}]), tmp_path / "train.parquet")
    (row,) = read_parquet(tmp_path / "train.parquet")
    assert row.values == {"audio": tmp_path / "wav/a.wav", "text": "ሰላም", "id": "a", "split": "train"}


def test_damaged_or_absent_files(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"no \.parquet"):
        list(read_parquet(tmp_path))
    for name in ("a.parquet", "a.arrow"):
        (tmp_path / name).write_bytes(b"PAR1 and nothing more")
        with pytest.raises(DatasetError, match="cannot be read"):
            list(read_parquet(tmp_path / name))


def test_without_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingExtra) as caught:
        list(read_parquet(tmp_path))
    assert "amhctl[huggingface]" in caught.value.hint
