"""Books as lines: EPUB and HTML, whose headings begin chapters. Knows no voice.

A book is a file of a stranger: nothing is unpacked to the disk, sizes are limited as they are read, whatever the
archive says of them, and XML is read without entities. Of a page, only what a reader sees is taken: no scripts, no
styles, no navigation, no notes of ruby. Source: EPUB 3.3, W3C Recommendation, 2023.
"""

import posixpath
import re
import zipfile
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from amhctl.core.errors import TextError
from amhctl.text.lines import Line, read_lines

_MOST_PAGE, _MOST_BOOK, _MOST_FILES = 16 << 20, 256 << 20, 10_000
_LONGEST_TITLE = 200
_CONTAINER = "META-INF/container.xml"
_ENCRYPTION = "META-INF/encryption.xml"
_HINT = "open it with a program that reads books, or export it as EPUB without protection"
_PAGE_TYPES = ("application/xhtml+xml", "text/html")
_HIDDEN = frozenset(("script", "style", "head", "template", "nav", "svg", "math", "rt", "rp", "object", "iframe"))
_HEADINGS = frozenset(("h1", "h2"))
_BLOCKS = frozenset(
    [
        "address",
        "article",
        "aside",
        "blockquote",
        "body",
        "dd",
        "details",
        "div",
        "dl",
        "dt",
        "figcaption",
        "figure",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "html",
        "li",
        "main",
        "ol",
        "p",
        "pre",
        "section",
        "summary",
        "table",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "tr",
        "ul",
    ]
)
_VOID = frozenset(
    ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"]
)
# The mark of a note: <sup>1</sup>, <sup>[12]</sup>.
_NOTE = re.compile(r"\s*[\[(]?(?:\d{1,4}|[*†‡])[\])]?\s*")


class _Page(HTMLParser):
    """Gathers the paragraphs of a page, each with whether it is a heading."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.paragraphs: list[tuple[bool, str]] = []
        self._text: list[str] = []
        self._hidden: list[str] = []
        self._is_heading = False
        self._raised: int | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin an element."""
        if self._hidden == ["head"] and tag == "body":
            # Its end may be left out.
            self._hidden.clear()
        if self._hidden:
            if tag == self._hidden[-1]:
                self._hidden.append(tag)
            return
        if tag in _HIDDEN or ("hidden", "") in attrs or ("hidden", None) in attrs:
            if tag not in _VOID:
                self._hidden.append(tag)
            return
        if tag in _BLOCKS:
            self._flush()
            self._is_heading = tag in _HEADINGS
        elif tag == "br":
            self._text.append(" ")
        elif tag == "sup":
            self._raised = len(self._text)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take an element without content."""
        if tag in _BLOCKS or tag == "br":
            self.handle_starttag(tag, attrs)
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        """End an element."""
        if self._hidden:
            if tag == self._hidden[-1]:
                self._hidden.pop()
            return
        if tag in _BLOCKS:
            self._flush()
            self._is_heading = False
        elif tag == "sup" and self._raised is not None:
            raised = "".join(self._text[self._raised :])
            if _NOTE.fullmatch(raised):
                del self._text[self._raised :]
            self._raised = None

    def handle_data(self, data: str) -> None:
        """Take text."""
        if not self._hidden:
            self._text.append(data)

    def close(self) -> None:
        """End the page."""
        super().close()
        self._flush()

    def _flush(self) -> None:
        text = " ".join("".join(self._text).split())
        if text:
            self.paragraphs.append((self._is_heading, text))
        self._text, self._raised = [], None


def read_html(content: str, *, every: bool = False, title: str | None = None) -> Iterator[Line]:
    """Yield the paragraphs of a page.

    Parameters
    ----------
    content : str
        The page.
    every : bool
        Whether every paragraph begins a chapter, not only headings of the first two levels.
    title : str | None
        Chapter that the page begins where it does not begin with a heading.
    """
    page = _Page()
    page.feed(content)
    page.close()
    heading = title
    for is_heading, text in page.paragraphs:
        chapter = text[:_LONGEST_TITLE] if is_heading or every else heading
        heading = None
        for number, line in enumerate(read_lines([text])):
            yield Line(
                line.text,
                line.before,
                paragraph=line.paragraph,
                chapter=chapter if number == 0 else None,
                offset=line.offset,
                findings=line.findings,
            )


def read_epub(path: Path, *, every: bool = False) -> Iterator[Line]:
    """Yield the paragraphs of a book in its reading order, page by page.

    Parameters
    ----------
    path : Path
        The book.
    every : bool
        As of ``read_html``.

    Raises
    ------
    TextError
        If it is no book, is protected, damaged, or larger than a book can be.
    OSError
        If it cannot be read.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            if len(archive.infolist()) > _MOST_FILES:
                raise _refusal(path, f"it has more than {_MOST_FILES:,} files")
            left = _MOST_BOOK
            for number, name in enumerate(_pages(archive, path), 1):
                content = _read(archive, name, path, min(_MOST_PAGE, left))
                left -= len(content)
                yield from read_html(_decode(content, name, path), every=every, title=f"{number}")
    except zipfile.BadZipFile as error:
        raise _refusal(path, "it is no EPUB: not a zip archive, or a damaged one") from error
    except (NotImplementedError, RuntimeError, EOFError, zipfile.LargeZipFile, OverflowError) as error:
        raise _refusal(path, f"its archive cannot be read ({error})") from error


