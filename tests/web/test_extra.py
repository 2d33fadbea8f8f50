"""The extra of HTTP servers: without it, the error says what to install."""

import importlib.util
import re
import tomllib
from pathlib import Path

import pytest

from amhctl.core.errors import MissingExtra
from amhctl.web import extra

ROOT = Path(__file__).parents[2]


def test_nothing_is_missing_where_the_extra_is_installed() -> None:
    extra.require_server_libraries()


def test_what_is_missing_is_named_with_the_command_that_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "uvicorn" else find(name))
    with pytest.raises(MissingExtra, match="needs uvicorn, which is not installed") as caught:
        extra.require_server_libraries()
    assert caught.value.hint == "pip install 'amhctl[serve]'"


def test_the_extra_installs_the_libraries() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    named = [re.split("[><=]", line)[0].replace("-", "_") for line in project["optional-dependencies"]["serve"]]
    assert named == list(extra.LIBRARIES)
    assert set(project["optional-dependencies"]["serve"]) <= set(project["optional-dependencies"]["dev"])
