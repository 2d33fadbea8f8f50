"""What a render becomes: a sound file, with chapter marks or in one file for each chapter, and subtitles."""

import json
import re
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from amhctl.audio.chapters import MARKED, Chapter
from amhctl.audio.spool import encode_spool
from amhctl.audio.tags import Tags
from amhctl.core.errors import AudioError
from amhctl.core.files import atomic_folder, atomic_path
from amhctl.core.outputs import FolderKind
from amhctl.core.units import Seconds
from amhctl.inference.captions import format_captions
from amhctl.inference.speech import SpokenSegment
from amhctl.workflows.speak_request import FORMATS, AudioFormat, SpeakRequest, choose_subtitles, is_folder

CHAPTER_FILES = FolderKind(
    "a folder of chapters",
    "chapters.json",
    frozenset({"amhctl_chapters"}),
    tuple(f"*.{name}" for name in FORMATS),
)
_UNNAMED = re.compile(r"[^\w]+")
_LONGEST_NAME = 40


def require_marks(request: SpeakRequest, chosen: AudioFormat) -> None:
    """Refuse chapters where neither the format has marks nor each becomes a file.

    Raises
    ------
    AudioError
        If so.
    """
    if request.chapters is None or is_folder(request):
        return
    if request.output is None or chosen not in MARKED:
        raise AudioError(
            f"{chosen if request.output is not None else 'speech that is played or streamed'} has no chapter marks",
            subject="chapters",
            hint=f"write one of {', '.join(MARKED)}, or give a folder with -o for one file per chapter",
        )


def name_chapters(chapters: Sequence[tuple[str, Seconds]], seconds: Seconds) -> tuple[Chapter, ...]:
    """Return the chapters with their ends; what precedes the first one is a chapter without a title."""
    if not chapters:
        return (Chapter("", Seconds(0.0), seconds),)
    # The first one has the silence before it too.
    begun = [*chapters] if chapters[0][1] < 1.0 else [("", Seconds(0.0)), *chapters]
    begun[0] = (begun[0][0], Seconds(0.0))
    ends = [start for _, start in begun[1:]]
    return tuple(Chapter(title, start, end) for (title, start), end in zip(begun, [*ends, seconds], strict=True))


def write_sound(
    output: Path, spool: Path, chosen: AudioFormat, sample_rate: int, tags: Tags, chapters: tuple[Chapter, ...]
) -> None:
    """Write a sound file, whole or not at all.

    Raises
    ------
    AudioError
        If the format cannot hold it.
    """
    with atomic_path(output) as temporary:
        encode_spool(spool, temporary, chosen, sample_rate, tags, chapters=chapters)


def write_chapters(
    folder: Path, spool: Path, chosen: AudioFormat, sample_rate: int, tags: Tags, chapters: Sequence[Chapter]
) -> tuple[Path, ...]:
    """Write a file for each chapter and a list of them, all or none, and return the files.

    Raises
    ------
    AudioError
        If the format cannot hold them.
    """
    borders = [*(round(chapter.start * sample_rate) for chapter in chapters), None]
    names = []
    with atomic_folder(folder) as temporary:
        for number, (chapter, (begin, end)) in enumerate(zip(chapters, pairwise(borders), strict=True), 1):
            name = f"{number:03}{_slug(chapter.title)}.{chosen}"
            about = Tags(chapter.title or tags.title, tags.artist, tags.software, tags.comment, tags.licence)
            encode_spool(spool, temporary / name, chosen, sample_rate, about, begin=begin or 0, end=end)
            names.append(name)
        listed = [
            {"file": name, "title": chapter.title, "start": round(chapter.start, 3), "end": round(chapter.end, 3)}
            for name, chapter in zip(names, chapters, strict=True)
        ]
        content = json.dumps({"amhctl_chapters": 1, "chapters": listed}, ensure_ascii=False, indent=1)
        (temporary / CHAPTER_FILES.marker).write_text(content + "\n", encoding="utf-8")
    return tuple(folder / name for name in names)


def write_subtitles(path: Path, segments: Sequence[SpokenSegment], seconds: float) -> None:
    """Write when what was said, in the format that the suffix names."""
    with atomic_path(path) as temporary, temporary.open("w", encoding="utf-8") as stream:
        stream.writelines(format_captions(segments, choose_subtitles(path), seconds))


def _slug(title: str) -> str:
    """Return what of a title can be a part of a file name anywhere."""
    name = _UNNAMED.sub("-", title).strip("-_")[:_LONGEST_NAME].strip("-_")
    return f"-{name}" if name else ""
