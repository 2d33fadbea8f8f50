from pathlib import Path

import pytest

from amhctl.core.errors import TextError
from amhctl.text.frontend import Frontend
from amhctl.text.lexicon import Lexicon
from amhctl.text.lexicon_file import read_lexicons


def write(folder: Path, name: str, content: str) -> Path:
    path = folder / name
    path.write_text(content, encoding="utf-8")
    return path


def test_two_columns_are_sorted_by_their_script(tmp_path: Path) -> None:
    path = write(tmp_path, "a.tsv", "# names\nCBE\tሲ ቢ ኢ\n\nገና\tɡ ə n n a\r\nኢትዮ ቴሌኮም\tኢትዮ ቴሌ\n")
    assert read_lexicons([path]) == Lexicon({"CBE": "ሲ ቢ ኢ", "ኢትዮ ቴሌኮም": "ኢትዮ ቴሌ"}, {"ገና": "ɡənna"})


def test_toml_says_the_same_and_a_later_file_overrides(tmp_path: Path) -> None:
    first = write(tmp_path, "a.tsv", "CBE\tሲ ቢ\nAU\tኤ ዩ\n")
    second = write(tmp_path, "b.toml", '"CBE" = "ሲ ቢ ኢ"\n[words]\n"ገና" = "ɡənna"\n')
    assert read_lexicons([first, second]) == Lexicon({"CBE": "ሲ ቢ ኢ", "AU": "ኤ ዩ"}, {"ገና": "ɡənna"})


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("CBE", "two columns"),
        ("CBE\tሲ\tɡə", "two columns"),
        ("\tሲ", "empty"),
        ("CBE\t ", "empty"),
        ("CBE\tsi bi i!", "neither fidel nor phones"),
        ("CBE\tɡənna", "not a single word in fidel"),
        ("ገና ነው\tɡənna", "not a single word in fidel"),
        ("ሀ" * 201 + "\tሀ", "longer"),
        ("x\t፟ሀ", "begins with a gemination mark"),
        ("AU\tኤ ኢ", "already has a pronunciation"),
    ],
)
def test_bad_lines_are_named_with_file_line_and_reason(tmp_path: Path, line: str, reason: str) -> None:
    path = write(tmp_path, "bad.tsv", f"AU\tኤ ዩ\n{line}\n")
    with pytest.raises(TextError, match=f"line 2: .*{reason}") as caught:
        read_lexicons([path])
    assert caught.value.subject == str(path)


def test_all_bad_lines_are_told_at_once(tmp_path: Path) -> None:
    path = write(tmp_path, "bad.tsv", "".join(f"w{number}\t?\n" for number in range(12)))
    with pytest.raises(TextError, match=r"12 faulty entries.*line 10.*and 2 more"):
        read_lexicons([path])


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [("a.toml", b"x = ", "not TOML"), ("a.tsv", b"a\t\xff", "not UTF-8"), ("a.toml", b"x = 1", "two columns")],
)
def test_a_file_of_another_kind_is_refused(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(TextError, match=message):
        read_lexicons([tmp_path / name])


def test_a_later_file_overrides_whatever_kind_of_reading_it_gives(tmp_path: Path) -> None:
    spoken, phones = write(tmp_path, "s.tsv", "ገና\tጌና\n"), write(tmp_path, "p.tsv", "ገና\tɡənna\n")
    assert read_lexicons([spoken, phones]) == Lexicon({}, {"ገና": "ɡənna"})
    assert read_lexicons([phones, spoken]) == Lexicon({"ገና": "ጌና"}, {})
    voice = Frontend(lexicon=read_lexicons([spoken]))
    mine = voice.with_lexicon(read_lexicons([phones]))
    assert mine.phones(mine.normalize("ገና").text).text == "ɡənna"


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TextError, match="cannot be read"):
        read_lexicons([tmp_path / "none.tsv"])
