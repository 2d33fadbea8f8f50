"""Copies by vocoders and codecs are measured beside the recordings: ``tools/measure_copies.py``."""

import importlib.util
import sys
from pathlib import Path

import pytest
from support.codecs import tiny_codec_folder
from support.manifests import tiny_manifest
from support.vocoders import tiny_vocoder_folder

from amhctl.evaluation.naturalness import Naturalness

TOOL = Path(__file__).parents[2] / "tools" / "measure_copies.py"


def test_each_name_has_a_line_after_the_recordings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    spec = importlib.util.spec_from_file_location("measure_copies", TOOL)
    assert spec is not None
    assert spec.loader is not None
    tool = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "measure_copies", tool)
    spec.loader.exec_module(tool)
    # The rater is tested where it lives, and slow.
    monkeypatch.setattr(tool.naturalness, "score", lambda waveform: Naturalness(3.0, 3.0, 3.0, 3.5))
    manifest = tiny_manifest(tmp_path)
    names = [str(tiny_vocoder_folder(tmp_path)), str(tiny_codec_folder(tmp_path))]
    monkeypatch.setattr(sys, "argv", ["x", str(manifest), "--split", "train", "--limit", "2", "--with", *names])
    tool.main()
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith(f"{manifest}: 2 clips")
    assert lines[1].split() == ["recordings", "mel", "0.000", "MFCC", "0.00", "P.808", "3.50"]
    assert [line.split()[0] for line in lines[2:]] == names
    assert all("P.808 3.50 (+0.00)" in line and float(line.split()[2]) > 0.1 for line in lines[2:])
