"""Batches: every item its file, bad lines that stop nothing, resuming, ids that stay in the folder."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.voices import tiny_voice_folder

from amhctl.audio import files
from amhctl.core.errors import FileExistsRefused, ShortageError, SynthesisError, TextError
from amhctl.core.progress import SilentProgress
from amhctl.inference import code_voice as voice_module
from amhctl.inference.options import SpeakOptions
from amhctl.workflows import speak, speak_batch
from amhctl.workflows.speak_batch import BatchReport, BatchRequest
from amhctl.workflows.speak_request import SpeakRequest


@pytest.fixture(scope="module")
def voice_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_voice_folder(tmp_path_factory.mktemp("voice"))


@pytest.fixture(autouse=True)
def lenient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Judge nothing: random weights do not speak."""
    monkeypatch.setattr(voice_module, "judge", lambda *_args, **_kwargs: ())


def request_of(folder: Path, voice: Path | str, lines: list[object], **changes: Any) -> BatchRequest:
    batch = folder / "batch.jsonl"
    written = (line if isinstance(line, str) else json.dumps(line, ensure_ascii=False) for line in lines)
    batch.write_text("\n".join(written) + "\n", encoding="utf-8")
    return BatchRequest(batch, folder / "out", SpeakRequest(None, voice=str(voice), device="cpu", **changes))


def spoken(request: BatchRequest) -> BatchReport:
    return speak_batch.run(request, SilentProgress())


def results_of(request: BatchRequest) -> dict[str, dict[str, Any]]:
    lines = (request.output / "results.jsonl").read_text(encoding="utf-8").splitlines()
    return {entry["id"]: entry for entry in map(json.loads, lines)}


def test_every_item_becomes_a_file_and_bad_lines_stop_nothing(voice_folder: Path, tmp_path: Path) -> None:
    request = request_of(
        tmp_path,
        voice_folder,
        [
            {"id": "one", "text": "ሰላም።"},
            "",
            "{",
            {"id": "ሁለት.2", "ssml": "<speak>ሰላም<break/>ዓለም</speak>", "format": "flac", "speed": 2},
            {"id": "none", "text": "..."},
            {"id": "high", "text": "ሰላም", "pitch": 3},
        ],
    )
    report = spoken(request)
    assert (report.items, report.spoken, report.skipped, report.failed, report.ok) == (5, 2, 0, 3, False)
    assert [finding.subject for finding in report.findings] == [f"{request.batch}:3", "none", "high"]
    results = results_of(request)
    assert list(results) == ["one", "ሁለት.2", "none", "high"]
    assert [results[name]["ok"] for name in results] == [True, True, False, False]
    assert results["ሁለት.2"]["file"] == "ሁለት.2.flac"
    for name in ("one", "ሁለት.2"):
        path = request.output / results[name]["file"]
        assert files.read(path).duration == pytest.approx(results[name]["seconds"], abs=1e-3)
    assert sorted(path.name for path in request.output.iterdir()) == ["one.wav", "results.jsonl", "ሁለት.2.flac"]
    assert report.payload()["files"] == [str(request.output / name) for name in ("one.wav", "ሁለት.2.flac")]


def test_only_what_is_missing_failed_or_changed_is_spoken_again(voice_folder: Path, tmp_path: Path) -> None:
    items: list[object] = [
        {"id": name, "text": text} for name, text in zip("abc", ("ሰላም።", "ዓለም።", "ቀን።"), strict=True)
    ]
    assert spoken(request_of(tmp_path, voice_folder, items)).spoken == 3
    again = request_of(tmp_path, voice_folder, items)
    assert (spoken(again).spoken, spoken(again).skipped) == (0, 3)
    (again.output / "a.wav").unlink()
    items[1] = {"id": "b", "text": "ሌላ።"}
    # A process that was killed leaves half a line.
    with (again.output / "results.jsonl").open("a") as stream:
        stream.write('{"id": "c", "ok": tr')
    report = spoken(request_of(tmp_path, voice_folder, items))
    assert (report.spoken, report.skipped, report.ok) == (2, 1, True)
    assert list(results_of(again)) == ["a", "b", "c"]
    other = request_of(tmp_path, voice_folder, items, options=SpeakOptions(seed=4))
    assert spoken(other).spoken == 3


