"""Both programs encode the same recordings with the same weights; what they cannot do is an error."""

from pathlib import Path

import numpy as np
import pytest
import torch
from support.codecs import TINY_DAC, tiny_codec_folder, tiny_dac
from support.manifests import tiny_manifest

from amhctl.codes.store import CodeStore
from amhctl.codes.writer import StoreWriter
from amhctl.config.codec_spec import CodecSpec
from amhctl.config.mel import MelConfig
from amhctl.core.errors import DatasetError, EvaluationError
from amhctl.core.progress import SilentProgress
from amhctl.corpus.records import Record
from amhctl.devices.precision import computes_in
from amhctl.evaluation.extraction_speed import Agreement, compare_codes, compare_with_package, time_extraction
from amhctl.workflows import bench as benchmark
from amhctl.workflows.bench import BenchmarkRequest


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
    wanted = {"dac_package", "dac_extract", "dac_advantage", "dac_advantage_cpu"}
    if computes_in("bf16", torch.device("cpu")):
        wanted |= {"dac_extract_bf16", "dac_advantage_bf16", "dac_advantage_bf16_cpu"}
        wanted |= {"dac_equal_bf16", "dac_equal_bf16_first"}
        # The same weights in another arithmetic: other roundings, not other codes throughout.
        assert 0.3 < figures["dac_equal_bf16"].value < 1.0
    assert set(figures) == wanted
    assert "3 recordings" in figures["dac_package"].note
    ratio = figures["dac_extract"].value / figures["dac_package"].value
    assert figures["dac_advantage"].value == pytest.approx(ratio)


def test_a_codec_that_the_package_does_not_know_is_refused(tmp_path: Path) -> None:
    folder, manifest = str(tiny_codec_folder(tmp_path)), tiny_manifest(tmp_path)
    with pytest.raises(EvaluationError, match="DAC weights file"):
        compare_with_package(manifest, folder, tmp_path, device="cpu", most_seconds=1.0)


def test_an_extraction_is_timed_and_its_failure_told(tmp_path: Path) -> None:
    folder, manifest = str(tiny_codec_folder(tmp_path)), tiny_manifest(tmp_path, count=2)
    timing = time_extraction(manifest, folder, tmp_path / "store", device="cpu")
    # One thread and a little waiting: a process cannot use much more of the processor than time has passed.
    assert 0.0 < timing.processor < 64 * timing.wall
    assert len(CodeStore.open(tmp_path / "store")) == 2
    with pytest.raises(EvaluationError, match="failed"):
        time_extraction(tmp_path / "none.jsonl", folder, tmp_path / "other", device="cpu")


def _store(folder: Path, codes: dict[str, list[list[int]]]) -> Path:
    """Write a code store of two codebooks of 8 codes."""
    spec = CodecSpec(
        name="two",
        architecture="dac",
        sample_rate=16_000,
        frame_samples=320,
        codebooks=2,
        codebook_size=8,
        fingerprint="0" * 64,
    )
    with StoreWriter.create(folder, spec, MelConfig(bins=4)) as store:
        for id_, codes_QS in codes.items():
            features = np.zeros((3, 4), dtype=np.float32)
            store.append(Record(id=id_, audio=f"{id_}.wav", text="ሰላም"), np.array(codes_QS, np.uint16), features)
    return folder


def test_equal_codes_are_counted_frame_by_frame(tmp_path: Path) -> None:
    one = _store(tmp_path / "one", {"a": [[1, 2, 3], [4, 5, 6]], "b": [[7], [0]]})
    other = _store(tmp_path / "other", {"b": [[7], [1]], "a": [[1, 2, 4], [4, 6, 7]]})
    # Of the first codebook 3 of 4 are the same, of the second 1 of 4.
    assert compare_codes(one, other) == Agreement(first=0.75, whole=0.5)
    assert compare_codes(one, one) == Agreement(first=1.0, whole=1.0)


def test_stores_of_other_utterances_are_not_compared(tmp_path: Path) -> None:
    one = _store(tmp_path / "one", {"a": [[1, 2, 3], [4, 5, 6]]})
    with pytest.raises(DatasetError, match=r"\(2, 3\) codes, but \(2, 2\)"):
        compare_codes(one, _store(tmp_path / "shorter", {"a": [[1, 2], [4, 5]]}))
    with pytest.raises(DatasetError):
        compare_codes(one, _store(tmp_path / "without", {"b": [[1, 2, 3], [4, 5, 6]]}))
