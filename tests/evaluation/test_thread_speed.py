"""Twin of ``evaluation/thread_speed.py``."""

import subprocess
from pathlib import Path

import pytest
from support.codecs import tiny_codec_folder

from amhctl.core.errors import EvaluationError
from amhctl.evaluation import thread_speed
from amhctl.evaluation.thread_speed import time_encoding


def test_encoding_is_timed_as_it_was_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    environments: list[dict[str, str]] = []
    run = subprocess.run

    def noted(*arguments: object, **options: object) -> object:
        environments.append(options["env"])  # type: ignore[arg-type]
        return run(*arguments, **options)  # type: ignore[call-overload]

    monkeypatch.setattr(thread_speed.subprocess, "run", noted)  # type: ignore[attr-defined]
    monkeypatch.setenv("GOMP_SPINCOUNT", "5")
    timing = time_encoding(str(tiny_codec_folder(tmp_path)), threads=1, sleeping=True, seconds=0.5, repetitions=1)
    assert timing.wall > 0
    assert timing.processor > 0
    with pytest.raises(EvaluationError, match="process failed"):
        time_encoding(str(tmp_path / "none"), threads=2, sleeping=False)
    said = [
        [env.get(name) for name in ("OMP_NUM_THREADS", "OMP_WAIT_POLICY", "GOMP_SPINCOUNT")] for env in environments
    ]
    assert said == [["1", "PASSIVE", None], ["2", None, None]]


def test_other_work_ends_with_the_measurement() -> None:
    with thread_speed._busy_processes(2) as processes:
        assert [process.poll() for process in processes] == [None, None]
    assert all(process.poll() is not None for process in processes)
