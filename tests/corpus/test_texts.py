"""Corpora are streamed from text, compressed text, manifests and the standard input."""

import bz2
import gzip
import io
import lzma
import os
from pathlib import Path

import pytest

from amhctl.core.errors import DatasetError, TextError
from amhctl.core.progress import SilentProgress
from amhctl.corpus.records import Record, write_records
from amhctl.corpus.texts import open_corpus, read_lines


class _Letters:
    """A maker of units that speaks Ethiopic letters only."""

    def units(self, written: str) -> str:
        kept = "".join(char for char in written if char > "\u1200" or char == " ").strip()
        if not kept:
            raise TextError("nothing speakable")
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


def test_a_damaged_archive_a_folder_and_an_empty_file_are_refused(tmp_path: Path) -> None:
    whole = gzip.compress("ሰላም ".encode() * 5_000)
    (tmp_path / "bad.gz").write_bytes(whole[:20] + b"\xff" * 8 + whole[28:])
    (tmp_path / "bad.bz2").write_bytes(bz2.compress(b"x" * 99)[:-9])
    (tmp_path / "dir.txt").mkdir()
    for name in ("bad.gz", "bad.bz2", "dir.txt"):
        with pytest.raises(DatasetError, match="cannot be read") as caught:
            list(read_lines([tmp_path / name]))
        assert caught.value.subject == str(tmp_path / name)
    (tmp_path / "empty.txt").touch()
    with (
        pytest.raises(DatasetError, match="no text"),
        open_corpus([tmp_path / "empty.txt"], _Letters(), SilentProgress()),
    ):
        pass


def test_a_path_with_tabs_and_line_breaks_does_not_spoil_the_units(tmp_path: Path) -> None:
    path = tmp_path / "a\tb\nc.txt"
    path.write_text("ሰላም\nዓለም\n", encoding="utf-8")
    with open_corpus([path], _Letters(), SilentProgress()) as corpus:
        assert list(corpus.lines()) == ["ሰላም ።", "ዓለም ።"]
        assert corpus.subject(2) == f"{tmp_path}/a\tb c.txt:2"


def test_a_path_that_is_no_text_can_be_read_and_named(tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.txt"))
    path.write_text("ሰላም\n", encoding="utf-8")
    with open_corpus([path], _Letters(), SilentProgress()) as corpus:
        assert list(corpus.lines()) == ["ሰላም ።"]
        assert corpus.subject(1).endswith("\\udcff.txt:1")


def test_a_standard_input_that_is_no_text_is_refused() -> None:
    stream = io.TextIOWrapper(io.BytesIO("ሰላም\n".encode() + b"\xff\n"), encoding="utf-8")
    with pytest.raises(DatasetError, match="not UTF-8") as caught:
        list(read_lines([], standard_input=stream))
    assert caught.value.subject == "standard input"
