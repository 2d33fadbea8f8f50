"""Folders without their tensors: what the manifest says holds of every file, and parts go together."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from support.checkpoints import tiny_checkpoint, tiny_manifest, tiny_tensors

from amhctl.checkpoint.folder import (
    MANIFEST_FILE,
    WEIGHTS_FILE,
    manifest_differences,
    read_manifest,
    require_match,
    verify_folder,
)
from amhctl.checkpoint.store import write_checkpoint
from amhctl.checkpoint.verified import VerifiedFolder
from amhctl.codec.vocoder_spec import VocoderSpec
from amhctl.config.mel import MelConfig
from amhctl.core.errors import CheckpointError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tiny_checkpoint(tmp_path / "voice")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{", "not JSON"),
        ("[]", "not a JSON object"),
        ("{}", "format version None"),
        ('{"format_version": 99}', "format version 99, this version of amhctl reads 1"),
        ('{"format_version": 1, "kind": "voice"}', "name: Field required"),
    ],
)
def test_a_manifest_that_cannot_be_read_says_why(folder: Path, content: str, words: str) -> None:
    (folder / MANIFEST_FILE).write_text(content)
    with pytest.raises(CheckpointError, match=words):
        read_manifest(folder)


def test_no_manifest_is_an_error_with_a_hint(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"no manifest\.json") as caught:
        read_manifest(tmp_path)
    assert "checkpoint" in caught.value.hint


@pytest.mark.parametrize("name", ["../outside.bin", "/etc/passwd", "sub/../../outside.bin"])
def test_a_file_name_that_leaves_the_folder_is_refused(folder: Path, tmp_path: Path, name: str) -> None:
    document = json.loads((folder / MANIFEST_FILE).read_text())
    document["files"][name] = "0" * 64
    (folder / MANIFEST_FILE).write_text(json.dumps(document))
    with pytest.raises(CheckpointError):
        read_manifest(folder)
    with pytest.raises(CheckpointError):
        write_checkpoint(tmp_path / "new", manifest=tiny_manifest(), tensors=tiny_tensors(), extra_files={name: b"x"})
    assert not (tmp_path / "new").exists()
    assert not (tmp_path / "outside.bin").exists()


@pytest.mark.parametrize("name", ["../..", "/etc/passwd", "..", "notes.txt", "manifest.json"])
@pytest.mark.parametrize("part", ["vocabulary", "text"])
def test_parts_outside_of_the_files_are_refused_before_they_are_opened(folder: Path, part: str, name: str) -> None:
    (folder / "notes.txt").write_text("x")
    document = json.loads((folder / MANIFEST_FILE).read_text())
    document[part]["file"] = name
    (folder / MANIFEST_FILE).write_text(json.dumps(document))
    with pytest.raises(CheckpointError, match=r"is not (the name of a file|among the files)"):
        read_manifest(folder)


@pytest.mark.parametrize("content", [b"[" * 100_000, b'{"sample_rate": ' + b"9" * 5_000 + b"}", b"\xff", b"[1]"])
def test_a_manifest_that_cannot_be_read(folder: Path, content: bytes) -> None:
    (folder / MANIFEST_FILE).write_bytes(content)
    with pytest.raises(CheckpointError, match="the manifest"):
        read_manifest(folder)


def test_parts_that_are_not_the_checkpoints_are_refused_field_by_field() -> None:
    manifest = tiny_manifest()
    assert manifest.codec is not None
    require_match(manifest, codec=manifest.codec, vocabulary_fingerprint="a" * 64, text_hash="b" * 64)
    other = manifest.codec.model_copy(update={"name": "renamed", "codebook_size": 32, "fingerprint": "d" * 64})
    with pytest.raises(CheckpointError) as caught:
        require_match(manifest, codec=other, vocabulary_fingerprint="e" * 64, text_hash="f" * 64)
    for words in ("codebook_size", "fingerprint", "vocabulary.fingerprint", "text.hash"):
        assert words in caught.value.message
    assert "renamed" not in caught.value.message
    assert "amhctl" in caught.value.hint


def test_a_vocoder_must_be_for_the_spectrogram_of_the_voice() -> None:
    spec = VocoderSpec("v", "vocos", 16_000, MelConfig(hop_samples=160), "a" * 64)
    manifest = tiny_manifest().model_copy(update={"vocoder": spec.identity})
    # Other weights of the same spectrogram serve as well; a value that an earlier version did not name is its default.
    require_match(manifest, vocoder=replace(spec, name="w", fingerprint="b" * 64))
    earlier = spec.identity.model_copy(update={"mel": {"hop_samples": 160}})
    require_match(manifest.model_copy(update={"vocoder": earlier}), vocoder=spec)
    require_match(tiny_manifest(), vocoder=spec)
    with pytest.raises(CheckpointError, match=r"vocoder\.mel\.hop_samples: expected 160, found 320") as caught:
        require_match(manifest, vocoder=replace(spec, mel=MelConfig()))
    assert "use vocoder v" in caught.value.hint
    odd = spec.identity.model_copy(update={"mel": {"hops": 1}})
    with pytest.raises(CheckpointError, match=r"vocoder\.mel\.hops"):
        require_match(manifest.model_copy(update={"vocoder": odd}), vocoder=spec)


def test_a_value_that_is_not_named_is_no_other_than_one_that_is_empty() -> None:
    """Manifests inside weights keep what they named when they were written; later fields are absent from them."""
    assert manifest_differences({"name": "a"}, {"name": "a", "level": None}) == ()
    assert [item.field for item in manifest_differences({"name": "a"}, {"name": "a", "level": -20.0})] == ["level"]


@pytest.mark.parametrize("name", [WEIGHTS_FILE, "text_state.json"])
def test_a_folder_is_verified_without_its_tensors(folder: Path, name: str) -> None:
    assert verify_folder(folder, kind="voice") == VerifiedFolder(folder, read_manifest(folder))
    with pytest.raises(CheckpointError, match="expected codec"):
        verify_folder(folder, kind="codec")
    content = bytearray((folder / name).read_bytes())
    content[-1] ^= 1
    (folder / name).write_bytes(bytes(content))
    with pytest.raises(CheckpointError, match="expected sha256"):
        verify_folder(folder, kind="voice")


def test_verifying_loads_no_torch(folder: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from amhctl.checkpoint.folder import verify_folder; "
        f"verify_folder(Path({str(folder)!r}), kind='voice'); print('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"
