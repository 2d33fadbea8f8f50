"""``amhctl bench``: how fast amhctl is on this machine, and how much memory it takes. Measures, does not judge."""

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np

from amhctl.audio.files import write
from amhctl.audio.waveform import Waveform
from amhctl.codec.registry import DEFAULT_CODEC as DEFAULT_CODEC
from amhctl.codec.registry import load_codec
from amhctl.codec.vocoder import load_vocoder
from amhctl.codec.vocoder_spec import DEFAULT_VOCODER as DEFAULT_VOCODER
from amhctl.codes.store import CodeStore
from amhctl.core.errors import EvaluationError, TextError
from amhctl.core.files import write_text_atomically
from amhctl.core.outputs import FileKind, require_output_file
from amhctl.core.progress import Progress, SilentProgress
from amhctl.core.report import PlainReport
from amhctl.core.units import Seconds
from amhctl.corpus.records import Record, read_audio, read_records, write_records
from amhctl.corpus.texts import read_lines
from amhctl.devices.processors import available_processors
from amhctl.evaluation.extraction_speed import Timing, compare_with_package, time_extraction
from amhctl.evaluation.speed import Machine, cpu_time_once, describe_machine, median_time, time_once
from amhctl.evaluation.thread_speed import time_encoding
from amhctl.evaluation.vocoder_speed import time_synthesis
from amhctl.inference.assemble import load_voice
from amhctl.inference.catalog import DEFAULT_VOICE as DEFAULT_VOICE
from amhctl.inference.catalog import voice_path
from amhctl.inference.voice import SpeakOptions
from amhctl.pages.barchart import Bar, draw_bars
from amhctl.text.frontend import Frontend
from amhctl.workflows.bench_train import (
    HEAD,
    HEAD_BEFORE,
    Unmeasured,
    VariantFigures,
    VariantsRequest,
    measured,
    time_variants,
    yardstick_of,
)
from amhctl.workflows.data import check as check_data

Section = Literal["speak", "codes", "vocoder", "data", "text", "startup", "threads", "dac", "train"]
SECTIONS: tuple[Section, ...] = ("speak", "codes", "vocoder", "data", "text", "startup", "threads", "dac", "train")
# The comparison needs a DAC weights file, which is not in the package; training takes many minutes.
_USUAL: tuple[Section, ...] = ("speak", "codes", "vocoder", "data", "text", "startup", "threads")
DRAWING = FileKind("an SVG drawing", re.compile(rb"\s*<svg"))
_TEXT = "አዲስ አበባ የኢትዮጵያ ዋና ከተማ ናት። ከተማዋ በአንድ ሺህ ስምንት መቶ ሰባ ዘጠኝ ዓመተ ምሕረት ተመሠረተች። ዛሬ ብዙ ሰዎች የሚኖሩባት ትልቅ ከተማ ናት።"
_SENTENCE = "ዛሬ ብዙ ሰዎች የሚኖሩባት ትልቅ ከተማ ናት።"
_CLIPS, _CLIP_SECONDS, _SAMPLE_RATE = 32, 6.0, 16_000
_MOST_CODE_SECONDS = 300.0
_LINES, _PIECES = 2_000, 8_000


@dataclass(frozen=True, slots=True)
class BenchmarkRequest:
    """What to measure.

    Attributes
    ----------
    only : tuple[Section, ...]
        Sections; none means all but ``dac``, which needs a DAC weights file as the codec, and ``train``, which takes
        long.
    voice, codec, vocoder : str
        What to measure.
    manifest : Path | None
        Recordings for ``codes`` and ``data``; None generates some.
    corpus : Path | None
        Text for ``text``, and to train a vocabulary on; None generates some and trains none.
    repetitions : int
        The median of so many is taken.
    device : str
        Where to compute.
    training : VariantsRequest
        What ``train`` measures.
    plot : Path | None
        Where to draw its speeds.
    force : bool
        Whether an earlier drawing may be replaced.
    """

    only: tuple[Section, ...] = ()
    voice: str = DEFAULT_VOICE
    codec: str = DEFAULT_CODEC
    vocoder: str = DEFAULT_VOCODER
    manifest: Path | None = None
    corpus: Path | None = None
    repetitions: int = 3
    device: str = "cpu"
    training: VariantsRequest = field(default_factory=VariantsRequest)
    plot: Path | None = None
    force: bool = False


