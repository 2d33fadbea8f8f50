"""The page of a cleaning: figures, histograms, and clips before and after, to hear and to see. One HTML file.

Shown are those whose naturalness rose most, those whose rose least, and those that were kept as they were: each with
both sounds as MP3, and both spectrograms. Below stand the figures of all clips, sorted by change.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from amhctl.audio.enhancement import Enhancer, enhance_waveform
from amhctl.audio.files import encode
from amhctl.audio.resample import resample
from amhctl.audio.waveform import Waveform
from amhctl.checks.cleaned_copy import CleanedClip, CleanedCopy
from amhctl.checks.cleaning import Cleaning
from amhctl.core.errors import AudioError
from amhctl.core.files import write_text_atomically
from amhctl.core.progress import Progress
from amhctl.corpus.records import Record, iter_records, read_audio
from amhctl.evaluation.clips import ANALYSIS_RATE
from amhctl.pages.charts import BarChart, histogram
from amhctl.pages.rendering import data_url, render
from amhctl.pages.sounds import Sound, show_sound

SHOWN = 12
"""How many clips of each kind are shown."""
_MOST_ROWS = 5_000
_LONGEST_SECONDS = 12.0


@dataclass(frozen=True, slots=True)
class _Shown:
    """A clip to hear and to see; without sounds where its recording cannot be read any more."""

    clip: CleanedClip
    text: str
    sounds: Sequence[Sound]


@dataclass(frozen=True, slots=True)
class _View:
    title: str
    copy: CleanedCopy
    measured: Sequence[CleanedClip]
    charts: Sequence[BarChart]
    groups: Sequence[tuple[str, Sequence[_Shown]]]
    most_rows: int = _MOST_ROWS
    longest_seconds: float = _LONGEST_SECONDS


def write_cleaning_page(
    path: Path, title: str, copy: CleanedCopy, manifest: Path, enhancer: Enhancer, progress: Progress
) -> None:
    """Write the page of a cleaned copy, whole or not at all.

    Parameters
    ----------
    path : Path
        The HTML file; one that is there is replaced.
    title : str
        Heading.
    copy : CleanedCopy
        What was cleaned.
    manifest : Path
        From what, so that the recordings can be heard.
    enhancer : Enhancer
        What cleaned it; a clip that was kept is cleaned once more, to show why.
    progress : Progress
        Told of each clip that is drawn.

    Raises
    ------
    DatasetError
        If the manifest cannot be read any more.
    """
    found = [(clip, clip.cleaning) for clip in copy.clips if clip.cleaning is not None]
    found.sort(key=lambda pair: -pair[1].gain)
    measured = [clip for clip, _ in found]
    groups = _choose(measured)
    wanted = {clip.id for _, clips in groups for clip in clips}
    sources = {record.id: record for record in iter_records(manifest) if record.id in wanted}
    progress.start("drawing", sum(len(clips) for _, clips in groups), "clip")
    shown: list[tuple[str, list[_Shown]]] = []
    for heading, clips in groups:
        shown.append((heading, []))
        for clip in clips:
            record = sources[clip.id]
            sounds = _sounds(clip, record, manifest.parent, copy.folder, enhancer)
            shown[-1][1].append(_Shown(clip, record.text, sounds))
            progress.advance()
    progress.finish()
    charts = list(_distributions([cleaning for _, cleaning in found]))
    write_text_atomically(path, render("cleaning.html.j2", _View(title, copy, measured, charts, shown)))


def _choose(measured: Sequence[CleanedClip]) -> list[tuple[str, Sequence[CleanedClip]]]:
    """Return which clips are shown under which heading; they come with the largest change first."""
    cleaned = [clip for clip in measured if not clip.code]
    kept = [clip for clip in measured if clip.code]
    most = cleaned[:SHOWN]
    least = cleaned[max(len(most), len(cleaned) - SHOWN) :]
    return [("Kept as they were", kept[:SHOWN]), ("Least change", least[::-1]), ("Most change", most)]


def _distributions(found: Sequence[Cleaning]) -> Iterator[BarChart]:
    for name, unit, values in (
        ("P.808 before", "", [one.before.p808 for one in found]),
        ("P.808 after", "", [one.after.p808 for one in found]),
        ("Change of the speech level", "dB", [one.after.level - one.before.level for one in found]),
    ):
        if len(set(values)) > 1:
            yield histogram(name, unit, values)


def _sounds(clip: CleanedClip, record: Record, source: Path, copy: Path, enhancer: Enhancer) -> list[Sound]:
    try:
        before = read_audio(record, source)
        if clip.code or clip.record is None:
            # Of a recording that was kept, the copy is no different: what cleaning would have made of it tells why.
            return [_sound("before", before), _sound("it would be", enhance_waveform(before, enhancer))]
        return [_sound("before", before), _sound("after", read_audio(clip.record, copy))]
    except AudioError:
        return []


def _sound(label: str, waveform: Waveform) -> Sound:
    resampled = resample(waveform, ANALYSIS_RATE)
    resampled = Waveform(resampled.samples[: round(_LONGEST_SECONDS * ANALYSIS_RATE)], ANALYSIS_RATE)
    return show_sound(label, resampled, data_url(encode(resampled, "mp3"), "audio/mpeg"))
