"""``voices``: bundled and local voices, one in detail, damaged ones reported."""

from dataclasses import replace
from pathlib import Path

import pytest
from support.voices import tiny_voice_folder

from amhctl.checkpoint.manifest import VocoderIdentity
from amhctl.core.errors import SynthesisError
from amhctl.core.progress import SilentProgress
from amhctl.inference.catalog import bundled_voices
from amhctl.workflows import list_voices
from amhctl.workflows.list_voices import ListVoicesRequest


def test_local_voices_are_listed_beside_the_bundled(tmp_path: Path) -> None:
    tiny_voice_folder(tmp_path)
    report = list_voices.run(ListVoicesRequest(folders=(tmp_path,)), SilentProgress())
    assert [entry.name for entry in report.voices] == [*bundled_voices(), "tiny"]
    assert report.ok
    assert any("tiny" in line for line in report.lines())


def test_a_damaged_voice_is_a_finding(tmp_path: Path) -> None:
    folder = tiny_voice_folder(tmp_path)
    (folder / "manifest.json").write_text("{", encoding="utf-8")
    report = list_voices.run(ListVoicesRequest(folders=(tmp_path,)), SilentProgress())
    assert [finding.code for finding in report.findings] == ["S101"]
    assert not report.ok


def test_one_voice_is_shown_with_its_manifest(tmp_path: Path) -> None:
    folder = tiny_voice_folder(tmp_path)
    report = list_voices.run(ListVoicesRequest(voice=str(folder)), SilentProgress())
    (voice,) = report.payload()["voices"]  # type: ignore[misc]
    assert voice["manifest"]["name"] == "tiny"
    assert any(line.startswith("codec: tiny-codec") for line in report.lines())
    assert not any(line.startswith("vocoder:") for line in report.lines())
    (entry,) = report.voices
    identity = VocoderIdentity(name="horn", architecture="vocos", sample_rate=16_000, mel={}, fingerprint="f" * 64)
    drawing = replace(entry, manifest=entry.manifest.model_copy(update={"vocoder": identity}))
    assert "vocoder: horn (ffffffffffff)" in list(replace(report, voices=(drawing,)).lines())
    with pytest.raises(SynthesisError):
        list_voices.run(ListVoicesRequest(voice=str(tmp_path / "nobody")), SilentProgress())


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    for absent in (tmp_path / "absent", tmp_path / "file"):
        (tmp_path / "file").write_bytes(b"")
        with pytest.raises(SynthesisError, match="no such folder") as caught:
            list_voices.run(ListVoicesRequest(folders=(tmp_path, absent)), SilentProgress())
        assert caught.value.subject == str(absent)
