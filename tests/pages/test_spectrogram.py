"""The PNG is one: its chunks check, its pixels come back."""

import struct
import zlib

import numpy as np
from support.speechlike import vowel_train

from amhctl.pages.spectrogram import encode_png, spectrogram_png


def chunks_of(png: bytes) -> dict[bytes, bytes]:
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    chunks: dict[bytes, bytes] = {}
    position = 8
    while position < len(png):
        (size,) = struct.unpack(">I", png[position : position + 4])
        kind, body = png[position + 4 : position + 8], png[position + 8 : position + 8 + size]
        (check,) = struct.unpack(">I", png[position + 8 + size : position + 12 + size])
        assert check == zlib.crc32(kind + body)
        chunks[kind] = body
        position += 12 + size
    return chunks


def test_pixels_come_back() -> None:
    pixels = np.arange(12, dtype=np.uint8).reshape(3, 4)
    palette = np.zeros((256, 3), dtype=np.uint8)
    chunks = chunks_of(encode_png(pixels, palette))
    assert struct.unpack(">II", chunks[b"IHDR"][:8]) == (4, 3)
    rows = np.frombuffer(zlib.decompress(chunks[b"IDAT"]), dtype=np.uint8).reshape(3, 5)
    np.testing.assert_array_equal(rows[:, 1:], pixels)


def test_a_spectrogram_has_a_hundred_columns_a_second() -> None:
    header = chunks_of(spectrogram_png(vowel_train(seconds=1.0)))[b"IHDR"]
    assert struct.unpack(">II", header[:8]) == (101, 80)
