"""Checks of one recording: is it there, whole, loud, clean and of a usable length? Knows no text."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from amhctl.audio.files import AudioInfo, find_scale, probe, read_windows
from amhctl.checks.measurements import WINDOW_SECONDS, Measurements, measure
from amhctl.core.errors import AudioError, ScaleError
from amhctl.core.files import sha256_of_file
from amhctl.core.findings import Finding, Rule, Rules, Severity
from amhctl.corpus.records import Record, audio_path

_SLACK_SECONDS = 0.05

RULES = Rules(
    Rule("D010", Severity.ERROR, "audio unreadable", "The file is missing, is a folder, or is not audio."),
    Rule(
        "D011",
        Severity.ERROR,
        "audio damaged or cut short",
        "The header can be read, but some samples are missing, not finite, or larger than any known full scale.",
    ),
    Rule("D012", Severity.ERROR, "audio empty", "The file has no bytes or no samples."),
    Rule(
        "D013",
        Severity.ERROR,
        "audio ends before the utterance",
        "The manifest's offset and duration reach beyond the end of the file by more than 50 ms.",
    ),
    Rule(
        "D014",
        Severity.WARNING,
        "audio clipped",
        "More than 1 sample in 10,000 is at full scale or in a flat run at the peak.",
    ),
    Rule("D015", Severity.ERROR, "too short", "The utterance is shorter than 0.4 s."),
    Rule("D016", Severity.WARNING, "too long", "The utterance is longer than 30 s: split it at pauses."),
    Rule("D017", Severity.WARNING, "sample rate too low", "The sample rate is below 16,000 Hz."),
    Rule(
        "D018",
        Severity.WARNING,
        "DC offset",
        "In some second the mean of the samples is beyond ±0.002 of full scale: a constant DC offset, or one that "
        "fades while a sound card settles.",
    ),
    Rule("D019", Severity.WARNING, "too quiet", "The speech level (90th percentile of frames) is below -45 dBFS."),
    Rule(
        "D020",
        Severity.ERROR,
        "silent",
        "The speech level is below -60 dBFS: nothing can be heard, and normalisation would amplify noise.",
    ),
    Rule("D021", Severity.WARNING, "noisy", "Speech is less than 10 dB above the quietest 10 % of the recording."),
    Rule("D022", Severity.WARNING, "long leading silence", "More than 1.0 s pass before the speech begins."),
    Rule("D023", Severity.WARNING, "long trailing silence", "More than 1.0 s pass after the speech has ended."),
    Rule("D024", Severity.INFO, "several channels", "The file has several channels; they are mixed down to one."),
    Rule("D025", Severity.ERROR, "audio changed", "The file's SHA-256 is not the one in the manifest."),
    Rule(
        "D026",
        Severity.WARNING,
        "narrow band",
        "There is no energy above 75 % of half the sample rate (or above 9 kHz, if that is lower): the file was "
        "upsampled, or recorded through a telephone.",
    ),
    Rule(
        "D027",
        Severity.WARNING,
        "mains hum",
        "Two or more of the first four harmonics of 50 or 60 Hz, or clearly the first one, are constant tones less "
        "than 40 dB below the speech.",
    ),
    Rule("D028", Severity.WARNING, "long inner silence", "The speech pauses for more than 2.0 s."),
    Rule(
        "D090",
        Severity.ERROR,
        "wrong full scale",
        "The samples of a float file go up to 32,768 (16 bits), or to the maximum of 24 or 32 bits, instead of 1. "
        "The other findings of the recording are about the rescaled samples.",
    ),
)


@dataclass(frozen=True, slots=True)
class AudioLimits:
    """Between which values a recording passes; the numbers of ``RULES``."""

    shortest: float = 0.4
    longest: float = 30.0
    lowest_sample_rate: int = 16_000
    most_clipped: float = 1e-4
    largest_offset: float = 2e-3
    quiet_level: float = -45.0
    silent_level: float = -60.0
    lowest_snr: float = 10.0
    longest_silence: float = 1.0
    longest_pause: float = 2.0
    narrowest_band: float = 0.75
    highest_wanted: float = 12_000.0
    loudest_hum: float = -40.0


@dataclass(frozen=True, slots=True)
class AudioResult:
    """The measurements of a recording, None if it could not be read, and its findings."""

    measurements: Measurements | None
    findings: tuple[Finding, ...]


def check_audio(
    record: Record, folder: Path, known: Measurements | None = None, limits: AudioLimits = AudioLimits()
) -> AudioResult:
    """Measure and judge the recording of a record whose manifest is in ``folder``; what is known is only judged."""
    measured = known or _measure_file(record, audio_path(record, folder))
    if isinstance(measured, AudioResult):
        return measured
    findings = _judge(record.id, measured, limits)
    if record.sha256 and measured.sha256 != record.sha256:
        findings.append(RULES.finding("D025", record.id, "the file is not the one from which the manifest was made"))
    return AudioResult(measured, tuple(findings))


def _measure_file(record: Record, path: Path) -> Measurements | AudioResult:
    try:
        if path.is_file() and path.stat().st_size == 0:
            return _unusable("D012", record, "the file is empty (0 bytes)", "copy or record it again")
        info = probe(path)
    except AudioError as error:
        return _unusable("D010", record, error.message, error.hint)
    except OSError as error:
        return _unusable("D010", record, f"the file cannot be opened: {error.strerror}", "correct its permissions")
    if info.frames == 0:
        return _unusable("D012", record, "the file holds no samples", "record it again")
    end = record.offset + (record.duration or 0.0)
    if end > info.duration + _SLACK_SECONDS or record.offset >= info.duration:
        message = f"the utterance ends at {_seconds(end)}, the file at {_seconds(info.duration)}"
        return _unusable("D013", record, message, "correct offset and duration in the manifest")
    try:
        return _measure_part(record, path, info)
    except AudioError as error:
        return _unusable("D011", record, error.message, error.hint)
    except OSError as error:
        return _unusable("D010", record, f"the file cannot be read to its end: {error.strerror}", "is it still there?")


def _measure_part(record: Record, path: Path, info: AudioInfo) -> Measurements:
    sha256 = sha256_of_file(path)

    def at(full_scale: float) -> Measurements:
        windows = read_windows(
            path, offset=record.offset, duration=record.duration, full_scale=full_scale, longest=WINDOW_SECONDS
        )
        return measure(windows, info, sha256, full_scale=full_scale)

    try:
        return at(1.0)
    except ScaleError:
        return at(find_scale(path, offset=record.offset, duration=record.duration))


def _seconds(seconds: float) -> str:
    # A manifest can ask for more seconds than anybody wants to read the digits of.
    return f"{seconds:.3f} s" if seconds < 1e9 else f"{seconds:g} s"


def _judge(subject: str, measured: Measurements, limits: AudioLimits) -> list[Finding]:
    def find(code: str, message: str, hint: str = "") -> Finding:
        return RULES.finding(code, subject, message, hint)

    findings = list(_judge_file(measured, limits, find))
    if measured.level < limits.silent_level:
        # Noise, edges and offset of a silent clip say nothing more.
        message = f"the speech level is {measured.level:.1f} dBFS"
        return [*findings, find("D020", message, "record it again or leave it out")]
    return [*findings, *_judge_speech(measured, limits, find)]


def _judge_file(measured: Measurements, limits: AudioLimits, find: Callable[..., Finding]) -> Iterator[Finding]:
    if measured.full_scale != 1.0:
        message = f"the samples have a full scale of {measured.full_scale:.0f} instead of 1"
        yield find("D090", message, f"data check --fix divides them by {measured.full_scale:.0f}")
    if measured.duration < limits.shortest:
        yield find("D015", f"{measured.duration:.2f} s are too short", "leave it out")
    if measured.duration > limits.longest:
        yield find("D016", f"{measured.duration:.1f} s are too long", "split it at a pause")
    if measured.sample_rate < limits.lowest_sample_rate:
        yield find("D017", f"{measured.sample_rate} Hz is too low", "find the original recording")
    if measured.channels > 1:
        yield find("D024", f"{measured.channels} channels are mixed down to one")


def _judge_speech(measured: Measurements, limits: AudioLimits, find: Callable[..., Finding]) -> Iterator[Finding]:
    if measured.clipped > limits.most_clipped:
        yield find("D014", f"{measured.clipped:.3%} of the samples are clipped", "record it again with less gain")
    if abs(measured.offset) > limits.largest_offset:
        yield find("D018", f"the mean of a second is {measured.offset:+.4f}", "data check --fix removes it")
    if measured.level < limits.quiet_level:
        yield find("D019", f"the speech level is {measured.level:.1f} dBFS", "data check --fix normalises it")
    if measured.snr < limits.lowest_snr:
        yield find("D021", f"the signal-to-noise ratio is about {measured.snr:.0f} dB", "record it in a quieter room")
    if measured.before > limits.longest_silence:
        yield find("D022", f"{measured.before:.2f} s of silence before the speech", "data check --fix trims it")
    if measured.after > limits.longest_silence:
        yield find("D023", f"{measured.after:.2f} s of silence after the speech", "data check --fix trims it")
    if measured.pause > limits.longest_pause:
        yield find(
            "D028",
            f"{measured.pause:.2f} s of silence within the speech",
            "split the utterance there, or shorten the pause",
        )
    if measured.bandwidth < limits.narrowest_band * min(measured.sample_rate / 2, limits.highest_wanted):
        message = f"no energy above {measured.bandwidth:.0f} Hz in a file of {measured.sample_rate} Hz"
        yield find("D026", message, "find the original recording")
    if measured.hum > limits.loudest_hum:
        yield find(
            "D027", f"mains hum {-measured.hum:.0f} dB below the speech", "filter it out, or check cables and grounding"
        )


def _unusable(code: str, record: Record, message: str, hint: str) -> AudioResult:
    return AudioResult(None, (RULES.finding(code, record.id, f"{message} ({record.audio})", hint),))
