"""The page of a vocabulary check: figures, pieces a word against size, use of the pieces. One HTML file, no scripts.

Knows no files; returns text.
"""

import html
import math
from collections.abc import Sequence
from dataclasses import dataclass

from amhctl.tokenizer.coverage import Coverage, RarePiece
from amhctl.tokenizer.sizes import ENOUGH_OCCURRENCES, ENOUGH_SHARE, SizeCurve
from amhctl.tokenizer.vocabulary import Vocabulary

_STYLE = """
:root{color-scheme:light dark}
body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:64rem;padding:0 1rem}
table{border-collapse:collapse;margin:1rem 0}
th,td{text-align:left;vertical-align:top;padding:.3rem 1.2rem .3rem 0;border-bottom:1px solid #8884}
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}h2{margin-top:2.5rem;font-size:1.1rem}
figure{margin:0}figcaption{font-weight:600}svg{width:100%;max-width:44rem;height:auto}
polyline{fill:none;stroke:#3a7;stroke-width:2}circle{fill:#3a7}line{stroke:#8886}rect{fill:#3a7}
.chosen circle{fill:#c22}text{font-size:11px;fill:#888}.am{font-size:1.1rem}small{color:#888}
"""
_WIDTH, _HEIGHT, _MARGIN = 640.0, 220.0, 40.0
_BARS = 120
_CHOSEN, _ARROW, _SPACE = ' class="chosen"', " ←", " "
_SHOWN_RARE = 200


@dataclass(frozen=True, slots=True)
class Comparison:
    """One vocabulary and what it costs on the corpus."""

    name: str
    vocabulary: Vocabulary
    measured: Coverage


def render_page(
    title: str, compared: Sequence[Comparison], curve: SizeCurve, rare: Sequence[RarePiece], *, below: int
) -> str:
    """Return the page.

    Parameters
    ----------
    title : str
        Heading.
    compared : Sequence[Comparison]
        The vocabulary that is checked, then what it is compared with.
    curve : SizeCurve
        Sizes for this corpus.
    rare : Sequence[RarePiece]
        Pieces that occur less than ``below`` times.
    below : int
        The threshold.
    """
    checked = compared[0]
    sections = [
        f"<h1>{html.escape(title)}</h1><p>{checked.measured.lines} lines, {checked.measured.words} words</p>",
        f"<h2>Figures</h2>{_figures(compared)}",
        f"<h2>Size for this corpus</h2>{_plot_sizes(curve)}{_size_table(curve)}",
        f"<h2>Use of the pieces</h2>{_plot_use(checked.measured)}",
        f"<h2>Pieces that occur less than {below} times</h2>{_rare_table(rare)}",
        f"<h2>Lines with unknown characters</h2>{_worst_table(checked.measured)}",
    ]
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{html.escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head>'
        f"<body>{''.join(sections)}</body></html>\n"
    )


def _figures(compared: Sequence[Comparison]) -> str:
    rows = [
        ("pieces", [str(item.vocabulary.size) for item in compared]),
        ("pieces used", [str(item.measured.pieces_used) for item in compared]),
        ("coverage of characters", [f"{item.measured.coverage:.2%}" for item in compared]),
        ("unknown rate", [f"{item.measured.unknown_rate:.4%}" for item in compared]),
        ("pieces a syllable", [f"{item.measured.pieces_per_syllable:.3f}" for item in compared]),
        ("pieces a word", [f"{item.measured.pieces_per_word:.3f}" for item in compared]),
    ]
    head = "".join(f'<th class="n">{html.escape(item.name)}</th>' for item in compared)
    body = "".join(f"<tr><td>{name}</td>{_cells(values)}</tr>" for name, values in rows)
    return f"<table><tr><th></th>{head}</tr>{body}</table>"


def _cells(values: Sequence[str]) -> str:
    return "".join(f'<td class="n">{value}</td>' for value in values)


