from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from amhctl.core.errors import DatasetError
from amhctl.data.records import Record
from amhctl.data.storeindex import StoredUtterance
from amhctl.data.storelayout import CODES, ENCODER, FEATURES, Layout, digest

_WITHOUT = Layout(codebooks=2, codebook_size=16, bins=3)
_WITH = replace(_WITHOUT, encoder_width=5)
_CODES = np.arange(8, dtype=np.uint16).reshape(2, 4)
_FEATURES = np.linspace(-1, 1, 27, dtype=np.float32).reshape(9, 3)
_ENCODED = np.linspace(-9, 9, 35, dtype=np.float32).reshape(7, 5)


def _stored(layout: Layout) -> StoredUtterance:
    """Return an utterance that lies behind others, as wide as its layout."""
    arrays = (_CODES, _FEATURES, _ENCODED)[: len(layout.columns)]
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
    )


@pytest.mark.parametrize("layout", [_WITHOUT, _WITH])
def test_each_column_is_read_from_where_it_lies(tmp_path: Path, layout: Layout) -> None:
    stored = _stored(layout)
    arrays = (_CODES, _FEATURES, _ENCODED)[: len(layout.columns)]
    for file, offset, content in zip(
        layout.files(tmp_path, "1-of-1"), layout.offsets(stored), layout.encode(arrays), strict=True
    ):
        file.write_bytes(b"\xff" * offset + content)
    assert layout.ends(stored) == tuple(file.stat().st_size for file in layout.files(tmp_path, "1-of-1"))
    for column, array in zip((CODES, FEATURES, ENCODER), arrays, strict=False):
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
    arrays = (_CODES.copy(), _FEATURES)
    arrays[0][1, 2] = 16
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
    ("layout", "arrays", "fault"),
    [
        (_WITH, (_CODES, _FEATURES, _ENCODED), ""),
        (_WITHOUT, (_CODES, _FEATURES), ""),
        (_WITHOUT, (_CODES, _FEATURES, _ENCODED), "3 arrays are given for 2 columns"),
        (_WITH, (_CODES, _FEATURES), "2 arrays are given for 3 columns"),
        (_WITHOUT, (_CODES[:1], _FEATURES), "codes have shape"),
        (_WITHOUT, (_CODES[:, :0], _FEATURES), "codes have shape"),
        (_WITHOUT, (_CODES + np.uint16(9), _FEATURES), "not uint16 below 16"),
        (_WITHOUT, (_CODES.astype(np.int64), _FEATURES), "not uint16 below 16"),
        (_WITHOUT, (_CODES, _FEATURES[:, :2]), "the features have shape"),
        (_WITH, (_CODES, _FEATURES, _ENCODED[:, :2]), "the encoder's features have shape"),
        (_WITH, (_CODES, _FEATURES, _ENCODED * np.float32(1e6)), "encoder's features are not finite in half precision"),
        (_WITHOUT, (_CODES, _FEATURES * np.float32("nan")), "the features are not finite"),
    ],
)
def test_arrays_that_do_not_fit_are_named(layout: Layout, arrays: tuple[np.ndarray, ...], fault: str) -> None:
    found = layout.find_fault(arrays)
    assert (fault in found) if fault else not found
