"""How alike a voice sounds to clips it imitates: ``tools/measure_likeness.py``."""

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from support.speaking_flow import flow_voice_folder
from support.speechlike import vowel_train
from support.voices import any_speech

from amhctl.audio import files
from amhctl.audio.waveform import Waveform
from amhctl.corpus.records import Record, write_records

TOOL = Path(__file__).parents[2] / "tools" / "measure_likeness.py"


@pytest.fixture
def tool(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    spec = importlib.util.spec_from_file_location("measure_likeness", TOOL)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "measure_likeness", module)
    spec.loader.exec_module(module)
    return module


def of(speaker: str, count: int) -> list[Record]:
    return [Record(id=f"{speaker}{n}", audio=f"{speaker}{n}.wav", text="ሰላም", speaker=speaker) for n in range(count)]


def unit(degrees: float) -> np.ndarray:
    return np.array([np.cos(np.radians(degrees)), np.sin(np.radians(degrees))], dtype=np.float32)


def test_likeness_is_measured_against_clips_that_were_not_imitated(tool: ModuleType) -> None:
    """A speaker is a direction; the voice says everything 10 degrees beside the clip it imitates."""
    places = {"a0": 0.0, "a1": 4.0, "b0": 90.0, "b1": 94.0}

    def read(record: Record) -> Waveform:
        return Waveform(unit(places[record.id]), 1)

    def imitate(clip: Waveform | None) -> Waveform:
        degrees = 45.0 if clip is None else np.degrees(np.arctan2(clip.samples[1], clip.samples[0])) + 10.0
        return Waveform(unit(degrees), 1)

    chosen = {"a": of("a", 2), "b": of("b", 2)}
    results = tool.measure(chosen, read, lambda clip: clip.samples, imitate, 1)
    assert list(results) == ["a", "b", "all"]
    cosine = {degrees: np.cos(np.radians(degrees)) for degrees in (4, 6, 10, 84, 96, 35, 55)}
    first = results["a"]
    assert first.itself == pytest.approx(cosine[10], abs=1e-6)
    assert first.spoken == pytest.approx(cosine[6], abs=1e-6)
    assert first.natural == pytest.approx(cosine[4], abs=1e-6)
    assert first.share == pytest.approx(cosine[6] / cosine[4], abs=1e-6)
    assert first.wrong == pytest.approx(cosine[84], abs=1e-6)
    assert first.own == pytest.approx(cosine[35], abs=1e-6)
    assert first.told == 1.0
    assert results["all"].wrong == pytest.approx((cosine[84] + cosine[96]) / 2, abs=1e-6)


def test_a_voice_that_says_all_alike_is_told_by_chance(tool: ModuleType) -> None:
    others = {"a": [unit(0.0)], "b": [unit(90.0)]}
    spoken = unit(20.0)
    alike = [tool.Imitation(speaker, others[speaker][0], spoken) for speaker in others]
    likeness = tool.compare(alike, others, spoken)
    assert likeness.told == 0.5
    assert likeness.own == pytest.approx(1.0)
    assert likeness.spoken == pytest.approx(likeness.wrong)


def test_speakers_that_the_voice_has_are_left_out_or_the_only_ones(tool: ModuleType) -> None:
    records = [*of("known", 8), *of("new", 9), *of("other", 4), *of("rare", 3)]
    chosen = tool.choose(records, ("known",), known=False, clips=2)
    assert list(chosen) == ["new", "other"]
    assert all(len({record.id for record in held}) == len(held) >= 4 for held in chosen.values())
    assert len(chosen["new"]) == 8
    assert [record.id for record in chosen["other"]] == ["other0", "other2", "other1", "other3"]
    assert list(tool.choose(records, ("known",), known=True, clips=2)) == ["known"]


def test_the_command_measures_a_voice(
    tool: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    voice = flow_voice_folder(tmp_path)
    records = [*of("low", 2), *of("high", 2), *of("f01", 2)]
    for index, record in enumerate(records):
        pitch = {"low": 90.0, "high": 240.0, "f01": 150.0}[record.speaker]
        files.write(tmp_path / record.audio, vowel_train(seconds=1.2, pitch=pitch, seed=index))
    write_records(tmp_path / "set.jsonl", records)
    # Random weights do not speak: nothing is judged.
    monkeypatch.setattr(tool, "SpeakOptions", lambda **values: any_speech(**values))
    monkeypatch.setattr(
        sys, "argv", ["x", str(voice), str(tmp_path / "set.jsonl"), "--clips", "1", "--text", "ሰላም", "--json"]
    )
    tool.main()
    results = json.loads(capsys.readouterr().out)
    assert list(results) == ["high", "low", "all"]
    assert results["all"]["natural"] > results["all"]["spoken"] > 0.0
    monkeypatch.setattr(sys, "argv", ["x", str(voice), str(tmp_path / "set.jsonl"), "--known"])
    with pytest.raises(SystemExit, match="fewer than two speakers"):
        tool.main()
