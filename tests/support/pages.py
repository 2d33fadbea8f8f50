"""What holds of every page: it is well formed, stands alone, and can be read without seeing it."""

from html.parser import HTMLParser

_VOID = {"meta", "br", "img"}
_NAMED = {"img": "alt", "audio": "aria-label", "svg": "aria-label", "meter": "aria-label", "th": "scope"}


class PageParser(HTMLParser):
    """Reads a page, and fails at the first tag that is left open or lacks its name.

    ``counts`` has how often each tag occurs, ``headings`` the levels of headings in their order, and ``sources`` the
    addresses of pictures and sounds.
    """

    def __init__(self) -> None:
        super().__init__()
        self.counts: dict[str, int] = {}
        self.open: list[str] = []
        self.headings: list[int] = []
        self.sources: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_startendtag(tag, attrs)
        if tag not in _VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.counts[tag] = self.counts.get(tag, 0) + 1
        assert given.get(_NAMED.get(tag, ""), "named"), (tag, given)
        assert _NAMED.get(tag) in {None, *given}, (tag, given)
        assert not [name for name in given if name.startswith("on")], (tag, given)
        if tag in {"h1", "h2", "h3"}:
            self.headings.append(int(tag[1]))
        if "src" in given:
            self.sources.append(given["src"] or "")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def read_page(content: str) -> PageParser:
    """Return a page as it was read, after checking what holds of each."""
    page = PageParser()
    page.feed(content)
    assert content.startswith('<!doctype html>\n<html lang="en">')
    assert page.open == []
    assert not {"script", "link", "iframe", "object", "base", "form"} & set(page.counts)
    assert "http" not in content
    assert page.counts["main"] == 1
    assert page.headings[0] == 1
    assert page.headings.count(1) == 1
    # No level of headings is skipped.
    assert all(after - before <= 1 for before, after in zip(page.headings, page.headings[1:], strict=False))
    return page
