"""The pages of an Ogg file, numbered so that the same sound has the same bytes. Knows no codec.

libsndfile gives each stream a serial number by chance. A file has one stream, so that any number does (RFC 3533,
section 6); the checksum of each page follows from it.
"""

import io
import zlib
from typing import BinaryIO

from amhctl.core.errors import AudioError

_SERIAL = b"amh\x00"
_HEADER_BYTES, _SERIAL_AT, _CHECKSUM_AT, _SEGMENTS_AT = 27, 14, 22, 26
_REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


def renumber_pages(content: bytes) -> bytes:
    """Return an Ogg file of one stream with a serial number that is always the same.

    Raises
    ------
    AudioError
        If the content does not consist of pages.
    """
    target = io.BytesIO()
    renumber_stream(io.BytesIO(content), target)
    return target.getvalue()


def renumber_stream(source: BinaryIO, target: BinaryIO) -> None:
    """Copy an Ogg file of one stream page by page, with a serial number that is always the same.

    Raises
    ------
    AudioError
        If the source does not consist of pages.
    """
    start = 0
    while header := source.read(_HEADER_BYTES):
        if header[:4] != b"OggS" or len(header) < _HEADER_BYTES:
            raise AudioError(f"no Ogg page begins at byte {start}")
        table = source.read(header[_SEGMENTS_AT])
        page = bytearray(header + table + source.read(sum(table)))
        page[_SERIAL_AT : _SERIAL_AT + 4] = _SERIAL
        page[_CHECKSUM_AT : _CHECKSUM_AT + 4] = bytes(4)
        page[_CHECKSUM_AT : _CHECKSUM_AT + 4] = checksum(bytes(page)).to_bytes(4, "little")
        target.write(page)
        start += len(page)


def checksum(page: bytes) -> int:
    """Return the CRC of a page whose checksum is zero: polynomial 0x04c11db7, nothing inverted or reflected.

    zlib's is the same polynomial with all bits in reverse order and with start and end inverted.
    """
    crc = zlib.crc32(page.translate(_REVERSED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int(f"{crc:032b}"[::-1], 2)