def test_everything_is_spoken_again_when_a_lexicon_or_the_voice_has_changed(tmp_path: Path) -> None:
    voice = tiny_voice_folder(tmp_path / "voice")
    lexicon = tmp_path / "words.tsv"
    lexicon.write_text("ሰላም\tጤና\n", encoding="utf-8")
    request = request_of(tmp_path, voice, [{"id": "a", "text": "ሰላም።"}], lexicons=(lexicon,))
    assert [spoken(request).spoken for _ in range(2)] == [1, 0]
    lexicon.write_text("ሰላም\tቀን\n", encoding="utf-8")
    assert [spoken(request).spoken for _ in range(2)] == [1, 0]
    other = replace(request, common=replace(request.common, voice=str(tiny_voice_folder(tmp_path / "other", seed=3))))
    assert [spoken(other).spoken for _ in range(2)] == [1, 0]
    cast = replace(other, common=replace(other.common, cast=(("she", str(voice)),)))
    assert [spoken(cast).spoken for _ in range(2)] == [1, 0]


def test_items_have_subtitles_of_their_own(tmp_path: Path) -> None:
    items: list[object] = [
        {"id": "a", "text": "ሰላም ዓለም።"},
        {"id": "b", "text": "ሰላም።", "subtitles": "TextGrid", "format": "mp3"},
        {"id": "c", "text": "ሰላም።", "subtitles": "VTT"},
        {"id": "d", "text": "ሰላም።", "subtitles": "pdf"},
    ]
    plain = request_of(tmp_path, "m01", [{"id": "a", "text": "ሰላም ዓለም።"}])
    assert spoken(plain).spoken == 1
    asked = replace(request_of(tmp_path, "m01", items), subtitles="srt")
    report = spoken(asked)
    # The first was there without subtitles, and is spoken again for them.
    assert (report.spoken, report.skipped, report.failed) == (3, 0, 1)
    assert report.findings[0].message.startswith("unknown format of subtitles: 'pdf'")
    results = results_of(asked)
    assert {name: results[name]["subtitles"] for name in results} == {"a": "a.srt", "b": "b.TextGrid", "c": "c.vtt"}
    alone = SpeakRequest(tmp_path / "a.wav", text="ሰላም ዓለም።", subtitles=tmp_path / "a.srt", device="cpu")
    speak.run(alone, SilentProgress())
    for name in ("a.wav", "a.srt"):
        assert (asked.output / name).read_bytes() == (tmp_path / name).read_bytes()
    assert spoken(asked).skipped == 3
    (asked.output / "b.TextGrid").unlink()
    (asked.output / "c.vtt").write_text("", encoding="utf-8")
    assert (spoken(asked).spoken, (asked.output / "b.TextGrid").is_file()) == (1, True)
    with pytest.raises(TextError, match=r"unknown format of subtitles: 'a\.srt'"):
        spoken(replace(asked, subtitles="a.srt"))


def test_subtitles_of_somebody_else_are_kept(tmp_path: Path) -> None:
    request = replace(request_of(tmp_path, "m01", [{"id": "a", "text": "ሰላም።"}]), subtitles=".srt")
    request.output.mkdir()
    (request.output / "a.srt").write_text("years of work", encoding="utf-8")
    report = spoken(request)
    assert (report.spoken, report.findings[0].message) == (0, "the output already exists")
    assert (request.output / "a.srt").read_text(encoding="utf-8") == "years of work"


