"""What a render becomes."""

import json
from pathlib import Path

import pytest
from support.speechlike import vowel_train

from amhctl.audio import files
from amhctl.audio.pcm import encode_pcm
from amhctl.audio.tags import Tags
from amhctl.core.errors import AudioError, TextError
from amhctl.core.units import Seconds
from amhctl.workflows.speak_output import (
    CHAPTER_FILES,
    name_chapters,
    require_marks,
    write_chapters,
    write_subtitles,
)
from amhctl.workflows.speak_request import SpeakRequest

END = Seconds(2.0)


def test_chapters_cover_the_whole() -> None:
    named = name_chapters([("አንድ", Seconds(0.3)), ("ሁለት", Seconds(1.5))], END)
    assert [(one.title, one.start, one.end) for one in named] == [("አንድ", 0.0, 1.5), ("ሁለት", 1.5, 2.0)]
    late = name_chapters([("አንድ", Seconds(1.2))], END)
    assert [(one.title, one.start, one.end) for one in late] == [("", 0.0, 1.2), ("አንድ", 1.2, 2.0)]
    assert [one.title for one in name_chapters([], END)] == [""]


def test_each_chapter_becomes_a_file_with_a_name_that_is_safe(tmp_path: Path) -> None:
    spool = tmp_path / "s"
    sound = vowel_train(seconds=2.0)
    spool.write_bytes(encode_pcm(sound))
    chapters = name_chapters([("../ምዕራፍ 1: «ሀ»/", Seconds(0.0)), ("x" * 200, Seconds(0.5))], END)
    written = write_chapters(tmp_path / "out", spool, "flac", sound.sample_rate, Tags(title="ሁሉ"), chapters)
    assert [path.name for path in written] == ["001-ምዕራፍ-1-ሀ.flac", f"002-{'x' * 40}.flac"]
    assert [files.read(path).duration for path in written] == pytest.approx([0.5, 1.5])
    listed = json.loads((tmp_path / "out" / "chapters.json").read_text(encoding="utf-8"))["chapters"]
    assert [(one["file"], one["start"], one["end"]) for one in listed] == [
        (written[0].name, 0.0, 0.5), (written[1].name, 0.5, 2.0),
    ]  # fmt: skip
    assert CHAPTER_FILES.recognises(tmp_path / "out")
    assert list(CHAPTER_FILES.strangers(tmp_path / "out")) == []


@pytest.mark.parametrize(
    ("output", "chosen", "refused"),
    [("a.aac", "aac", True), ("a.pcm", "pcm", True), (None, "wav", True), ("a.mp3", "mp3", False), ("a", "ogg", False)],
)
def test_marks_are_refused_where_there_are_none(output: str | None, chosen: str, refused: bool) -> None:
    request = SpeakRequest(output=None if output is None else Path(output), chapters="headings")
    if refused:
        with pytest.raises(AudioError, match="no chapter marks"):
            require_marks(request, chosen)  # type: ignore[arg-type]
    else:
        require_marks(request, chosen)  # type: ignore[arg-type]


def test_subtitles_of_an_unknown_kind_are_refused_and_leave_nothing(tmp_path: Path) -> None:
    with pytest.raises(TextError, match=r"suffix '\.ass'"):
        write_subtitles(tmp_path / "a.ass", [], 1.0)
    assert list(tmp_path.iterdir()) == []
