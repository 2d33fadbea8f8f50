"""Settings are looked for wherever ``load_run_config`` would find one."""

from pathlib import Path

import pytest

from amhctl.config.load import load_run_config
from amhctl.config.sources import has_settings


def test_the_current_folder_may_do_without_a_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert not has_settings(Path(), {})
    assert not has_settings(None, {"HOME": "/"})
    assert set(load_run_config(preset=None, project=Path(), environment={}).sources.values()) == {
        "default",
        "preset cpu",
    }


@pytest.mark.parametrize("make", [Path.touch, Path.mkdir, lambda path: path.symlink_to("nowhere")])
def test_whatever_is_in_the_place_of_a_project_file_is_read(
    make: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    make(tmp_path / "amhctl.toml")  # type: ignore[operator]
    assert has_settings(Path(), {})


def test_the_key_of_a_server_is_no_setting() -> None:
    environment = {"AMHCTL_API_KEY": "correct-horse-battery"}
    assert not has_settings(Path(), environment)
    resolved = load_run_config(preset=None, project=None, environment={**environment, "AMHCTL_SEED": "3"})
    assert resolved.config.seed == 3


def test_a_named_project_and_a_variable_are_settings(tmp_path: Path) -> None:
    assert has_settings(tmp_path, {})
    assert has_settings(tmp_path / "absent.toml", {})
    assert has_settings(None, {"AMHCTL_SEED": "1"})
