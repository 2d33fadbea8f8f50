"""How well speakers are told by emotion vectors: ``tools/measure_disentangling.py``."""

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch
from support.stores import SPEC
from support.voices import tiny_voice_folder

from amhctl.codes.store import CodeStore
from amhctl.codes.writer import StoreWriter
from amhctl.config.mel import MelConfig
from amhctl.corpus.records import Record

TOOL = Path(__file__).parents[2] / "tools" / "measure_disentangling.py"


@pytest.fixture
def tool(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    spec = importlib.util.spec_from_file_location("measure_disentangling", TOOL)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "measure_disentangling", module)
    spec.loader.exec_module(module)
    return module


def speaking_store(path: Path) -> CodeStore:
    """Write clips of three speakers, each with bins of its own; one more has too few."""
    mel = MelConfig()
    with StoreWriter.create(path, SPEC, mel) as store:
        for number in range(34):
            random = np.random.default_rng(number)
            speaker = f"s{number % 3}" if number < 30 else "rare" if number < 33 else "s0"
            features_TF = -6.0 + random.normal(size=(41, mel.bins))
            features_TF[:, 10 * (number % 3) : 10 * (number % 3) + 10] += 6.0
            split = "train" if number >= 24 else "valid"
            record = Record(id=f"u{number}", audio=f"{number}.wav", text="ሰላም", speaker=speaker, split=split)
            store.append(record, random.integers(0, 16, (2, 20)).astype(np.uint16), features_TF.astype(np.float16))
    return CodeStore.open(path)


def test_a_probe_tells_what_is_there_and_nothing_else(tool: ModuleType) -> None:
    torch.manual_seed(0)
    speakers = [f"s{index // 40}" for index in range(120)]
    noise_ND = torch.randn(120, 6)
    means_ND = torch.eye(3).repeat_interleave(40, dim=0)
    assert tool.tell(torch.cat([noise_ND, 20.0 * means_ND + torch.randn(120, 3)], dim=1), speakers) == 1.0
    # What is told of clips that the probe has not seen: nothing, however well it fits those it has.
    assert 0.2 < tool.tell(noise_ND, speakers) < 0.5


def test_clips_are_of_a_split_and_of_speakers_with_enough_of_them(tool: ModuleType, tmp_path: Path) -> None:
    store = speaking_store(tmp_path / "store")
    assert {entry.record.speaker for entry in tool.choose(store.entries, None)} == {"s0", "s1", "s2"}
    assert len(tool.choose(store.entries, None)) == 31
    chosen = tool.choose(store.entries, "valid")
    assert len(chosen) == 24
    assert [entry.record.speaker for entry in chosen] == ["s0"] * 8 + ["s1"] * 8 + ["s2"] * 8


def test_voices_are_measured_on_a_store(
    tool: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    speaking_store(tmp_path / "store")
    voice = str(tiny_voice_folder(tmp_path / "voice", emotion=True))
    arguments = [str(TOOL), str(tmp_path / "store"), voice, voice, "--split", "valid"]
    monkeypatch.setattr(sys, "argv", [*arguments, "--json"])
    tool.main()
    first, second = json.loads(capsys.readouterr().out)
    assert first == second
    assert (first["speakers"], first["clips"], first["chance"]) == (3, 24, pytest.approx(1 / 3))
    assert first["accuracy"] > 0.9
    assert first["latents"] > 0.9
    monkeypatch.setattr(sys, "argv", arguments)
    tool.main()
    told = capsys.readouterr().out.splitlines()
    assert told[0] == "24 clips of 3 speakers, chance 0.333"
    assert len(told) == 3
    without = str(tiny_voice_folder(tmp_path / "without"))
    monkeypatch.setattr(sys, "argv", [str(TOOL), str(tmp_path / "store"), without])
    with pytest.raises(SystemExit, match="no emotion branch"):
        tool.main()
