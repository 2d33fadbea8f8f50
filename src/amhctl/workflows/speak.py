"""``amhctl speak``: a text, a voice, a sound file."""

import importlib
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from amhctl.audio.files import RAW_SOUND, SOUND, encode
from amhctl.audio.referenceclip import ReferenceClip
from amhctl.audio.tags import Tags
from amhctl.audio.waveform import Waveform
from amhctl.checkpoint.licences import require_commercial
from amhctl.config.emotions import Weights, parse_emotions
from amhctl.config.sources import has_settings
from amhctl.core.documents import read_limited
from amhctl.core.errors import AudioError, DocumentError, TextError
from amhctl.core.files import write_bytes_atomically
from amhctl.core.findings import Finding, Rule, Rules, Severity
from amhctl.core.outputs import require_output_file
from amhctl.core.progress import Progress
from amhctl.core.report import Report
from amhctl.core.units import Seconds
from amhctl.inference.assemble import load_speech_encoder, load_voice
from amhctl.inference.catalog import DEFAULT_VOICE as DEFAULT_VOICE
from amhctl.inference.catalog import voice_path
from amhctl.inference.labels import label
from amhctl.inference.options import MOST_UNSPOKEN as MOST_UNSPOKEN
from amhctl.inference.options import SpeakOptions as SpeakOptions
from amhctl.inference.reference import read_clip
from amhctl.inference.speech import Speech, SpokenSegment
from amhctl.inference.voice import Voice
from amhctl.text.lexicon_file import read_lexicons

if TYPE_CHECKING:
    from amhctl.config.load import ResolvedConfig

AudioFormat = Literal["wav", "flac", "ogg", "mp3", "pcm"]
_FORMATS: tuple[AudioFormat, ...] = ("wav", "flac", "ogg", "mp3", "pcm")
_SUFFIXES: dict[str, AudioFormat] = {f".{name}": name for name in _FORMATS} | {".raw": "pcm", ".oga": "ogg"}

RULES = Rules(
    Rule(
        "S018",
        Severity.INFO,
        "the voice of a person",
        "A voice belongs to a person. To imitate it you need that person's permission, and you should label the "
        "result as synthetic.",
    ),
)


@dataclass(frozen=True, slots=True)
class Clips:
    """Recordings to speak like.

    Attributes
    ----------
    reference : Path | None
        Clip of another speaker to imitate.
    emotion : Path | None
        Clip whose emotion to speak with, for voices with an emotion branch.
    emotion_strength : float
        How much of it, from 0 to 1.
    emotions : str | None
        Emotions as numbers, such as ``happy=0.6,calm=0.2``, for voices of IndexTTS-2, in place of a clip's.
    features_model : Path | None
        Folder of the speech encoder for the clips, for voices conditioned on one.
    """

    reference: Path | None = None
    emotion: Path | None = None
    emotion_strength: float = 1.0
    emotions: str | None = None
    features_model: Path | None = None

    @property
    def paths(self) -> tuple[Path, ...]:
        """What is read."""
        return tuple(path for path in (self.reference, self.emotion, self.features_model) if path is not None)


@dataclass(frozen=True, slots=True)
class SpeakRequest:
    """What ``amhctl speak`` was asked.

    Attributes
    ----------
    output : Path | None
        Audio file; None for standard output.
    text : str | None
        Written text; None where ``file`` has it.
    file : Path | None
        UTF-8 text file.
    format : AudioFormat | None
        None for what the suffix says, or WAV on standard output.
    voice, codec : str
        Names or folders; no codec means the voice's own.
    clips : Clips
        Recordings to speak like.
    options : SpeakOptions
        How to speak.
    project : Path | None
        Project whose lexicons are read; None reads none.
    lexicons : tuple[Path, ...]
        Lexicons that say how words are read, in place of the project's; the voice's own readings come after them.
    commercial : bool
        Whether works whose licence forbids commercial use are refused, whatever the project says.
    device : str
        Where to compute.
    force : bool
        Whether an existing output may be replaced.
    """

    output: Path | None
    text: str | None = None
    file: Path | None = None
    format: AudioFormat | None = None
    voice: str = DEFAULT_VOICE
    codec: str | None = None
    clips: Clips = Clips()
    options: SpeakOptions = field(default_factory=SpeakOptions)
    project: Path | None = None
    lexicons: tuple[Path, ...] = ()
    commercial: bool = False
    device: str = "auto"
    force: bool = False


