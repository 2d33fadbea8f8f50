"""The page of a cleaning: figures, histograms, and clips before and after, to hear and to see. One HTML file.

Shown are those whose naturalness rose most, those whose rose least, and those that were kept as they were: each with
both sounds as MP3, and both spectrograms. Below stand the figures of all clips, sorted by change.
"""

import base64
import html
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from amhctl.audio.enhancement import Enhancer, enhance_waveform
from amhctl.audio.files import encode
from amhctl.audio.resample import resample
from amhctl.audio.waveform import Waveform
from amhctl.checks.cleaned_copy import CleanedClip, CleanedCopy
from amhctl.core.errors import AudioError
from amhctl.core.files import write_text_atomically
from amhctl.core.progress import Progress
from amhctl.corpus.records import Record, iter_records, read_audio
from amhctl.evaluation.clips import ANALYSIS_RATE
from amhctl.pages.frame import draw, histogram, page
from amhctl.pages.spectrogram import spectrogram_png

SHOWN = 12
"""How many clips of each kind are shown."""
_MOST_ROWS = 5_000
_LONGEST_SECONDS = 12.0
_FIGURES = (
    ("p808", "DNSMOS P.808", 2),
    ("overall", "DNSMOS overall", 2),
    ("level", "speech level, dBFS", 1),
    ("bandwidth", "bandwidth, Hz", 0),
)
_STYLE = """
.pair{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(22rem,100%),1fr));gap:.3rem 1.5rem}
img{display:block;width:100%;height:110px}article{border-top:1px solid var(--line);padding:.6rem 0}
article h3{margin:0}article p{margin:.2rem 0}figcaption{font-weight:400;font-size:.85rem}table{width:100%}
"""


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
    measured = sorted((clip for clip in copy.clips if clip.cleaning is not None), key=_change)
    groups = _choose(measured)
    wanted = {clip.id for _, clips in groups for clip in clips}
    sources = {record.id: record for record in iter_records(manifest) if record.id in wanted}
    progress.start("drawing", sum(len(clips) for _, clips in groups), "clip")
    sections = [_summary(copy, measured), _distributions(measured)]
    for heading, clips in groups:
        shown = []
        for clip in clips:
            shown.append(_article(clip, sources[clip.id], manifest.parent, copy.folder, enhancer))
            progress.advance()
        if shown:
            sections.append(f"<h2>{heading}</h2>{''.join(shown)}")
    progress.finish()
    sections.append(_table(measured))
    write_text_atomically(path, page(title, "".join(sections), style=_STYLE))


def _change(clip: CleanedClip) -> float:
    return 0.0 if clip.cleaning is None else -clip.cleaning.gain


def _choose(measured: Sequence[CleanedClip]) -> list[tuple[str, list[CleanedClip]]]:
    """Return which clips are shown under which heading; they come with the largest change first."""
    cleaned = [clip for clip in measured if not clip.code]
    kept = [clip for clip in measured if clip.code]
    most = cleaned[:SHOWN]
    least = cleaned[max(len(most), len(cleaned) - SHOWN) :]
    return [("Kept as they were", kept[:SHOWN]), ("Least change", least[::-1]), ("Most change", most)]


def _summary(copy: CleanedCopy, measured: Sequence[CleanedClip]) -> str:
    cleaned = sum(not clip.code for clip in measured)
    left = len(copy.clips) - len(measured)
    before, after = copy.means("before"), copy.means("after")
    rows = "".join(
        f'<tr><td>{name}</td><td class="n">{before[key]:.{digits}f}</td><td class="n">{after[key]:.{digits}f}</td></tr>'
        for key, name, digits in _FIGURES
        if before and after
    )
    return (
        f"<p>recordings: {len(copy.clips)}, cleaned: {cleaned}, kept as they were: {len(measured) - cleaned}, "
        f"left out: {left}</p><h2>Means</h2><table><tr><th></th><th class='n'>before</th><th class='n'>after</th></tr>"
        f"{rows}</table><p><small>Of the recordings, and of what the copy holds. DNSMOS is not validated for Amharic."
        "</small></p>"
    )


