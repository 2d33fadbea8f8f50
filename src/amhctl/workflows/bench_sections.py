"""The sections of ``bench``, all but ``indextts2`` and ``train``: what each measures, and how."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from amhctl.audio.waveform import Waveform
from amhctl.codec.codec import Codec
from amhctl.codec.indextts2.indextts2_codec import IndexTTS2Codec
from amhctl.codec.registry import load_codec
from amhctl.codec.semantic import SemanticCodec
from amhctl.codec.vocoder import load_vocoder
from amhctl.codes.store import CodeStore
from amhctl.core.errors import TextError
from amhctl.core.progress import SilentProgress
from amhctl.core.units import Seconds
from amhctl.corpus.records import read_audio, read_records
from amhctl.corpus.texts import read_lines
from amhctl.devices.processors import available_processors
from amhctl.evaluation.extraction_speed import Timing, compare_with_package
from amhctl.evaluation.process_cost import run_apart, run_python, time_first_output
from amhctl.evaluation.speed import cpu_time_once, median_time, time_once
from amhctl.evaluation.thread_speed import time_encoding
from amhctl.evaluation.vocoder_speed import time_synthesis
from amhctl.inference.assemble import load_voice
from amhctl.inference.catalog import voice_path
from amhctl.inference.options import SpeakOptions
from amhctl.recogniser.decoding import BeamSearch
from amhctl.recogniser.features import SAMPLE_RATE
from amhctl.recogniser.recognition import load_recogniser
from amhctl.text.frontend import Frontend
from amhctl.workflows.bench_material import CLIP_SECONDS, generate_lines, generate_manifest
from amhctl.workflows.data import check as check_data

Section = Literal[
    "speak", "codes", "vocoder", "recogniser", "data", "text", "startup", "threads", "dac", "indextts2", "train"
]
_TEXT = "አዲስ አበባ የኢትዮጵያ ዋና ከተማ ናት። ከተማዋ በአንድ ሺህ ስምንት መቶ ሰባ ዘጠኝ ዓመተ ምሕረት ተመሠረተች። ዛሬ ብዙ ሰዎች የሚኖሩባት ትልቅ ከተማ ናት።"
_MOST_CODE_SECONDS = 300.0
# As much as an extraction encodes at once.
_BATCH_SECONDS = 120.0
_PIECES = 8_000
_WAV_HEADER = 44


@dataclass(frozen=True, slots=True)
class Subject:
    """What is measured, and with what.

    Attributes
    ----------
    voice, codec, vocoder : str
        What is measured.
    manifest : Path | None
        Recordings; None generates some.
    corpus : Path | None
        Text, on which a vocabulary is trained too; None generates some and trains none.
    repetitions : int
        The median of so many is taken.
    device : str
        Where to compute.
    scratch : Path
        A folder for what is generated.
    """

    voice: str
    codec: str
    vocoder: str
    manifest: Path | None
    corpus: Path | None
    repetitions: int
    device: str
    scratch: Path


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


def _measure_startup(subject: Subject) -> list[Measurement]:
    seconds = median_time(lambda: run_python("-m", "amhctl", "--help"), repetitions=15)
    bare = median_time(lambda: run_python("-c", "pass"), repetitions=15)
    return [
        Measurement("startup_help", seconds * 1e3, "ms", "amhctl --help in a new process, median of 15"),
        Measurement("startup_python", bare * 1e3, "ms", "the bare interpreter, median of 15"),
    ]


def _measure_speaking(subject: Subject) -> list[Measurement]:
    path = str(voice_path(subject.voice).resolve())
    seconds_to_load = time_once(lambda: load_voice(path, device=subject.device))
    voice = load_voice(path, device=subject.device)
    options = SpeakOptions()
    speech = voice.speak(_TEXT, options)
    warm = median_time(lambda: voice.speak(_TEXT, options), repetitions=subject.repetitions)
    short = voice.speak("ሰላም ዓለም", options).waveform.duration
    warm_short = median_time(lambda: voice.speak("ሰላም ዓለም", options), repetitions=subject.repetitions)
    target = subject.scratch / "bench.wav"
    cost = run_apart("speak", _TEXT, "-o", str(target), "--voice", path, "--device", subject.device)
    stream = ("speak", _TEXT, "-o", "-", "--voice", path, "--device", subject.device, "-q")
    cold = float(np.median([time_first_output(*stream, after=_WAV_HEADER) for _ in range(subject.repetitions)]))
    first = median_time(lambda: next(iter(voice.stream(_TEXT, options))), repetitions=subject.repetitions)
    duration = speech.waveform.duration
    return [
        Measurement("speak_realtime_factor", warm / duration, "s per s", f"warm, {duration:.1f} s of speech"),
        Measurement("speak_short_realtime", warm_short / short, "s per s", f"warm, {short:.1f} s of speech"),
        Measurement("speak_load", seconds_to_load, "s", "voice and codec from disk"),
        Measurement("speak_process", cost.wall, "s", f"a complete process for {duration:.1f} s of speech"),
        Measurement("speak_first_sound_cold", cold, "s", "from the start of a process to its first samples"),
        Measurement("speak_first_sound_warm", first, "s", "from the text to the first sentence, voice loaded"),
        Measurement("speak_peak_memory", cost.peak_bytes / 2**30, "GiB", "peak memory of that process"),
    ]


def _measure_codes(subject: Subject) -> list[Measurement]:
    """Time encoding alone, decoding, and a whole extraction with its memory."""
    codec = load_codec(subject.codec, device=subject.device)
    manifest = subject.manifest or generate_manifest(subject.scratch)
    clips, total = [], 0.0
    for record in read_records(manifest):
        clip = read_audio(record, manifest.parent, sample_rate=codec.spec.sample_rate)
        clips.append(clip.samples)
        total += clip.duration
        if total >= _MOST_CODE_SECONDS:
            break
    codec.encode(clips[:1])
    note = f"{codec.spec.name}, {total:.0f} s of recordings"
    encoding = median_time(lambda: [codec.encode([clip]) for clip in clips], repetitions=subject.repetitions)
    batches = list(_cut_into_batches(clips, round(_BATCH_SECONDS * codec.spec.sample_rate)))
    together = median_time(lambda: [codec.encode(batch) for batch in batches], repetitions=subject.repetitions)
    return [
        Measurement("codes_encode", total / encoding, "x real time", note),
        Measurement("codes_encode_batches", total / together, "x real time", f"{note}, {len(batches)} batches"),
        *_measure_decoding(codec, clips, subject.repetitions),
        *_measure_extraction(codec, manifest, subject),
    ]


def _cut_into_batches(clips: list[NDArray[np.float32]], most: int) -> Iterator[list[NDArray[np.float32]]]:
    """Yield batches as an extraction has them: clips of similar length, so many samples at most."""
    batch: list[NDArray[np.float32]] = []
    for clip in sorted(clips, key=len):
        if batch and sum(map(len, batch)) + len(clip) > most:
            yield batch
            batch = []
        batch.append(clip)
    yield batch


def _measure_decoding(codec: Codec, clips: list[NDArray[np.float32]], repetitions: int) -> list[Measurement]:
    """Time decoding; of IndexTTS-2, which takes many times as long as others, one clip in its own voice."""
    if isinstance(codec, IndexTTS2Codec):
        clips = clips[:1]
        codec.use(codec.prompt(Waveform(clips[0], codec.spec.sample_rate)))
    elif isinstance(codec, SemanticCodec):
        return []
    codes = [codec.encode([clip])[0] for clip in clips]
    decoding = median_time(lambda: [codec.decode([item]) for item in codes], repetitions=repetitions)
    seconds = sum(map(len, clips)) / codec.spec.sample_rate
    note = f"{codec.spec.name}, {seconds:.0f} s of recordings"
    return [Measurement("codes_decode", seconds / decoding, "x real time", note)]


def _measure_extraction(codec: Codec, manifest: Path, subject: Subject) -> list[Measurement]:
    """Time a whole extraction; a semantic codec's with the features that its voices are conditioned on."""
    store = subject.scratch / "store"
    words = ["codes", "extract", str(manifest), "-o", str(store), "--codec", subject.codec, "--device", subject.device]
    if isinstance(codec, SemanticCodec):
        words += ["--features", "w2v-bert"]
    cost = run_apart(*words, "--quiet")
    hours = sum(entry.record.duration or 0.0 for entry in CodeStore.open(store)) / 3600
    note = f"a complete process for {hours:.2f} h"
    return [
        Measurement("codes_extract", hours * 3600 / cost.wall, "x real time", note),
        Measurement("codes_extract_peak_memory", cost.peak_bytes / 2**30, "GiB", "peak memory of that process"),
    ]


