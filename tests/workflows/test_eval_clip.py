from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.speaking_flow import flow_voice_folder
from support.speechlike import vowel_train
from support.voices import TEXTS, tiny_voice_folder

from amhctl.audio import files
from amhctl.core.errors import SynthesisError
from amhctl.core.progress import SilentProgress
from amhctl.corpus.records import Record, write_records
from amhctl.evaluation.naturalness import Naturalness
from amhctl.inference import code_voice as voice_module
from amhctl.inference.options import SpeakOptions
from amhctl.inference.spectrogram_voice import SpectrogramVoice
from amhctl.workflows import eval as evaluate
from amhctl.workflows.eval import EvaluateRequest


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny voice and a test set of three recordings."""
    folder = tmp_path_factory.mktemp("world")
    tiny_voice_folder(folder)
    records = []
    for index, text in enumerate(TEXTS[:3]):
        files.write(folder / f"{index}.wav", vowel_train(seconds=4.6, seed=index))
        records.append(Record(id=f"clip{index}", audio=f"{index}.wav", text=text, split="test"))
    records.append(Record(id="other", audio="missing.wav", text=TEXTS[3], split="train"))
    write_records(folder / "set.jsonl", records)
    return folder


@pytest.fixture
def lenient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(voice_module, "judge", lambda *_args, **_kwargs: ())


@pytest.fixture
def unrated(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do not ask the rater, which is slow, where a test is about something else."""
    monkeypatch.setattr(evaluate.naturalness, "score", lambda _waveform: Naturalness(3.0, 3.0, 3.0, 3.5))  # type: ignore[attr-defined]


def request_of(world: Path, **changes: Any) -> EvaluateRequest:
    request = EvaluateRequest(voice=str(world / "tiny"), test_set=world / "set.jsonl", device="cpu")
    return replace(request, **changes)


def test_texts_that_cannot_be_spoken_are_counted(world: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    judged = voice_module.judge  # type: ignore[attr-defined]
    monkeypatch.setattr(
        voice_module, "judge", lambda waveform, **values: judged(waveform, **values | {"stopped": False})
    )
    report = evaluate.run(request_of(world, limit=2), SilentProgress())
    stops, match = report.scorecard.metric("stops"), report.scorecard.metric("text_match")
    assert stops is not None
    assert match is not None
    assert (stops.estimate.value, match.estimate.value) == (0.0, 0.0)
    assert not report.ok
    assert [finding.code for finding in report.findings].count("E002") == 2


@pytest.mark.usefixtures("lenient", "unrated")
def test_a_clip_without_another_of_its_speaker_has_no_yardstick(world: Path, tmp_path: Path) -> None:
    records = [
        Record(id=f"clip{index}", audio=str(world / f"{index}.wav"), text=text, speaker=speaker)
        for index, (text, speaker) in enumerate(zip(TEXTS[:3], ("a", "a", "b"), strict=True))
    ]
    write_records(tmp_path / "set.jsonl", records)
    report = evaluate.run(request_of(world, test_set=tmp_path / "set.jsonl"), SilentProgress())
    scores = report.scorecard.utterances
    assert [score.natural_speaker_similarity is None for score in scores] == [False, False, True]
    assert [score.relative_speaker_similarity is None for score in scores] == [False, False, True]
    assert scores[0].natural_speaker_similarity == pytest.approx(scores[1].natural_speaker_similarity)


@pytest.mark.usefixtures("unrated")
def test_a_voice_of_several_speakers_speaks_as_the_one_it_is_compared_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    voice = flow_voice_folder(tmp_path)
    records = []
    for index, speaker in enumerate(("m02", "f01", "somebody")):
        files.write(tmp_path / f"{index}.wav", vowel_train(seconds=1.2, seed=index))
        records.append(Record(id=str(index), audio=f"{index}.wav", text=TEXTS[index], speaker=speaker))
    write_records(tmp_path / "set.jsonl", records)
    asked: list[str | None] = []

    def speak(self: object, text: str, options: SpeakOptions, *, speaker: object) -> None:
        assert speaker is None
        asked.append(options.person)
        raise SynthesisError("said nothing")

    monkeypatch.setattr(SpectrogramVoice, "speak", speak)
    evaluate.run(request_of(tmp_path, voice=str(voice), test_set=tmp_path / "set.jsonl"), SilentProgress())
    assert asked == ["m02", "f01", None]
