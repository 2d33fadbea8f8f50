"""Acoustics are measured for what they cost: ``tools/measure_acoustics.py``."""

import contextlib
import importlib.util
import io
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from support.manifests import tiny_manifest

from amhctl.cli.main import main
from amhctl.codes.store import CodeStore
from amhctl.config.acoustics import AcousticsConfig

TOOL = Path(__file__).parents[2] / "tools" / "measure_acoustics.py"


def _run_here(*words: str) -> SimpleNamespace:
    """Run a command in this process: another one would load everything anew."""
    assert words[:2] == ("-m", "amhctl")
    with pytest.raises(SystemExit) as end, contextlib.redirect_stdout(io.StringIO()):
        main(list(words[2:]))
    return SimpleNamespace(code=end.value.code, seconds=1.0, peak=2**20)


def test_pitch_and_extraction_have_a_line_each(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.syspath_prepend(str(TOOL.parent))
    spec = importlib.util.spec_from_file_location("measure_acoustics", TOOL)
    assert spec is not None
    assert spec.loader is not None
    tool = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "measure_acoustics", tool)
    spec.loader.exec_module(tool)
    monkeypatch.setattr(tool, "run_measured", _run_here)
    manifest = tiny_manifest(tmp_path)
    monkeypatch.setattr(sys, "argv", ["x", str(manifest), str(tmp_path / "out"), "3"])
    tool.main()
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith(f"{manifest}: 3 clips, 4.")
    assert [line.split()[0] for line in lines[1:]] == [
        "DIO",
        "audio.pitch",
        "Harvest",
        "plain",
        "--acoustics",
    ]
    assert all("0.0 ‰ far" in line for line in lines[1:4])
    plain, acoustic = (CodeStore.open(tmp_path / "out" / name) for name in ("plain", "acoustics"))
    assert (len(plain), plain.ids) == (3, acoustic.ids)
    assert (plain.document.acoustics, acoustic.document.acoustics) == (None, AcousticsConfig())
