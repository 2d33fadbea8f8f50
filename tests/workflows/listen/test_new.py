"""Twin of ``listen/new.py``: what is compared, what is refused, what is said."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from support.listening import make_test, sound_folders
from support.speechlike import vowel_train

from amhctl.audio import files
from amhctl.audio.waveform import Waveform
from amhctl.core.errors import AudioError, EvaluationError, FileExistsRefused, OptionError
from amhctl.core.progress import SilentProgress
from amhctl.evaluation.listening.design import PAGE_FOLDER, RATINGS_FOLDER
from amhctl.workflows.listen.new import NewListeningReport, NewListeningRequest, run


def request_of(folder: Path, kind: str = "mos", systems: tuple[str, ...] = ("one", "two")) -> NewListeningRequest:
    return NewListeningRequest(
        output=folder / "test",
        kind=kind,  # type: ignore[arg-type]
        systems=tuple(f"{name}={folder / name}" for name in systems),
        training=1,
    )


def make(request: NewListeningRequest) -> NewListeningReport:
    return run(request, SilentProgress())


def test_sentences_that_cannot_be_compared_are_named(tmp_path: Path) -> None:
    sound_folders(tmp_path, systems=("one", "two"))
    (tmp_path / "one" / "s0.wav").unlink()
    (tmp_path / "two" / "s1.wav").write_bytes(b"RIFF")
    files.write(tmp_path / "one" / "s2.wav", Waveform(np.zeros(8_000, dtype=np.float32), 16_000))
    for sentence in ("s3", "s4"):
        files.write(tmp_path / "two" / f"{sentence}.wav", vowel_train(sample_rate=24_000))
    report = make(request_of(tmp_path))
    assert {finding.subject for finding in report.findings if finding.code == "L001"} == {"s0", "s1", "s2"}
    assert report.sentences == 1
    assert "L005" in {finding.code for finding in report.findings}
    assert report.ok


def test_too_few_sentences_are_refused_and_nothing_is_written(tmp_path: Path) -> None:
    sound_folders(tmp_path, sentences=1, systems=("one", "two"))
    with pytest.raises(EvaluationError, match="1 usable sentences"):
        make(request_of(tmp_path))
    assert not (tmp_path / "test").exists()


def test_options_that_do_not_go_together_are_wrong_usage(tmp_path: Path) -> None:
    sound_folders(tmp_path, systems=("one", "two"))
    plain = request_of(tmp_path)
    for request in (
        replace(plain, kind="mushra"),
        replace(plain, kind="mushra", reference=plain.systems[0], systems=plain.systems[1:], checks=2),
        replace(plain, kind="mushra", reference="n=x", systems=tuple(f"v{n}=x" for n in range(10))),
        replace(plain, kind="ab", systems=plain.systems[:1]),
        replace(plain, systems=(plain.systems[0], plain.systems[0])),
        replace(plain, rounds=3),
    ):
        with pytest.raises(OptionError):
            make(request)


def test_recordings_without_the_frequencies_of_an_anchor_are_refused(tmp_path: Path) -> None:
    for name in ("natural", "one"):
        (tmp_path / name).mkdir()
        for sentence in range(2):
            files.write(tmp_path / name / f"s{sentence}.wav", vowel_train(seconds=0.3, sample_rate=8_000))
    request = replace(request_of(tmp_path, "mushra", ("one",)), reference=f"natural={tmp_path / 'natural'}")
    with pytest.raises(AudioError, match="changes nothing at 8000 Hz"):
        make(request)
    assert not (tmp_path / "test").exists()


def test_a_test_with_ratings_is_never_replaced(tmp_path: Path) -> None:
    make_test(tmp_path)
    request = request_of(tmp_path)
    with pytest.raises(FileExistsRefused):
        make(request)
    make(replace(request, force=True))
    (tmp_path / "test" / RATINGS_FOLDER).mkdir()
    with pytest.raises(FileExistsRefused, match="ratings"):
        make(replace(request, force=True))
    assert (tmp_path / "test" / PAGE_FOLDER).is_dir()


def test_as_many_sentences_and_rounds_as_asked(tmp_path: Path) -> None:
    sound_folders(tmp_path, sentences=8, systems=("one", "two"))
    report = make(replace(request_of(tmp_path), sentences=4, rounds=1, checks=0))
    assert report.payload()["sentences"] == 4
    assert report.payload()["trials"] == 1 + 4
    long = make(replace(request_of(tmp_path), output=tmp_path / "long", kind="ab", checks=40))
    assert long.minutes > report.minutes
