"""Twin of ``cli/text.py``."""

import json
import subprocess
import sys
from pathlib import Path

from support.vocabularies import PHONE_LINES
from typer.testing import CliRunner, Result

from amhctl.cli import text
from amhctl.tokenizer.train import train_vocabulary


def invoke(*arguments: str, standard_input: str | None = None) -> Result:
    return CliRunner().invoke(text.app, arguments, input=standard_input)


def test_normalize_prints_text_or_one_object() -> None:
    assert invoke("normalize", "3 ሰዎች").stdout == "ሦስት ሰዎች\n"
    assert invoke("normalize", "-", standard_input="1\n\n2\n").stdout == "አንድ\n\nሁለት\n"
    assert "number\t0-1" in invoke("normalize", "3 ሰዎች", "--trace").stdout
    report = json.loads(invoke("normalize", "3 ሰዎች", "--json").stdout)
    assert (report["text"], report["spoken"], len(report["state"])) == ("3 ሰዎች", "ሦስት ሰዎች", 64)
    assert report["trace"] == [{"rule": "number", "start": 0, "end": 1, "before": "3", "after": "ሦስት"}]


def test_one_line_out_for_each_line_in_and_findings_beside_them() -> None:
    result = invoke("normalize", "-", standard_input="ሰላም\n---\n\nአንድ\u2028ሁለት\r\n好 2")
    assert (result.exit_code, result.stdout) == (0, "ሰላም\n\n\nአንድ ሁለት\nሁለት\n")
    assert [line.split(":")[0] for line in result.stderr.splitlines()] == [
        "warning  T001  line 2", "warning  T002  line 5, characters 0-1",
    ]  # fmt: skip
    assert invoke("phones", "-", standard_input="ሰላም\n---\n2").stdout == "səlam\n\nhulətt\n"


def test_a_line_is_written_before_the_next_one_is_read() -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "amhctl", "text", "normalize", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdin is not None
    assert process.stdout is not None
    for written, spoken in (("3", "ሦስት"), ("---", ""), ("ሰላም", "ሰላም")):
        process.stdin.write(f"{written}\n".encode())
        process.stdin.flush()
        assert process.stdout.readline().decode() == f"{spoken}\n"
    process.stdin.close()
    assert process.wait() == 0
    process.stdout.close()


def test_a_lexicon_is_the_users_word_for_every_command(tmp_path: Path) -> None:
    (tmp_path / "names.tsv").write_text("CBE\tሲ ቢ ኢ\nገና\tɡənna\n", encoding="utf-8")
    lexicon = ("--lexicon", str(tmp_path / "names.tsv"))
    assert invoke("normalize", "የCBE", *lexicon).stdout == "የሲ ቢ ኢ\n"
    assert invoke("split", "CBE", *lexicon).stdout == "ሲ ቢ ኢ\n"
    (tmp_path / "amhctl.toml").write_text('[paths]\nlexicons = ["names.tsv"]\n', encoding="utf-8")
    assert invoke("normalize", "CBE", "--config", str(tmp_path)).stdout == "ሲ ቢ ኢ\n"
    (tmp_path / "bad.tsv").write_text("CBE\n", encoding="utf-8")
    refused = invoke("normalize", "CBE", "--lexicon", str(tmp_path / "bad.tsv"))
    assert refused.exit_code == 3
    assert "line 1: not exactly two columns" in refused.stderr


def test_phones() -> None:
    assert invoke("phones", "ሰላም ዓለም።").stdout == "səlam aləm ።\n"
    report = json.loads(invoke("phones", "ሰላም", "--backend", "rules", "--json").stdout)
    assert (report["phones"], report["backend"], report["fallbacks"]) == ("səlam", "rules", [])
    assert invoke("phones", "ሰላም", "--backend", "guess").exit_code == 2


def test_explain_shows_every_station(tmp_path: Path) -> None:
    vocabulary = tmp_path / "v.model"
    train_vocabulary(PHONE_LINES, size=60, units="phones").write(vocabulary)
    report = json.loads(invoke("explain", "3 ሰዎች", "--vocab", str(vocabulary), "--json").stdout)
    assert report["spoken"] == "ሦስት ሰዎች"
    assert len(report["ids"]) == len(report["pieces"])
    shown = invoke("explain", "3 ሰዎች", "--vocab", str(vocabulary)).stdout
    assert [line.split(" ")[0] for line in shown.splitlines() if line[0] != " "] == [
        "written", "spoken", "units", "pieces", "read",
    ]  # fmt: skip
    assert invoke("explain", "3", "--vocab", str(vocabulary), "--voice", "m01").exit_code == 2
    assert invoke("explain", "3", "--set", "text.hundred=x").exit_code == 2


def test_split() -> None:
    assert invoke("split", "ሰላም። ነው።").stdout == "ሰላም።\nነው።\n"
    assert len(json.loads(invoke("split", "ሰላም። ነው።", "--json").stdout)["segments"]) == 2


def test_numbers_dates_and_letters_are_converted_line_by_line() -> None:
    assert invoke("number", "2500").stdout == "ሁለት ሺህ አምስት መቶ\n"
    assert invoke("number", "፳፭፻", "--to", "digits").stdout == "2500\n"
    assert invoke("date", "2024-09-11").stdout == "2017-01-01\n"
    assert invoke("date", "1/1/2017", "--to", "gregorian").stdout == "2024-09-11\n"
    assert invoke("date", "2024-09-11", "--words").stdout.startswith("መስከረም አንድ ቀን")
    assert invoke("romanize", "መንግሥት").stdout == "mengist\n"
    assert invoke("romanize", "meng`st", "--scheme", "sera", "--back").stdout == "መንግሥት\n"
    assert invoke("fold", "ሠላም ፀሐይ").stdout == "ሰላም ጸሀይ\n"


def test_a_line_that_cannot_be_converted_ends_with_one() -> None:
    result = CliRunner().invoke(text.app, ["number"], input="3\nx\n፲\n")
    assert (result.exit_code, result.stdout.splitlines()[:3]) == (1, ["ሦስት", "", "አሥር"])
    assert "T005  line 2" in result.output
    report = json.loads(CliRunner().invoke(text.app, ["date", "--json"], input="2024-09-11\nx\n").stdout)
    assert (report["ok"], report["converted"]) == (False, ["2017-01-01", ""])
    assert invoke("number", "3", "--to", "roman").exit_code == 2


def test_nothing_to_speak_ends_with_three() -> None:
    result = invoke("normalize", "!!")
    assert result.exit_code == 3
    assert "nothing speakable" in result.stderr
    error = json.loads(invoke("split", "", "--json").stdout)["error"]
    assert error["type"] == "TextError"
