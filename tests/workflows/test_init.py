"""Twin of ``workflows/init.py``: a folder whose configuration loads and whose README names real commands."""

import re
from pathlib import Path

import pytest
from support.commands import leaf_commands

from amhctl.codec.registry import bundled_codecs
from amhctl.config.load import ResolvedConfig, load_run_config
from amhctl.core.errors import FileExistsRefused
from amhctl.core.progress import SilentProgress
from amhctl.workflows.init import InitProjectReport, InitProjectRequest, run


def _init(folder: Path, *, force: bool = False) -> InitProjectReport:
    return run(InitProjectRequest(folder, force=force), SilentProgress())


def _load(folder: Path) -> ResolvedConfig:
    return load_run_config(preset=None, project=folder, environment={})


def test_the_configuration_of_a_new_project_loads(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "voice"
    report = _init(folder)
    resolved = _load(folder)
    assert {file.name for file in folder.iterdir()} == {"amhctl.toml", "README.md"}
    assert report.ok
    assert report.findings == ()
    assert report.payload() == {"path": str(folder)}
    assert list(report.lines()) == [f"made {folder / 'amhctl.toml'}", f"next: read {folder / 'README.md'}"]
    assert resolved.config.seed == 0
    assert resolved.config.text.units == "phones"


def test_its_paths_are_those_of_the_project(tmp_path: Path) -> None:
    _init(tmp_path / "voice")
    resolved, root = _load(tmp_path / "voice"), (tmp_path / "voice").resolve()
    paths = resolved.config.paths
    assert (paths.data, paths.vocabulary, paths.run, paths.base) == (
        root / "codes",
        root / "phones.model",
        root / "runs" / "first",
        None,
    )
    assert paths.codec in bundled_codecs()
    source = str(tmp_path / "voice" / "amhctl.toml")
    assert {key for key, value in resolved.sources.items() if value == source} == {
        "seed",
        "paths.data",
        "paths.vocabulary",
        "paths.codec",
        "paths.run",
        "text.units",
    }


def test_a_folder_with_other_files_is_filled(tmp_path: Path) -> None:
    (tmp_path / "recordings").mkdir()
    _init(tmp_path)
    assert {file.name for file in tmp_path.iterdir()} == {"amhctl.toml", "README.md", "recordings"}


@pytest.mark.parametrize("present", [("amhctl.toml",), ("README.md",), ("amhctl.toml", "README.md")])
def test_what_is_there_is_kept_unless_forced(tmp_path: Path, present: tuple[str, ...]) -> None:
    for name in present:
        (tmp_path / name).write_text("mine", encoding="utf-8")
    with pytest.raises(FileExistsRefused, match="already exists") as caught:
        _init(tmp_path)
    assert caught.value.subject == str(tmp_path / present[0])
    assert "--force" in caught.value.hint
    assert {file.name: file.read_text(encoding="utf-8") for file in tmp_path.iterdir()} == dict.fromkeys(
        present, "mine"
    )
    if "README.md" in present:
        with pytest.raises(FileExistsRefused, match="not a README of `amhctl init`"):
            _init(tmp_path, force=True)
        assert (tmp_path / "README.md").read_text(encoding="utf-8") == "mine"
        (tmp_path / "README.md").unlink()
    _init(tmp_path, force=True)
    _init(tmp_path, force=True)
    assert _load(tmp_path).config.text.units == "phones"


def test_a_file_is_no_project_folder(tmp_path: Path) -> None:
    (tmp_path / "voice").write_text("mine", encoding="utf-8")
    with pytest.raises(OSError, match="voice"):
        _init(tmp_path / "voice", force=True)
    assert (tmp_path / "voice").read_text(encoding="utf-8") == "mine"


def test_the_environment_does_not_spoil_a_new_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AMHCTL_NO_SUCH_THING", "1")
    assert _init(tmp_path / "voice").ok


def test_every_step_of_the_readme_can_be_typed(tmp_path: Path) -> None:
    _init(tmp_path)
    options = dict(leaf_commands())
    steps = re.findall(r"^    (amhctl .*?)(?:\s+#.*)?$", (tmp_path / "README.md").read_text("utf-8"), re.MULTILINE)
    assert len(steps) >= 10
    for step in steps:
        words = step.split()[1:]
        command = max((name for name in options if " ".join(words).startswith(f"{name} ")), key=len, default="")
        assert command, step
        assert {word for word in words if word.startswith("-") and word.strip("-").isalpha()} <= {*options[command]}