@dataclass(frozen=True, slots=True)
class Measurement:
    """One figure.

    Attributes
    ----------
    name : str
        Key in ``--json``.
    value : float
        The figure.
    unit : str
        What it counts.
    note : str
        How it was taken.
    """

    name: str
    value: float
    unit: str
    note: str


@dataclass(frozen=True, slots=True)
class BenchmarkReport(PlainReport):
    """All figures and the machine they belong to."""

    measurements: tuple[Measurement, ...]
    machine: Machine
    training: tuple[VariantFigures | Unmeasured, ...] = ()

    def payload(self) -> dict[str, object]:
        """Return the figures and the machine."""
        return {
            "machine": {
                "processor": self.machine.processor,
                "cores": self.machine.cores,
                "memory_gib": round(self.machine.memory_gib, 1),
                "system": self.machine.system,
                "python": self.machine.python,
            },
            "results": {
                item.name: {"value": round(item.value, 4), "unit": item.unit, "note": item.note}
                for item in self.measurements
            },
            "training": [each.row() for each in self.training],
        }

    def lines(self) -> Iterable[str]:
        """Return a line a figure, the machine first."""
        yield self.machine.line()
        for item in self.measurements:
            yield f"{item.name:<26}{item.value:>10.3f} {item.unit:<12} {item.note}"
        if self.training:
            yield HEAD + (HEAD_BEFORE if any(each.timing.before for each in measured(self.training)) else "")
            yardstick = yardstick_of(self.training)
            yield from (each.line(yardstick) for each in self.training)


def run(request: BenchmarkRequest, progress: Progress) -> BenchmarkReport:
    """Measure what was asked for, one thing after the other.

    Raises
    ------
    AmhctlError
        If the voice, the codec, the vocoder or the manifest cannot be used.
    """
    measures: dict[Section, Callable[[BenchmarkRequest, Path], list[Measurement]]] = {
        "startup": _measure_startup,
        "speak": _measure_speaking,
        "codes": _measure_codes,
        "vocoder": _measure_vocoder,
        "data": _measure_checking,
        "text": _measure_text,
        "threads": _measure_threads,
        "dac": _compare_dac,
    }
    wanted = request.only or _USUAL
    if request.plot is not None:
        read = (request.training.data, request.training.vocabulary, request.training.base)
        require_output_file(request.plot, DRAWING, force=request.force, sources=[each for each in read if each])
    results: list[Measurement] = []
    figures: tuple[VariantFigures | Unmeasured, ...] = ()
    progress.start("measuring", len(wanted), "sections")
    with tempfile.TemporaryDirectory(prefix="amhctl-bench-") as scratch:
        for section, measure in measures.items():
            if section in wanted:
                results += measure(request, Path(scratch))
                progress.advance(note=section)
        if "train" in wanted:
            figures = time_variants(request.training, Path(scratch), progress)
    progress.finish()
    if request.plot is not None and measured(figures):
        _draw(request.plot, measured(figures))
    return BenchmarkReport(tuple(results), describe_machine(), figures)


def _draw(path: Path, figures: tuple[VariantFigures, ...]) -> None:
    """Draw the speeds of training beside one another."""
    yardstick = yardstick_of(figures)
    bars = [
        Bar(
            each.variant.name,
            each.frames_per_processor_second,
            f"{each.frames_per_processor_second:.0f}, {each.frames_per_processor_second / yardstick:.2f} times",
        )
        for each in figures
    ]
    write_text_atomically(path, draw_bars("frames learnt from in a processor second", bars))


