"""Twin of ``corpus/alignments.py``."""

import json
from pathlib import Path

import numpy as np
import pytest

from amhctl.audio import files
from amhctl.audio.waveform import Waveform
from amhctl.core.errors import AudioError
from amhctl.corpus.alignments import (
    ALIGNMENT,
    MANIFEST,
    TEXTGRID,
    AlignedUtterance,
    AlignedWord,
    RecordDefaults,
    write_alignment,
)
from amhctl.corpus.records import read_audio, read_records

_UTTERANCES = (
    AlignedUtterance("a-1", "t:1", "ሰላም", True, 0.5, 1.25, -1.0, (AlignedWord("ሰላም", 0.6, 1.2, -1.0),)),
    AlignedUtterance("a-2", "t:2", "የለም"),
    AlignedUtterance("a-3", "t:3", "ደካማ", False, 1.5, 2.0, -9.0, (AlignedWord("ደካማ", 1.6, 1.9, -9.0),)),
)
_DEFAULTS = RecordDefaults("s1", "CC0", "radio")


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    samples = np.random.default_rng(0).uniform(-0.5, 0.5, 66_150).astype(np.float32)
    files.write(tmp_path / "long.wav", Waveform(samples, 22_050))
    return tmp_path / "long.wav"


def test_records_are_parts_of_the_recording(tmp_path: Path, recording: Path) -> None:
    write_alignment(tmp_path / "out", recording, _UTTERANCES, 3.0, _DEFAULTS)
    (record,) = read_records(tmp_path / "out" / MANIFEST)
    assert (record.id, record.text) == ("a-1", "ሰላም")
    assert (record.speaker, record.licence, record.source) == ("s1", "CC0", "radio")
    assert (record.offset, record.duration) == (0.5, 0.75)
    part = files.read(recording, offset=0.5, duration=0.75)
    assert np.array_equal(read_audio(record, tmp_path / "out").samples, part.samples)
    lines = [json.loads(line) for line in (tmp_path / "out" / ALIGNMENT).read_text(encoding="utf-8").splitlines()]
    assert [line["kept"] for line in lines] == [True, False, False]
    assert lines[0]["words"] == [{"word": "ሰላም", "start": 0.6, "end": 1.2, "confidence": -1.0}]
    assert not (tmp_path / "out" / TEXTGRID).exists()


def test_cut_utterances_are_files_of_their_own(tmp_path: Path, recording: Path) -> None:
    steps: list[int] = []
    write_alignment(
        tmp_path / "out",
        recording,
        _UTTERANCES,
        3.0,
        _DEFAULTS,
        cut=True,
        textgrid=True,
        advance=lambda: steps.append(1),
    )
    (record,) = read_records(tmp_path / "out" / MANIFEST)
    cut = read_audio(record, tmp_path / "out")
    assert record.audio == "audio/a-1.flac"
    assert (record.offset, record.duration, cut.sample_rate, steps) == (0.0, cut.duration, 22_050, [1])
    assert np.abs(cut.samples - files.read(recording, offset=0.5, duration=0.75).samples).max() <= 2.0**-15
    grid = (tmp_path / "out" / TEXTGRID).read_text(encoding="utf-8")
    assert grid.count('"ደካማ"') == 2


def test_a_recording_that_is_gone_leaves_no_folder(tmp_path: Path) -> None:
    with pytest.raises(AudioError):
        write_alignment(tmp_path / "out", tmp_path / "gone.wav", _UTTERANCES, 3.0, _DEFAULTS, cut=True)
    assert list(tmp_path.iterdir()) == []
