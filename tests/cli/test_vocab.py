"""``amhctl vocab``: options reach the workflows; exit codes and JSON are those of the contract."""

import json
from pathlib import Path

import pytest
import typer
from support.vocabularies import foreign_model
from support.voices import tiny_voice_folder
from typer.testing import CliRunner

from amhctl.cli.vocab import app

TEXT = "ሰላም ለዓለም ሁሉ።\nቡና ጠጣ።\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty folder that is the current one."""
    monkeypatch.chdir(tmp_path)
    Path("c.txt").write_text(TEXT, encoding="utf-8")
    return tmp_path


def _run(*arguments: str, text: str = "") -> tuple[int, str]:
    wrapper = typer.Typer()
    wrapper.add_typer(app, name="vocab")
    result = CliRunner().invoke(wrapper, ["vocab", *arguments], input=text)
    return result.exit_code, result.stdout


def test_train_extend_check(folder: Path) -> None:
    code, out = _run("train", "c.txt", "-o", "v.model", "--size", "380", "--units", "fidel", "--type", "bpe", "--json")
    trained = json.loads(out)
    assert code == 0
    assert trained["command"] == "vocab train"
    assert {"pieces", "coverage", "unknown_rate", "fingerprint"} <= set(trained)
    code, out = _run("extend", "v.model", "-", "-o", "w.model", "--size", "385", "--json", text=TEXT * 3)
    extended = json.loads(out)
    assert code == 0
    assert extended["pieces"] == trained["pieces"] + extended["added"]
    code, out = _run("check", "w.model", "c.txt", "--json")
    checked = json.loads(out)
    assert code == 0
    assert checked["fingerprint"] == extended["fingerprint"]
    assert {"coverage", "unknown_rate", "worst"} <= set(checked)


def test_check_is_negative_above_the_limit(folder: Path) -> None:
    Path("b.model").write_bytes(foreign_model())
    code, out = _run("check", "b.model", "c.txt", "--json")
    assert (code, json.loads(out)["ok"]) == (1, False)
    assert _run("check", "b.model", "c.txt", "--max-unknown", "1.0", "-q")[0] == 0


def test_a_lexicon_says_how_the_corpus_is_read(folder: Path) -> None:
    """Unless the lexicon is read, the sign is a line that nobody can say: V001."""
    Path("s.txt").write_text(TEXT * 3 + "☃\n", encoding="utf-8")
    Path("snow.tsv").write_text("☃\tበረዶ\n", encoding="utf-8")
    Path("project").mkdir()
    Path("project/amhctl.toml").write_text('[paths]\nlexicons = ["../snow.tsv"]\n', encoding="utf-8")
    sized = ("--size", "380", "--units", "fidel")
    commands = (
        ("train", "s.txt", "-o", "v.model", *sized, "--type", "bpe"),
        ("extend", "v.model", "s.txt", "-o", "w.model", *sized),
        ("check", "v.model", "s.txt"),
    )
    for command in commands:
        force = () if command[0] == "check" else ("--force",)
        for lexicon in ((), ("--lexicon", "snow.tsv"), ("--config", "project")):
            code, out = _run(*command, *lexicon, *force, "--json")
            report = json.loads(out)
            unread = [item["subject"] for item in report["findings"] if item["code"] == "V001"]
            assert (code, report["lines"], unread) == ((0, 7, []) if lexicon else (0, 6, ["s.txt:7"]))


def test_a_grown_voice_reads_by_the_lexicon(folder: Path) -> None:
    voice = tiny_voice_folder(folder / "voice")
    Path("names.tsv").write_text("CBE\tሲ ቢ ኢ\n", encoding="utf-8")
    base = str(voice / "vocabulary.model")
    corpus = ("-", "--size", "60", "--base-checkpoint", str(voice))
    states = {}
    for name, lexicon in (("plain", ()), ("named", ("--lexicon", "names.tsv"))):
        extended = ("-o", f"{name}.model", "--checkpoint-out", name)
        code, out = _run("extend", base, *corpus, *extended, *lexicon, "--json", text=TEXT)
        assert code == 0, out
        grown = ("--base-checkpoint", str(voice), "-o", f"{name}-grown")
        assert _run("grow", f"{name}.model", *grown, *lexicon, "-q")[0] == 0
        states[name] = Path(name, "text_state.json").read_bytes()
        assert Path(f"{name}-grown", "text_state.json").read_bytes() == states[name]
    assert states["plain"] == (voice / "text_state.json").read_bytes()
    assert json.loads(states["named"])["tables"]["lexicon.spoken"] == {"CBE": "ሲ ቢ ኢ"}


def test_errors_are_exit_code_three(folder: Path) -> None:
    code, out = _run("check", "no.model", "c.txt", "--json")
    assert code == 3
    assert json.loads(out)["error"]["where"] == "no.model"


def test_half_of_a_pair_of_options_is_wrong_usage(folder: Path) -> None:
    assert _run("extend", "b.model", "c.txt", "-o", "w.model", "--size", "9", "--base-checkpoint", "x")[0] == 2


def test_extend_with_proof_then_grow(folder: Path) -> None:
    Path("b.model").write_bytes(foreign_model())
    Path("proof.txt").write_text("HELLO WORLD\nTHE DOG\n", encoding="utf-8")
    code, out = _run("extend", "b.model", "c.txt", "-o", "w.model", "--size", "430", "--proof", "proof.txt", "--json")
    extended = json.loads(out)
    assert code == 0
    assert extended["proof"]["lines"] == 2
    assert json.loads(Path(extended["plan_file"]).read_text("utf-8"))["rows"] == extended["plan"]["rows"]
    code, out = _run("grow", "w.model", "--base-checkpoint", "none", "-o", "grown", "--json")
    assert (code, json.loads(out)["error"]["where"]) == (3, "none")
    Path("bad.txt").write_text("ж\n", encoding="utf-8")
    code, out = _run("extend", "b.model", "c.txt", "-o", "x.model", "--size", "430", "--proof", "bad.txt", "--json")
    assert code == 3
    assert not Path("x.model").exists()


def test_check_writes_a_page(folder: Path) -> None:
    assert _run("train", "c.txt", "-o", "v.model", "--size", "380", "--units", "fidel", "--type", "bpe", "-q")[0] == 0
    options = ("--base", "v.model", "--rare", "3", "--report", "r.html")
    code, out = _run("check", "v.model", "c.txt", *options, "--json")
    assert code == 0
    assert (json.loads(out)["report"], json.loads(out)["rare_below"]) == ("r.html", 3)
    assert Path("r.html").read_text("utf-8").startswith("<!doctype html>")
    assert _run("check", "v.model", "c.txt", *options)[0] == 3
    assert _run("check", "v.model", "c.txt", *options, "--force")[0] == 0