def _measure_startup(request: BenchmarkRequest, scratch: Path) -> list[Measurement]:
    seconds = median_time(lambda: _run_child("--help"), repetitions=15)
    bare = median_time(lambda: _run_python("-c", "pass"), repetitions=15)
    return [
        Measurement("startup_help", seconds * 1e3, "ms", "amhctl --help in a new process, median of 15"),
        Measurement("startup_python", bare * 1e3, "ms", "the bare interpreter, median of 15"),
    ]


def _measure_speaking(request: BenchmarkRequest, scratch: Path) -> list[Measurement]:
    path = str(voice_path(request.voice).resolve())
    seconds_to_load = time_once(lambda: load_voice(path, device=request.device))
    voice = load_voice(path, device=request.device)
    options = SpeakOptions()
    speech = voice.speak(_TEXT, options)
    warm = median_time(lambda: voice.speak(_TEXT, options), repetitions=request.repetitions)
    short = voice.speak("ሰላም ዓለም", options).waveform.duration
    warm_short = median_time(lambda: voice.speak("ሰላም ዓለም", options), repetitions=request.repetitions)
    target = scratch / "bench.wav"
    peak, elapsed, _ = _peak_of_child("speak", _TEXT, "-o", str(target), "--voice", path, "--device", request.device)
    duration = speech.waveform.duration
    return [
        Measurement("speak_realtime_factor", warm / duration, "s per s", f"warm, {duration:.1f} s of speech"),
        Measurement("speak_short_realtime", warm_short / short, "s per s", f"warm, {short:.1f} s of speech"),
        Measurement("speak_load", seconds_to_load, "s", "voice and codec from disk"),
        Measurement("speak_process", elapsed, "s", f"a whole process for {duration:.1f} s of speech"),
        Measurement("speak_peak_memory", peak / 2**30, "GiB", "largest resident set of that process"),
    ]


def _measure_codes(request: BenchmarkRequest, scratch: Path) -> list[Measurement]:
    codec = load_codec(request.codec, device=request.device)
    manifest = request.manifest or _generate(scratch)
    clips, total = [], 0.0
    for record in read_records(manifest):
        clip = read_audio(record, manifest.parent, sample_rate=codec.spec.sample_rate)
        clips.append(clip.samples)
        total += clip.duration
        if total >= _MOST_CODE_SECONDS:
            break
    codes = codec.encode(clips[:1])
    encoding = median_time(lambda: [codec.encode([clip]) for clip in clips], repetitions=request.repetitions)
    codes = [codec.encode([clip])[0] for clip in clips]
    decoding = median_time(lambda: [codec.decode([item]) for item in codes], repetitions=request.repetitions)
    note = f"{codec.spec.name}, {total:.0f} s of recordings"
    extracting = time_extraction(manifest, request.codec, scratch / "store", device=request.device).wall
    hours = sum(entry.record.duration or 0.0 for entry in CodeStore.open(scratch / "store")) / 3600
    return [
        Measurement("codes_encode", total / encoding, "x real time", note),
        Measurement("codes_decode", total / decoding, "x real time", note),
        Measurement("codes_extract", hours * 3600 / extracting, "x real time", f"a whole process for {hours:.2f} h"),
    ]


def _measure_vocoder(request: BenchmarkRequest, scratch: Path) -> list[Measurement]:
    """Time the vocoder by one thread and by all."""
    vocoder = load_vocoder(request.vocoder, device=request.device)
    results = []
    for name, threads in (("vocoder_one_thread", 1), ("vocoder_all_threads", available_processors())):
        taken = time_synthesis(
            vocoder, seconds=Seconds(_CLIP_SECONDS), threads=threads, repetitions=request.repetitions
        )
        note = f"{vocoder.spec.name}, {_CLIP_SECONDS:g} s at {vocoder.spec.sample_rate} Hz, {threads} thread(s)"
        results.append(Measurement(name, taken / _CLIP_SECONDS, "s per s", note))
    return results


