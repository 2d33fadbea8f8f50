"""Layers of configuration: the later wins, every value knows where it comes from, all faults come at once."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amhctl.config.flow import FlowVoiceConfig
from amhctl.config.load import ResolvedConfig, leaves, load_run_config, preset_names
from amhctl.config.schema import RunConfig
from amhctl.config.unified import AlignmentConfig, ModelConfig
from amhctl.core.errors import ConfigError, OptionError


def project(folder: Path, text: str) -> Path:
    (folder / "amhctl.toml").write_text(text, encoding="utf-8")
    return folder


def faults(error: ConfigError) -> list[str]:
    return error.message.splitlines()[1:]


@pytest.mark.parametrize("name", preset_names())
def test_every_preset_can_be_used(name: str) -> None:
    resolved = load_run_config(preset=name, project=None, environment={})
    assert f"preset {name}" in resolved.sources.values()
    assert set(resolved.sources) == {key for key, _ in leaves(resolved.config)}


@pytest.mark.parametrize("explicit", [False, True])
@pytest.mark.parametrize("what", ["folder", "pipe", "circle", "nowhere"])
def test_a_project_file_that_is_no_file_is_refused_and_not_passed_over(
    tmp_path: Path, what: str, explicit: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    if what == "folder":
        Path("amhctl.toml").mkdir()
    elif what == "pipe":
        os.mkfifo("amhctl.toml")
    else:
        Path("amhctl.toml").symlink_to("amhctl.toml" if what == "circle" else "absent")
    # A folder that is named is a project; one that is in the place of its file is none.
    named = Path("amhctl.toml") if explicit else Path()
    with pytest.raises(ConfigError) as caught:
        load_run_config(preset=None, project=named, environment={})
    assert caught.value.subject == "amhctl.toml"
    assert ("the folder has no" if explicit and what == "folder" else "a folder, a pipe or") in caught.value.message


def test_a_byte_order_mark_is_no_part_of_a_project_file(tmp_path: Path) -> None:
    (tmp_path / "amhctl.toml").write_text("seed = 5\n", encoding="utf-8-sig")
    assert load_run_config(preset=None, project=tmp_path, environment={}).config.seed == 5


def test_the_presets_of_the_contract_are_there() -> None:
    assert set(preset_names()) == {
        "tiny",
        "cpu",
        "t4",
        "rtx3090",
        "a100",
        "h100",
        "flow-cpu",
        "flow-gpu",
        "vocoder-24k",
    }


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
    assert sources["training.save_every"] == "--save-every"
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
    resolved = load_run_config(
        preset="cpu", project=None, environment={}, sets=("model.alignment=none", "model.text_dropout=0")
    )
    assert resolved.config.model.alignment is None  # type: ignore[union-attr]
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
        "--set model.layers: expected key=value",
        "did you mean 'heads'",
    ):
        assert any(words in line for line in found), (words, found)


def test_an_unknown_preset_names_the_nearest() -> None:
    with pytest.raises(OptionError, match="did you mean 'a100'"):
        load_run_config(preset="a10", project=None, environment={})


def test_a_file_that_is_no_toml_says_where(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="line 2") as caught:
        load_run_config(preset=None, project=project(tmp_path, "[training]\nsteps 2\n"), environment={})
    assert caught.value.subject.endswith("amhctl.toml")


def test_a_project_file_that_is_absent_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="project file does not exist"):
        load_run_config(preset=None, project=tmp_path / "other.toml", environment={})


def test_paths_of_a_project_are_relative_to_its_file(tmp_path: Path) -> None:
    folder = project(
        tmp_path, '[paths]\ndata = "codes"\nvocabulary = "/v.model"\ncodec = "mel16k"\n[augment]\nrooms = "halls"\n'
    )
    config = load_run_config(preset=None, project=folder, environment={}).config
    paths = config.paths
    assert config.augment.rooms == tmp_path / "halls"
    assert (paths.data, paths.vocabulary, paths.codec) == (tmp_path / "codes", Path("/v.model"), "mel16k")


def test_defaults_are_those_of_the_schema() -> None:
    resolved = load_run_config(preset="a100", project=None, environment={})
    default = dict(leaves(RunConfig()))
    unchosen = [key for key, source in resolved.sources.items() if source == "default"]
    assert unchosen
    assert all(dict(leaves(resolved.config))[key] == default[key] for key in unchosen if key in default)


@given(st.lists(st.integers(1, 10**6), min_size=1, max_size=5))
def test_the_last_of_several_sets_wins(values: list[int]) -> None:
    sets = tuple(f"training.steps={value}" for value in values)
    resolved = load_run_config(preset="tiny", project=None, environment={}, sets=sets)
    assert resolved.config.training.steps == values[-1]


def test_a_section_taken_away_comes_back_with_its_defaults() -> None:
    sets = ("model.alignment=none", "model.alignment.kernel=7")
    resolved = load_run_config(preset="tiny", project=None, environment={}, sets=sets)
    assert resolved.config.model.alignment == AlignmentConfig(kernel=7)  # type: ignore[union-attr]
    assert resolved.sources["model.alignment.kernel"] == "--set"


def test_none_empties_an_optional_path_and_is_refused_elsewhere(tmp_path: Path) -> None:
    folder = project(tmp_path, '[paths]\nbase = "none"\nrun = "r"\n')
    assert load_run_config(preset=None, project=folder, environment={}).config.paths.base is None
    with pytest.raises(ConfigError, match=r"training.steps \(--set\)"):
        load_run_config(preset=None, project=None, environment={}, sets=("training.steps=none",))


def test_a_fault_inside_a_list_names_the_source_of_the_list() -> None:
    with pytest.raises(ConfigError) as caught:
        load_run_config(preset=None, project=None, environment={}, sets=('training.betas=[0.9, "x"]',))
    (fault,) = faults(caught.value)
    assert fault.startswith("training.betas.1 (--set): ")


def test_a_value_where_a_section_stands_is_a_fault_of_its_layer() -> None:
    with pytest.raises(ConfigError) as caught:
        load_run_config(preset=None, project=None, environment={"AMHCTL_TRAINING": "3"})
    (fault,) = faults(caught.value)
    assert fault.startswith("training (AMHCTL_TRAINING): ")


def test_a_project_file_of_another_encoding_says_where(tmp_path: Path) -> None:
    (tmp_path / "amhctl.toml").write_bytes("# ሰላም\n".encode("utf-16"))
    with pytest.raises(ConfigError, match="not UTF-8") as caught:
        load_run_config(preset=None, project=tmp_path, environment={})
    assert caught.value.subject == str(tmp_path / "amhctl.toml")


def test_the_environment_is_that_of_the_process_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AMHCTL_SEED", "41")
    resolved = load_run_config(preset=None, project=None)
    assert (resolved.config.seed, resolved.sources["seed"]) == (41, "AMHCTL_SEED")


def test_a_flag_that_was_not_given_is_no_layer() -> None:
    flags: dict[str, object] = {"seed": None, "paths.lexicons": (), "text.backends": ("rules",)}
    sets = ("seed=7", 'paths.lexicons=["a.tsv"]')
    resolved = load_run_config(preset=None, project=None, environment={}, sets=sets, flags=flags)
    assert (resolved.config.seed, resolved.config.paths.lexicons) == (7, (Path("a.tsv"),))
    assert resolved.sources["seed"] == resolved.sources["paths.lexicons"] == "--set"
    assert resolved.sources["text.backends"] == "--backend"


def test_a_folder_that_is_named_holds_a_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match=r"the folder has no amhctl\.toml") as caught:
        load_run_config(preset=None, project=tmp_path, environment={})
    assert caught.value.subject == str(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert load_run_config(preset=None, project=Path(), environment={}).config.seed == 0


@pytest.mark.parametrize("value", ["vocabulary.size=1000001", "text.backends=[]", f"seed={2**32}"])
def test_values_that_nothing_can_be_made_of_are_faults(value: str) -> None:
    with pytest.raises(ConfigError, match=value.partition("=")[0]):
        load_run_config(preset=None, project=None, environment={}, sets=(value,))


def model_sources(resolved: ResolvedConfig) -> set[str]:
    return {source for key, source in resolved.sources.items() if key.startswith("model.")}


def test_the_kind_of_voice_decides_what_a_model_is() -> None:
    resolved = load_run_config(preset="flow-cpu", project=None, sets=("model.text_dim=64",), environment={})
    assert isinstance(resolved.config.model, FlowVoiceConfig)
    assert resolved.config.model == FlowVoiceConfig(text_dim=64)
    assert resolved.sources["model.kind"] == "preset flow-cpu"
    assert resolved.sources["model.text_dim"] == "--set"
    unified = load_run_config(preset="cpu", project=None, environment={}).config.model
    assert isinstance(unified, ModelConfig)


def test_another_kind_than_the_presets_drops_what_the_preset_says_of_the_model_and_only_that() -> None:
    cpu = load_run_config(preset="cpu", project=None, environment={})
    resolved = load_run_config(preset="cpu", project=None, sets=("model.kind=flow", "model.layers=6"), environment={})
    assert resolved.config.model == FlowVoiceConfig(layers=6)
    assert model_sources(resolved) == {"default", "--set"}
    assert resolved.config.training == cpu.config.training
    back = load_run_config(preset="flow-cpu", project=None, sets=("model.kind=unified",), environment={})
    assert back.config.model == ModelConfig()


def test_the_kind_that_a_preset_has_anyway_changes_nothing() -> None:
    for preset in ("cpu", "flow-cpu"):
        plain = load_run_config(preset=preset, project=None, environment={})
        named = load_run_config(
            preset=preset, project=None, sets=(f"model.kind={plain.config.model.kind}",), environment={}
        )
        assert named.config == plain.config


def test_what_someone_chose_for_another_kind_is_not_lost_in_silence(tmp_path: Path) -> None:
    file = project(tmp_path, "[model]\nkind = 'unified'\nlayers = 2\n") / "amhctl.toml"
    with pytest.raises(ConfigError) as raised:
        load_run_config(preset="cpu", project=file, sets=("model.kind=flow",), environment={})
    assert faults(raised.value) == [f"model.layers ({file}): model.kind changes after it (--set)"]
    only_kind = project(tmp_path, "[model]\nkind = 'unified'\n")
    assert load_run_config(preset="cpu", project=only_kind, sets=("model.kind=flow",), environment={}).config.model == (
        FlowVoiceConfig()
    )


def test_the_kind_comes_first_among_variables() -> None:
    environment = {"AMHCTL_MODEL__DROPOUT": "0.3", "AMHCTL_MODEL__KIND": "flow"}
    config = load_run_config(preset="cpu", project=None, environment=environment).config
    assert config.model == FlowVoiceConfig(dropout=0.3)


@pytest.mark.parametrize("kind", ["flaw", "3"])
@pytest.mark.parametrize("preset", ["cpu", "flow-cpu"])
def test_an_unknown_kind_of_voice_is_a_fault_of_its_layer(kind: str, preset: str) -> None:
    with pytest.raises(ConfigError) as raised:
        load_run_config(preset=preset, project=None, sets=(f"model.kind={kind}",), environment={})
    assert faults(raised.value) == ["model (--set): unknown kind of voice; use unified or flow"]


def test_a_value_of_the_other_kind_is_no_setting() -> None:
    with pytest.raises(ConfigError, match=r"model\.text_dim \(--set\): no such setting"):
        load_run_config(preset="cpu", project=None, sets=("model.text_dim=64",), environment={})
    with pytest.raises(ConfigError, match=r"model\.alignment.* \(--set\): no such setting"):
        load_run_config(preset="flow-cpu", project=None, sets=("model.alignment.kernel=3",), environment={})
