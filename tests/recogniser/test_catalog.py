"""What recognisers there are, and what is none."""

from pathlib import Path

import pytest
from support.codecs import tiny_codec_folder
from support.damaged import rewrite
from support.recognisers import tiny_recogniser_folder

from amhctl.core.errors import CheckpointError
from amhctl.recogniser import catalog
from amhctl.recogniser.catalog import (
    bundled_recognisers,
    open_recogniser,
    read_recogniser_manifest,
    recogniser_path,
)


def test_a_recogniser_is_found_by_its_name_and_by_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bundled, elsewhere = tmp_path / "bundled", tmp_path / "elsewhere"
    tiny_recogniser_folder(bundled, name="b")
    tiny_recogniser_folder(bundled, name="a", seed=1)
    (bundled / "notes").mkdir()
    own = tiny_recogniser_folder(elsewhere, name="a")
    monkeypatch.setattr(catalog, "_BUNDLED", bundled)
    assert bundled_recognisers() == ("a", "b")
    assert recogniser_path("a") == bundled / "a"
    assert recogniser_path(str(own)) == own
    monkeypatch.chdir(elsewhere)
    # A name is that of a bundled one; a path has a slash.
    assert recogniser_path("a") == bundled / "a"
    assert recogniser_path("./a").resolve() == own.resolve()
    assert read_recogniser_manifest("b").name == "b"


@pytest.mark.parametrize("name", ["", "no-such", "/no/such", "notes"])
def test_what_is_not_there_is_refused_with_what_there_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(catalog, "_BUNDLED", tmp_path / "bundled")
    assert bundled_recognisers() == ()
    with pytest.raises(CheckpointError, match="recogniser not found") as caught:
        recogniser_path(name)
    assert "bundled: none" in caught.value.hint
    tiny_recogniser_folder(tmp_path / "bundled", name="a")
    (tmp_path / "bundled" / "notes").mkdir()
    with pytest.raises(CheckpointError, match="recogniser not found") as caught:
        open_recogniser(name)
    assert (caught.value.subject, "bundled: a;" in caught.value.hint) == (name, True)


def test_another_kind_or_version_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="holds a codec of version") as caught:
        read_recogniser_manifest(str(tiny_codec_folder(tmp_path)))
    assert "expected a recogniser of recogniser-1" in caught.value.message
    folder = tiny_recogniser_folder(tmp_path)
    rewrite(folder, model_version="recogniser-9")
    with pytest.raises(CheckpointError, match="a recogniser of version recogniser-9"):
        open_recogniser(str(folder))


@pytest.mark.parametrize("file", ["model.safetensors", "recogniser.onnx", "language.safetensors", "words.tsv.xz"])
def test_a_damaged_file_is_named(tmp_path: Path, file: str) -> None:
    folder = tiny_recogniser_folder(tmp_path)
    assert open_recogniser(str(folder)).folder == folder
    content = bytearray((folder / file).read_bytes())
    content[-1] ^= 1
    (folder / file).write_bytes(bytes(content))
    with pytest.raises(CheckpointError) as caught:
        open_recogniser(str(folder))
    assert file in str(caught.value)
    (folder / file).unlink()
    with pytest.raises(CheckpointError) as caught:
        open_recogniser(str(folder))
    assert file in str(caught.value)
