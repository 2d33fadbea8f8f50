"""Twin of ``pages/leaderboard.py``."""

from pathlib import Path

from support.evaluations import metric, write_evaluation
from support.pages import read_page

from amhctl.evaluation.leaderboard import columns_of, read_entry
from amhctl.pages.leaderboard import Board, LeaderboardPage, Sample

HOSTILE = '<script>alert(1)</script>" onload="x'


def test_the_page_shows_voices_and_metrics_and_escapes_names(tmp_path: Path) -> None:
    paths = [
        write_evaluation(tmp_path, "one", voice=HOSTILE, version=HOSTILE),
        write_evaluation(tmp_path, "two", metrics={HOSTILE: metric(1.0), "mcd": metric(5.0)}),
    ]
    entries = [read_entry(path)[0] for path in paths]
    samples = [Sample(HOSTILE, "c/000-natural.flac", {paths[0]: "c/001-synthesised.flac"})]
    board = Board(HOSTILE, entries, columns_of(entries), samples)
    content = LeaderboardPage("Voices", [board], "c").render()
    page = read_page(content)
    assert page.sources == ["c/000-natural.flac", "c/001-synthesised.flac"]
    assert "6.000" in content
    assert "5.900 to 6.100" in content
    # Only metrics that two voices have are drawn.
    assert [chart.title for chart in board.charts] == ["Mel-cepstral distortion (lower is better)"]
    ((_, cells), _) = board.rows
    assert [cell is None for cell, _ in cells] == [False, False, True]
