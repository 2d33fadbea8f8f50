"""EPUB and HTML as lines, and books that attack."""

import io
import zipfile
from pathlib import Path

import pytest

from amhctl.core.errors import TextError
from amhctl.text import books
from amhctl.text.books import read_epub, read_html

CONTAINER = '<container><rootfiles><rootfile full-path="OEBPS/a.opf"/></rootfiles></container>'
PACKAGE = (
    '<package xmlns="http://www.idpf.org/2007/opf"><manifest>'
    '<item id="nav" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>'
    '<item id="b" href="t/two%20.xhtml" media-type="application/xhtml+xml"/>'
    '<item id="a" href="one.xhtml" media-type="application/xhtml+xml"/>'
    '<item id="c" href="cover.png" media-type="image/png"/></manifest>'
    '<spine><itemref idref="nav"/><itemref idref="a"/><itemref idref="b"/><itemref idref="c"/></spine></package>'
)
ONE = "<html><head><title>x</title></head><body><h1>ምዕራፍ አንድ</h1><p>ሰላም <b>ዓ</b>ለም።<sup>1</sup></p></body></html>"
TWO = "<html><body><p>ሁለት።</p><p>ሦስት።</p></body></html>"


def book(tmp_path: Path, **changes: str | bytes | None) -> Path:
    files: dict[str, str | bytes | None] = {
        "META-INF/container.xml": CONTAINER,
        "OEBPS/a.opf": PACKAGE,
        "OEBPS/one.xhtml": ONE,
        "OEBPS/t/two .xhtml": TWO,
    }
    names = {"container": "META-INF/container.xml", "package": "OEBPS/a.opf", "one": "OEBPS/one.xhtml"}
    names |= {"encryption": "META-INF/encryption.xml"}
    files |= {names[name]: content for name, content in changes.items()}
    path = tmp_path / "book.epub"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            if content is not None:
                archive.writestr(name, content)
    return path


def test_a_book_is_read_in_its_order_with_its_chapters(tmp_path: Path) -> None:
    lines = list(read_epub(book(tmp_path)))
    assert [(line.text, line.chapter) for line in lines] == [
        ("ምዕራፍ አንድ", "ምዕራፍ አንድ"), ("ሰላም ዓለም።", None), ("ሁለት።", "2"), ("ሦስት።", None),
    ]  # fmt: skip
    assert [line.chapter for line in read_epub(book(tmp_path), every=True)] == ["ምዕራፍ አንድ", "ሰላም ዓለም።", "ሁለት።", "ሦስት።"]


def test_only_what_a_reader_sees_of_a_page_is_taken() -> None:
    page = (
        "<head><style>p{}</style><body><nav>menu</nav><script>alert('<p>x</p>')</script><p>ሰ&#x120B;ም<br>ዓለም "
        "<ruby>ቃል<rt>qal</rt></ruby> &amp; 10<sup>2</sup><sup>[3]</sup><p>ሁለት<svg><text>no</text></svg>"
        "<div hidden>secret<div>more</div></div><table><tr><td>ሦስት<td>አራት</table><p> </p><h2>ርዕስ</h2>ነጻ"
    )
    lines = list(read_html(page))
    assert [line.text for line in lines] == ["ሰላም ዓለም ቃል & 10", "ሁለት", "ሦስት", "አራት", "ርዕስ", "ነጻ"]
    assert [line.chapter for line in lines] == [None, None, None, None, "ርዕስ", None]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"container": None}, "'META-INF/container.xml' is missing"),
        ({"container": "<container/>"}, "does not say where"),
        ({"container": "<container"}, "is no XML"),
        ({"package": None}, "'OEBPS/a.opf' is missing"),
        ({"package": '<!DOCTYPE a [<!ENTITY b "c">]><package>&b;</package>'}, "is no XML that is read"),
        ({"package": "<package/>"}, "no pages of text"),
        ({"one": None}, "page 'OEBPS/one.xhtml' is missing"),
        ({"one": b"\xc3\x28"}, "not UTF-8"),
        ({"encryption": '<e><EncryptedData/><CipherReference URI="OEBPS/one.xhtml"/></e>'}, "encrypted"),
    ],
)
def test_a_damaged_book_is_refused(tmp_path: Path, changes: dict[str, str | bytes | None], message: str) -> None:
    with pytest.raises(TextError, match=message) as refusal:
        list(read_epub(book(tmp_path, **changes)))
    assert refusal.value.subject.endswith("book.epub")


def test_a_page_outside_of_the_book_is_missing(tmp_path: Path) -> None:
    package = PACKAGE.replace("one.xhtml", "../../../../etc/passwd")
    with pytest.raises(TextError, match="is missing"):
        list(read_epub(book(tmp_path, package=package)))


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(books, "_MOST_PAGE", 1 << 16)
    with pytest.raises(TextError, match="too large"):
        list(read_epub(book(tmp_path, one="ሀ" * (1 << 20))))
    monkeypatch.setattr(books, "_MOST_FILES", 3)
    with pytest.raises(TextError, match="more than 3 files"):
        list(read_epub(book(tmp_path)))


def test_what_is_no_archive_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.epub"
    whole = book(tmp_path).read_bytes()
    for content in (b"", b"PK\x03\x04", b"text", whole[:-30], whole[: len(whole) // 2]):
        path.write_bytes(content)
        with pytest.raises(TextError, match="no EPUB"):
            list(read_epub(path))


def test_a_damaged_page_is_refused(tmp_path: Path) -> None:
    path = book(tmp_path)
    content = bytearray(path.read_bytes())
    with zipfile.ZipFile(io.BytesIO(bytes(content))) as archive:
        place = archive.getinfo("OEBPS/one.xhtml").header_offset + 60
    content[place : place + 20] = bytes(20)
    path.write_bytes(content)
    with pytest.raises(TextError, match="cannot be read"):
        list(read_epub(path))
