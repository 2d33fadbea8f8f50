"""Twin of ``workflows/config/show.py``: every setting with its value and source, and what wins."""

import json
import os
from pathlib import Path

import pytest

from amhctl.config.load import leaves, load_run_config, preset_names
from amhctl.core.errors import ConfigError, OptionError
from amhctl.core.progress import SilentProgress
from amhctl.workflows.config.show import Setting, ShowConfigReport, ShowConfigRequest, run

PROJECT = """\
seed = 3
[paths]
run = "runs/a"
[training]
steps = 70
learning_rate = 1e-4
betas = [0.8, 0.99]
"""


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take away what the machine may set."""
    for name in [name for name in os.environ if name.startswith("AMHCTL_")]:
        monkeypatch.delenv(name)


def _project(folder: Path, content: str = PROJECT) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "amhctl.toml").write_text(content, encoding="utf-8")
    return folder


def _show(**options: object) -> ShowConfigReport:
    return run(ShowConfigRequest(**options), SilentProgress())  # type: ignore[arg-type]


def _settings(report: ShowConfigReport) -> dict[str, tuple[object, str]]:
    return {setting.key: (setting.value, setting.source) for setting in report.settings}


@pytest.mark.parametrize("preset", preset_names())
def test_every_setting_is_shown_once(preset: str) -> None:
    report = _show(preset=preset)
    config = load_run_config(preset=preset, project=None, environment={}).config
    assert [setting.key for setting in report.settings] == [key for key, _ in leaves(config)]
    assert {setting.source for setting in report.settings} == {"default", f"preset {preset}"}
    assert report.ok
    assert report.findings == ()


def test_the_later_layer_wins_and_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AMHCTL_TRAINING__LEARNING_RATE", "2e-4")
    monkeypatch.setenv("AMHCTL_TRAINING__WARMUP_STEPS", "9")
    project = _project(tmp_path)
    shown = _settings(_show(preset="tiny", project=project, sets=("training.warmup_steps=11", "text.units=fidel")))
    file = str(tmp_path / "amhctl.toml")
    assert shown["training.batch_frames"] == (200, "preset tiny")
    assert shown["training.weight_decay"] == (0.01, "default")
    assert shown["training.steps"] == (70, file)
    assert shown["training.learning_rate"] == (2e-4, "AMHCTL_TRAINING__LEARNING_RATE")
    assert shown["training.warmup_steps"] == (11, "--set")
    assert shown["text.units"] == ("fidel", "--set")


def test_values_are_plain(tmp_path: Path) -> None:
    report = _show(preset="tiny", project=_project(tmp_path))
    shown = _settings(report)
    assert shown["training.betas"][0] == [0.8, 0.99]
    assert shown["paths.run"][0] == str(tmp_path.resolve() / "runs" / "a")
    assert shown["paths.base"][0] is None
    assert shown["model.emo_condition_module"] == (None, "preset tiny")
    assert json.loads(json.dumps(report.payload())) == report.payload()


def test_the_payload_is_values_with_sources() -> None:
    report = ShowConfigReport((Setting("seed", 0, "default"), Setting("text.units", "fidel", "--set")))
    assert report.payload() == {
        "values": {
            "seed": {"value": 0, "source": "default"},
            "text.units": {"value": "fidel", "source": "--set"},
        }
    }
    assert [line.split() for line in report.lines()] == [["seed", "0", "default"], ["text.units", "fidel", "--set"]]
    assert list(ShowConfigReport(()).lines()) == []


# A project may lie in a folder called like a source.
@pytest.mark.parametrize("name", ["voice", "default", "presets", "preset tiny"])
def test_only_what_was_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    _project(tmp_path / name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AMHCTL_SEED", "4")
    report = _show(preset="tiny", project=Path(name), sets=("text.units=fidel",), changed_only=True)
    file = str(Path(name) / "amhctl.toml")
    assert {setting.key: setting.source for setting in report.settings} == {
        "seed": "AMHCTL_SEED",
        "paths.run": file,
        "training.steps": file,
        "training.learning_rate": file,
        "training.betas": file,
        "text.units": "--set",
    }


def test_nothing_changed_is_nothing_shown(tmp_path: Path) -> None:
    assert _show(changed_only=True).settings == ()
    assert _show(project=_project(tmp_path, ""), changed_only=True).settings == ()
    assert _show(preset="tiny", changed_only=True).payload() == {"values": {}}


def test_all_faults_are_told_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AMHCTL_TRAINNING__STEPS", "1")
    project = _project(tmp_path, "[training]\nsteps = 0\n")
    with pytest.raises(ConfigError, match="3 faults") as caught:
        _show(project=project, sets=("training.stepz=4",))
    for part in ("AMHCTL_TRAINNING__STEPS", "training.stepz (--set)", f"training.steps ({tmp_path / 'amhctl.toml'})"):
        assert part in caught.value.message


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"preset": "tinny"}, "did you mean 'tiny'"),
        ({"sets": ("training.steps",)}, "key=value"),
        ({"project": Path("no-such-folder") / "amhctl.toml"}, "project file does not exist"),
    ],
)
def test_what_cannot_be_resolved_is_refused(options: dict[str, object], message: str) -> None:
    with pytest.raises((ConfigError, OptionError), match=message):
        _show(**options)
    with pytest.raises((ConfigError, OptionError), match=message):
        _show(**options, changed_only=True)


def test_a_damaged_project_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="not TOML") as caught:
        _show(project=_project(tmp_path, "seed = \n"))
    assert caught.value.subject == str(tmp_path / "amhctl.toml")
