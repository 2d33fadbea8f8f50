"""The section ``threads`` of ``bench``: encoding by one thread and by many, alone and beside other work.

Each figure is that of a process of its own, because OpenMP reads once how many threads there are and how they wait. The
other work is as many processes as there are processors, each of which keeps one busy.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from amhctl.core.errors import EvaluationError
from amhctl.devices.processors import THREADS, WAITING

_ENCODE = """
import json, sys
import numpy as np
from amhctl.codec.registry import load_codec
from amhctl.evaluation.speed import cpu_time_once, time_once

codec = load_codec(sys.argv[1])
seconds, repetitions = float(sys.argv[2]), int(sys.argv[3])
size = round(seconds * codec.spec.sample_rate)
clip = np.random.default_rng(0).normal(0.0, 0.05, size).astype(np.float32)
codec.encode([clip])
times = []
for _ in range(repetitions):
    used = []
    times.append((time_once(lambda: used.append(cpu_time_once(lambda: codec.encode([clip])))), used[0]))
print(json.dumps(sorted(times)[len(times) // 2]))
"""
_BUSY = "while True: pass"


@dataclass(frozen=True, slots=True)
class ThreadTiming:
    """What encoding took.

    Attributes
    ----------
    wall : float
        Seconds by the clock for a second of speech.
    processor : float
        Processor seconds over all threads for a second of speech.
    """

    wall: float
    processor: float


def time_encoding(
    codec: str, *, threads: int, sleeping: bool, beside: int = 0, seconds: float = 6.0, repetitions: int = 3
) -> ThreadTiming:
    """Return what encoding noise takes in a process of its own, the median of some repetitions.

    Parameters
    ----------
    codec : str
        Name or folder.
    threads : int
        Threads of an operation.
    sleeping : bool
        Whether a thread that waits sleeps, as amhctl has it; else as OpenMP does by itself.
    beside : int
        Busy processes beside it.
    seconds : float
        Length of the noise.
    repetitions : int
        How often it is encoded.

    Raises
    ------
    EvaluationError
        If the process fails.
    """
    environment = {name: value for name, value in os.environ.items() if name not in WAITING}
    environment |= {THREADS: str(threads)} | ({"OMP_WAIT_POLICY": "PASSIVE"} if sleeping else {})
    with _busy_processes(beside):
        done = _run(environment, codec, str(seconds), str(repetitions))
    wall, processor = json.loads(done)
    return ThreadTiming(wall / seconds, processor / seconds)


@contextmanager
def _busy_processes(count: int) -> Iterator[list[subprocess.Popen[bytes]]]:
    processes = [subprocess.Popen([sys.executable, "-c", _BUSY]) for _ in range(count)]
    try:
        yield processes
    finally:
        for process in processes:
            process.kill()
            process.wait()


def _run(environment: Mapping[str, str], *words: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", _ENCODE, *words], env=dict(environment), capture_output=True, text=True, check=False
    )
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "no message"
        raise EvaluationError(f"the measured process failed: {last}", subject="encoding")
    return done.stdout
