"""Twin of ``corpus/exporters.py``: what is exported and imported again is what it was."""

from pathlib import Path

import numpy as np
import pytest
from support.realdata import real_manifest
from support.speechlike import vowel_train

from amhctl.audio import files
from amhctl.core.errors import DatasetError, FileExistsRefused
from amhctl.core.files import sha256_of_file
from amhctl.corpus.exporters import FORMATS, Export, ExportLog, export_records
from amhctl.corpus.importers import ImportDefaults, ImportLog, import_records
from amhctl.corpus.records import Record, iter_records, read_audio, read_records, write_records

_IMPORTED_AS = {"ljspeech": "ljspeech", "jsonl": "jsonl", "lhotse": "lhotse", "parquet": "huggingface"}


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    for name, seconds in (("a.wav", 0.8), ("b.flac", 1.5), ("c.ogg", 0.7)):
        files.write(folder / name, vowel_train(seconds=seconds))
    stated = {
        "speaker": "ሀና",
        "session": "s1",
        "licence": "MIT",
        "consent": "signed",
        "source": "studio",
        "processing": "cleaned",
    }
    records = [
        Record(id="ሀ.1", audio="a.wav", text='ሰላም "ዓለም"፣', duration=0.8, split="train", **stated),
        Record(id="b1", audio="b.flac", text="ቡና", offset=0.1, duration=0.4, split="test", language="ti"),
        Record(id="b2", audio="b.flac", text="ሻይ", offset=0.5, duration=1.0, split="valid"),
        Record(id="c", audio="c.ogg", text="ውሃ", duration=0.7, sha256=sha256_of_file(folder / "c.ogg")),
    ]
    write_records(folder / "manifest.jsonl", records)
    return folder / "manifest.jsonl"


def _export(form: str, manifest: Path, output: Path, *, force: bool = False) -> ExportLog:
    log = ExportLog()
    files = export_records(form, Export(lambda: iter_records(manifest), manifest, output, force), log)
    assert all(path.is_file() for path in files)
    return log


def _import(form: str, output: Path) -> dict[str, Record]:
    if form == "parquet":
        pytest.importorskip("pyarrow", reason="the extra huggingface is not installed")
    source = output / "manifest.json" if form == "jsonl" else output
    log = ImportLog()
    records = list(
        import_records(_IMPORTED_AS[form], source, ImportDefaults(), log, embedded=output.parent / "embedded")
    )
    assert (log.skipped, log.dropped_keys) == ([], {})
    return {record.id: record for record in records}


def _need_arrow(form: str) -> None:
    if form == "parquet":
        pytest.importorskip("pyarrow", reason="the extra huggingface is not installed")


@pytest.mark.parametrize("form", ["jsonl", "lhotse"])
def test_formats_that_carry_all(tmp_path: Path, manifest: Path, form: str) -> None:
    log = _export(form, manifest, tmp_path / "out")
    assert (log.records, log.skipped, log.not_kept, log.recoded) == (4, [], {}, 0)
    back = _import(form, tmp_path / "out")
    for record in read_records(manifest):
        absolute = (manifest.parent / record.audio).as_posix()
        assert back[record.id] == record.model_copy(update={"audio": absolute})


@pytest.mark.parametrize("form", FORMATS)
def test_samples_survive(tmp_path: Path, manifest: Path, form: str) -> None:
    _need_arrow(form)
    _export(form, manifest, tmp_path / "out")
    back = _import(form, tmp_path / "out")
    for record in read_records(manifest):
        before, after = read_audio(record, manifest.parent), read_audio(back[record.id], tmp_path)
        # What is decoded from Vorbis has no 16-bit samples: writing it as WAV rounds to them.
        exact = record.id != "c" or form != "ljspeech"
        assert np.allclose(before.samples, after.samples, rtol=0, atol=0 if exact else 2**-15)