def _measure_vocoder(subject: Subject) -> list[Measurement]:
    """Time the vocoder by one thread and by all."""
    vocoder = load_vocoder(subject.vocoder, device=subject.device)
    results = []
    for name, threads in (("vocoder_one_thread", 1), ("vocoder_all_threads", available_processors())):
        taken = time_synthesis(vocoder, seconds=Seconds(CLIP_SECONDS), threads=threads, repetitions=subject.repetitions)
        note = f"{vocoder.spec.name}, {CLIP_SECONDS:g} s at {vocoder.spec.sample_rate} Hz, {threads} thread(s)"
        results.append(Measurement(name, taken / CLIP_SECONDS, "s per s", note))
    return results


def _measure_recogniser(subject: Subject) -> list[Measurement]:
    """Time the bundled recogniser by one thread: loading, the network, and the search on what it finds."""
    begun = perf_counter()
    recogniser = load_recogniser(threads=1)
    loading = perf_counter() - begun
    samples = np.random.default_rng(0).normal(0.0, 0.1, round(CLIP_SECONDS * SAMPLE_RATE)).astype(np.float32)
    noise = Waveform(samples, SAMPLE_RATE)
    values = recogniser.log_probabilities(noise)
    search = BeamSearch(recogniser.phone_model, recogniser.words)
    network = median_time(lambda: recogniser.log_probabilities(noise), repetitions=subject.repetitions)
    searching = median_time(lambda: search.run(values), repetitions=subject.repetitions)
    note = f"{recogniser.name}, {CLIP_SECONDS:g} s of noise, 1 thread"
    return [
        Measurement("recogniser_loading", loading, "s", recogniser.name),
        Measurement("recogniser_network", network / CLIP_SECONDS, "s per s", note),
        Measurement("recogniser_search", searching / CLIP_SECONDS, "s per s", note),
    ]


