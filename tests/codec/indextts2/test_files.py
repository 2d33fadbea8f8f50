"""Which files are wanted, where they may lie, and what is said of those that are missing."""

from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from amhctl.checkpoint.indextts import LICENCE
from amhctl.checkpoint.licences import forbids_commercial_use
from amhctl.codec.indextts2 import files
from amhctl.codec.indextts2.files import (
    CODE_LICENCES,
    FILES,
    GPT,
    S2MEL,
    SPEECH_LICENCES,
    VOCODER,
    find_files,
    is_indextts2,
    survey,
)
from amhctl.core.errors import CodecError


def test_a_folder_is_known_by_its_weights(tmp_path: Path) -> None:
    assert not is_indextts2(tmp_path)
    assert not is_indextts2(tmp_path / "absent")
    (tmp_path / "config.yaml").touch()
    assert not is_indextts2(tmp_path)
    (tmp_path / "semantic_codec").mkdir()
    (tmp_path / "semantic_codec" / "model.safetensors").touch()
    assert is_indextts2(tmp_path)


def test_every_missing_file_is_named_with_its_source(tmp_path: Path) -> None:
    (tmp_path / "s2mel.pth").touch()
    with pytest.raises(CodecError) as caught:
        find_files(tmp_path, "decoding")
    assert caught.value.message == (
        "files of IndexTTS-2 are missing for decoding: config.yaml, campplus_cn_common.bin, bigvgan_generator.pt"
    )
    assert "bigvgan_generator.pt from https://huggingface.co/nvidia/bigvgan_v2_22khz_80band_256x" in caught.value.hint
    assert caught.value.subject == str(tmp_path)


def test_files_are_found_where_their_repositories_have_them(tmp_path: Path) -> None:
    (tmp_path / "bigvgan_v2_22khz_80band_256x").mkdir()
    for name in ("config.yaml", "s2mel.pth", "campplus_cn_common.bin", VOCODER.places[2]):
        (tmp_path / name).touch()
    found = find_files(tmp_path, "decoding")
    assert found[VOCODER] == tmp_path / VOCODER.places[2]
    assert found[S2MEL] == tmp_path / "s2mel.pth"


def test_every_file_has_a_licence_and_a_source() -> None:
    assert len({file.key for file in FILES}) == len(FILES) == 11
    assert all(file.licence.licence and file.licence.url.startswith("https://") for file in FILES)
    assert {file.key for file in FILES if forbids_commercial_use(file.licence)} == {"semantic codec"}
    assert {file.licence for file in FILES} == set(SPEECH_LICENCES)
    assert {file.licence for file in FILES if file.use == "encoding"} == {*CODE_LICENCES, LICENCE}


def test_what_is_there_is_told_with_its_digest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "gpt.pth").write_bytes(b"weights")
    (tmp_path / "w2v-bert-2.0").mkdir()
    (tmp_path / "w2v-bert-2.0" / "model.safetensors").write_bytes(b"encoder")
    (tmp_path / "s2mel.pth").write_bytes(b"")
    found = {each.file.key: each for each in survey(tmp_path)}
    digest = sha256(b"weights").hexdigest()
    assert (found["gpt"].sha256, found["gpt"].digest) == (digest, "another")
    assert (found["speech encoder"].sha256, found["speech encoder"].digest) == (
        sha256(b"encoder").hexdigest(),
        "not known",
    )
    assert (found["vocoder"].path, found["vocoder"].sha256, found["vocoder"].digest) == (None, "", "not known")
    assert found["s2mel"].path == tmp_path / "s2mel.pth"
    monkeypatch.setattr(files, "FILES", (replace(GPT, sha256=digest),))
    assert [each.digest for each in survey(tmp_path)] == ["the same"]
