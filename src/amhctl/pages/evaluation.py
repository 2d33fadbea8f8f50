"""The evaluation as an HTML page with players and spectrograms: one file and a folder of clips beside it."""

import base64
import html
from dataclasses import dataclass
from pathlib import Path

from amhctl.audio.files import encode
from amhctl.audio.waveform import Waveform
from amhctl.core.files import atomic_folder, refuse_existing, write_text_atomically
from amhctl.core.outputs import FolderKind
from amhctl.evaluation.scorecard import KINDS, Scorecard, UtteranceScore
from amhctl.pages.frame import page
from amhctl.pages.spectrogram import spectrogram_png

_STYLE = """
img{display:block;width:100%;height:120px}.scale{margin:0 0 .2rem}figure{margin:.8rem 0}
.marks{display:flex;flex-wrap:wrap;gap:.2rem 1.2rem;padding:0;list-style:none;font-size:.85rem}
.marks b{font-variant-numeric:tabular-nums}
"""
CLIPS = FolderKind("a folder of clips", members=("[0-9][0-9][0-9]*-*.flac",))
_HIGHEST = "8 kHz"


@dataclass(frozen=True, slots=True, eq=False)
class PageClip:
    """One test clip to listen to; ``synthesised`` is None where the voice failed."""

    score: UtteranceScore
    natural: Waveform
    synthesised: Waveform | None
    copy: Waveform


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
    sections = []
    with atomic_folder(folder) as temporary:
        for index, clip in enumerate(clips):
            voices = {"synthesised": clip.synthesised, "natural": clip.natural, "codec only": clip.copy}
            longest = max(float(waveform.duration) for waveform in voices.values() if waveform is not None)
            figures = []
            for label, waveform in voices.items():
                if waveform is None:
                    figures.append('<p class="error">The voice failed on this text.</p>')
                    continue
                name = f"{index:03d}-{label.replace(' ', '-')}.flac"
                (temporary / name).write_bytes(encode(waveform, "flac"))
                figures.append(_figure(label, f"{folder.name}/{name}", waveform, longest))
            sections.append(_section(clip.score, figures))
    notes_html = "".join(f"<p><small>{html.escape(note)}</small></p>" for note in notes)
    explained = (
        "<p>Spectrograms are on the mel scale, up to "
        f"{_HIGHEST}; those of one clip have one scale of time. The players need the folder {html.escape(folder.name)} "
        "beside this page.</p>"
    )
    body = f"{notes_html}\n{_table(scorecard)}\n{explained if clips else ''}{''.join(sections)}"
    write_text_atomically(report, page(title, body, style=_STYLE))


def _figure(label: str, source: str, waveform: Waveform, longest: float) -> str:
    picture = base64.b64encode(spectrogram_png(waveform)).decode("ascii")
    seconds = float(waveform.duration)
    address = html.escape(source, quote=True)
    return (
        f'<figure><figcaption>{label}</figcaption><div style="width:{100.0 * seconds / longest:.1f}%">'
        f'<img alt="spectrogram, {label}" src="data:image/png;base64,{picture}">'
        f'<p class="scale"><span>0</span><span>{seconds:.2f} s</span></p></div>'
        f'<audio controls preload="none" src="{address}"></audio></figure>\n'
    )


def _section(score: UtteranceScore, figures: list[str]) -> str:
    marks = "".join(
        f"<li>{html.escape(kind.title)} <b>{value:.3f}</b></li>"
        for kind in KINDS
        if (value := score.value_of(kind)) is not None
    )
    return (
        f'<h2>{html.escape(score.id)}</h2><p class="am" lang="am">{html.escape(score.text)}</p>'
        f'<ul class="marks">{marks}</ul>\n{"".join(figures)}\n'
    )


def _table(scorecard: Scorecard) -> str:
    rows = "".join(
        f'<tr><td>{html.escape(metric.kind.title)}</td><td class="n">{metric.estimate.value:.3f}</td>'
        f'<td class="n">{metric.estimate.low:.3f} to {metric.estimate.high:.3f}</td>'
        f'<td class="n">{metric.estimate.count}</td><td>{metric.kind.better}</td>'
        f"<td>{html.escape(metric.kind.note)}</td></tr>"
        for metric in scorecard.metrics
    )
    head = (
        '<tr><th>metric</th><th class="n">mean</th><th class="n">95 % interval</th><th class="n">clips</th>'
        "<th>better</th><th>unit, remark</th></tr>"
    )
    return f'<div class="wide"><table>{head}{rows}</table></div>'