def _measure_threads(subject: Subject) -> list[Measurement]:
    """Time encoding by one thread and by all, alone and beside as much other work as there are processors."""
    processors = available_processors()
    ways = {
        "threads_one": ("1 thread", 1, True),
        "threads_all": (f"{processors} threads that sleep while they wait, as in amhctl", processors, True),
        "threads_all_spinning": (
            f"{processors} threads that spin while they wait, the default of OpenMP",
            processors,
            False,
        ),
    }
    results = []
    for name, (note, threads, sleeping) in ways.items():
        for suffix, beside in (("", 0), ("_beside", processors)):
            timing = time_encoding(
                subject.codec, threads=threads, sleeping=sleeping, beside=beside, repetitions=subject.repetitions
            )
            where = f"beside {beside} busy process(es)" if beside else "alone"
            used = f"{1000 * timing.processor:.0f} ms of processor time per second of speech"
            results.append(Measurement(f"{name}{suffix}", 1.0 / timing.wall, "x real time", f"{note}; {where}; {used}"))
    return results


def _compare_dac(subject: Subject) -> list[Measurement]:
    manifest = subject.manifest or generate_manifest(subject.scratch)
    both = compare_with_package(
        manifest, subject.codec, subject.scratch, device=subject.device, most_seconds=_MOST_CODE_SECONDS
    )
    note = f"{both.spec.name}, a complete process for {both.files} recordings of {both.seconds:.0f} s"
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
        Measurement("dac_equal_bf16", equal.whole, "of 1", "codes that are equal in bf16 and fp32"),
        Measurement("dac_equal_bf16_first", equal.first, "of 1", "the same for the first codebook"),
    ]


def _speed_of(name: str, seconds: float, timing: Timing, note: str) -> Measurement:
    return Measurement(name, seconds / timing.wall, "x real time", note)


def _advantage(suffix: str, ours: Timing, theirs: Timing) -> list[Measurement]:
    """Return how many times the package's time is that of an extraction, by the clock and in processor seconds."""
    by_clock, by_processor = theirs.wall / ours.wall, theirs.processor / ours.processor
    return [
        Measurement(
            f"dac_advantage{suffix}", by_clock, "times", "speed of codes extract relative to the package, elapsed time"
        ),
        Measurement(f"dac_advantage{suffix}_cpu", by_processor, "times", "the same in processor seconds"),
    ]


def _measure_checking(subject: Subject) -> list[Measurement]:
    manifest = subject.manifest or generate_manifest(subject.scratch)
    total = sum(read_audio(record, manifest.parent).duration for record in read_records(manifest))
    seconds = time_once(lambda: check_data.run(check_data.CheckDataRequest(manifest=manifest), SilentProgress()))
    return [Measurement("data_check", total / seconds, "x real time", f"{total:.0f} s of recordings")]


def _measure_text(subject: Subject) -> list[Measurement]:
    """Time a new frontend, so that no word is known before, on every line once."""
    lines = [line.text for line in read_lines([subject.corpus])] if subject.corpus else generate_lines()
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
    if subject.corpus is None:
        return figures
    wanted = ("vocab", "train", str(subject.corpus), "-o", str(subject.scratch / "bench.model"), "--size", str(_PIECES))
    cost = run_apart(*wanted, "--units", "fidel", "--type", "bpe")
    trained = f"{_PIECES} BPE pieces of fidel, a complete process with normalisation"
    return [
        *figures,
        Measurement("vocab_train", cost.processor, "CPU s", trained),
        Measurement("vocab_train_peak_memory", cost.peak_bytes / 2**30, "GiB", trained),
    ]


def _spoken(frontend: Frontend, line: str) -> str:
    try:
        return frontend.normalize(line).text
    except TextError:
        return ""


MEASURES: Mapping[Section, Callable[[Subject], list[Measurement]]] = {
    "startup": _measure_startup,
    "speak": _measure_speaking,
    "codes": _measure_codes,
    "vocoder": _measure_vocoder,
    "recogniser": _measure_recogniser,
    "data": _measure_checking,
    "text": _measure_text,
    "threads": _measure_threads,
    "dac": _compare_dac,
}
"""In the order in which they are measured."""
