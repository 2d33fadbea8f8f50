"""Layers of configuration: the later wins, every value knows where it comes from, all faults come at once."""

from pathlib import Path

import pytest

from amhctl.config.load import leaves, load_run_config, preset_names
from amhctl.config.schema import RunConfig
from amhctl.core.errors import ConfigError


def project(folder: Path, text: str) -> Path:
    (folder / "amhctl.toml").write_text(text, encoding="utf-8")
    return folder


def faults(error: ConfigError) -> list[str]:
    return error.message.splitlines()[1:]


@pytest.mark.parametrize("name", preset_names())
def test_every_preset_can_be_used(name: str) -> None:
    resolved = load_run_config(preset=name, project=None, environment={})
    assert resolved.sources["training.steps"] == f"preset {name}"
    assert set(resolved.sources) == {key for key, _ in leaves(resolved.config)}


def test_the_presets_of_the_contract_are_there() -> None:
    assert set(preset_names()) == {"tiny", "cpu", "t4", "a100", "h100"}


def test_each_layer_wins_over_the_one_before_and_names_itself(tmp_path: Path) -> None:
    folder = project(tmp_path, "[training]\nsteps = 2\nwarmup_steps = 2\nvalid_every = 2\nsave_every = 2\n")
    environment = {f"AMHCTL_TRAINING__{name}": "3" for name in ("WARMUP_STEPS", "VALID_EVERY", "SAVE_EVERY")}
    resolved = load_run_config(
        preset="tiny",
        project=folder,
        environment={**environment, "OTHER": "1"},
        sets=("training.valid_every=4", "training.save_every=4"),
        flags={"training.save_every": 5},
    )
    training, sources = resolved.config.training, resolved.sources
    assert (training.steps, training.warmup_steps, training.valid_every, training.save_every) == (2, 3, 4, 5)
    assert sources["training.steps"] == str(folder / "amhctl.toml")
    assert sources["training.warmup_steps"] == "AMHCTL_TRAINING__WARMUP_STEPS"
    assert sources["training.valid_every"] == "--set"
    assert sources["training.save_every"] == "--save_every"
    assert sources["model.layers"] == "preset tiny"
    assert sources["training.patience"] == "default"


@pytest.mark.parametrize(
    ("text", "value"), [("3", 3), ("0.5", 0.5), ("true", True), ('"fidel"', "fidel"), ("fidel", "fidel")]
)
def test_values_are_toml_where_they_parse_else_text(text: str, value: object) -> None:
    key = {int: "training.steps", float: "model.dropout", bool: "text.fold_homophones", str: "text.units"}[type(value)]
    resolved = load_run_config(preset="cpu", project=None, environment={}, sets=(f"{key}={text}",))
    assert dict(leaves(resolved.config))[key] == value


def test_none_takes_an_optional_section_away() -> None:
    resolved = load_run_config(preset="cpu", project=None, environment={}, sets=("model.alignment=none",))
    assert resolved.config.model.alignment is None
    assert resolved.sources["model.alignment"] == "--set"


def test_all_faults_of_all_layers_come_at_once(tmp_path: Path) -> None:
    folder = project(tmp_path, "[training]\nstesp = 2\n[texts]\nunits = 1\n")
    with pytest.raises(ConfigError) as caught:
        load_run_config(
            preset="cpu",
            project=folder,
            environment={"AMHCTL_TRAINNING__STEPS": "1"},
            sets=("training.learning_rate=-1", "model.layers", "model.hedas=2"),
        )
    found = faults(caught.value)
    assert caught.value.message.startswith("6 faults in the configuration")
    for words in (
        "did you mean 'steps'",
        "did you mean 'text'",
        "did you mean 'training'",
        "training.learning_rate (--set)",
        "--set model.layers: wanted is key=value",
        "did you mean 'heads'",
    ):
        assert any(words in line for line in found), (words, found)


def test_an_unknown_preset_names_the_nearest() -> None:
    with pytest.raises(ConfigError, match="did you mean 'a100'"):
        load_run_config(preset="a10", project=None, environment={})


def test_a_file_that_is_no_toml_says_where(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="line 2") as caught:
        load_run_config(preset=None, project=project(tmp_path, "[training]\nsteps 2\n"), environment={})
    assert caught.value.subject.endswith("amhctl.toml")


def test_a_project_file_that_is_absent_is_an_error_and_a_folder_without_one_is_not(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such project file"):
        load_run_config(preset=None, project=tmp_path / "other.toml", environment={})
    assert load_run_config(preset=None, project=tmp_path, environment={}).config.training


def test_paths_of_a_project_are_relative_to_its_file(tmp_path: Path) -> None:
    folder = project(tmp_path, '[paths]\ndata = "codes"\nvocabulary = "/v.model"\ncodec = "mel16k"\n')
    paths = load_run_config(preset=None, project=folder, environment={}).config.paths
    assert (paths.data, paths.vocabulary, paths.codec) == (tmp_path / "codes", Path("/v.model"), "mel16k")


def test_defaults_are_those_of_the_schema() -> None:
    resolved = load_run_config(preset="a100", project=None, environment={})
    default = dict(leaves(RunConfig()))
    unchosen = [key for key, source in resolved.sources.items() if source == "default"]
    assert unchosen
    assert all(dict(leaves(resolved.config))[key] == default[key] for key in unchosen if key in default)
