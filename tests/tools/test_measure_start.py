"""What a command takes in a new process: ``tools/measure_start.py``."""

import hashlib
import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def tool(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    spec = importlib.util.spec_from_file_location("measure_start", ROOT / "tools" / "measure_start.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "measure_start", module)
    spec.loader.exec_module(module)
    return module


def make_tree(folder: Path, script: str) -> Path:
    package = folder / "src" / "amhctl"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "__main__.py").write_text(script)
    return folder


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:12]


def test_each_tree_runs_as_often_and_says_what_it_wrote(
    tool: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    one, other = (make_tree(tmp_path / name, f"print({name!r})") for name in ("one", "other"))
    file = tmp_path / "found.json"
    words = ["measure_start", "--trees", str(one), str(other), "--runs", "2", "--json", str(file), "--words"]
    monkeypatch.setattr(sys, "argv", [*words, "--quick"])
    tool.main()
    first, second = json.loads(file.read_text())
    assert (first["runs"], second["runs"]) == (2, 2)
    assert first["digests"] == [digest(b"one\n")]
    assert second["digests"] == [digest(b"other\n")]
    assert 0 < first["least_wall"] <= first["wall"]
    assert 0 < first["least_processor"] <= first["processor"]
    assert first["peak_mib"] > 1
    assert capsys.readouterr().out.count("--quick") == 2


def test_a_file_is_digested_and_the_clock_stops_at_the_first_samples(tool: ModuleType, tmp_path: Path) -> None:
    script = "import sys, time; sys.stdout.buffer.write(bytes(3000)); sys.stdout.flush(); time.sleep(0.5)\n"
    script += "open(sys.argv[1], 'w').write('written')"
    make_tree(tmp_path, script)
    output = tmp_path / "out.wav"
    whole = tool.run_once(tmp_path, (str(output),), output)
    assert not output.exists()
    sounds = tool.run_once(tmp_path, (str(output),), None, first=True)
    assert (whole.digest, sounds.digest) == (digest(b"written"), digest(bytes(3000)))
    assert whole.wall - sounds.wall > 0.25


def test_a_command_that_fails_and_a_folder_without_sources_are_refused(
    tool: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(SystemExit, match="--nothing"):
        tool.run_once(ROOT, ("--nothing",), None)
    monkeypatch.setattr(sys, "argv", ["measure_start", "--trees", str(tmp_path)])
    with pytest.raises(SystemExit, match="has no src/amhctl"):
        tool.main()