def _plot_sizes(curve: SizeCurve) -> str:
    """Return pieces a word over the logarithm of the size, the recommended size marked."""
    points = curve.points
    low, high = math.log(points[0].size), math.log(points[-1].size)
    top = max(point.pieces_per_word for point in points)
    places = [
        (
            _MARGIN + (_WIDTH - 2 * _MARGIN) * (math.log(point.size) - low) / ((high - low) or 1.0),
            _HEIGHT - (_HEIGHT - _MARGIN / 2) * point.pieces_per_word / (top or 1.0),
        )
        for point in points
    ]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    marks = "".join(
        f"<g{_CHOSEN * (point.size == curve.recommended)}>"
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4">'
        f"<title>{point.size} pieces: {point.pieces_per_word:.3f} a word</title></circle>"
        f'<text x="{x:.1f}" y="{_HEIGHT + 14:.0f}" text-anchor="middle">{point.size}</text></g>'
        for point, (x, y) in zip(points, places, strict=True)
    )
    return (
        f"<figure><figcaption>Pieces a word <small>by vocabulary size; recommended {curve.recommended}</small>"
        f'</figcaption><svg viewBox="0 0 {_WIDTH:.0f} {_HEIGHT + 20:.0f}" role="img">'
        f'<line x1="0" y1="{_HEIGHT:.0f}" x2="{_WIDTH:.0f}" y2="{_HEIGHT:.0f}"/>'
        f'<polyline points="{line}"/>{marks}<text x="0" y="12">{top:.2f}</text></svg></figure>'
    )


def _size_table(curve: SizeCurve) -> str:
    rows = "".join(
        f'<tr><td class="n">{point.size}{_ARROW * (point.size == curve.recommended)}</td>'
        f'<td class="n">{point.pieces_per_word:.3f}</td><td class="n">{point.pieces_per_syllable:.3f}</td>'
        f'<td class="n">{point.trained_share:.1%}</td></tr>'
        for point in curve.points
    )
    return (
        f'<table><tr><th class="n">pieces</th><th class="n">a word</th><th class="n">a syllable</th>'
        f'<th class="n">learnt pieces that occur {ENOUGH_OCCURRENCES} times</th></tr>{rows}</table>'
        f"<p><small>Recommended is the largest size of byte-pair pieces at which at least {ENOUGH_SHARE:.0%} of the "
        f"learnt pieces occur {ENOUGH_OCCURRENCES} times (Gowda and May 2020).</small></p>"
    )


def _plot_use(measured: Coverage) -> str:
    """Return how often the pieces occur, the commonest first, on a logarithmic scale; a bar is a group of pieces."""
    counts = sorted((count for count in measured.piece_counts if count), reverse=True)
    if not counts:
        return "<p>No piece is used.</p>"
    group = math.ceil(len(counts) / _BARS)
    groups = [counts[start : start + group] for start in range(0, len(counts), group)]
    step, top = _WIDTH / len(groups), math.log1p(counts[0])
    bars = "".join(
        f'<rect x="{index * step:.1f}" y="{_HEIGHT * (1 - height):.1f}" width="{max(step - 1, 0.5):.1f}" '
        f'height="{_HEIGHT * height:.1f}"><title>ranks {index * group + 1} to {index * group + len(members)}: '
        f"{members[0]} to {members[-1]} times</title></rect>"
        for index, members in enumerate(groups)
        for height in (math.log1p(sum(members) / len(members)) / top,)
    )
    return (
        f"<figure><figcaption>Occurrences <small>of {len(counts)} pieces by rank, logarithmic; the commonest "
        f'{counts[0]} times</small></figcaption><svg viewBox="0 0 {_WIDTH:.0f} {_HEIGHT:.0f}" role="img">{bars}</svg>'
        "</figure>"
    )


def _rare_table(rare: Sequence[RarePiece]) -> str:
    if not rare:
        return "<p>None.</p>"
    rows = "".join(
        f'<tr><td class="n">{item.id}</td><td class="am" lang="am">{html.escape(item.piece)}</td>'
        f'<td class="n">{item.count}</td></tr>'
        for item in rare[:_SHOWN_RARE]
    )
    more = f"<p><small>{len(rare) - _SHOWN_RARE} more are not shown.</small></p>" if len(rare) > _SHOWN_RARE else ""
    return f'<table><tr><th class="n">id</th><th>piece</th><th class="n">times</th></tr>{rows}</table>{more}'


def _worst_table(measured: Coverage) -> str:
    rows = "".join(
        f'<tr><td class="n">{item.line}</td><td>{html.escape(_SPACE.join(item.unknown))}</td>'
        f'<td class="am" lang="am">{html.escape(item.text)}</td></tr>'
        for item in measured.worst
    )
    return f"<table>{rows}</table>" if rows else "<p>None.</p>"
