from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from amhctl.codes.index import StoredUtterance
from amhctl.codes.layout import ACOUSTICS, CODES, ENCODER, FEATURES, SPEAKER, Layout, digest
from amhctl.core.errors import DatasetError
from amhctl.corpus.records import Record

_WITHOUT = Layout(codebooks=2, codebook_size=16, bins=3)
_WITH = replace(_WITHOUT, encoder_width=5)
_ACOUSTIC = replace(_WITHOUT, acoustic_width=4, speaker_width=6)
_ALL = replace(_WITH, acoustic_width=4, speaker_width=6)
_CODES = np.arange(8, dtype=np.uint16).reshape(2, 4)
_FEATURES = np.linspace(-1, 1, 27, dtype=np.float32).reshape(9, 3)
_ENCODED = np.linspace(-9, 9, 35, dtype=np.float32).reshape(7, 5)
_ACOUSTICS = np.linspace(-7, 7, 44, dtype=np.float32).reshape(11, 4)
_SPEAKER = np.linspace(0, 1, 6, dtype=np.float32)[None]
_ARRAYS = {CODES: _CODES, FEATURES: _FEATURES, ENCODER: _ENCODED, ACOUSTICS: _ACOUSTICS, SPEAKER: _SPEAKER}


def _stored(layout: Layout) -> StoredUtterance:
    """Return an utterance that lies behind others, as wide as its layout."""
    arrays: dict[int, Any] = {column: _ARRAYS[column] for column in layout.columns}
    return StoredUtterance(
        record=Record(id="u", audio="u.wav", text="ሰላም"),
        frames=4,
        feature_frames=9,
        part="1-of-1",
        codes_offset=32,
        features_offset=6,
        sha256=digest(*layout.encode(arrays)),
        encoder_frames=7 if layout.encoder_width else 0,
        encoder_offset=10 if layout.encoder_width else 0,
        acoustic_frames=11 if layout.acoustic_width else 0,
        acoustics_offset=8 if layout.acoustic_width else 0,
        speaker_offset=12 if layout.acoustic_width else 0,
    )


@pytest.mark.parametrize("layout", [_WITHOUT, _WITH, _ACOUSTIC, _ALL])
def test_each_column_is_read_from_where_it_lies(tmp_path: Path, layout: Layout) -> None:
    stored = _stored(layout)
    arrays: dict[int, Any] = {column: _ARRAYS[column] for column in layout.columns}
    for file, offset, content in zip(
        layout.files(tmp_path, "1-of-1"), layout.offsets(stored), layout.encode(arrays), strict=True
    ):
        file.write_bytes(b"\xff" * offset + content)
    assert layout.ends(stored) == tuple(file.stat().st_size for file in layout.files(tmp_path, "1-of-1"))
    for column, array in arrays.items():
        kept = array if column == CODES else array.astype(np.float16)
        assert np.array_equal(layout.read(tmp_path, stored, column), kept)
    assert layout.is_intact(tmp_path, stored)
    for file in layout.files(tmp_path, "1-of-1"):
        whole = file.read_bytes()
        file.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
        assert not layout.is_intact(tmp_path, stored)
        file.write_bytes(whole[:-1])
        assert not layout.is_intact(tmp_path, stored)
        file.write_bytes(whole)
    with pytest.raises(DatasetError, match="shorter than the index says"):
        layout.read(tmp_path, replace(stored, frames=5), CODES)


def test_codes_outside_the_codebook_are_never_handed_out(tmp_path: Path) -> None:
    # Even where the digest is theirs: another program may have written them.
    arrays: dict[int, Any] = {CODES: _CODES.copy(), FEATURES: _FEATURES}
    arrays[CODES][1, 2] = 16
    stored = replace(_stored(_WITHOUT), sha256=digest(*_WITHOUT.encode(arrays)))
    for file, offset, content in zip(
        _WITHOUT.files(tmp_path, "1-of-1"), _WITHOUT.offsets(stored), _WITHOUT.encode(arrays), strict=True
    ):
        file.write_bytes(bytes(offset) + content)
    with pytest.raises(DatasetError, match="code 16 lies outside the codebook of 16") as caught:
        _WITHOUT.read(tmp_path, stored, CODES)
    assert "codes-1-of-1.bin, byte 32" in caught.value.subject
    assert "codes verify" in caught.value.hint
    assert not _WITHOUT.is_intact(tmp_path, stored)
    wider = replace(_WITHOUT, codebook_size=17)
    assert int(wider.read(tmp_path, stored, CODES).max()) == 16


@pytest.mark.parametrize(
    ("layout", "changes", "fault"),
    [
        (_WITH, {}, ""),
        (_WITHOUT, {}, ""),
        (_ACOUSTIC, {}, ""),
        (_ALL, {}, ""),
        (_WITHOUT, {ENCODER: _ENCODED}, "codes, features, encoder's features are given, expected codes, features"),
        (_WITH, {ENCODER: None}, "codes, features are given, expected codes, features, encoder's features"),
        (
            _ACOUSTIC,
            {SPEAKER: None},
            "codes, features, acoustics are given, expected codes, features, acoustics, speaker embed",
        ),
        (_WITHOUT, {CODES: _CODES[:1]}, "codes have shape"),
        (_WITHOUT, {CODES: _CODES[:, :0]}, "codes have shape"),
        (_WITHOUT, {CODES: _CODES + np.uint16(9)}, "not uint16 below 16"),
        (_WITHOUT, {CODES: _CODES.astype(np.int64)}, "not uint16 below 16"),
        (_WITHOUT, {FEATURES: _FEATURES[:, :2]}, "the features have shape"),
        (_WITH, {ENCODER: _ENCODED[:, :2]}, "the encoder's features have shape"),
        (_WITH, {ENCODER: _ENCODED * np.float32(1e6)}, "encoder's features are not finite in half precision"),
        (_WITHOUT, {FEATURES: _FEATURES * np.float32("nan")}, "the features are not finite"),
        (_ACOUSTIC, {ACOUSTICS: _ACOUSTICS[:, :3]}, "the acoustics have shape (11, 3), not (frames, 4)"),
        (_ACOUSTIC, {ACOUSTICS: _ACOUSTICS[:0]}, "the acoustics have shape (0, 4), not (frames, 4)"),
        (_ACOUSTIC, {ACOUSTICS: _ACOUSTICS * np.float32("inf")}, "the acoustics are not finite"),
        (_ALL, {SPEAKER: np.repeat(_SPEAKER, 2, axis=0)}, "the speaker embeddings have shape (2, 6), not (1, 6)"),
    ],
)
def test_arrays_that_do_not_fit_are_named(layout: Layout, changes: dict[int, np.ndarray | None], fault: str) -> None:
    arrays: dict[int, Any] = {column: _ARRAYS[column] for column in layout.columns} | changes
    found = layout.find_fault({column: array for column, array in arrays.items() if array is not None})
    assert (fault in found) if fault else not found