def _distributions(measured: Sequence[CleanedClip]) -> str:
    found = [clip.cleaning for clip in measured if clip.cleaning is not None]
    charts = [
        draw(histogram(name, unit, values))
        for name, unit, values in (
            ("P.808 before", "", [one.before.p808 for one in found]),
            ("P.808 after", "", [one.after.p808 for one in found]),
            ("Change of the speech level", "dB", [one.after.level - one.before.level for one in found]),
        )
        if len(set(values)) > 1
    ]
    note = "<p>Each bar is a number of clips; what cleaning would have made of those that were kept is among them.</p>"
    return f'<h2>Distributions</h2>{note}<div class="grid">{"".join(charts)}</div>' if charts else ""


def _article(clip: CleanedClip, record: Record, source: Path, copy: Path, enhancer: Enhancer) -> str:
    try:
        before = read_audio(record, source)
        # Of a recording that was kept, the copy is no different: what cleaning would have made of it tells why.
        after = enhance_waveform(before, enhancer) if clip.code else read_audio(_made(clip), copy)
        figures = _figure("before", before) + _figure("it would be" if clip.code else "after", after)
    except AudioError:
        figures = "<small>the recording cannot be read any more, or is too short to be shown</small>"
    reason = f'<p class="warning">{clip.code} {html.escape(clip.reason)}</p>' if clip.code else ""
    return (
        f'<article><h3>{html.escape(clip.id)}</h3><p class="am" lang="am">{html.escape(record.text)}</p>'
        f'{reason}<p><small>{_words(clip)}</small></p><div class="pair">{figures}</div></article>\n'
    )


def _made(clip: CleanedClip) -> Record:
    if clip.record is None:
        raise AudioError("the clip was left out", subject=clip.id)
    return clip.record


def _figure(label: str, waveform: Waveform) -> str:
    heard = resample(waveform, ANALYSIS_RATE)
    heard = Waveform(heard.samples[: round(_LONGEST_SECONDS * ANALYSIS_RATE)], ANALYSIS_RATE)
    picture = base64.b64encode(spectrogram_png(heard)).decode("ascii")
    sound = base64.b64encode(encode(heard, "mp3")).decode("ascii")
    return (
        f"<figure><figcaption>{label}</figcaption>"
        f'<img alt="spectrogram, {label}" src="data:image/png;base64,{picture}">'
        f'<audio controls preload="none" src="data:audio/mpeg;base64,{sound}"></audio></figure>'
    )


def _words(clip: CleanedClip) -> str:
    if clip.cleaning is None:
        return ""
    before, after = asdict(clip.cleaning.before), asdict(clip.cleaning.after)
    return ", ".join(f"{name} {before[key]:.{digits}f} → {after[key]:.{digits}f}" for key, name, digits in _FIGURES)


def _table(measured: Sequence[CleanedClip]) -> str:
    head = "".join(f'<th class="n">{name}</th><th class="n">after</th>' for _, name, _ in _FIGURES)
    rows = []
    for clip in measured[:_MOST_ROWS]:
        if clip.cleaning is None:
            continue
        before, after = asdict(clip.cleaning.before), asdict(clip.cleaning.after)
        cells = "".join(
            f'<td class="n">{before[key]:.{digits}f}</td><td class="n">{after[key]:.{digits}f}</td>'
            for key, _, digits in _FIGURES
        )
        rows.append(
            f'<tr><td>{html.escape(clip.id)}</td><td class="code">{clip.code}</td>'
            f'<td class="n">{clip.cleaning.gain:+.2f}</td>{cells}</tr>'
        )
    rest = len(measured) - len(rows)
    note = f"<p><small>{rest} more are not shown.</small></p>" if rest else ""
    return (
        '<h2>All clips, by change</h2><div class="wide"><table><tr><th>clip</th><th>kept for</th>'
        '<th class="n">change</th>'
        f"{head}</tr>{''.join(rows)}</table></div>{note}"
    )