@dataclass(frozen=True, slots=True)
class SpeakReport(Report):
    """What was spoken, and how long it took."""

    output: Path | None
    seconds: Seconds
    realtime_factor: float
    segments: tuple[SpokenSegment, ...]
    findings: tuple[Finding, ...]
    raw: bytes | None
    aside: tuple[Finding, ...] = ()
    """Those of the findings that are about what was given, not about what was made of it."""

    def payload(self) -> dict[str, object]:
        """Return length, speed, segments and checks."""
        return {
            "output": str(self.output) if self.output else "-",
            "seconds": round(self.seconds, 3),
            "realtime_factor": round(self.realtime_factor, 4),
            "segments": [
                {
                    "text": segment.text,
                    "seconds": round(segment.seconds, 3),
                    "pause": round(segment.pause, 3),
                    "syllables": segment.syllables,
                }
                for segment in self.segments
            ],
            "checks": {
                "stopped": all(segment.stopped for segment in self.segments),
                "attempts": [segment.attempts for segment in self.segments],
            },
        }

    def lines(self) -> Iterable[str]:
        """Return one line: where, how long, how fast."""
        if self.output:
            plural = "segment" if len(self.segments) == 1 else "segments"
            yield (
                f"{self.output}: {self.seconds:.2f} s, {len(self.segments)} {plural}, "
                f"real-time factor {self.realtime_factor:.2f}"
            )


def run(request: SpeakRequest, progress: Progress) -> SpeakReport:
    """Speak a text into a file or into the report.

    Raises
    ------
    AmhctlError
        If the text, the voice or the output cannot be used; ``UnspeakableError`` if the speech was judged bad.
    """
    chosen = _choose_format(request)
    lexicons, commercial = _read_settings(request)
    if request.output is not None:
        kind = RAW_SOUND if chosen == "pcm" else SOUND
        sources = (*_sources(request), *lexicons)
        require_output_file(request.output, kind, force=request.force, sources=sources)
    text = _read_text(request)
    reference = _read_reference(request.clips.reference) if request.clips.reference else None
    weights = None if request.clips.emotions is None else parse_emotions(request.clips.emotions)
    emotion = read_clip(request.clips.emotion) if request.clips.emotion else None
    lexicon = read_lexicons(lexicons)
    loaded = load_voice(
        request.voice, device=request.device, codec=request.codec, features_model=request.clips.features_model
    )
    voice = loaded.with_lexicon(lexicon)
    if commercial:
        require_commercial(voice.licences, voice.manifest.name)
    start = perf_counter()
    speaker = _find_speaker(request, voice, reference, emotion, weights)
    speech = voice.speak(text, request.options, speaker=speaker, progress=progress)
    elapsed = perf_counter() - start
    tags = label(voice.manifest, text, person=request.options.person, imitates=reference is not None)
    content = _encode(speech.waveform, chosen, tags)
    if request.output is not None:
        write_bytes_atomically(request.output, content)
    heard = tuple(finding for one in (reference, emotion) if one for finding in one.findings)
    return _report(request, speech, elapsed, content, heard)


def _sources(request: SpeakRequest) -> tuple[Path, ...]:
    codec = Path(request.codec) if request.codec else None
    given = (voice_path(request.voice), codec, request.file, *request.clips.paths)
    return tuple(path for path in given if path is not None)


