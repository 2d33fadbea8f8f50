"""A part of a checkpoint that cannot be is one error: what, where, and what to do."""

from pathlib import Path

import pytest

from amhctl.checkpoint.parts import read_json, read_part
from amhctl.config.mel import MelConfig
from amhctl.core.errors import CheckpointError


def test_a_sound_part_is_read() -> None:
    assert read_part(MelConfig.model_validate, {}, place="conditioning", subject="voice") == MelConfig()
    assert read_part(MelConfig.model_validate_json, b"{}", place="mel.json", subject="voice") == MelConfig()


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"bins": "many"}, r"^voice: conditioning\.bins: Input should be a valid integer"),
        ({"bins": "many", "fft_samples": []}, r"\(and 1 more\)$"),
        ([], r"^voice: conditioning: "),
    ],
)
def test_what_cannot_be_is_named_by_its_place(values: object, said: str) -> None:
    with pytest.raises(CheckpointError, match=said) as caught:
        read_part(MelConfig.model_validate, values, place="conditioning", subject="voice")
    assert caught.value.hint


def test_the_whole_has_no_place_of_its_own() -> None:
    with pytest.raises(CheckpointError, match=r"^voice: bins: "):
        read_part(MelConfig.model_validate, {"bins": []}, place="", subject="voice")


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"3", b"\xff\xfe{}", b'"\xed\xa0\x80"'])
def test_a_file_without_an_object_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    path.write_bytes(content)
    with pytest.raises(CheckpointError) as caught:
        read_json(path)
    assert (caught.value.subject, bool(caught.value.hint)) == (str(path), True)
    path.write_bytes(b'{"a": 1}')
    assert read_json(path) == {"a": 1}
