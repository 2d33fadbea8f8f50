import base64
import io
import re
from pathlib import Path

import pytest
import soundfile
from support.manifests import tiny_manifest

from amhctl.core.progress import SilentProgress
from amhctl.data.checks import check_manifest
from amhctl.data.records import read_records, write_records
from amhctl.data.report import render_report
from amhctl.text.frontend import Frontend
from amhctl.workflows.check_data import RULES


def test_the_page_shows_the_worst_clips_with_players_inside(tmp_path: Path) -> None:
    manifest = tiny_manifest(tmp_path / "data", count=5)
    records = read_records(manifest)
    faulty = [records[0].model_copy(update={"text": "<b>hello</b>"}), *records[1:]]
    write_records(manifest, faulty, force=True)
    check = check_manifest(manifest, Frontend(), None, SilentProgress())
    content = render_report("Check", check, RULES, manifest=manifest)
    assert "&lt;b&gt;hello" in content
    assert "<b>" not in content
    assert content.count("<svg") == 7
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