def _pages(archive: zipfile.ZipFile, path: Path) -> list[str]:
    """Return the names of the pages in reading order."""
    names = set(archive.namelist())
    if _ENCRYPTION in names and b"EncryptedData" in _read(archive, _ENCRYPTION, path, _MOST_PAGE):
        encrypted = _parse(archive, _ENCRYPTION, path)
        if any(str(one.get("URI", "")).endswith((".xhtml", ".html", ".htm", ".xml")) for one in encrypted.iter()):
            raise _refusal(path, "its text is encrypted")
    container = _parse(archive, _CONTAINER, path)
    root = next((one.get("full-path") for one in container.iter() if _tag(one) == "rootfile"), None)
    if root is None:
        raise _refusal(path, "it does not say where its contents are")
    package = _parse(archive, root, path)
    folder = posixpath.dirname(root)
    pages: dict[str, str] = {}
    for item in package.iter():
        if _tag(item) == "item" and item.get("media-type") in _PAGE_TYPES and "nav" not in item.get("properties", ""):
            place = posixpath.normpath(posixpath.join(folder, unquote(item.get("href", ""))))
            pages[item.get("id", "")] = place
    order = [
        pages[one.get("idref", "")]
        for one in package.iter()
        if _tag(one) == "itemref" and one.get("linear") != "no" and one.get("idref", "") in pages
    ]
    missing = [name for name in order if name not in names]
    if missing or not order:
        raise _refusal(path, f"its page {missing[0][:80]!r} is missing" if missing else "it has no pages of text")
    return order


def _parse(archive: zipfile.ZipFile, name: str, path: Path) -> Element:
    if name not in archive.namelist():
        raise _refusal(path, f"{name[:80]!r} is missing")
    try:
        return fromstring(_read(archive, name, path, _MOST_PAGE))
    except (ParseError, DefusedXmlException, ValueError) as error:
        raise _refusal(path, f"{name[:80]!r} is no XML that is read ({type(error).__name__})") from error


def _read(archive: zipfile.ZipFile, name: str, path: Path, most: int) -> bytes:
    """Return a file of the archive; what its entry says of its size is not believed."""
    with archive.open(name) as stream:
        content = stream.read(most + 1)
    if len(content) > most:
        raise _refusal(path, f"{name[:80]!r} is too large, or the whole book is")
    return content


def _decode(content: bytes, name: str, path: Path) -> str:
    encoding = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        raise _refusal(path, f"{name[:80]!r} is not UTF-8 at byte {error.start}") from error


def _tag(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _refusal(path: Path, fault: str) -> TextError:
    return TextError(f"the book cannot be read: {fault}", subject=str(path), hint=_HINT)