def test_a_batch_that_is_interrupted_keeps_what_is_done(
    voice_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = request_of(tmp_path, voice_folder, [{"id": f"i{number}", "text": "ሰላም።"} for number in range(4)])
    write, made = speak_batch.write_speech, []

    def fail(*arguments: Any) -> Any:
        made.append(1)
        if len(made) == 3:
            raise ShortageError("the disk is full")
        return write(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(speak_batch, "write_speech", fail)
        with pytest.raises(ShortageError):
            spoken(request)
    assert [name for name, result in results_of(request).items() if result["ok"]] == ["i0", "i1"]
    report = spoken(request)
    # What was written and not noted is of the batch, and spoken again.
    assert (report.spoken, report.skipped, report.failed) == (2, 2, 0)


@pytest.mark.parametrize(
    "item",
    [
        {"id": "../x", "text": "ሰላም"}, {"id": "/etc/x", "text": "ሰላም"}, {"id": "a/b", "text": "ሰላም"},
        {"id": ".hidden", "text": "ሰላም"}, {"id": "a\\b", "text": "ሰላም"}, {"id": "x" * 200, "text": "ሰላም"},
        {"id": "con", "text": "ሰላም"}, {"id": "a.", "text": "ሰላም"}, {"id": "", "text": "ሰላም"}, {"id": 3, "text": "ሰላም"},
        {"id": "a\u0000", "text": "ሰላም"}, {"id": "a\n", "text": "ሰላም"},
        {"text": "ሰላም"}, {"id": "a"}, {"id": "a", "text": "ሰላም", "ssml": "<speak/>"}, {"id": "a", "text": 3}, ["a"], 3,
        {"id": "a", "text": "ሰላም", "output": "/etc/x"}, {"id": "a", "text": "ሰላም", "voice": "/etc"},
        {"id": "a", "text": "ሰላም", "voice": "../m01"}, {"id": "a", "text": "ሰላም", "format": "exe"},
        {"id": "a", "text": "ሰላም", "speed": "fast"}, {"id": "a", "text": "ሰላም", "speed": 9},
        {"id": "a", "text": "ሰላም", "volume": True}, {"id": "a", "text": "ሰላም", "seed": 1.5},
        {"id": "a", "text": "ሰላም", "seed": -1},
    ],
)  # fmt: skip
def test_a_line_that_is_no_item_is_a_finding_and_nothing_leaves_the_folder(
    voice_folder: Path, tmp_path: Path, item: object
) -> None:
    request = request_of(tmp_path, voice_folder, [item])
    report = spoken(request)
    assert [(finding.code, finding.subject) for finding in report.findings] == [("S023", f"{request.batch}:1")]
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["batch.jsonl", "out", "results.jsonl"]


def test_ids_that_are_one_file_somewhere_are_refused(voice_folder: Path, tmp_path: Path) -> None:
    names = ("Ab", "aB", "é", "e\u0301x", "ab")
    report = spoken(request_of(tmp_path, voice_folder, [{"id": name, "text": "ሰላም"} for name in names]))
    assert [finding.message for finding in report.findings if "is that of line 1" in finding.message] == [
        "the id 'aB' is that of line 1 too", "the id 'ab' is that of line 1 too",
    ]  # fmt: skip


def test_a_file_that_the_batch_did_not_write_is_kept(voice_folder: Path, tmp_path: Path) -> None:
    request = request_of(tmp_path, voice_folder, [{"id": "a", "text": "ሰላም"}])
    request.output.mkdir()
    (request.output / "a.wav").write_bytes(b"RIFF years of work")
    report = spoken(request)
    assert [finding.message for finding in report.findings] == ["the output already exists"]
    assert (request.output / "a.wav").read_bytes() == b"RIFF years of work"


def test_what_concerns_the_whole_batch_is_an_error(voice_folder: Path, tmp_path: Path) -> None:
    item: list[object] = [{"id": "a", "text": "ሰላም"}]
    with pytest.raises(SynthesisError, match="--pitch"):
        spoken(request_of(tmp_path, voice_folder, item, options=SpeakOptions(pitch=2.0)))
    with pytest.raises(SynthesisError, match="voice not found"):
        spoken(request_of(tmp_path, "nobody", item))
    request = request_of(tmp_path, voice_folder, [])
    with pytest.raises(TextError, match="the batch is empty"):
        spoken(request)
    request.batch.unlink()
    with pytest.raises(TextError, match="does not exist"):
        spoken(request)
    (tmp_path / "out2").write_text("x")
    with pytest.raises(FileExistsRefused):
        spoken(BatchRequest(request.batch, tmp_path / "out2", request.common))


def test_items_may_be_spoken_by_other_voices(voice_folder: Path, tmp_path: Path) -> None:
    items: list[object] = [
        {"id": "a", "text": "ሰላም።", "voice": "other", "format": "pcm"},
        {"id": "b", "text": "ሰላም።", "format": "pcm"},
        {"id": "c", "ssml": '<speak><voice name="other">ሰላም።</voice></speak>', "format": "pcm"},
    ]
    other = tiny_voice_folder(tmp_path, name="other", seed=5)
    report = spoken(request_of(tmp_path, voice_folder, items, cast=(("other", str(other)),)))
    assert (report.spoken, report.findings) == (3, ())
    one, two, three = ((tmp_path / "out" / f"{name}.pcm").read_bytes() for name in "abc")
    assert one == three != two


@pytest.mark.slow
def test_several_processes_write_what_one_writes(tmp_path: Path) -> None:
    items: list[object] = [{"id": f"i{number}", "text": f"ሰላም {number}"} for number in range(4)]
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    one = request_of(tmp_path / "a", "m01", items)
    two = request_of(tmp_path / "b", "m01", items)
    assert spoken(one).spoken == 4
    assert spoken(BatchRequest(two.batch, two.output, two.common, workers=2)).spoken == 4
    for number in range(4):
        assert (one.output / f"i{number}.wav").read_bytes() == (two.output / f"i{number}.wav").read_bytes()
