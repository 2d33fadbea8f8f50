"""The sections ``codes`` and ``dac`` of ``bench``: encoding alone, a whole extraction, and beside it the DAC package's.

Extraction and package are timed as whole processes on the same files, one after the other, so that starting, reading
and writing count for both.
"""

import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from amhctl.audio.files import write
from amhctl.audio.waveform import Waveform
from amhctl.codec.registry import codec_path, load_codec
from amhctl.codes.store import CodeStore
from amhctl.config.codec_spec import CodecSpec
from amhctl.core.errors import DatasetError, EvaluationError
from amhctl.core.units import Precision
from amhctl.corpus.records import Record, read_audio, read_records, write_records
from amhctl.devices.precision import computes_in
from amhctl.evaluation.speed import cpu_time_of_children

_PACKAGE = "import sys; from amhctl.evaluation.dac_package import run_package; run_package(sys.argv[1:])"


@dataclass(frozen=True, slots=True)
class Timing:
    """What a process took.

    Attributes
    ----------
    wall : float
        Seconds by the clock.
    processor : float
        Processor seconds over all its threads: what else the machine does weighs little.
    """

    wall: float
    processor: float


@dataclass(frozen=True, slots=True)
class Agreement:
    """Which share of codes is the same: of those of the first codebook, and of the whole."""

    first: float
    whole: float


@dataclass(frozen=True, slots=True)
class HalfPrecision:
    """``amhctl codes extract --precision bf16``: what it took, and what came of it."""

    timing: Timing
    agreement: Agreement


@dataclass(frozen=True, slots=True)
class Comparison:
    """What two programs took for the same recordings.

    Attributes
    ----------
    spec : CodecSpec
        The codec that both used.
    files : int
        How many recordings.
    seconds : float
        Their speech.
    extraction, package : Timing
        Of ``amhctl codes extract`` and of ``python -m dac encode``, both in fp32, which is the default of both.
    half : HalfPrecision | None
        The extraction in bf16, which the package does not offer; None if the device does not compute in it.
    """

    spec: CodecSpec
    files: int
    seconds: float
    extraction: Timing
    package: Timing
    half: HalfPrecision | None


def time_extraction(manifest: Path, codec: str, store: Path, *, device: str, precision: Precision = "fp32") -> Timing:
    """Return what ``amhctl codes extract`` takes in a process of its own.

    Raises
    ------
    EvaluationError
        If the process fails.
    """
    words = ["codes", "extract", str(manifest), "-o", str(store), "--codec", codec, "--device", device, "--quiet"]
    words += ["--precision", precision]
    return _time_child(sys.executable, "-m", "amhctl", *words)


def compare_with_package(
    manifest: Path, weights: str, scratch: Path, *, device: str, most_seconds: float
) -> Comparison:
    """Encode the same recordings with the same DAC weights by amhctl and by the package's command line.

    Parameters
    ----------
    manifest : Path
        Recordings; the first ones are taken.
    weights : str
        DAC weights file, or the name of official ones on this machine.
    scratch : Path
        Folder for what both write.
    device : str
        Where both compute.
    most_seconds : float
        No more speech than that, one recording more or less.

    Raises
    ------
    EvaluationError
        If the codec is not a DAC weights file, or a process fails.
    """
    path = codec_path(weights)
    if path.is_dir():
        raise EvaluationError(
            "only a DAC weights file can be compared with the DAC package",
            subject=weights,
            hint="give one with --codec WEIGHTS.pth",
        )
    spec = load_codec(str(path)).spec
    copies, seconds = _copy_recordings(manifest, scratch / "dac", spec.sample_rate, most_seconds)
    store, half_store = scratch / "dac-store", scratch / "dac-half"
    extraction = time_extraction(copies, str(path), store, device=device)
    half = None
    if computes_in("bf16", torch.device(device)):
        timing = time_extraction(copies, str(path), half_store, device=device, precision="bf16")
        half = HalfPrecision(timing, compare_codes(store, half_store))
    recordings, output = scratch / "dac" / "wav", scratch / "dac-codes"
    words = ["encode", str(recordings), "--output", str(output), "--weights_path", str(path), "--device", device]
    package = _time_child(sys.executable, "-c", _PACKAGE, *words)
    count = len(read_records(copies))
    if len(list(output.glob("*.dac"))) != count:
        raise EvaluationError("the DAC package failed on some recordings", subject=str(path))
    return Comparison(spec, count, seconds, extraction, package, half)


def compare_codes(one: Path, other: Path) -> Agreement:
    """Return how many codes of a store are those that another has at the same place of the same utterance.

    Raises
    ------
    DatasetError
        If the other lacks an utterance, or has it at another length.
    """
    ours, theirs = CodeStore.open(one), CodeStore.open(other)
    equal = np.zeros(ours.spec.codebooks)
    frames = 0
    for entry in ours:
        codes_QS, others_QS = ours.codes(entry.id), theirs.codes(entry.id)
        if codes_QS.shape != others_QS.shape:
            raise DatasetError(
                f"{codes_QS.shape} codes, but {others_QS.shape} in {other}", subject=f"{one}: {entry.id}"
            )
        equal += (codes_QS == others_QS).sum(axis=1)
        frames += codes_QS.shape[1]
    return Agreement(first=float(equal[0] / frames), whole=float(equal.mean() / frames))


def _copy_recordings(manifest: Path, folder: Path, sample_rate: int, most_seconds: float) -> tuple[Path, float]:
    """Write recordings as WAV files at the codec's rate, so that neither program resamples; return their manifest."""
    records: list[Record] = []
    total = 0.0
    for number, record in enumerate(read_records(manifest)):
        clip: Waveform = read_audio(record, manifest.parent, sample_rate=sample_rate)
        write(folder / "wav" / f"{number:05d}.wav", clip)
        records.append(Record(id=f"{number:05d}", audio=f"wav/{number:05d}.wav", text=record.text))
        total += clip.duration
        if total >= most_seconds:
            break
    write_records(folder / "manifest.jsonl", records)
    return folder / "manifest.jsonl", total


def _time_child(*words: str) -> Timing:
    begun, used = time.perf_counter(), cpu_time_of_children()
    finished = subprocess.run(words, capture_output=True, check=False)
    timing = Timing(time.perf_counter() - begun, cpu_time_of_children() - used)
    if finished.returncode:
        lines = finished.stderr.decode(errors="replace").strip().splitlines()
        raise EvaluationError(
            f"the measured process failed: {lines[-1] if lines else 'no message'}", subject=" ".join(words[-8:])
        )
    return timing
