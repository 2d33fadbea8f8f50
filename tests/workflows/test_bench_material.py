from pathlib import Path

import numpy as np

from amhctl.codes.store import CodeStore
from amhctl.corpus.records import read_audio, read_records
from amhctl.workflows.bench_material import CLIP_SECONDS, generate_lines, generate_manifest, generate_store


def test_sentences_are_all_different_and_always_the_same() -> None:
    lines = generate_lines()
    assert len(set(lines)) == len(lines) == 2_000
    assert lines == generate_lines()


def test_recordings_are_generated_once_and_have_a_rhythm(tmp_path: Path) -> None:
    manifest = generate_manifest(tmp_path)
    records = read_records(manifest)
    assert len(records) == 32
    clip = read_audio(records[0], tmp_path)
    assert clip.duration == CLIP_SECONDS
    quarter = clip.samples[: clip.sample_rate // 4]
    middle = len(quarter) // 2
    assert np.abs(quarter[middle - 500 : middle + 500]).mean() > 3 * np.abs(quarter[:500]).mean()
    (tmp_path / records[0].audio).unlink()
    assert generate_manifest(tmp_path) == manifest
    assert not (tmp_path / records[0].audio).exists()


def test_a_store_has_clips_as_long_as_sentences_most_of_them_short(tmp_path: Path) -> None:
    store = CodeStore.open(generate_store(tmp_path / "store"))
    frames = sorted(entry.frames for entry in store)
    assert len(frames) == 96
    assert frames[0] >= 25
    assert frames[-1] > 2 * frames[48]
    assert {entry.record.split for entry in store} == {"train", "valid"}
    assert CodeStore.open(generate_store(tmp_path / "again")).fingerprint == store.fingerprint
