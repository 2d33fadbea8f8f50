from pathlib import Path

import numpy as np
import pytest
from support.codecs import tiny_codec_folder
from support.manifests import tiny_manifest

from amhctl.codec.registry import load_codec
from amhctl.core.errors import DatasetError
from amhctl.core.progress import SilentProgress
from amhctl.data.codestore import CodeStore
from amhctl.data.extraction import prepare_waveform
from amhctl.data.records import read_records, write_records
from amhctl.workflows.extract_codes import ExtractCodesReport, ExtractCodesRequest, run


def _extract(manifest: Path, store: Path, codec: Path, **options: object) -> ExtractCodesReport:
    request = ExtractCodesRequest(manifest=manifest, output=store, codec=str(codec), **options)  # type: ignore[arg-type]
    return run(request, SilentProgress())


def test_codes_are_those_of_the_codec_at_true_length(tmp_path: Path) -> None:
    manifest, codec = tiny_manifest(tmp_path), tiny_codec_folder(tmp_path)
    report = _extract(manifest, tmp_path / "store", codec, level=-20.0)
    assert report.ok
    assert (report.utterances, report.new, report.failed) == (4, 4, {})
    store, loaded = CodeStore.open(tmp_path / "store"), load_codec(str(codec))
    assert store.level == -20.0
    for entry in store.entries:
        waveform = prepare_waveform(entry.record, store)
        assert entry.frames == loaded.spec.frames_of(waveform.samples.size)
        assert np.array_equal(store.codes(entry.id), loaded.encode([waveform.samples])[0])
        assert store.features(entry.id).shape == (1 + waveform.samples.size // store.mel.hop_samples, store.mel.bins)


def test_extraction_goes_on_where_it_stopped(tmp_path: Path) -> None:
    manifest, codec = tiny_manifest(tmp_path), tiny_codec_folder(tmp_path)
    _extract(manifest, tmp_path / "store", codec)
    whole = CodeStore.open(tmp_path / "store").fingerprint
    index = tmp_path / "store" / "index-1-of-1.jsonl"
    index.write_bytes(b"".join(index.read_bytes().splitlines(keepends=True)[:2]) + b'{"record": {"id"')
    report = _extract(manifest, tmp_path / "store", codec)
    assert (report.utterances, report.new) == (4, 2)
    assert CodeStore.open(tmp_path / "store").fingerprint == whole
    assert _extract(manifest, tmp_path / "store", codec).realtime_factor is None


def test_shards_fill_one_store(tmp_path: Path) -> None:
    manifest, codec = tiny_manifest(tmp_path, count=5), tiny_codec_folder(tmp_path)
    counts = [_extract(manifest, tmp_path / "store", codec, shard=f"{i}/2").utterances for i in (1, 2)]
    assert counts == [3, 2]
    assert len(CodeStore.open(tmp_path / "store")) == 5
    with pytest.raises(DatasetError, match="i/n"):
        _extract(manifest, tmp_path / "store", codec, shard="3/2")


def test_bad_items_are_listed_and_not_fatal(tmp_path: Path) -> None:
    manifest, codec = tiny_manifest(tmp_path), tiny_codec_folder(tmp_path)
    (tmp_path / "wav" / "r1.wav").write_bytes((tmp_path / "wav" / "r1.wav").read_bytes()[:9_000])
    (tmp_path / "wav" / "r2.wav").unlink()
    report = _extract(manifest, tmp_path / "store", codec)
    assert set(report.failed) == {"r1", "r2"}
    assert report.ok
    assert set(CodeStore.open(tmp_path / "store").failures()) == {"r1", "r2"}
    assert {finding.code for finding in report.findings} == {"X001"}


def test_changed_descriptions_are_amended_without_encoding(tmp_path: Path) -> None:
    manifest, codec = tiny_manifest(tmp_path), tiny_codec_folder(tmp_path)
    _extract(manifest, tmp_path / "store", codec)
    records = read_records(manifest)
    write_records(manifest, [r.model_copy(update={"split": "test", "text": "ሌላ"}) for r in records], force=True)
    report = _extract(manifest, tmp_path / "store", codec)
    assert (report.new, report.amended) == (0, 4)
    assert {(e.record.split, e.record.text) for e in CodeStore.open(tmp_path / "store").entries} == {("test", "ሌላ")}


def test_another_codec_is_refused(tmp_path: Path) -> None:
    manifest = tiny_manifest(tmp_path)
    _extract(manifest, tmp_path / "store", tiny_codec_folder(tmp_path))
    with pytest.raises(DatasetError, match="fingerprint"):
        _extract(manifest, tmp_path / "store", tiny_codec_folder(tmp_path, seed=1, name="other"))
    with pytest.raises(DatasetError, match="level"):
        _extract(manifest, tmp_path / "store", tmp_path / "tiny", level=-20.0)
