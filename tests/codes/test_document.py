import json
from pathlib import Path

import pytest
from support.stores import ACOUSTICS, MEL, SPEAKER, SPEC

from amhctl.codes.document import StoreDocument, is_store, read_document, write_document
from amhctl.core.errors import DatasetError


def test_a_document_is_read_back(tmp_path: Path) -> None:
    document = StoreDocument.of(SPEC, MEL, -20.0)
    assert not is_store(tmp_path)
    write_document(tmp_path, document)
    assert is_store(tmp_path)
    assert read_document(tmp_path) == document
    assert read_document(tmp_path).codec == SPEC


def test_differences_are_named_by_setting() -> None:
    document = StoreDocument.of(SPEC, MEL, -20.0)
    assert document.differences(document) == ()
    other = StoreDocument.of(SPEC.model_copy(update={"codebooks": 3}), MEL.model_copy(update={"bins": 9}), None)
    assert document.differences(other) == ("codebooks 2 ≠ 3", "mel.bins 8 ≠ 9", "level -20.0 ≠ None")


@pytest.mark.parametrize(
    ("version", "message", "hint"),
    [
        (1, "old format 1, this version of amhctl reads 2", "codes extract"),
        (0, "old format 0", "codes extract"),
        (3, "format 3, this version of amhctl reads 2", "upgrade amhctl"),
        ("2", "format_version: Input should be 2", "codes extract"),
        (True, "format_version: Input should be 2", "codes extract"),
        (2.5, "format_version: Input should be 2", "codes extract"),
    ],
)
def test_another_format_is_refused_and_the_error_says_what_to_do(
    tmp_path: Path, version: object, message: str, hint: str
) -> None:
    value = json.loads(StoreDocument.of(SPEC, MEL, None).model_dump_json()) | {"format_version": version, "more": 1}
    (tmp_path / "store.json").write_text(json.dumps(value))
    with pytest.raises(DatasetError, match=message) as caught:
        read_document(tmp_path)
    assert hint in caught.value.hint
    assert caught.value.subject == str(tmp_path / "store.json")
    with pytest.raises(DatasetError, match="no code store"):
        read_document(tmp_path / "nowhere")


def test_a_store_has_one_precision_and_names_it_if_it_is_not_fp32(tmp_path: Path) -> None:
    plain, half = StoreDocument.of(SPEC, MEL, None), StoreDocument.of(SPEC, MEL, None, "bf16")
    assert plain.differences(half) == ("precision fp32 ≠ bf16",)
    # fp32 is not written, so that the fingerprint of such a store does not change.
    assert "precision" not in json.loads(plain.to_json())
    for document in (plain, half):
        write_document(tmp_path, document)
        assert read_document(tmp_path) == document
    (tmp_path / "store.json").write_text(half.to_json().replace("bf16", "int8"))
    with pytest.raises(DatasetError, match="precision"):
        read_document(tmp_path)


def test_acoustics_and_their_speaker_encoder_stand_together_or_not_at_all(tmp_path: Path) -> None:
    plain = StoreDocument.of(SPEC, MEL, None)
    acoustic = StoreDocument.of(SPEC, MEL, None, acoustics=ACOUSTICS, speaker=SPEAKER)
    assert {"acoustics", "speaker"}.isdisjoint(json.loads(plain.to_json()))
    assert (plain.layout.columns, acoustic.layout.columns) == ((0, 1), (0, 1, 3, 4))
    assert (acoustic.layout.acoustic_width, acoustic.layout.speaker_width) == (7, 5)
    write_document(tmp_path, acoustic)
    assert read_document(tmp_path) == acoustic
    value = json.loads(acoustic.to_json())
    for key in ("acoustics", "speaker"):
        half = {name: part for name, part in value.items() if name != key}
        (tmp_path / "store.json").write_text(json.dumps(half))
        with pytest.raises(DatasetError, match="must be given together"):
            read_document(tmp_path)