def _find_speaker(
    request: SpeakRequest,
    voice: Voice[Any],
    reference: ReferenceClip | None,
    emotion: ReferenceClip | None,
    weights: Weights | None,
) -> Any:  # noqa: ANN401  (each kind of voice has a speaker of its own)
    """Return whom to speak as, with whose emotion; None for the voice's own speaker."""
    if reference is None and emotion is None:
        return None if weights is None else voice.weigh_emotions(None, weights)
    encode_speech = voice.speech_encoder or load_speech_encoder(
        voice.manifest, request.clips.features_model, device=request.device
    )
    speaker = voice.imitate(reference.waveform, encode_speech) if reference else None
    if weights is not None:
        return voice.weigh_emotions(speaker, weights)
    if emotion is None:
        return speaker
    return voice.feel(speaker, emotion.waveform, encode_speech, strength=request.clips.emotion_strength)


def _read_settings(request: SpeakRequest) -> tuple[tuple[Path, ...], bool]:
    """Return the lexicons, and whether commercial use is asked for."""
    if not has_settings(request.project):
        return request.lexicons, request.commercial
    load = importlib.import_module("amhctl.config.load")
    flags = {"paths.lexicons": request.lexicons}
    resolved: ResolvedConfig = load.load_run_config(preset=None, project=request.project, flags=flags)
    return resolved.config.paths.lexicons, request.commercial or resolved.config.licence.commercial


def _read_reference(path: Path) -> ReferenceClip:
    """Return the clip to imitate, with the notice of whose voice it is; one that cannot be used is refused."""
    clip = read_clip(path)
    notice = RULES.finding(
        "S018",
        str(path),
        "a voice belongs to a person: imitate it only with that person's permission",
        "label the result as synthetic speech when you publish it",
    )
    return replace(clip, findings=(notice, *clip.findings))


def _report(
    request: SpeakRequest, speech: Speech, elapsed: float, content: bytes, aside: tuple[Finding, ...]
) -> SpeakReport:
    seconds = speech.waveform.duration
    return SpeakReport(
        output=request.output,
        seconds=seconds,
        realtime_factor=elapsed / seconds,
        segments=speech.segments,
        findings=aside + speech.findings,
        aside=aside,
        raw=content if request.output is None else None,
    )


def _read_text(request: SpeakRequest) -> str:
    text, subject = request.text or "", "text"
    if request.file is not None:
        subject = str(request.file)
        try:
            text = read_limited(request.file).decode("utf-8-sig")
        except FileNotFoundError:
            raise TextError("the text file does not exist", subject=subject, hint="check the path") from None
        except IsADirectoryError:
            raise TextError("the path is a folder", subject=subject, hint="give a text file") from None
        except DocumentError as fault:
            raise TextError(f"the text file is {fault.message}", subject=subject) from fault
        except UnicodeDecodeError as fault:
            raise TextError(
                f"the file is not UTF-8 at byte {fault.start}", subject=subject, hint="save it as UTF-8"
            ) from fault
    if not text.strip():
        raise TextError("the text is empty", subject=subject, hint="give at least one word in Ethiopic script")
    return text


def _choose_format(request: SpeakRequest) -> AudioFormat:
    if request.format is not None:
        return request.format
    if request.output is None:
        return "wav"
    chosen = _SUFFIXES.get(request.output.suffix.lower())
    if chosen is None:
        raise AudioError(
            f"unknown audio format: suffix {request.output.suffix!r}",
            subject=str(request.output),
            hint=f"use one of {', '.join(_SUFFIXES)}, or pass --format",
        )
    return chosen


def _encode(waveform: Waveform, chosen: AudioFormat, tags: Tags) -> bytes:
    """Return a file's bytes; PCM is 16-bit little-endian mono without a header."""
    if chosen == "pcm":
        samples = np.round(np.clip(waveform.samples, -1.0, 1.0) * 32_767.0)
        return samples.astype("<i2").tobytes()
    return encode(waveform, chosen, tags)
