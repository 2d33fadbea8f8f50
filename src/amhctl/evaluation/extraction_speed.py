"""The sections ``codes`` and ``dac`` of ``bench``: encoding alone, a whole extraction, and beside it the DAC package's.

Extraction and package are timed as whole processes on the same files, one after the other, so that starting, reading
and writing count for both.
"""

import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from amhctl.audio.files import write
from amhctl.audio.waveform import Waveform
from amhctl.codec.codec import CodecSpec
from amhctl.codec.dac import computes_in
from amhctl.codec.registry import codec_path, load_codec
from amhctl.core.errors import EvaluationError
from amhctl.data.records import Record, read_audio, read_records, write_records

_PACKAGE = "import sys; from amhctl.evaluation.dac_package import run_package; run_package(sys.argv[1:])"


@dataclass(frozen=True, slots=True)
class Comparison:
    """How long two programs took for the same recordings.

    Attributes
    ----------
    spec : CodecSpec
        The codec that both used.
    files : int
        How many recordings.
    seconds : float
        Their speech.
    extract_seconds, package_seconds : float
        Wall-clock time of ``amhctl codes extract`` and of ``python -m dac encode``.
    half_seconds : float | None
        That of ``amhctl codes extract --precision bf16``; None if the device does not compute in it.
    """

    spec: CodecSpec
    files: int
    seconds: float
    extract_seconds: float
    package_seconds: float
    half_seconds: float | None


def time_extraction(manifest: Path, codec: str, store: Path, *, device: str, precision: str = "fp32") -> float:
    """Return the wall-clock seconds of ``amhctl codes extract`` in a process of its own.

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
    extracted = time_extraction(copies, str(path), scratch / "dac-store", device=device)
    half = None
    if computes_in("bf16", device):
        half = time_extraction(copies, str(path), scratch / "dac-half", device=device, precision="bf16")
    recordings, output = scratch / "dac" / "wav", scratch / "dac-codes"
    words = ["encode", str(recordings), "--output", str(output), "--weights_path", str(path), "--device", device]
    packaged = _time_child(sys.executable, "-c", _PACKAGE, *words)
    count = len(read_records(copies))
    if len(list(output.glob("*.dac"))) != count:
        raise EvaluationError("the DAC package did not encode every recording", subject=str(path))
    return Comparison(spec, count, seconds, extracted, packaged, half)


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


def _time_child(*words: str) -> float:
    begun = time.perf_counter()
    finished = subprocess.run(words, capture_output=True, check=False)
    elapsed = time.perf_counter() - begun
    if finished.returncode:
        lines = finished.stderr.decode(errors="replace").strip().splitlines()
        raise EvaluationError(
            f"the measured process failed: {lines[-1] if lines else 'no message'}", subject=" ".join(words[-8:])
        )
    return elapsed