def test_parquet_carries_whole_recordings(tmp_path: Path, manifest: Path) -> None:
    _need_arrow("parquet")
    log = _export("parquet", manifest, tmp_path / "out")
    assert (log.records, log.skipped, log.not_kept, log.recoded) == (4, [], {"offset": 2}, 2)
    back = _import("parquet", tmp_path / "out")
    for record in read_records(manifest):
        same = {"audio": back[record.id].audio, "offset": 0.0}
        assert back[record.id] == record.model_copy(update=same)
    assert sha256_of_file(Path(back["c"].audio)) == back["c"].sha256
    assert [path.name for path in sorted((tmp_path / "out").iterdir())] == [
        f"{split}-00000-of-00001.parquet" for split in ("test", "train", "validation")
    ]


def test_ljspeech_says_what_it_loses(tmp_path: Path, manifest: Path) -> None:
    records = [
        *read_records(manifest),
        Record(id="x/y", audio="a.wav", text="ሰላም"),
        Record(id="bar", audio="a.wav", text="ሰ|ላም"),
        Record(id="gone", audio="gone.wav", text="ሰላም"),
        Record(id="wide", audio="a.wav", text=" ሰላም "),
    ]
    write_records(manifest, records, force=True)
    log = _export("ljspeech", manifest, tmp_path / "out")
    assert [item.subject for item in log.skipped] == ["x/y", "bar", "gone"]
    assert (log.records, log.recoded) == (5, 3)
    assert log.not_kept == {
        **dict.fromkeys(("speaker", "session", "licence", "consent", "source", "processing", "language", "sha256"), 1),
        "split": 3,
        "offset": 2,
        "spaces around the text": 1,
    }
    back = _import("ljspeech", tmp_path / "out")
    assert {name: record.text for name, record in back.items()} == {
        record.id: record.text.strip() for record in records if record.id not in ("x/y", "bar", "gone")
    }
    assert Path(back["ሀ.1"].audio).read_bytes() == (manifest.parent / "a.wav").read_bytes()


@pytest.mark.parametrize("form", FORMATS)
def test_an_export_is_not_replaced_unasked(tmp_path: Path, manifest: Path, form: str) -> None:
    _need_arrow(form)
    _export(form, manifest, tmp_path / "out")
    with pytest.raises(FileExistsRefused):
        _export(form, manifest, tmp_path / "out")
    assert _export(form, manifest, tmp_path / "out", force=True).records == 4


@pytest.mark.parametrize("form", FORMATS)
def test_nothing_to_export_is_an_error_and_leaves_no_table(tmp_path: Path, form: str) -> None:
    _need_arrow(form)
    write_records(tmp_path / "m.jsonl", [Record(id="a", audio="gone.wav", text="ሰላም")])
    with pytest.raises(DatasetError, match="audio file does not exist"):
        _export(form, tmp_path / "m.jsonl", tmp_path / "out")
    assert [path for path in (tmp_path / "out").rglob("*") if path.is_file()] == []


def test_an_unknown_format(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="unknown format"):
        export_records("excel", Export(tuple, tmp_path, tmp_path), ExportLog())


@pytest.mark.parametrize("name", ["m01", "alffa"])
@pytest.mark.parametrize("form", ["jsonl", "lhotse", "parquet"])
def test_real_recordings_survive(tmp_path: Path, name: str, form: str) -> None:
    _need_arrow(form)
    source = real_manifest(name)
    log = ImportLog()
    chosen = [
        record
        for number, record in enumerate(
            import_records("jsonl", source, ImportDefaults(), log, embedded=tmp_path / "none")
        )
        if number % 40 == 0
    ]
    write_records(tmp_path / "m.jsonl", chosen)
    assert _export(form, tmp_path / "m.jsonl", tmp_path / "out").skipped == []
    back = _import(form, tmp_path / "out")
    for record in chosen:
        assert back[record.id] == record.model_copy(update={"audio": back[record.id].audio})
        assert Path(back[record.id].audio).read_bytes() == Path(record.audio).read_bytes()
