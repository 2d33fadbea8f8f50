"""Compressed text is read in bounded memory, and whatever is wrong with it is an error."""

import bz2
import gzip
import lzma
import zlib
from pathlib import Path

import pytest

from amhctl.core.documents import MOST_LINE_BYTES
from amhctl.core.errors import DatasetError
from amhctl.corpus.compressed import numbered_lines, open_text

TEXT = "ሰላም\n\nዓለም\n".encode() * 5_000


@pytest.mark.parametrize(
    ("suffix", "pack"),
    [("txt", bytes), ("gz", gzip.compress), ("bz2", bz2.compress), ("xz", lzma.compress)],
)
def test_what_was_packed_is_read(suffix: str, pack: object, tmp_path: Path) -> None:
    path = tmp_path / f"a.{suffix}"
    assert callable(pack)
    # Packed files may follow each other in one.
    path.write_bytes(pack(TEXT) + pack(TEXT))
    with open_text(path) as stream:
        assert list(numbered_lines(stream, "a")) == list(enumerate((TEXT * 2).splitlines(keepends=True), start=1))


def test_streams_of_xz_may_be_padded(tmp_path: Path) -> None:
    (tmp_path / "a.xz").write_bytes(lzma.compress(b"a\n") + bytes(8) + lzma.compress(b"b\n") + bytes(4))
    with open_text(tmp_path / "a.xz") as stream:
        assert stream.read() == b"a\nb\n"


def test_a_file_of_xz_that_is_cut_short(tmp_path: Path) -> None:
    (tmp_path / "a.xz").write_bytes(lzma.compress(TEXT)[:-20])
    with open_text(tmp_path / "a.xz") as stream, pytest.raises(EOFError):
        stream.read()


def test_a_dictionary_of_a_gigabyte_is_not_made(tmp_path: Path) -> None:
    filters = [{"id": lzma.FILTER_LZMA2, "preset": 0, "dict_size": 1 << 20}]
    content = bytearray(lzma.compress(TEXT, filters=filters, check=lzma.CHECK_NONE))
    # Byte 16 of the block's header is the size of the dictionary (xz file format 1.1, 5.3.1); its checksum ends it.
    content[12 + 4] = 37
    content[12 + 8 : 12 + 12] = zlib.crc32(content[12 : 12 + 8]).to_bytes(4, "little")
    (tmp_path / "a.xz").write_bytes(content)
    assert len(lzma.decompress(bytes(content))) == len(TEXT)
    with open_text(tmp_path / "a.xz") as stream, pytest.raises(lzma.LZMAError, match="limit"):
        stream.read()


def test_a_line_without_an_end_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.gz").write_bytes(gzip.compress(b"a\n" + bytes(MOST_LINE_BYTES + 1)))
    with open_text(tmp_path / "a.gz") as stream, pytest.raises(DatasetError, match="longer than 4 MiB") as error:
        list(numbered_lines(stream, "a.gz"))
    assert error.value.subject == "a.gz:2"
