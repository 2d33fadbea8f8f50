"""Twin of ``listen/systems.py``: folders, manifests and evaluations as systems."""

import json
from pathlib import Path

import pytest
from support.listening import sound_folders
from support.speechlike import vowel_train

from amhctl.audio import files
from amhctl.core.errors import AmhctlError, EvaluationError, OptionError
from amhctl.corpus.records import Record, write_records
from amhctl.workflows.listen.systems import parse_system


def test_a_folder_and_a_manifest_are_systems(tmp_path: Path) -> None:
    sound_folders(tmp_path, sentences=2, systems=("one",))
    (tmp_path / "one" / "notes.txt").write_text("no sound")
    folder = parse_system(f" my voice = {tmp_path / 'one'}").open()
    assert (folder.name, sorted(folder.sounds)) == ("my voice", ["s0", "s1"])
    write_records(tmp_path / "m.jsonl", [Record(id="a b", audio="one/s1.wav", text="ሰላም", offset=0.1, duration=0.2)])
    manifest = parse_system(f"m={tmp_path / 'm.jsonl'}").open()
    assert manifest.load("a b").samples.size == 3_200
    assert list(manifest.files) == [tmp_path / "one" / "s1.wav"]


def test_an_evaluation_is_a_system_and_its_recordings_are_another(tmp_path: Path) -> None:
    clips = tmp_path / "page-clips"
    clips.mkdir()
    for number, label in ((0, "natural"), (0, "synthesised"), (1, "natural")):
        files.write(clips / f"{number:03d}-{label}.flac", vowel_train(seconds=0.3))
    # The report is where it was when it was written, and was moved together with the page.
    report = {"command": "eval", "report": "/elsewhere/page.html", "utterances": [{"id": "x"}, {"id": "y"}]}
    path = tmp_path / "eval.json"
    path.write_text(json.dumps(report))
    assert list(parse_system(f"v={path}").open().sounds) == ["x"]
    assert list(parse_system(f"v={path}", natural=True).open().sounds) == ["x", "y"]


@pytest.mark.parametrize("given", ["", "one", "=p", "one=", "anchor-3500=p", "a\nb=p", f"{'a' * 61}=p"])
def test_what_is_no_name_and_path_is_wrong_usage(given: str) -> None:
    with pytest.raises(OptionError):
        parse_system(given)


def test_what_holds_no_sounds_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "twice").mkdir()
    for suffix in (".wav", ".flac"):
        files.write(tmp_path / "twice" / f"s{suffix}", vowel_train(seconds=0.1))
    (tmp_path / "junk.json").write_text("{")
    (tmp_path / "other.json").write_text('{"command": "doctor"}')
    (tmp_path / "no-page.json").write_text('{"command": "eval", "report": null, "utterances": []}')
    (tmp_path / "no-clips.json").write_text('{"command": "eval", "report": "p.html", "utterances": []}')
    (tmp_path / "junk.jsonl").write_text("{\n")
    for name in ("empty", "twice", "missing", "junk.json", "other.json", "no-page.json", "no-clips.json", "junk.jsonl"):
        with pytest.raises(AmhctlError) as refused:
            parse_system(f"a={tmp_path / name}").open()
        assert refused.value.hint, name
    with pytest.raises(EvaluationError, match="two sound files"):
        parse_system(f"a={tmp_path / 'twice'}").open()
