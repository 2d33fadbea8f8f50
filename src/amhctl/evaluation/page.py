"""The evaluation as an HTML page with players and spectrograms: one file and a folder of clips beside it."""

import base64
import html
from dataclasses import dataclass
from pathlib import Path

from amhctl.audio.files import encode
from amhctl.audio.waveform import Waveform
from amhctl.core.files import atomic_folder, refuse_existing, write_text_atomically
from amhctl.evaluation.picture import spectrogram_png
from amhctl.evaluation.scorecard import KINDS, Scorecard, UtteranceScore

_STYLE = """
body{font:16px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:72rem;padding:0 1rem;color:#222;background:#fff}
table{border-collapse:collapse;margin:1rem 0}th,td{text-align:left;padding:.2rem .8rem;border-bottom:1px solid #ddd}
td.n{text-align:right;font-variant-numeric:tabular-nums}h2{margin-top:2.5rem;font-size:1.1rem}
figure{margin:.5rem 0}img{display:block;max-width:100%;height:120px}audio{width:100%;max-width:40rem}
.text{font-size:1.2rem}.bad{color:#a00}small{color:#666}
"""


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
            figures = []
            for label, waveform in (
                ("synthesised", clip.synthesised),
                ("natural", clip.natural),
                ("codec only", clip.copy),
            ):
                if waveform is None:
                    figures.append('<p class="bad">The voice failed on this text.</p>')
                    continue
                name = f"{index:03d}-{label.replace(' ', '-')}.flac"
                (temporary / name).write_bytes(encode(waveform, "flac"))
                figures.append(_figure(label, f"{folder.name}/{name}", waveform))
            sections.append(_section(clip.score, figures))
    notes_html = "".join(f"<p><small>{html.escape(note)}</small></p>" for note in notes)
    page = (
        f'<!doctype html>\n<html lang="am"><head><meta charset="utf-8"><title>{html.escape(title)}</title>'
        f"<style>{_STYLE}</style></head><body>\n<h1>{html.escape(title)}</h1>{notes_html}\n"
        f"{_table(scorecard)}\n{''.join(sections)}</body></html>\n"
    )
    write_text_atomically(report, page)


def _figure(label: str, source: str, waveform: Waveform) -> str:
    picture = base64.b64encode(spectrogram_png(waveform)).decode("ascii")
    address = html.escape(source, quote=True)
    return (
        f"<figure><figcaption>{label}, {waveform.duration:.2f} s</figcaption>"
        f'<img alt="spectrogram, {label}" src="data:image/png;base64,{picture}">'
        f'<audio controls preload="none" src="{address}"></audio></figure>\n'
    )


def _section(score: UtteranceScore, figures: list[str]) -> str:
    cells = "".join(
        f"<td>{kind.name} {value:.3f}</td>" for kind in KINDS if (value := score.value_of(kind)) is not None
    )
    return (
        f'<h2>{html.escape(score.id)}</h2><p class="text">{html.escape(score.text)}</p>'
        f"<table><tr>{cells}</tr></table>\n{''.join(figures)}\n"
    )


def _table(scorecard: Scorecard) -> str:
    rows = "".join(
        f'<tr><td>{html.escape(metric.kind.title)}</td><td class="n">{metric.estimate.value:.3f}</td>'
        f'<td class="n">{metric.estimate.low:.3f} to {metric.estimate.high:.3f}</td>'
        f'<td class="n">{metric.estimate.count}</td><td>{metric.kind.better}</td>'
        f"<td>{html.escape(metric.kind.note)}</td></tr>"
        for metric in scorecard.metrics
    )
    return (
        "<table><tr><th>metric</th><th>mean</th><th>95 % interval</th><th>clips</th><th>better</th><th></th></tr>"
        f"{rows}</table>"
    )
