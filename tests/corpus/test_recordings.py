from pathlib import Path

import numpy as np
import pytest
from support.speechlike import vowel_train

from amhctl.audio import files
from amhctl.core.errors import AudioError, FileExistsRefused
from amhctl.corpus.recordings import file_name, is_whole, load_recording, place_recording
from amhctl.corpus.records import Record


def _record(**values: object) -> Record:
    return Record.model_validate({"id": "a", "audio": "a.wav", "text": "ሰላም"} | values)


def test_a_whole_file_travels_byte_by_byte(tmp_path: Path) -> None:
    files.write(tmp_path / "a.wav", vowel_train(seconds=1.0))
    for record in (_record(), _record(duration=1.0), _record(duration=0.9995), _record(duration=1.02)):
        recording = load_recording(record, tmp_path)
        assert recording.content == (tmp_path / "a.wav").read_bytes()
        assert (recording.suffix, recording.recoded) == (".wav", False)


@pytest.mark.parametrize("suffix", ["", ".wav"])
def test_a_part_is_cut_out_to_the_sample(tmp_path: Path, suffix: str) -> None:
    files.write(tmp_path / "a.wav", vowel_train(seconds=1.0))
    recording = load_recording(_record(offset=0.25, duration=0.5), tmp_path, suffix=suffix)
    assert (recording.suffix, recording.recoded) == (suffix or ".flac", True)
    place_recording(tmp_path / f"part{recording.suffix}", recording.content, force=False)
    whole = files.read(tmp_path / "a.wav")
    start, stop = (round(seconds * whole.sample_rate) for seconds in (0.25, 0.75))
    assert np.array_equal(files.read(tmp_path / f"part{recording.suffix}").samples, whole.samples[start:stop])


def test_another_kind_of_file_keeps_its_samples(tmp_path: Path) -> None:
    files.write(tmp_path / "a.flac", vowel_train(seconds=0.5))
    recording = load_recording(_record(audio="a.flac"), tmp_path, suffix=".wav")
    assert recording.recoded
    place_recording(tmp_path / "b.wav", recording.content, force=False)
    assert np.array_equal(files.read(tmp_path / "b.wav").samples, files.read(tmp_path / "a.flac").samples)
    with pytest.raises(AudioError):
        load_recording(_record(audio="gone.wav"), tmp_path)


def test_what_is_whole() -> None:
    assert is_whole(_record(), 3.0)
    assert is_whole(_record(duration=2.999), 2.9995)
    assert not is_whole(_record(duration=2.9), 3.0)
    assert not is_whole(_record(offset=0.1), 3.0)


def test_ids_as_file_names_stay_apart() -> None:
    assert file_name("ሀ-1.b") == "ሀ-1.b"
    names = ["a/b", "a_b", "a:b", "../a", "..", "", "ሀ" * 300, "ሀ" * 301]
    changed = [file_name(name) for name in names]
    assert len(set(changed)) == len(names)
    assert all("/" not in name and not name.startswith(".") and len(name.encode()) < 200 for name in changed)


def test_another_file_is_not_replaced_unasked(tmp_path: Path) -> None:
    path = tmp_path / "x" / "a.wav"
    place_recording(path, b"one", force=False)
    place_recording(path, b"one", force=False)
    with pytest.raises(FileExistsRefused):
        place_recording(path, b"two", force=False)
    place_recording(path, b"two", force=True)
    assert path.read_bytes() == b"two"
