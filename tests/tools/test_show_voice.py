"""What a voice's card shows: ``tools/show_voice.py``."""

import importlib.util
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest
from support.speaking_flow import flow_voice_folder
from support.speechlike import vowel_train
from support.voices import any_speech

from amhctl.audio import files
from amhctl.corpus.records import Record, write_records

TOOL = Path(__file__).parents[2] / "tools" / "show_voice.py"


@pytest.fixture
def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("show_voice", TOOL)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_pictures_and_samples_of_each_speaker(
    tool: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tool, "SpeakOptions", lambda **given: replace(any_speech(), **given))
    monkeypatch.setattr(tool, "TEXTS", ("ሰላም", "ዓለም"))
    (tmp_path / "a.wav").write_bytes(files.encode(vowel_train(seconds=1.0), "wav"))
    records = [Record(id="one", audio="a.wav", text="ሰላም ዓለም", speaker="m02", licence="MIT")]
    write_records(tmp_path / "set.jsonl", records)
    voice = str(flow_voice_folder(tmp_path))
    written = tool.show_voice(voice, tmp_path / "set.jsonl", tmp_path / "out")
    assert [path.name for path in written] == [
        "recording.png",
        "spoken.png",
        *(f"{speaker}-{number}.ogg" for speaker in ("f01", "m02") for number in (1, 2)),
    ]
    assert (tmp_path / "out" / "spoken.png").read_bytes().startswith(b"\x89PNG")
    assert files.read(tmp_path / "out" / "m02-1.ogg").duration > 0.1
    before = {path: path.read_bytes() for path in written}
    tool.show_voice(voice, tmp_path / "set.jsonl", tmp_path / "out")
    assert all(path.read_bytes() == content for path, content in before.items())
