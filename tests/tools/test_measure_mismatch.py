"""Texts that do not match are found, and what was measured is printed: ``tools/measure_mismatch.py``."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from support.recognising import FrameReader, encode_frames, frames_of

from amhctl.audio import files
from amhctl.corpus.records import Record, write_records
from amhctl.recogniser.reading import read_spoken
from amhctl.text.frontend import Frontend

TOOL = Path(__file__).parents[2] / "tools" / "measure_mismatch.py"
TEXTS = ("እናቴ ጥሩ ቡና ታፈላለች።", "ወንድሜ መጽሐፍ ያነባል።", "ልጆች ወደ ትምህርት ቤት ሄዱ።", "አዲስ አበባ ትልቅ ከተማ ናት።")


@pytest.fixture
def tool(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    spec = importlib.util.spec_from_file_location("measure_mismatch", TOOL)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "measure_mismatch", module)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "load_recogniser", lambda name, threads: FrameReader())
    return module


def _manifest(folder: Path) -> Path:
    records = []
    for number, text in enumerate(TEXTS):
        phones = [phone for word in read_spoken(Frontend(), text) for phone in word.phones]
        files.write(folder / f"{number}.wav", encode_frames(frames_of(phones)))
        records.append(Record(id=str(number), audio=f"{number}.wav", text=text, split="test" if number else "train"))
    write_records(folder / "manifest.jsonl", records)
    return folder / "manifest.jsonl"


def test_each_kind_of_text_is_judged(tool: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    manifest = _manifest(tmp_path)
    trials, doubtful = tool.measure(manifest, "any", 10, 0)
    assert [trial.codes for trial in trials["own text"]] == [()] * 3
    assert [trial.codes for trial in trials["another text"]] == [("D043",)] * 3
    # Some phones of the other word may be the same.
    assert all(trial.match.word_fit < -2.0 for trial in trials["one other word"])
    assert ("D044",) in [trial.codes for trial in trials["one other word"]]
    assert doubtful == []
    assert all(np.isneginf(trial.confidence) for trial in trials["another text"])
    tool.main([str(manifest), "--clips", "2"])
    printed = capsys.readouterr().out
    assert "own text: 2 clips, D043 0.0%, D044 0.0%, left out by align 0.0%" in printed
    assert "another text: 2 clips, D043 100.0%" in printed
