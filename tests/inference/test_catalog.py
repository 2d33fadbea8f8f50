"""Voices at hand, and names of none."""

from pathlib import Path

import pytest

from amhctl.core.errors import SynthesisError
from amhctl.inference import catalog
from amhctl.inference.catalog import bundled_voices, voice_path


def test_unknown_names_say_what_there_is() -> None:
    with pytest.raises(SynthesisError, match="voice not found"):
        voice_path("nobody")


@pytest.mark.skipif(not bundled_voices(), reason="no voice is bundled in this source tree yet")
def test_the_default_voice_is_bundled() -> None:
    assert catalog.DEFAULT_VOICE in bundled_voices()


def test_a_folder_without_a_manifest_is_no_voice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalog, "_BUNDLED", tmp_path)
    for name in ("b", "a", "empty"):
        (tmp_path / name).mkdir()
    for name in ("b", "a"):
        (tmp_path / name / "manifest.json").touch()
    assert bundled_voices() == ("a", "b")
    monkeypatch.setattr(catalog, "_BUNDLED", tmp_path / "none")
    assert bundled_voices() == ()
