"""Twin of ``text/table.py``."""

from pathlib import Path

import pytest

from amhctl.core.errors import TextError
from amhctl.text.script import LETTERS
from amhctl.text.table import FOLDER, Entry, read_entries, read_words

NAMES = [path.stem for path in sorted(FOLDER.glob("*.tsv"))]
HEAD = "written\tspoken\tnote\n"


def test_a_list_is_read_in_its_order(tmp_path: Path) -> None:
    path = tmp_path / "list.tsv"
    path.write_text(f"{HEAD}# a comment\nዶ.ር\tዶክተር\tcommon\n\n©\t\n#\tቁጥር\n", encoding="utf-8")
    assert read_entries(path) == (Entry("ዶ.ር", "ዶክተር", "common"), Entry("©", ""), Entry("#", "ቁጥር"))


@pytest.mark.parametrize(
    ("content", "line", "reason"),
    [
        ("", 1, "first line"),
        ("ዶ.ር\tዶክተር\n", 1, "first line"),
        (f"{HEAD}ዶ.ር\n", 2, "1 columns"),
        (f"{HEAD}a\tb\tc\td\n", 2, "4 columns"),
        (f"{HEAD}a\tb\n\tb\n", 3, "empty first column"),
        (f"{HEAD}a\tb \n", 2, "spaces around"),
        (f"{HEAD}a\tb\nc\td\na\te\n", 4, "a occurs twice"),
    ],
)
def test_a_faulty_line_is_named(tmp_path: Path, content: str, line: int, reason: str) -> None:
    path = tmp_path / "list.tsv"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(TextError, match=reason) as caught:
        read_entries(path)
    assert caught.value.subject == f"{path}:{line}"


def test_a_file_that_is_no_list_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TextError, match="cannot be read"):
        read_entries(tmp_path / "absent.tsv")
    (tmp_path / "bytes.tsv").write_bytes(b"\xff")
    with pytest.raises(TextError, match="cannot be read"):
        read_entries(tmp_path / "bytes.tsv")


@pytest.mark.parametrize("name", NAMES)
def test_every_list_of_the_package_speaks_fidel_alone(name: str) -> None:
    for written, spoken in read_words(name).items():
        assert set(spoken) <= {*LETTERS, " "}, written
        assert spoken == " ".join(spoken.split())


@pytest.mark.parametrize("name", NAMES)
def test_every_list_of_the_package_is_read_at_once_as_line_by_line(name: str) -> None:
    entries = read_entries(FOLDER / f"{name}.tsv")
    assert list(read_words(name).items()) == [(entry.written, entry.spoken) for entry in entries]
