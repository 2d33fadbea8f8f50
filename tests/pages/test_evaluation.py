"""The page shows every clip, escapes what it is given, and is not overwritten."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from support.pages import read_page
from support.speechlike import vowel_train

from amhctl.audio import files
from amhctl.core.errors import FileExistsRefused
from amhctl.evaluation.scorecard import UtteranceScore, build_scorecard
from amhctl.pages.evaluation import WORST_CLIPS, PageClip, clips_folder, write_page
from amhctl.recogniser.scoring import AlignedWord


def clips() -> tuple[PageClip, ...]:
    clip = vowel_train(seconds=0.5)
    spoken = UtteranceScore("one", "ሰላም <b>", 0.5, mcd=6.0)
    failed = UtteranceScore("two", "ዓለም", None, stops=0.0)
    words = {"synthesised": (AlignedWord("ሰላም<i>", 0.1, 0.3, -4.0),)}
    return (PageClip(spoken, clip, clip, clip, words), PageClip(failed, clip, None, clip))


def write(report: Path, *, force: bool = False) -> None:
    items = clips()
    card = build_scorecard(tuple(item.score for item in items), seed=0)
    write_page(report, "tiny & small", card, items, notes=("2 cores",), force=force)


def test_the_page_names_its_clips_and_they_play(tmp_path: Path) -> None:
    report = tmp_path / "report.html"
    write(report)
    page = report.read_text(encoding="utf-8")
    names = sorted(path.name for path in clips_folder(report).iterdir())
    assert len(names) == 5
    assert all(f"report-clips/{name}" in page for name in names)
    assert "ሰላም &lt;b&gt;" in page
    assert "tiny &amp; small" in page
    assert "failed" in page
    assert '<span class="error" title="unclear" style="left:20.0%;width:40.0%">ሰላም&lt;i&gt;</span>' in page
    assert page.count("data:image/png;base64,") == 5
    assert files.probe(clips_folder(report) / names[0]).duration == pytest.approx(0.5, abs=1e-3)


def test_an_existing_page_is_kept_unless_forced(tmp_path: Path) -> None:
    report = tmp_path / "report.html"
    write(report)
    with pytest.raises(FileExistsRefused):
        write(report)
    write(report, force=True)


def test_a_page_finds_its_clips_whatever_it_is_called(tmp_path: Path) -> None:
    report = tmp_path / "ሙከራ #1 at 50%.html"
    write(report)
    page = read_page(report.read_text(encoding="utf-8"))
    sources = [source for source in page.sources if not source.startswith("data:")]
    assert len(sources) == 5
    # A browser takes '#' for the end of a path, and '%' for the begin of an escaped letter.
    assert all((tmp_path / unquote(urlsplit(source).path)).is_file() for source in sources)


def test_the_worst_clips_have_pictures_beside_the_recording_and_the_others_players(tmp_path: Path) -> None:
    sound = vowel_train(seconds=0.1)
    scores = [UtteranceScore(f"c{place}", "ሰላም", 0.1, stops=1.0, mcd=float(place)) for place in range(WORST_CLIPS + 3)]
    items = tuple(PageClip(score, sound, sound, sound) for score in scores)
    report = tmp_path / "page.html"
    write_page(report, "many", build_scorecard(tuple(scores), seed=0), items, notes=(), force=False)
    content = report.read_text(encoding="utf-8")
    page = read_page(content)
    assert page.counts["img"] == 3 * WORST_CLIPS
    assert page.counts["audio"] == 3 * WORST_CLIPS + 2 * 3
    assert content.index("c22") < content.index("c3<") < content.index("Other clips") < content.index("c2<")
    # A clip keeps its number whatever its place: other commands find it by that.
    assert "page-clips/022-synthesised.flac" in content
    assert len(list(clips_folder(report).iterdir())) == 3 * (WORST_CLIPS + 3)
