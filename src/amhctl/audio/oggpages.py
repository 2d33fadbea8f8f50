"""The pages of an Ogg file, numbered so that the same sound has the same bytes. Knows no codec.

libsndfile gives each stream a serial number by chance. A file has one stream, so that any number does (RFC 3533,
section 6); the checksum of each page follows from it.
"""

import io
import struct
import zlib
from collections.abc import Callable, Iterator, Sequence
from typing import BinaryIO

from amhctl.core.errors import AudioError

_SERIAL = b"amh\x00"
_HEADER_BYTES, _SERIAL_AT, _NUMBER_AT, _CHECKSUM_AT, _SEGMENTS_AT = 27, 14, 18, 22, 26
_LONGEST_SEGMENT, _MOST_SEGMENTS = 255, 255
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


def renumber_stream(source: BinaryIO, target: BinaryIO, headers: Sequence[Callable[[bytes], bytes]] = ()) -> None:
    """Copy an Ogg file of one stream page by page, with a serial number that is always the same.

    Parameters
    ----------
    source, target : BinaryIO
        From where to where.
    headers : Sequence[Callable[[bytes], bytes]]
        What becomes of each header packet after the first one, which has a page of its own; after the last of them a
        new page begins. None are read where there are none.

    Raises
    ------
    AudioError
        If the source does not consist of pages, or does not begin with so many headers.
    """
    pages = _pages(source)
    for number, page in enumerate(_with_headers(pages, headers) if headers else pages):
        page[_SERIAL_AT : _SERIAL_AT + 4] = _SERIAL
        page[_NUMBER_AT : _NUMBER_AT + 4] = number.to_bytes(4, "little")
        page[_CHECKSUM_AT : _CHECKSUM_AT + 4] = bytes(4)
        page[_CHECKSUM_AT : _CHECKSUM_AT + 4] = checksum(bytes(page)).to_bytes(4, "little")
        target.write(page)


def _pages(source: BinaryIO) -> Iterator[bytearray]:
    start = 0
    while header := source.read(_HEADER_BYTES):
        if header[:4] != b"OggS" or len(header) < _HEADER_BYTES:
            raise AudioError(f"no Ogg page begins at byte {start}")
        table = source.read(header[_SEGMENTS_AT])
        page = bytearray(header + table + source.read(sum(table)))
        yield page
        start += len(page)


def _with_headers(pages: Iterator[bytearray], headers: Sequence[Callable[[bytes], bytes]]) -> Iterator[bytearray]:
    """Yield pages, those of the headers made anew."""
    first = next(pages, None)
    packets: list[bytes] = []
    open_packet = b""
    while first is not None and len(packets) < len(headers):
        page = next(pages, None)
        if page is None:
            break
        place = _HEADER_BYTES + page[_SEGMENTS_AT]
        for size in page[_HEADER_BYTES:place]:
            open_packet += page[place : place + size]
            place += size
            if size < _LONGEST_SEGMENT:
                packets.append(open_packet)
                open_packet = b""
    if first is None or len(packets) != len(headers) or open_packet:
        raise AudioError(f"the Ogg file does not begin with {len(headers) + 1} headers on pages of their own")
    yield first
    yield from _paginate([change(packet) for change, packet in zip(headers, packets, strict=True)])
    yield from pages


def _paginate(packets: Sequence[bytes]) -> Iterator[bytearray]:
    """Yield packets as pages at the beginning of a stream; serial numbers and checksums are still to be written."""
    # A packet ends with a segment that is not full, though it be empty.
    segments = [
        (packet[start : start + _LONGEST_SEGMENT], start > 0)
        for packet in packets
        for start in range(0, len(packet) + 1, _LONGEST_SEGMENT)
    ]
    for begin in range(0, len(segments), _MOST_SEGMENTS):
        here = segments[begin : begin + _MOST_SEGMENTS]
        bodies = [body for body, _ in here]
        is_continued = here[0][1]
        ends = any(len(body) < _LONGEST_SEGMENT for body in bodies)
        header = struct.pack("<4sBBq12xB", b"OggS", 0, is_continued, 0 if ends else -1, len(bodies))
        yield bytearray(header + bytes(map(len, bodies)) + b"".join(bodies))


def checksum(page: bytes) -> int:
    """Return the CRC of a page whose checksum is zero: polynomial 0x04c11db7, nothing inverted or reflected.

    zlib's is the same polynomial with all bits in reverse order and with start and end inverted.
    """
    crc = zlib.crc32(page.translate(_REVERSED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int(f"{crc:032b}"[::-1], 2)
