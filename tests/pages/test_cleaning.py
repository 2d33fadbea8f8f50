"""Twin of ``pages/cleaning.py``."""

import base64
import io
import re
from dataclasses import replace
from pathlib import Path

import pytest
import soundfile
from support.enhancers import GATE_GOAL, NoiseRating, open_gate, rate_noise
from support.manifests import noisy_manifest
from support.pages import read_page

from amhctl.audio.waveform import Waveform
from amhctl.checks.cleaned_copy import CleanedCopy, write_cleaned_copy
from amhctl.checks.cleaning import CleaningGoal
from amhctl.core.progress import SilentProgress
from amhctl.pages import cleaning as cleaningpage
from amhctl.pages.cleaning import write_cleaning_page


def _page(folder: Path, goal: CleaningGoal = GATE_GOAL) -> tuple[str, CleanedCopy]:
    manifest = noisy_manifest(folder)
    copy = write_cleaned_copy(manifest, folder / "out", goal, SilentProgress())
    write_cleaning_page(folder / "r.html", "Cleaning", copy, manifest, open_gate(None), SilentProgress())
    return (folder / "r.html").read_text(encoding="utf-8"), copy


def test_every_clip_is_heard_and_seen_before_and_after(tmp_path: Path) -> None:
    page, copy = _page(tmp_path)
    read_page(page)
    assert "cleaned: 4, kept as they were: 0, left out: 0" in page
    sounds = [base64.b64decode(one) for one in re.findall(r"data:audio/mpeg;base64,([^\"]+)", page)]
    pictures = [base64.b64decode(one) for one in re.findall(r"data:image/png;base64,([^\"]+)", page)]
    assert (len(sounds), len(pictures)) == (8, 8)
    assert all(picture.startswith(b"\x89PNG") for picture in pictures)
    lengths = [soundfile.info(io.BytesIO(sound)).duration for sound in sounds]
    assert all(abs(before - after) < 0.1 for before, after in zip(lengths[::2], lengths[1::2], strict=True))
    # Sorted by change, the largest first.
    rows = re.findall(r'<th scope="row">(r\d)</th>', page)
    assert rows == [clip.id for clip in sorted(copy.clips, key=lambda clip: -clip.cleaning.gain)]  # type: ignore[union-attr]
    for name in ("DNSMOS P.808", "DNSMOS overall", "speech level, dBFS", "bandwidth, Hz"):
        assert name in page


def test_a_clip_that_was_kept_says_why_and_what_it_would_be(tmp_path: Path) -> None:
    def rate(waveform: Waveform) -> NoiseRating:
        return NoiseRating(6.0 - rate_noise(waveform).p808)

    page, copy = _page(tmp_path, replace(GATE_GOAL, rate=rate))
    assert copy.counts == {"D104": 4}
    assert "<h2>Kept as they were</h2>" in page
    assert "D104 DNSMOS P.808 would fall" in page
    assert page.count("<figcaption>it would be</figcaption>") == 4
    before, after = re.findall(r"data:audio/mpeg;base64,([^\"]+)", page)[:2]
    assert before != after


def test_a_page_shows_some_of_many_clips(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cleaningpage, "SHOWN", 3)
    manifest = noisy_manifest(tmp_path, count=2)
    copy = write_cleaned_copy(manifest, tmp_path / "out", GATE_GOAL, SilentProgress())
    many = replace(copy, clips=copy.clips * 40)
    write_cleaning_page(tmp_path / "r.html", "Many", many, manifest, open_gate(None), SilentProgress())
    page = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert page.count("<article>") == 2 * 3
    assert page.count('<td class="code">') == 80


def test_texts_and_ids_are_no_html(tmp_path: Path) -> None:
    manifest = noisy_manifest(tmp_path, count=1)
    manifest.write_text(manifest.read_text(encoding="utf-8").replace("ሰላም", "<script>"), encoding="utf-8")
    copy = write_cleaned_copy(manifest, tmp_path / "out", GATE_GOAL, SilentProgress())
    write_cleaning_page(tmp_path / "r.html", "<i>", copy, manifest, open_gate(None), SilentProgress())
    page = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    assert "<i>" not in page
