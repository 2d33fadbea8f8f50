"""Twin of ``workflows/text/lines.py``."""

from collections.abc import Iterator

import pytest

from amhctl.core.errors import TextError
from amhctl.text.frontend import Frontend
from amhctl.workflows.text.lines import read_lines, tell


class Listener:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def start(self, title: str, total: int | None, unit: str) -> None: ...

    def advance(self, amount: int = 1, note: str = "") -> None: ...

    def finish(self) -> None: ...

    def say(self, message: str) -> None:
        self.said.append(message)


def test_each_line_gives_one_line_and_is_read_when_it_is_asked_for() -> None:
    asked: list[str] = []

    def stream() -> Iterator[str]:
        for line in ("ሰላም\n", "---\n", "\n", "2 ሰዎች 你好"):
            asked.append(line)
            yield line

    lines = read_lines(stream(), Frontend(), lambda spoken: spoken.text)
    first = next(lines)
    assert (first.result, first.start, asked) == ("ሰላም", 0, ["ሰላም\n"])
    rest = list(lines)
    assert [line.result for line in rest] == [None, None, "ሁለት ሰዎች"]
    assert [[finding.code for finding in line.findings] for line in rest] == [["T001"], [], ["T002"]]
    assert [line.start for line in rest] == [4, 8, 9]


@pytest.mark.parametrize("character", ["\u2028", "\u0085", "\v", "\f", "\r", "\x1c"])
def test_no_other_character_ends_a_line(character: str) -> None:
    (line,) = read_lines([f"ሰላም{character}ዓለም\n"], Frontend(), lambda spoken: spoken.text)
    assert line.result == "ሰላም ዓለም"


@pytest.mark.parametrize("lines", [[], ["\n", " \n"], ["---\n", "!!\n"]])
def test_a_text_without_anything_to_speak_is_an_error_behind_its_last_line(lines: list[str]) -> None:
    read = read_lines(lines, Frontend(), lambda spoken: spoken.text)
    assert [next(read).result for _ in lines] == [None] * len(lines)
    with pytest.raises(TextError, match="nothing speakable"):
        next(read)


def test_a_line_without_phones_is_a_finding_and_the_others_go_on() -> None:
    def make(text: str) -> str:
        if "ዓለም" in text:
            raise TextError("no backend returns phones for a word", subject="ዓለም")
        return text

    lines = list(read_lines(["ሰላም\n", "ዓለም\n", "ነው"], Frontend(), lambda spoken: make(spoken.text)))
    assert [line.result for line in lines] == ["ሰላም", None, "ነው"]
    assert lines[1].findings[0].message == "ዓለም: no backend returns phones for a word"


def test_findings_are_told_one_by_one() -> None:
    listener = Listener()
    for line in read_lines(["---\n", "ሰላም 好\n"], Frontend(), lambda spoken: spoken.text):
        tell(line, listener)
    assert listener.said == [
        "warning  T001  line 1: '---': the text has nothing speakable",
        "warning  T002  line 2, characters 4-5: '好' is not spoken",
    ]
