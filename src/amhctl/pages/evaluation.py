"""The evaluation as an HTML page with players and spectrograms: one file and a folder of clips beside it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from amhctl.audio.files import encode
from amhctl.audio.waveform import Waveform
from amhctl.core.files import atomic_folder, refuse_existing, write_text_atomically
from amhctl.core.outputs import FolderKind
from amhctl.evaluation.scorecard import KINDS, Metric, Scorecard, UtteranceScore
from amhctl.evaluation.worst import order_by_harm
from amhctl.pages.rendering import render
from amhctl.pages.sounds import Sound, Spoken, show_sound

WORST_CLIPS = 20
"""Clips with spectrograms."""
CLIPS = FolderKind("a folder of clips", members=("[0-9][0-9][0-9]*-*.flac",))


@dataclass(frozen=True, slots=True, eq=False)
class PageClip:
    """One test clip to listen to.

    Attributes
    ----------
    score : UtteranceScore
        What was measured.
    natural, copy : Waveform
        The recording, and what the codec or vocoder makes of it.
    synthesised : Waveform | None
        The speech; None where the voice failed.
    words : Mapping[str, Sequence[Spoken]]
        Where the words are, by ``natural`` and ``synthesised``.
    """

    score: UtteranceScore
    natural: Waveform
    synthesised: Waveform | None
    copy: Waveform
    words: Mapping[str, Sequence[Spoken]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Clip:
    score: UtteranceScore
    marks: tuple[tuple[str, float], ...]
    failed: bool
    beside: tuple[Sound, ...]
    """Recording and speech, to be compared."""
    copy: Sound


@dataclass(frozen=True, slots=True)
class _Other:
    """A clip that is not among the worst: without pictures, so that the page stays small."""

    score: UtteranceScore
    natural: str
    synthesised: str


@dataclass(frozen=True, slots=True)
class _View:
    title: str
    notes: Sequence[str]
    metrics: tuple[Metric, ...]
    folder: str
    clips: tuple[_Clip, ...]
    others: tuple[_Other, ...]


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
        What to listen to; the page has the worst first.
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
        addresses = [_write_clip(index, clip, temporary, folder.name) for index, clip in enumerate(clips)]
    order = order_by_harm([clip.score for clip in clips])
    shown = tuple(_show_clip(clips[place], addresses[place]) for place in order[:WORST_CLIPS])
    others = tuple(
        _Other(clips[place].score, addresses[place]["natural"], addresses[place].get("synthesised", ""))
        for place in order[WORST_CLIPS:]
    )
    view = _View(title, notes, scorecard.metrics, folder.name, shown, others)
    write_text_atomically(report, render("evaluation.html.j2", view))


def _write_clip(index: int, clip: PageClip, folder: Path, address: str) -> dict[str, str]:
    """Write the sounds of a clip into a folder, and return where the page, which has that address, finds each."""
    addresses = {}
    for label, waveform in _sounds_of(clip).items():
        name = f"{index:03d}-{label.replace(' ', '-')}.flac"
        (folder / name).write_bytes(encode(waveform, "flac"))
        addresses[label] = quote(f"{address}/{name}")
    return addresses


def _sounds_of(clip: PageClip) -> dict[str, Waveform]:
    spoken = {} if clip.synthesised is None else {"synthesised": clip.synthesised}
    return {"natural": clip.natural, **spoken, "codec only": clip.copy}


def _show_clip(clip: PageClip, addresses: dict[str, str]) -> _Clip:
    sounds = _sounds_of(clip)
    longest = max(float(waveform.duration) for waveform in sounds.values())
    shown = [
        show_sound(label, sound, addresses[label], longest=longest, words=clip.words.get(label, ()))
        for label, sound in sounds.items()
    ]
    values = ((kind.title, clip.score.value_of(kind)) for kind in KINDS)
    marks = tuple((title, value) for title, value in values if value is not None)
    return _Clip(clip.score, marks, clip.synthesised is None, tuple(shown[:-1]), shown[-1])