def _measure_threads(request: BenchmarkRequest, scratch: Path) -> list[Measurement]:
    """Time encoding by one thread and by all, alone and beside as much other work as there are processors."""
    processors = available_processors()
    ways = {
        "threads_one": ("1 thread", 1, True),
        "threads_all": (f"{processors} threads that sleep while they wait, as amhctl has it", processors, True),
        "threads_all_spinning": (f"{processors} threads that spin, as OpenMP does by itself", processors, False),
    }
    results = []
    for name, (note, threads, sleeping) in ways.items():
        for suffix, beside in (("", 0), ("_beside", processors)):
            timing = time_encoding(
                request.codec, threads=threads, sleeping=sleeping, beside=beside, repetitions=request.repetitions
            )
            where = f"beside {beside} busy process(es)" if beside else "alone"
            used = f"{1000 * timing.processor:.0f} ms of processors a second of speech"
            results.append(Measurement(f"{name}{suffix}", 1.0 / timing.wall, "x real time", f"{note}; {where}; {used}"))
    return results


def _compare_dac(request: BenchmarkRequest, scratch: Path) -> list[Measurement]:
    manifest = request.manifest or _generate(scratch)
    both = compare_with_package(
        manifest, request.codec, scratch, device=request.device, most_seconds=_MOST_CODE_SECONDS
    )
    note = f"{both.spec.name}, a whole process for {both.files} recordings of {both.seconds:.0f} s"
    figures = [
        _speed_of("dac_package", both.seconds, both.package, f"python -m dac encode, fp32: {note}"),
        _speed_of("dac_extract", both.seconds, both.extraction, f"codes extract, fp32, the default of both: {note}"),
        *_advantage("", both.extraction, both.package),
    ]
    if both.half is None:
        return figures
    equal = both.half.agreement
    return [
        *figures,
        _speed_of("dac_extract_bf16", both.seconds, both.half.timing, f"codes extract --precision bf16: {note}"),
        *_advantage("_bf16", both.half.timing, both.package),
        Measurement("dac_equal_bf16", equal.whole, "of 1", "codes of bf16 that are those of fp32"),
        Measurement("dac_equal_bf16_first", equal.first, "of 1", "the same of the first codebook"),
    ]


def _speed_of(name: str, seconds: float, timing: Timing, note: str) -> Measurement:
    return Measurement(name, seconds / timing.wall, "x real time", note)


def _advantage(suffix: str, ours: Timing, theirs: Timing) -> list[Measurement]:
    """Return how many times the package's time is that of an extraction, by the clock and in processor seconds."""
    by_clock, by_processor = theirs.wall / ours.wall, theirs.processor / ours.processor
    return [
        Measurement(f"dac_advantage{suffix}", by_clock, "times", "the extraction over the package, by the clock"),
        Measurement(f"dac_advantage{suffix}_cpu", by_processor, "times", "the same in processor seconds"),
    ]


def _measure_checking(request: BenchmarkRequest, scratch: Path) -> list[Measurement]:
    manifest = request.manifest or _generate(scratch)
    total = sum(read_audio(record, manifest.parent).duration for record in read_records(manifest))
    seconds = time_once(lambda: check_data.run(check_data.CheckDataRequest(manifest=manifest), SilentProgress()))
    return [Measurement("data_check", total / seconds, "x real time", f"{total:.0f} s of recordings")]


def _measure_text(request: BenchmarkRequest, scratch: Path) -> list[Measurement]:
    """Time a new frontend, so that no word is known before, on every line once."""
    lines = [line.text for line in read_lines([request.corpus])] if request.corpus else _generate_lines()
    megabytes = sum(len(line.encode()) for line in lines) / 1e6
    frontend = Frontend()
    spoken: list[str] = []

    def normalize() -> None:
        spoken.extend(text for line in lines if (text := _spoken(frontend, line)))

    normalizing = cpu_time_once(normalize)
    phonemizing = cpu_time_once(lambda: [frontend.phones(text) for text in spoken])
    note = f"{len(lines)} lines, {megabytes:.1f} MB"
    figures = [
        Measurement("text_normalize", normalizing, "CPU s", note),
        Measurement("text_normalize_speed", megabytes / normalizing, "MB/CPU s", note),
        Measurement("text_phones", phonemizing, "CPU s", f"{note}, spoken"),
    ]
    if request.corpus is None:
        return figures
    wanted = ("vocab", "train", str(request.corpus), "-o", str(scratch / "bench.model"), "--size", str(_PIECES))
    peak, _, used = _peak_of_child(*wanted, "--units", "fidel", "--type", "bpe")
    trained = f"{_PIECES} bpe pieces of fidel, a whole process with reading"
    return [
        *figures,
        Measurement("vocab_train", used, "CPU s", trained),
        Measurement("vocab_train_peak_memory", peak / 2**30, "GiB", trained),
    ]


