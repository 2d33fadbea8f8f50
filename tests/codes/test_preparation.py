import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from support.manifests import tiny_manifest
from support.stores import ACOUSTICS

from amhctl.audio import files
from amhctl.audio.acoustics import analyse
from amhctl.audio.augment import Variation, vary
from amhctl.audio.levels import set_speech_level
from amhctl.audio.mel import log_mel
from amhctl.audio.resample import resample
from amhctl.codes.preparation import Preparation, Source, digest_files, prepare_batch
from amhctl.config.mel import MelConfig
from amhctl.core.files import sha256_of_file
from amhctl.corpus.records import read_audio, read_records

_MEL = MelConfig(bins=20)


def test_recordings_become_what_a_codec_takes(tmp_path: Path) -> None:
    records = read_records(tiny_manifest(tmp_path, count=2))
    how = Preparation(tmp_path, 24_000, _MEL, -20.0)
    batch = prepare_batch(how, [Source(record) for record in records])
    assert batch.failed == {}
    for record, item in zip(records, batch.items, strict=True):
        original = read_audio(record, tmp_path)
        levelled = set_speech_level(original, -20.0)
        assert item.source == Source(record)
        assert np.array_equal(item.samples, resample(levelled, 24_000).samples)  # type: ignore[arg-type]
        features = log_mel(resample(levelled, _MEL.sample_rate).samples, _MEL).astype(np.float16)
        assert np.array_equal(item.features_TF, features)
        assert item.seconds == original.duration
        assert item.audio.file == sha256_of_file(tmp_path / record.audio)
    assert batch.items[0].audio.samples != batch.items[1].audio.samples


def test_the_same_samples_have_one_digest_in_any_format_and_at_any_place(tmp_path: Path) -> None:
    record = read_records(tiny_manifest(tmp_path, count=1))[0]
    original = read_audio(record, tmp_path)
    files.write(tmp_path / "again.flac", original)
    same = record.model_copy(update={"id": "same", "audio": "again.flac"})
    late = record.model_copy(update={"id": "late", "offset": 0.1, "duration": original.duration - 0.1})
    how = Preparation(tmp_path, 16_000, _MEL, None)
    first, second, third = prepare_batch(how, [Source(item) for item in (record, same, late)]).items
    assert first.audio.samples == second.audio.samples != third.audio.samples
    assert first.audio.file == third.audio.file != second.audio.file


def test_what_cannot_be_read_is_listed(tmp_path: Path) -> None:
    first, second, third = read_records(tiny_manifest(tmp_path, count=3))
    (tmp_path / first.audio).unlink()
    claimed = second.model_copy(update={"sha256": "0" * 64})
    right = third.model_copy(update={"sha256": sha256_of_file(tmp_path / third.audio)})
    batch = prepare_batch(Preparation(tmp_path, 16_000, _MEL, None), [Source(item) for item in (first, claimed, right)])
    assert [item.source.id for item in batch.items] == ["r2"]
    assert set(batch.failed) == {"r0", "r1"}
    assert "SHA-256" in batch.failed["r1"]


def test_a_file_that_changes_has_another_digest(tmp_path: Path) -> None:
    file = tmp_path / "a.bin"
    file.write_bytes(b"one")
    (before,) = digest_files([file])
    file.write_bytes(b"another")
    assert digest_files([file, tmp_path / "none"]) == (sha256_of_file(file), "")
    assert before != sha256_of_file(file)


def test_workers_do_not_load_torch() -> None:
    script = "import sys, amhctl.codes.preparation, amhctl.parallel.workers; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


def test_a_copy_is_varied_before_all_else(tmp_path: Path) -> None:
    record = read_records(tiny_manifest(tmp_path, count=1))[0].model_copy(update={"offset": 0.1, "duration": 1.0})
    variation = Variation(speed=1.1, noise=25.0, seed=3)
    how = Preparation(tmp_path, 24_000, _MEL, -20.0)
    plain, copy, still = prepare_batch(
        how, [Source(record), Source(record, variation), Source(record, Variation(seed=9))]
    ).items
    varied = vary(read_audio(record, tmp_path), variation)
    levelled = set_speech_level(varied, -20.0)
    assert np.array_equal(copy.samples, resample(levelled, 24_000).samples)  # type: ignore[arg-type]
    features = log_mel(resample(levelled, _MEL.sample_rate).samples, _MEL).astype(np.float16)
    assert np.array_equal(copy.features_TF, features)
    assert (copy.seconds, copy.audio.cut, plain.audio.cut) == (varied.duration, 1.0, None)
    assert copy.seconds == pytest.approx(1.0 / 1.1, abs=1e-4)
    assert copy.audio.samples != plain.audio.samples
    # Nothing is changed: the same bytes under the same address.
    assert still.audio.samples == plain.audio.samples
    assert np.array_equal(still.samples, plain.samples)  # type: ignore[arg-type]


def test_a_room_that_cannot_be_read_is_listed(tmp_path: Path) -> None:
    record = read_records(tiny_manifest(tmp_path, count=1))[0]
    gone = Source(record, Variation(room=str(tmp_path / "gone.wav")))
    assert set(prepare_batch(Preparation(tmp_path, 16_000, _MEL, None), [gone]).failed) == {"r0"}


@pytest.mark.parametrize("sample_rate", [16_000, 24_000])
def test_acoustics_are_measured_at_the_rate_of_their_spectrogram(tmp_path: Path, sample_rate: int) -> None:
    record = read_records(tiny_manifest(tmp_path, count=1))[0]
    how = Preparation(tmp_path, sample_rate, _MEL, -20.0, acoustics=ACOUSTICS)
    (item,) = prepare_batch(how, [Source(record)]).items
    assert item.analysed is not None
    levelled = set_speech_level(read_audio(record, tmp_path), -20.0)
    samples = resample(levelled, 16_000).samples
    assert np.array_equal(item.analysed.acoustics_AB, analyse(samples, ACOUSTICS).pack())
    assert (item.analysed.sample_rate, item.encoder_samples_M) == (16_000, None)
    assert np.array_equal(item.analysed.samples, samples)  # type: ignore[arg-type]
    # What the codec gets is that very array where the rates are the same: it travels from a worker once.
    assert (item.analysed.samples is item.samples) == (sample_rate == 16_000)
    (plain,) = prepare_batch(Preparation(tmp_path, sample_rate, _MEL, -20.0), [Source(record)]).items
    assert plain.analysed is None
