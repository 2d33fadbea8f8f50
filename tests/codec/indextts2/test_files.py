"""Which files are wanted, where they may lie, and what is said of those that are missing."""

from pathlib import Path

import pytest

from amhctl.codec.indextts2.files import FILES, NON_COMMERCIAL, S2MEL, VOCODER, find_files, is_indextts2
from amhctl.core.errors import CodecError


def test_a_folder_is_known_by_what_makes_codes_or_speech(tmp_path: Path) -> None:
    assert not is_indextts2(tmp_path)
    assert not is_indextts2(tmp_path / "absent")
    (tmp_path / "gpt.pth").touch()
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
    assert len({file.key for file in FILES}) == len(FILES) == 9
    assert all(file.licence.licence and file.licence.url.startswith("https://") for file in FILES)
    assert {file.key for file in FILES if file.licence.licence in NON_COMMERCIAL} == {"semantic codec"}
