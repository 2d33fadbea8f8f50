"""Both programs encode the same recordings with the same weights; what they cannot do is an error."""

from pathlib import Path

import pytest
import torch
from support.codecs import TINY_DAC, tiny_codec_folder, tiny_dac
from support.manifests import tiny_manifest

from amhctl.codec.dac import computes_in
from amhctl.core.errors import EvaluationError
from amhctl.core.progress import SilentProgress
from amhctl.data.codestore import CodeStore
from amhctl.evaluation.extraction_speed import compare_with_package, time_extraction
from amhctl.workflows import benchmark
from amhctl.workflows.benchmark import BenchmarkRequest


def _weights(folder: Path) -> Path:
    """Write a weights file of a tiny DAC, as the package saves it."""
    path = folder / "tiny.pth"
    kwargs = {key: list(value) if isinstance(value, tuple) else value for key, value in TINY_DAC.model_dump().items()}
    torch.save({"state_dict": tiny_dac().state_dict(), "metadata": {"kwargs": kwargs}}, path)
    return path


@pytest.mark.slow
def test_the_package_and_the_extraction_encode_the_same_recordings(tmp_path: Path) -> None:
    request = BenchmarkRequest(
        only=("dac",), codec=str(_weights(tmp_path)), manifest=tiny_manifest(tmp_path, count=3), repetitions=1
    )
    report = benchmark.run(request, SilentProgress())
    figures = {item.name: item for item in report.measurements}
    half = {"dac_extract_bf16", "dac_advantage_bf16"} if computes_in("bf16", "cpu") else set()
    assert set(figures) == {"dac_extract", "dac_package", "dac_advantage", *half}
    assert "3 recordings" in figures["dac_package"].note
    ratio = figures["dac_extract"].value / figures["dac_package"].value
    assert figures["dac_advantage"].value == pytest.approx(ratio)


def test_a_codec_that_the_package_does_not_know_is_refused(tmp_path: Path) -> None:
    folder, manifest = str(tiny_codec_folder(tmp_path)), tiny_manifest(tmp_path)
    with pytest.raises(EvaluationError, match="DAC weights file"):
        compare_with_package(manifest, folder, tmp_path, device="cpu", most_seconds=1.0)


def test_an_extraction_is_timed_and_its_failure_told(tmp_path: Path) -> None:
    folder, manifest = str(tiny_codec_folder(tmp_path)), tiny_manifest(tmp_path, count=2)
    assert time_extraction(manifest, folder, tmp_path / "store", device="cpu") > 0
    assert len(CodeStore.open(tmp_path / "store")) == 2
    with pytest.raises(EvaluationError, match="failed"):
        time_extraction(tmp_path / "none.jsonl", folder, tmp_path / "other", device="cpu")
