import json
from pathlib import Path

import pytest

from amhctl.config.load import load_run_config
from amhctl.core.errors import ConfigError
from amhctl.training.state import RunFolder
from amhctl.workflows.run_settings import Settings, resume_settings


def test_settings_know_what_someone_chose() -> None:
    resolved = load_run_config(
        preset="cpu", project=None, sets=("model.alignment.kernel=5", "training.steps=3"), environment={}
    )
    settings = Settings(resolved.config, resolved.sources)
    assert settings.explicit("training.steps")
    assert settings.explicit("model.alignment")
    assert settings.explicit("model.alignment.kernel")
    assert not settings.explicit("training.batch_frames")
    assert not settings.explicit("model.align")
    document = json.loads(settings.document())
    assert document["config"] == resolved.config.model_dump(mode="json")
    assert document["sources"] == resolved.sources


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    """Return the folder of a run that has nothing yet but its configuration."""
    resolved = load_run_config(preset="cpu", project=None, sets=("training.steps=30",), environment={})
    (tmp_path / "config.json").write_text(Settings(resolved.config, resolved.sources).document())
    return RunFolder(tmp_path)


def test_a_resumed_run_has_its_own_values_but_for_what_may_change(run: RunFolder, tmp_path: Path) -> None:
    same = resume_settings(run, (), data=None)
    assert same.document() == run.config.read_text()
    longer = resume_settings(run, ("training.steps=50", "training.sharding=full"), data=tmp_path / "elsewhere")
    training = longer.config.training
    # The rate falls to where it would have fallen.
    assert (training.steps, training.decay_steps, training.sharding) == (50, 30, "full")
    assert longer.config.paths.data == tmp_path / "elsewhere"
    kept = {"training.steps": "--set", "training.decay_steps": "run", "paths.data": "--data"}
    assert kept.items() <= longer.sources.items()
    assert f"training.steps = 50 ({longer.sources['training.steps']})" in list(longer.lines())
    assert same.config.model_copy(update={"training": training, "paths": longer.config.paths}) == longer.config


@pytest.mark.parametrize(
    ("assignment", "said"),
    [
        ("training.learning_rate=1", "cannot change in a resumed run"),
        ("training.steps=many", "'many' is not a number"),
        ("training.steps=-1", "cannot be read"),
    ],
)
def test_what_may_not_change_is_refused(run: RunFolder, assignment: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        resume_settings(run, (assignment,), data=None)


def test_a_folder_without_a_run_is_named(run: RunFolder, tmp_path: Path) -> None:
    run.config.write_text("[]")
    with pytest.raises(ConfigError, match="cannot be read"):
        resume_settings(run, (), data=None)
    with pytest.raises(ConfigError, match="no run to resume"):
        resume_settings(RunFolder(tmp_path / "nowhere"), (), data=None)
