import base64
import io
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from support.manifests import tiny_manifest
from support.pages import read_page

from amhctl.audio.waveform import Waveform
from amhctl.checks.manifest import CheckOptions, check_manifest
from amhctl.core.findings import Finding, Severity
from amhctl.core.progress import SilentProgress
from amhctl.corpus.records import Record, read_records, write_records
from amhctl.pages.manifest import WORST_CLIPS, render_report
from amhctl.pages.players import PLAYER_BYTES, draw_outline
from amhctl.text.frontend import Frontend
from amhctl.workflows.data.check import RULES


def test_the_page_shows_the_worst_clips_with_players_inside(tmp_path: Path) -> None:
    manifest = tiny_manifest(tmp_path / "data", count=5)
    records = read_records(manifest)
    faulty = [records[0].model_copy(update={"text": "<script>hello</script>"}), *records[1:]]
    write_records(manifest, faulty, force=True)
    check = check_manifest(manifest, Frontend(), None, SilentProgress())
    content = render_report("Check", check, RULES, manifest=manifest)
    assert "&lt;script&gt;hello" in content
    assert "<script>" not in content
    tags = read_page(content)
    assert (tags.counts["svg"], tags.counts["audio"]) == (7, 1)
    sources = re.findall(r'src="data:audio/mpeg;base64,([^"]+)"', content)
    assert len(sources) == 1
    samples, rate = soundfile.read(io.BytesIO(base64.b64decode(sources[0])))
    assert samples.size / rate == pytest.approx(1.3, abs=0.1)
    assert "D031" in content


def test_a_clean_manifest_gives_a_page_too(tmp_path: Path) -> None:
    manifest = tiny_manifest(tmp_path)
    check = check_manifest(manifest, Frontend(), None, SilentProgress())
    content = render_report("Check", check, RULES, manifest=manifest)
    assert "Nothing was found" in content
    read_page(content)


def test_a_clip_leads_to_what_its_code_means_and_back(tmp_path: Path) -> None:
    manifest = tiny_manifest(tmp_path / "data", count=5)
    records = [r.model_copy(update={"text": "hello"}) if r.id == "r3" else r for r in read_records(manifest)]
    write_records(manifest, records, force=True)
    content = render_report(
        "Check", check_manifest(manifest, Frontend(), None, SilentProgress()), RULES, manifest=manifest
    )
    assert re.findall(r'id="(D031)">.*?href="#(clip-1)"', content, re.DOTALL) == [("D031", "clip-1")]
    assert re.findall(r'id="clip-1"><h3>(.*?)</h3>', content) == ["r3"]
    assert 'href="#D031"' in content


def test_each_code_has_an_example_among_the_worst(tmp_path: Path) -> None:
    manifest = tmp_path / "manifest.jsonl"
    write_records(manifest, (Record(id=f"r{n}", audio="none.wav", text="ሰላም") for n in range(WORST_CLIPS + 3)))
    options = CheckOptions(audio=False)
    check = check_manifest(manifest, Frontend(), None, SilentProgress(), options)
    errors = [Finding("D040", Severity.ERROR, name, "fast") for name in check.table.ids[:-1]]
    found = replace(check, findings=(*errors, Finding("D072", Severity.INFO, check.table.ids[-1], "a notice")))
    content = render_report("Check", found, RULES, manifest=manifest)
    names = re.findall(r"<h3>(.*?)</h3>", content)
    assert names == [*check.table.ids[: WORST_CLIPS - 1], check.table.ids[-1]]
    assert "3 more are not shown." in content
    # Without audio nothing was measured, and nothing is said of recordings.
    assert "<audio" not in content
    assert "cannot be read" not in content


def test_a_page_of_the_longest_players_can_be_sent_by_mail() -> None:
    noise = np.random.default_rng(0).uniform(-1.0, 1.0, 160_000).astype(np.float32)
    picture = len(draw_outline(Waveform(noise, 16_000), 1.0, 1.0).path) + 1_000
    assert PLAYER_BYTES * 4 / 3 + WORST_CLIPS * picture < 5_000_000
