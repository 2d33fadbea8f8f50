"""Items of a batch, read before anything is spoken."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from amhctl.core.errors import TextError
from amhctl.workflows.speak_items import BatchRequest, choose_timing, read_items
from amhctl.workflows.speak_request import SpeakRequest


def request_of(folder: Path, *lines: object) -> BatchRequest:
    batch = folder / "batch.jsonl"
    batch.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return BatchRequest(batch, folder / "out", SpeakRequest(None, format="mp3"))


def test_an_item_has_the_options_of_the_command_unless_it_says_so(tmp_path: Path) -> None:
    request = request_of(
        tmp_path,
        {"id": "a", "text": "ሰላም"},
        {"id": "b", "ssml": "<speak>ሰላም</speak>", "format": "wav", "speed": 2, "speaker": "x", "subtitles": ".JSON"},
        {"id": "c", "text": "ሰላም", "sneed": 3},
    )
    (one, two), (fault,) = read_items(replace(request, subtitles="vtt"), "")
    out = request.output
    assert (one.files, two.files) == ((out / "a.mp3", out / "a.vtt"), (out / "b.wav", out / "b.json"))
    assert (two.request.input_format, two.request.options.speed, two.request.options.person) == ("ssml", 2.0, "x")
    assert (fault.code, fault.subject) == ("S023", f"{request.batch}:3")
    assert "unknown key 'sneed'" in fault.message


def test_the_digest_is_of_all_that_a_file_follows_from(tmp_path: Path) -> None:
    request = request_of(tmp_path, {"id": "a", "text": "ሰላም"})
    digests = {
        read_items(each, settings)[0][0].digest
        for each, settings in (
            (request, ""),
            (replace(request, subtitles="srt"), ""),
            (replace(request, subtitles="vtt"), ""),
            (replace(request, common=replace(request.common, format="wav")), ""),
            (request, "of another voice or lexicon"),
            (replace(request, workers=3), ""),
        )
    }
    assert len(digests) == 5


def test_formats_of_subtitles_have_names() -> None:
    assert [choose_timing(name) for name in ("srt", ".SRT", "textgrid", "Json", "vtt")] == [
        "srt",
        "srt",
        "TextGrid",
        "json",
        "vtt",
    ]
    for name in ("", "pdf", "a/../srt"):
        with pytest.raises(TextError, match="unknown format of subtitles"):
            choose_timing(name)
