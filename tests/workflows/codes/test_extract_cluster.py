import contextlib
import json
import os
import pickle
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path

import pytest
from support.codecs import tiny_codec_folder
from support.manifests import tiny_manifest

from amhctl.codes.verify import verify_store
from amhctl.core.errors import AmhctlError, ConfigError, DatasetError
from amhctl.core.progress import Progress, SilentProgress
from amhctl.parallel.cluster import Task
from amhctl.workflows.codes import extract as extract_codes
from amhctl.workflows.codes.extract import ExtractCodesReport, ExtractCodesRequest, run
from amhctl.workflows.codes.extract_shard import ShardReport, ShardRequest


def _extract(manifest: Path, store: Path, codec: Path, **options: object) -> ExtractCodesReport:
    request = ExtractCodesRequest(manifest=manifest, output=store, codec=str(codec), **options)  # type: ignore[arg-type]
    return run(request, SilentProgress())


class _Here:
    """A cluster that does its tasks in this process, of some processors, on which some shards end badly."""

    def __init__(self, *, cpus: int = 2, refused: tuple[int, ...] = ()) -> None:
        self.cpus, self.refused = cpus, refused
        self.asked: list[tuple[int, int]] = []

    def all_of(self, resource: str) -> int:
        return self.cpus if resource == "CPU" else 0

    def run(
        self,
        work: Callable[[ShardRequest, Progress], ShardReport],
        tasks: Sequence[Task[ShardRequest]],
        progress: Progress,
        *,
        title: str,
        unit: str,
        cpus: int,
        gpus: int,
    ) -> list[ShardReport | AmhctlError]:
        self.asked.append((len(tasks), sum(task.size for task in tasks)))
        assert (unit, cpus, gpus, "extracting" in title) == ("utterance", 1, 0, True)
        # What travels to another machine must be fit to travel.
        items = [pickle.loads(pickle.dumps(task.item)) for task in tasks]
        return [
            DatasetError("it went down", subject=task.name, hint="again")
            if item.shard.index in self.refused
            else work(item, progress)
            for task, item in zip(tasks, items, strict=True)
        ]


def _use(cluster: _Here, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extract_codes, "open_cluster", lambda: contextlib.nullcontext(cluster))


def test_a_cluster_writes_the_bytes_of_shards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    manifest, codec, cluster = tiny_manifest(tmp_path, count=5), tiny_codec_folder(tmp_path), _Here()
    _use(cluster, monkeypatch)
    for shard in ("1/2", "2/2"):
        _extract(manifest, tmp_path / "shards", codec, shard=shard, shifts=2)
    monkeypatch.chdir(tmp_path)
    report = _extract(Path(manifest.name), Path("store"), Path("tiny"), engine="ray", shifts=2)
    assert (report.utterances, report.new, report.ok) == (8, 8, True)
    assert {key: report.payload()[key] for key in ("engine", "tasks", "features")} == {
        "engine": "ray",
        "tasks": 2,
        "features": "mel",
    }
    assert cluster.asked == [(2, 8)]
    contents = [{file.name: file.read_bytes() for file in (tmp_path / name).iterdir()} for name in ("shards", "store")]
    assert contents[0] == contents[1]
    # Whatever room there is, a store is gone on with in the shards that it has.
    cluster.cpus = 7
    again = _extract(manifest, tmp_path / "store", codec, engine="ray", shifts=2)
    assert (again.utterances, again.new, again.payload()["tasks"], again.realtime_factor) == (8, 0, 2, None)


def test_a_shard_that_fails_is_a_finding_and_all_of_them_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest, codec, cluster = tiny_manifest(tmp_path, count=6), tiny_codec_folder(tmp_path), _Here(refused=(2,))
    _use(cluster, monkeypatch)
    report = _extract(manifest, tmp_path / "store", codec, engine="ray", tasks=3)
    assert (report.utterances, report.ok) == (4, False)
    assert [(finding.code, finding.subject) for finding in report.findings] == [("X003", "shard 2-of-3")]
    assert "it went down" in report.findings[0].message
    cluster.refused = (1, 2, 3)
    with pytest.raises(DatasetError, match="it went down"):
        _extract(manifest, tmp_path / "store", codec, engine="ray", tasks=3)
    _extract(manifest, tmp_path / "store", codec, shard="1/2")
    with pytest.raises(ConfigError, match="shards of 2 and of 3"):
        _extract(manifest, tmp_path / "store", codec, engine="ray")


@pytest.mark.slow
@pytest.mark.skipif(find_spec("ray") is None, reason="the extra ray is not installed")
def test_a_real_cluster_is_interrupted_and_goes_on_to_the_same_bytes(tmp_path: Path) -> None:
    manifest, codec = tiny_manifest(tmp_path, count=6), tiny_codec_folder(tmp_path)
    for shard in ("1/2", "2/2"):
        _extract(manifest, tmp_path / "shards", codec, shard=shard)
    words = ["codes", "extract", manifest.name, "-o", "store", "--codec", "tiny", "--device", "cpu"]
    command = [sys.executable, "-m", "amhctl", *words, "--engine", "ray", "--tasks", "2", "--json"]
    environment = {key: value for key, value in os.environ.items() if key != "RAY_ADDRESS"}
    with subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=subprocess.DEVNULL) as process:
        while not (tmp_path / "store" / "store.json").exists():
            assert process.poll() is None
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        assert process.wait() == 130
    left = verify_store(tmp_path / "store", SilentProgress()).findings
    assert [finding for finding in left if finding.code != "X115"] == []
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, check=False, text=True)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["utterances"] == 6
    contents = [{file.name: file.read_bytes() for file in (tmp_path / name).iterdir()} for name in ("shards", "store")]
    assert contents[0] == contents[1]
