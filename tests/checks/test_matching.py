"""Twin of ``checks/matching.py``."""

import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from support.recognising import FrameReader, encode_frames, frames_of, log_probabilities_of

from amhctl.audio import files
from amhctl.checks.matching import NO_FIT, Match, Matcher, compare, judge_match
from amhctl.checks.recording import check_audio
from amhctl.core.errors import CheckpointError
from amhctl.core.findings import Finding
from amhctl.corpus.records import Record
from amhctl.recogniser.labels import spell
from amhctl.recogniser.reading import ReadWord, read_spoken
from amhctl.text.frontend import Frontend

TEXT, OTHER = "እናቴ ጥሩ ቡና ታፈላለች።", "ወንድሜ መጽሐፍ ያነባል።"


def _words(text: str) -> tuple[ReadWord, ...]:
    return read_spoken(Frontend(), text)


def _frames(text: str) -> list[int]:
    return [0] * 10 + frames_of([phone for word in _words(text) for phone in word.phones]) + [0] * 10


def _codes(match: Match) -> list[str]:
    return [finding.code for finding in judge_match("x", match)]


def test_a_text_that_is_said_fits() -> None:
    match = compare(log_probabilities_of(_frames(TEXT)), _words(TEXT))
    assert (match.error_rate, match.fit, match.word_fit) == (0.0, 0.0, 0.0)
    assert match.recognised == spell([phone for word in _words(TEXT) for phone in word.phones])
    assert _codes(match) == []


@pytest.mark.parametrize("text", [OTHER, f"{TEXT} {OTHER} {OTHER}"])
def test_another_text_does_not_fit(text: str) -> None:
    match = compare(log_probabilities_of(_frames(TEXT)), _words(text))
    assert match.error_rate > 0.6
    assert _codes(match) == ["D043"]


def test_speech_around_the_text_is_not_in_the_text() -> None:
    match = compare(log_probabilities_of(_frames(f"{OTHER} {TEXT} {OTHER}")), _words(TEXT))
    assert match.word_fit == 0.0
    assert _codes(match) == ["D043"]


def test_a_word_that_does_not_fit_is_named_with_its_place() -> None:
    match = compare(log_probabilities_of(_frames(TEXT)), _words(TEXT.replace("ጥሩ", "ባዶ")))
    (finding,) = judge_match("x", match)
    assert (finding.code, match.word) == ("D044", "ባዶ")
    # Ten frames of silence, six phones of four frames each, and then the word.
    assert match.word_start == pytest.approx(0.2 + 5 * 0.08, abs=0.1)
    assert "ባዶ" in finding.message


def test_a_text_that_is_longer_than_its_recording_fits_worst() -> None:
    match = compare(log_probabilities_of([0] * 8), _words(TEXT))
    assert (match.fit, match.word_fit, match.error_rate) == (NO_FIT, NO_FIT, 1.0)
    (finding,) = judge_match("x", match)
    assert "nothing" in finding.message


class _Reading(Matcher):
    """A matcher whose recogniser reads frames."""

    recogniser = FrameReader()  # type: ignore[assignment]


def _match(folder: Path, record: Record, **measured: float) -> Match | None:
    found = check_audio(record, folder).measurements
    assert found is not None
    return _Reading("frames").match(record, folder, Frontend(), replace(found, **measured))  # type: ignore[arg-type]


def test_only_what_can_be_compared_is_compared(tmp_path: Path) -> None:
    files.write(tmp_path / "a.wav", encode_frames(_frames(TEXT)))
    record = Record(id="a", audio="a.wav", text=TEXT)
    match = _match(tmp_path, record)
    assert match is not None
    assert match.error_rate == 0.0
    assert _match(tmp_path, record.model_copy(update={"text": "..."})) is None
    assert _match(tmp_path, record, duration=61.0) is None
    assert _match(tmp_path, record, full_scale=32_768.0) is None


def test_each_process_loads_the_recogniser_itself() -> None:
    matcher = pickle.loads(pickle.dumps(Matcher("no-such-recogniser")))
    assert matcher.name == "no-such-recogniser"
    with pytest.raises(CheckpointError):
        _ = matcher.recogniser


def test_findings_name_the_record() -> None:
    match = Match(-9.0, 1.2, "ሰላም", -9.0, 0.0, 0.0, "a" * 500)
    (finding,) = judge_match("clip-7", match)
    assert isinstance(finding, Finding)
    assert (finding.subject, len(finding.message) < 200) == ("clip-7", True)
    assert np.isfinite(NO_FIT)