def _spoken(frontend: Frontend, line: str) -> str:
    try:
        return frontend.normalize(line).text
    except TextError:
        return ""


def _generate_lines() -> list[str]:
    """Return sentences with numbers, dates and abbreviations that are all different."""
    return [
        f"{_SENTENCE} በ{1900 + index % 120} ዓ.ም. {index} ሰዎች ወደ ዶ/ር አበበ መጡ፤ {index % 99}.{index % 10}% የሚሆኑት ተመለሱ።"
        for index in range(_LINES)
    ]


def _generate(scratch: Path) -> Path:
    """Write a manifest of clips of noise with the spectrum and rhythm of speech; made once."""
    manifest = scratch / "generated.jsonl"
    if manifest.is_file():
        return manifest
    generator = np.random.default_rng(0)
    count = round(_CLIP_SECONDS * _SAMPLE_RATE)
    rhythm = 0.05 + np.sin(np.pi * 4.0 * np.arange(count) / _SAMPLE_RATE) ** 2
    records = []
    for index in range(_CLIPS):
        noise = np.convolve(generator.normal(0.0, 0.05, count), np.ones(8) / 8.0, mode="same") * rhythm
        path = scratch / f"clip{index:02d}.flac"
        write(path, Waveform(noise.astype(np.float32), _SAMPLE_RATE))
        records.append(
            Record(id=path.stem, audio=path.name, text=f"{_SENTENCE} {_SENTENCE}", duration=count / _SAMPLE_RATE)
        )
    write_records(manifest, records)
    return manifest


def _run_child(*arguments: str) -> None:
    _run_python("-m", "amhctl", *arguments)


def _run_python(*arguments: str) -> None:
    finished = subprocess.run([sys.executable, *arguments], capture_output=True, check=False)
    if finished.returncode:
        raise _failed(arguments, finished.stderr.decode(errors="replace"))


def _peak_of_child(*arguments: str) -> tuple[int, float, float]:
    """Return the largest resident set in bytes, the wall-clock and the processor seconds of ``amhctl`` in a process.

    The child reports on its own children only, of which it has one: so what this process ran before does not count.
    """
    script = (
        "import json, subprocess, sys, time\n"
        "from amhctl.evaluation.speed import cpu_time_of_children, peak_memory_of_children\n"
        "start = time.perf_counter()\n"
        "done = subprocess.run([sys.executable, '-m', 'amhctl', *sys.argv[1:]], capture_output=True)\n"
        "elapsed = time.perf_counter() - start\n"
        "used = cpu_time_of_children()\n"
        "print(json.dumps([done.returncode, peak_memory_of_children(), elapsed, used, done.stderr.decode()]))\n"
    )
    finished = subprocess.run(
        [sys.executable, "-c", script, *arguments], capture_output=True, check=False, env=dict(os.environ)
    )
    if finished.returncode:
        raise _failed(arguments, finished.stderr.decode(errors="replace"))
    code, peak, elapsed, used, errors = json.loads(finished.stdout)
    if code:
        raise _failed(arguments, errors)
    return int(peak), float(elapsed), float(used)


def _failed(arguments: tuple[str, ...], errors: str) -> EvaluationError:
    last = errors.strip().splitlines()[-1] if errors.strip() else "no message"
    return EvaluationError(f"the measured process failed: {last}", subject=" ".join(arguments[:3]))
