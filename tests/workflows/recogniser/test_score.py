"""Twin of ``workflows/recogniser/score.py``: rates that can be counted by hand."""

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from support.recognisers import phone_frontend, planted_log_probabilities, tiny_recogniser_folder
from support.speechlike import vowel_train

from amhctl.audio import files
from amhctl.audio.waveform import Waveform
from amhctl.core.errors import CheckpointError, DatasetError
from amhctl.core.progress import SilentProgress
from amhctl.corpus.records import Record, write_records
from amhctl.recogniser.labels import join_words, word_labels
from amhctl.recogniser.recognition import Recogniser
from amhctl.workflows.recogniser import score as score_recogniser
from amhctl.workflows.recogniser.score import RULES, ScoreRecogniserReport, ScoreRecogniserRequest, run

(SKIPPED,) = (rule.code for rule in RULES)
# Written, said, speaker and split; a clip is known by its length.
CLIPS = (
    ("ሰላም ዓለም።", "səlam aləm", "s0", "train"),
    ("ሰላም ዓለም።", "səlat aləm bet", "s0", "test"),
    ("2 ቤት", "hulət", "s1", "test"),
    ("።", "bet", "s1", "test"),
)


@pytest.fixture
def manifest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a manifest of four clips, of which one has no text, and a recogniser that knows what is said in them."""
    said: dict[int, NDArray[np.float32]] = {}
    records = []
    for number, (written, phones, speaker, split) in enumerate(CLIPS):
        waveform = vowel_train(seconds=0.5 + 0.5 * number)
        said[waveform.samples.size] = planted_log_probabilities(join_words(word_labels(phones)))
        files.write(tmp_path / f"c{number}.wav", waveform)
        records.append(Record(id=f"c{number}", audio=f"c{number}.wav", text=written, speaker=speaker, split=split))
    write_records(tmp_path / "manifest.jsonl", records)
    tiny_recogniser_folder(tmp_path)
    monkeypatch.setattr(score_recogniser, "Frontend", lambda *_: phone_frontend())

    def log_probabilities(_: Recogniser, waveform: Waveform) -> NDArray[np.float32]:
        return said[waveform.samples.size]

    monkeypatch.setattr(Recogniser, "log_probabilities", log_probabilities)
    return tmp_path / "manifest.jsonl"


def _score(manifest: Path, **options: object) -> ScoreRecogniserReport:
    recogniser = str(manifest.parent / "tiny-recogniser")
    return run(ScoreRecogniserRequest(manifest, recogniser, **options), SilentProgress())  # type: ignore[arg-type]


def test_rates_are_those_counted_by_hand(manifest: Path) -> None:
    report = _score(manifest)
    payload = report.payload()
    assert json.loads(json.dumps(payload)) == payload
    # 9, 9 and 8 phones; a phone is another, three are added, and three are missing.
    assert payload["phone_error_rate"] == payload["phone_error_rate_with_language"] == (1 + 3 + 3) / 26
    # 7, 7 and 6 letters and spaces; a letter is another, three are added, and three are missing.
    assert payload["character_error_rate"] == (1 + 3 + 3) / 20
    # Of six words, one is another, one is added, and one is missing.
    assert payload["word_error_rate"] == 3 / 6
    assert payload["speakers"] == {
        "s0": {
            "phone_error_rate": 4 / 18,
            "phone_error_rate_with_language": 4 / 18,
            "character_error_rate": 4 / 14,
            "word_error_rate": 2 / 4,
        },
        "s1": {
            "phone_error_rate": 3 / 8,
            "phone_error_rate_with_language": 3 / 8,
            "character_error_rate": 3 / 6,
            "word_error_rate": 1 / 2,
        },
    }
    assert (payload["recogniser"], payload["clips"], payload["seconds"]) == ("tiny-recogniser", 3, 3.0)
    assert report.real_time_factor > 0
    assert [result["id"] for result in payload["results"]] == ["c0", "c1", "c2"]  # type: ignore[attr-defined]
    assert payload["results"][1] == {  # type: ignore[index]
        "id": "c1",
        "speaker": "s0",
        "phone_error_rate": 4 / 9,
        "character_error_rate": 4 / 7,
        "word_error_rate": 2 / 2,
        "text": "ሰላም አለም",
        "recognised": "ሰላት አለም ቤት",
    }


def test_people_read_the_same_rates(manifest: Path) -> None:
    lines = list(_score(manifest).lines())
    assert lines[0] == "tiny-recogniser on 3 clips, 0.1 minutes, 2 speakers"
    assert lines[1] == "phone error rate: 0.269 (1 replaced, 3 missing, 3 added, of 26)"
    assert lines[4] == "word error rate: 0.500 (1 replaced, 1 missing, 1 added, of 6)"


def test_clips_that_cannot_be_scored_are_found(manifest: Path) -> None:
    (manifest.parent / "c0.wav").unlink()
    report = _score(manifest)
    assert [(finding.code, finding.subject) for finding in report.findings] == [(SKIPPED, "c0"), (SKIPPED, "c3")]
    assert report.findings[0].message == "the audio file does not exist"
    assert report.findings[1].message == "the text cannot be read as phones"
    assert [clip.id for clip in report.clips] == ["c1", "c2"]
    assert report.ok


@pytest.mark.parametrize(
    ("options", "clips"),
    [
        ({"split": "test"}, ["c1", "c2"]),
        ({"speakers": ("s0",)}, ["c0", "c1"]),
        ({"speakers": ("s0", "s1"), "split": "train"}, ["c0"]),
        ({"limit": 2}, ["c0", "c1"]),
    ],
)
def test_clips_are_chosen(manifest: Path, options: dict[str, object], clips: list[str]) -> None:
    assert [clip.id for clip in _score(manifest, **options).clips] == clips


def test_where_nothing_can_be_scored_nothing_is(manifest: Path) -> None:
    with pytest.raises(DatasetError, match="no clip can be scored") as caught:
        _score(manifest, split="valid")
    assert caught.value.hint == "choose another split or speaker"
    for number in range(3):
        (manifest.parent / f"c{number}.wav").unlink()
    with pytest.raises(DatasetError, match="no clip can be scored") as caught:
        _score(manifest)
    assert caught.value.hint == "the audio file does not exist"
    with pytest.raises(CheckpointError, match="recogniser not found"):
        run(ScoreRecogniserRequest(manifest, "no-such-recogniser"), SilentProgress())
