"""Every command that writes: never over what it reads, never over what is no output of its own, never after the work.

One table holds all of them; a command that gets an output and has no row fails. The refusals come before anything is
read, so that the sources need only look like what they are.
"""

import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from support.checkpoints import tiny_checkpoint
from support.commands import leaf_commands

from amhctl.cli.main import main
from amhctl.corpus.records import Record, write_records

OUTPUTS = {"--output", "--report", "--checkpoint-out", "--force"}


@dataclass(frozen=True)
class Row:
    """A command; ``{out}`` is the output that is tried, a name in braces a source by the name it has in the world."""

    words: str
    folder: bool = False
    """Whether the output is a folder that is replaced as a whole."""
    holds: str = ""
    """The file in the output's folder that is written, where the folder itself is only made."""
    force: bool = True

    @property
    def sources(self) -> tuple[str, ...]:
        return tuple(name for name in SOURCES if f"{{{name}}}" in self.words)

    def __str__(self) -> str:
        return self.words


SOURCES = {
    "voice": "voice",
    "other": "other",
    "run": "run",
    "store": "store",
    "manifest": "data/manifest.jsonl",
    "recordings": "data",
    "vocabulary": "phones.model",
    "plan": "phones.plan.json",
    "lexicon": "words.tsv",
    "corpus": "corpus.txt",
    "clip": "data/wavs/r0.wav",
    "weights": "gpt.pth",
    "yaml": "config.yaml",
}
TABLE = (
    Row("speak ሰላም --voice {voice} --reference {clip} --lexicon {lexicon} --format wav -o {out}"),
    Row("speak --file {corpus} --codec {other} --format pcm -o {out}"),
    Row("speak --file {corpus} --voice {voice} --chapters headings -o {out}", folder=True),
    Row("speak --batch {corpus} --voice {voice} -o {out}", holds="results.jsonl", force=False),
    Row("data import jsonl {manifest} -o {out}", holds="manifest.jsonl"),
    Row("data align {clip} {corpus} --lexicon {lexicon} -o {out}", folder=True),
    Row("data check {manifest} --vocab {vocabulary} --lexicon {lexicon} --report {out}"),
    Row("data check {manifest} --vocab {vocabulary} --lexicon {lexicon} --fix -o {out}", folder=True),
    Row("data clean {manifest} -o {out}", folder=True),
    Row("data clean {manifest} -o new --report {out}"),
    Row("data split {manifest} -o {out}"),
    Row("data pairs {manifest} -o {out}"),
    Row("data export {manifest} jsonl -o {out}", holds="manifest.json"),
    Row("data export {manifest} lhotse -o {out}", holds="cuts.jsonl.gz"),
    Row("data export {manifest} ljspeech -o {out}", holds="metadata.csv"),
    Row("vocab train {corpus} {manifest} --lexicon {lexicon} -o {out}"),
    Row("vocab extend {vocabulary} {corpus} --size 500 --proof {corpus} -o {out}"),
    Row(
        "vocab extend {vocabulary} {corpus} --size 500 -o v.model --base-checkpoint {voice} --checkpoint-out {out}",
        folder=True,
    ),
    Row("vocab grow {vocabulary} --base-checkpoint {voice} --plan {plan} -o {out}", folder=True),
    Row("vocab grow {vocabulary} --base-checkpoint {run} -o {out}", folder=True),
    Row("vocab check {vocabulary} {corpus} --base {vocabulary} --report {out}"),
    Row("codec train {manifest} --base {voice} -o {out}", folder=True),
    Row("recogniser train {manifest} --text {corpus} -o {out}", folder=True),
    Row("codes check {store} --codec {voice} --report {out}"),
    Row("codes merge {store} {store} -o {out}", folder=True),
    Row("codes extract {manifest} -o {out}", folder=True, force=False),
    Row("train --data {store} --vocab {vocabulary} --base {voice} --lexicon {lexicon} -o {out}", folder=True),
    Row("ckpt export {voice} -o {out}", folder=True),
    Row("ckpt export {voice} --format indextts2 -o {out}", folder=True),
    Row(
        "ckpt import {weights} --config {yaml} --bpe {vocabulary} --base {voice} --adapter {other} -o {out}",
        folder=True,
    ),
    Row("ckpt average {voice} {other} -o {out}", folder=True),
    Row("ckpt merge {other} --base {voice} -o {out}", folder=True),
    Row("ckpt sign {voice} -o {out}"),
    Row("ckpt card {voice} -o {out}"),
    Row("eval {voice} --set {manifest} --codec {other} --trained-on {store} --report {out}"),
    Row("listen new {out} --kind ab --system a={recordings} --system b={manifest} --reference n={clip}", folder=True),
    Row("listen score {recordings} --ratings {clip} --report {out}"),
    Row("leaderboard {manifest} {recordings} -o {out}"),
    Row("bench train --data {store} --vocab {vocabulary} --base {voice} --plot {out}"),
    Row("init {out}", holds="README.md"),
)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a source of every kind; no test changes it, or another test would tell."""
    folder = tmp_path_factory.mktemp("world")
    (folder / "data" / "wavs").mkdir(parents=True)
    (folder / "data" / "wavs" / "r0.wav").write_bytes(b"RIFF")
    write_records(folder / "data" / "manifest.jsonl", [Record(id="r0", audio="wavs/r0.wav", text="ሰላም")])
    for name in ("voice", "other"):
        tiny_checkpoint(folder / name)
    tiny_checkpoint(folder / "run" / "checkpoints" / "step-00000001")
    (folder / "run" / "config.json").write_text('{"config": {}, "sources": {}}')
    (folder / "store").mkdir()
    (folder / "store" / "store.json").write_text('{"codec": {}, "mel": {}}')
    (folder / "phones.model").write_bytes(b"\n\x0e\n\x05<unk>")
    (folder / "phones.plan.json").write_text("{}")
    (folder / "gpt.pth").write_bytes(b"PK")
    (folder / "config.yaml").write_text("gpt: {}\n")
    (folder / "words.tsv").write_text("ሰላም\tጤና\n", encoding="utf-8")
    (folder / "corpus.txt").write_text("ሰላም\n", encoding="utf-8")
    return folder


def _content(folder: Path) -> dict[str, str]:
    """Return what lies in a folder, links as where they lead."""
    return {
        str(path.relative_to(folder)): str(path.readlink())
        if path.is_symlink()
        else hashlib.sha256(path.read_bytes()).hexdigest()
        if path.is_file()
        else "folder"
        for path in sorted(folder.rglob("*"))
    }


def _refused(row: Row, world: Path, output: Path | str, capsys: pytest.CaptureFixture[str]) -> str:
    """Run a command, see that it refuses and changes nothing, and return what it says."""
    places = {name: str(world / place) for name, place in SOURCES.items()}
    words = [word.format(out=output, **places) for word in row.words.split()]
    before = _content(world)
    with pytest.raises(SystemExit) as end:
        main([*words, *(["--force"] if row.force else []), "--json"])
    error = json.loads(capsys.readouterr().out).get("error", {})
    assert (end.value.code, _content(world) == before) == (3, True), (row.words, str(output), error)
    return str(error["message"])


def _over(row: Row, world: Path) -> Iterator[Path]:
    """Yield every output that would take the place of a source: itself, a link to it, a part of it, what holds it."""
    for name in row.sources:
        source = world / SOURCES[name]
        if row.holds:
            if source.name == row.holds:
                yield source.parent
            continue
        yield source
        if row.folder and row.force:
            yield source.parent
        if source.is_dir() and not row.folder:
            yield next(path for path in sorted(source.rglob("*")) if path.is_file())


def test_every_command_that_writes_has_its_row() -> None:
    writing = {command for command, options in leaf_commands() if OUTPUTS & set(options)}
    assert {command for command in writing if any(row.words.startswith(f"{command} ") for row in TABLE)} == writing


@pytest.mark.parametrize("row", TABLE, ids=str)
def test_no_command_writes_over_what_it_reads(
    row: Row, world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    tried = list(_over(row, world))
    for number, output in enumerate(tried):
        _refused(row, world, output, capsys)
        link = tmp_path / f"link{number}"
        link.symlink_to(output)
        _refused(row, world, link, capsys)
    assert tried or row.holds
    assert {path.name for path in tmp_path.iterdir()} == {f"link{number}" for number in range(len(tried))}


@pytest.mark.parametrize("row", TABLE, ids=str)
def test_no_command_replaces_what_is_no_output_of_its_kind(
    row: Row, world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    if row.folder or row.holds:
        output = tmp_path / "out"
        output.mkdir()
        (output / (row.holds or "thesis.txt")).write_text("years of work", encoding="utf-8")
    else:
        output = tmp_path / "thesis.txt"
        output.write_text("years of work, and more", encoding="utf-8")
    before = _content(tmp_path)
    _refused(row, world, output, capsys)
    assert _content(tmp_path) == before


@pytest.mark.parametrize("row", TABLE, ids=str)
def test_what_cannot_be_written_is_refused_before_anything_is_read(
    row: Row, world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("circle").symlink_to("circle")
    os.mkfifo("pipe")
    Path("file").write_bytes(b"theirs")
    wanted = {
        "circle": "symbolic links",
        "circle/out": "symbolic links",
        "x" * 256: "name too long",
        "file/out": "the path is a file, not a folder",
    }
    if row.holds:
        wanted |= dict.fromkeys(("pipe", "file"), "the path is a file, not a folder")
    else:
        wanted |= {"pipe": "the path is a file" if row.folder else "device or a pipe"}
        wanted |= {} if row.words.startswith("speak") else {"-": "cannot be written to standard output"}
    if not row.folder and not row.holds:
        Path("folder").mkdir()
        wanted["folder"] = "the path is a folder, not a file"
    before = {path.name for path in tmp_path.iterdir()}
    for output, message in wanted.items():
        assert message in _refused(row, world, output, capsys), (row.words, output)
    assert {path.name for path in tmp_path.iterdir()} == before
