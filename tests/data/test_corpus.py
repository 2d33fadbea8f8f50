"""Corpora are streamed from text, compressed text, manifests and the standard input."""

import gzip
import lzma
from pathlib import Path

import pytest

from amhctl.core.errors import DatasetError, TextError
from amhctl.core.progress import SilentProgress
from amhctl.data.corpus import open_corpus, read_lines
from amhctl.data.records import Record, write_records


class _Letters:
    """A maker of units that speaks Ethiopic letters only."""

    def units(self, written: str) -> str:
        kept = "".join(char for char in written if char > "\u1200" or char == " ").strip()
        if not kept:
            raise TextError("nothing to speak")
        return f"{kept} ።"


def test_every_kind_of_file_gives_its_lines(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("\ufeffሰላም\n\n  ዓለም \n", encoding="utf-8")
    with gzip.open(tmp_path / "b.txt.gz", "wt", encoding="utf-8") as stream:
        stream.write("ቡና\n")
    with lzma.open(tmp_path / "c.txt.xz", "wt", encoding="utf-8") as stream:
        stream.write("ውሃ")
    write_records(tmp_path / "d.jsonl", [Record(id="u1", audio="u1.wav", text="ቤት")])
    paths = [tmp_path / name for name in ("a.txt", "b.txt.gz", "c.txt.xz", "d.jsonl")]
    lines = list(read_lines(paths, standard_input=["ልጅ\n", "\n"]))
    assert [line.text for line in lines] == ["ሰላም", "ዓለም", "ቡና", "ውሃ", "ቤት", "ልጅ"]
    assert [line.subject.removeprefix(f"{tmp_path}/") for line in lines] == [
        "a.txt:1",
        "a.txt:3",
        "b.txt.gz:1",
        "c.txt.xz:1",
        "d.jsonl:u1",
        "standard input:1",
    ]


def test_units_can_be_read_twice_and_say_where_they_come_from() -> None:
    with open_corpus([], _Letters(), SilentProgress(), standard_input=["ሰላም", "abc", "ዓለም"]) as corpus:
        assert list(corpus.lines()) == list(corpus.lines()) == ["ሰላም ።", "ዓለም ።"]
        assert corpus.subject(2) == "standard input:3"
        assert [(finding.code, finding.subject) for finding in corpus.unspeakable] == [("V001", "standard input:2")]


def test_many_unspeakable_lines_are_counted_not_listed() -> None:
    with open_corpus([], _Letters(), SilentProgress(), standard_input=["ሰላም", *["abc"] * 150]) as corpus:
        assert corpus.left_out == 150
        assert len(corpus.unspeakable) == 101
        assert "50 more" in corpus.unspeakable[-1].message


@pytest.mark.parametrize("lines", [[], ["abc"]])
def test_a_corpus_with_nothing_to_say_is_refused(lines: list[str]) -> None:
    with pytest.raises(DatasetError), open_corpus([], _Letters(), SilentProgress(), standard_input=lines):
        pass


def test_bytes_that_are_no_text_are_refused_with_their_line(tmp_path: Path) -> None:
    path = tmp_path / "bad.txt"
    path.write_bytes("ሰላም\n".encode() + b"\xff\n")
    with pytest.raises(DatasetError) as caught:
        list(read_lines([path]))
    assert caught.value.subject == f"{path}:2"


@pytest.mark.parametrize(
    ("name", "content"), [("no.txt", None), ("cut.xz", b"\xfd7zXZ\x00"), ("cut.gz", b"\x1f\x8b\x08")]
)
def test_missing_and_damaged_files_are_refused(tmp_path: Path, name: str, content: bytes | None) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DatasetError) as caught:
        list(read_lines([path]))
    assert caught.value.subject == str(path)
