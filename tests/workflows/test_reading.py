"""Every workflow reads by the project's options and lexicons; a voice keeps its own tables."""

from pathlib import Path

import pytest

from amhctl.config.load import load_run_config
from amhctl.config.schema import RunConfig
from amhctl.config.text import TextConfig
from amhctl.core.errors import TextError
from amhctl.text.frontend import Frontend
from amhctl.text.lexicon import Lexicon
from amhctl.workflows.reading import open_frontend


def configured(folder: Path, **flags: object) -> RunConfig:
    (folder / "names.tsv").write_text("CBE\tሲ ቢ ኢ\n", encoding="utf-8")
    (folder / "other.tsv").write_text("CBE\tባንኩ\n", encoding="utf-8")
    (folder / "amhctl.toml").write_text('[paths]\nlexicons = ["names.tsv"]\n', encoding="utf-8")
    return load_run_config(preset=None, project=folder, flags=flags, environment={}).config


def test_a_project_says_how_words_are_read_and_the_command_line_instead_of_it(tmp_path: Path) -> None:
    assert open_frontend(configured(tmp_path)).normalize("CBE").text == "ሲ ቢ ኢ"
    given = configured(tmp_path, **{"paths.lexicons": (tmp_path / "other.tsv",)})
    assert open_frontend(given).normalize("CBE").text == "ባንኩ"
    assert open_frontend(configured(tmp_path, **{"paths.lexicons": ()})).normalize("CBE").text == "ሲ ቢ ኢ"


def test_a_voice_keeps_its_options_and_its_readings_come_after(tmp_path: Path) -> None:
    voice = Frontend(TextConfig(units="fidel"), Lexicon({"CBE": "የድሮው", "NBE": "ብሔራዊ"}))
    config = configured(tmp_path, **{"text.units": "phones"})
    joined = open_frontend(config, voice)
    assert joined.config == voice.config
    assert [joined.normalize(word).text for word in ("CBE", "NBE")] == ["ሲ ቢ ኢ", "ብሔራዊ"]


def test_without_readings_to_add_a_voices_state_stays_as_it_is() -> None:
    voice = Frontend(TextConfig(units="fidel"))
    assert open_frontend(load_run_config(preset=None, project=None, environment={}).config, voice) is voice


def test_a_lexicon_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    config = configured(tmp_path, **{"paths.lexicons": (tmp_path / "none.tsv",)})
    with pytest.raises(TextError, match=r"none\.tsv"):
        open_frontend(config)
