"""The evaluation as an HTML page with players and spectrograms: one file and a folder of clips beside it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from amhctl.audio.files import encode
from amhctl.audio.waveform import Waveform
from amhctl.core.files import atomic_folder, refuse_existing, write_text_atomically
from amhctl.core.outputs import FolderKind
from amhctl.evaluation.scorecard import KINDS, Metric, Scorecard, UtteranceScore
from amhctl.pages.rendering import render
from amhctl.pages.sounds import Sound, show_sound

CLIPS = FolderKind("a folder of clips", members=("[0-9][0-9][0-9]*-*.flac",))


@dataclass(frozen=True, slots=True, eq=False)
class PageClip:
    """One test clip to listen to; ``synthesised`` is None where the voice failed."""

    score: UtteranceScore
    natural: Waveform
    synthesised: Waveform | None
    copy: Waveform


@dataclass(frozen=True, slots=True)
class _Clip:
    score: UtteranceScore
    marks: tuple[tuple[str, float], ...]
    failed: bool
    sounds: tuple[Sound, ...]


@dataclass(frozen=True, slots=True)
class _View:
    title: str
    notes: Sequence[str]
    metrics: tuple[Metric, ...]
    folder: str
    clips: tuple[_Clip, ...]


def clips_folder(report: Path) -> Path:
    """Return the folder of clips that belongs to a page."""
    return report.with_name(f"{report.stem}-clips")


def write_page(
    report: Path, title: str, scorecard: Scorecard, clips: tuple[PageClip, ...], *, notes: tuple[str, ...], force: bool
) -> None:
    """Write the page and the folder of clips beside it, whole or not at all.

    Parameters
    ----------
    report : Path
        The HTML file.
    title : str
        Heading: the voice and the test set.
    scorecard : Scorecard
        The metrics.
    clips : tuple[PageClip, ...]
        What to listen to, in the order of the page.
    notes : tuple[str, ...]
        Lines under the heading, such as the machine.
    force : bool
        Whether an existing page may be replaced.

    Raises
    ------
    FileExistsRefused
        If the page or its folder exists and ``force`` is false.
    """
    folder = clips_folder(report)
    refuse_existing(report, force=force)
    refuse_existing(folder, force=force)
    with atomic_folder(folder) as temporary:
        shown = tuple(_write_clip(index, clip, temporary, folder.name) for index, clip in enumerate(clips))
    view = _View(title, notes, scorecard.metrics, folder.name, shown)
    write_text_atomically(report, render("evaluation.html.j2", view))


def _write_clip(index: int, clip: PageClip, folder: Path, address: str) -> _Clip:
    """Write the sounds of a clip into a folder, and return what the page, which finds them at an address, shows."""
    waveforms = {
        label: waveform
        for label, waveform in (("synthesised", clip.synthesised), ("natural", clip.natural), ("codec only", clip.copy))
        if waveform is not None
    }
    longest = max(float(waveform.duration) for waveform in waveforms.values())
    sounds = []
    for label, waveform in waveforms.items():
        name = f"{index:03d}-{label.replace(' ', '-')}.flac"
        (folder / name).write_bytes(encode(waveform, "flac"))
        sounds.append(show_sound(label, waveform, quote(f"{address}/{name}"), longest=longest))
    values = ((kind.title, clip.score.value_of(kind)) for kind in KINDS)
    marks = tuple((title, value) for title, value in values if value is not None)
    return _Clip(clip.score, marks, clip.synthesised is None, tuple(sounds))
