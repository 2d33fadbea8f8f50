"""``amhctl speak``: a text, a voice, a sound file."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter
from typing import Literal

import numpy as np

from amhctl.audio.files import RAW_SOUND, SOUND, encode
from amhctl.audio.referenceclip import ReferenceClip, read_reference
from amhctl.audio.tags import Tags
from amhctl.audio.waveform import Waveform
from amhctl.checkpoint.manifest import Manifest
from amhctl.config.load import load_run_config
from amhctl.core.documents import read_limited
from amhctl.core.errors import AudioError, DocumentError, SynthesisError, TextError
from amhctl.core.files import write_bytes_atomically
from amhctl.core.findings import Finding, Rule, Rules, Severity
from amhctl.core.outputs import require_output_file
from amhctl.core.progress import Progress
from amhctl.core.units import Seconds
from amhctl.inference.assemble import load_speech_encoder, load_voice
from amhctl.inference.catalog import DEFAULT_VOICE as DEFAULT_VOICE
from amhctl.inference.catalog import voice_path
from amhctl.inference.labels import label
from amhctl.inference.reference import EncodeSpeech, no_emotion
from amhctl.inference.sampling import Sampling
from amhctl.inference.spectrogram_voice import SpectrogramVoice
from amhctl.inference.voice import SpeakOptions, Speech, SpokenSegment
from amhctl.model.flow_sampling import FlowSampling
from amhctl.text.lexicon import read_lexicons

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
class SpeakRequest:
    """What ``amhctl speak`` was asked.

    Attributes
    ----------
    output : Path | None
        Sound file; None for standard output.
    text : str | None
        Written text; None where ``file`` has it.
    file : Path | None
        UTF-8 text file.
    format : AudioFormat | None
        None for what the suffix says, or WAV on standard output.
    voice, codec : str
        Names or folders; no codec means the voice's own.
    reference : Path | None
        Clip of another speaker to imitate.
    emotion : Path | None
        Clip whose emotion to speak with, for voices with an emotion branch.
    emotion_strength : float
        How much of it, from 0 to 1.
    features_model : Path | None
        Folder of the speech encoder that hears the clip, for voices conditioned on one.
    speed : float
        1 is the voice's own pace.
    seed : int
        The same seed gives the same bytes.
    temperature, top_k, top_p, guidance : float | None
        How codes are drawn; None for what suits the voice and the number of takes.
    takes : int | None
        How often each segment is said, for the mean of all; None for what suits the voice.
    steps : int | None
        In how many steps a spectrogram is generated; None for what suits the voice.
    pitch, energy : float
        Semitones and decibels up or down.
    speaker : str | None
        As which of its speakers the voice speaks; None for its first.
    allow_unspoken : bool
        Whether more than a tenth of the letters may be of scripts that are not read.
    project : Path | None
        Project whose lexicons are read; None reads none.
    lexicons : tuple[Path, ...]
        Lexicons that say how words are read, in place of the project's; the voice's own readings come after them.
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
    reference: Path | None = None
    emotion: Path | None = None
    emotion_strength: float = 1.0
    features_model: Path | None = None
    speed: float = 1.0
    seed: int = 0
    temperature: float | None = None
    top_k: int | None = None
    top_p: float | None = None
    guidance: float | None = None
    takes: int | None = None
    steps: int | None = None
    pitch: float = 0.0
    energy: float = 0.0
    speaker: str | None = None
    allow_unspoken: bool = False
    project: Path | None = None
    lexicons: tuple[Path, ...] = ()
    device: str = "auto"
    force: bool = False


@dataclass(frozen=True, slots=True)
class SpeakReport:
    """What was spoken, and how long it took."""

    output: Path | None
    seconds: Seconds
    realtime_factor: float
    segments: tuple[SpokenSegment, ...]
    findings: tuple[Finding, ...]
    raw: bytes | None
    aside: tuple[Finding, ...] = ()
    """Those of the findings that are about what was given, not about what was made of it."""

    @property
    def ok(self) -> bool:
        """Speech that is judged bad is never reported: it is an error."""
        return True

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
    # Refused here already, before a voice is loaded.
    _choose_sampling(request, Sampling())
    chosen = _choose_format(request)
    lexicons = _find_lexicons(request)
    if request.output is not None:
        kind = RAW_SOUND if chosen == "pcm" else SOUND
        sources = (*_sources(request), *lexicons)
        require_output_file(request.output, kind, force=request.force, sources=sources)
    text = _read_text(request)
    clip = _read_reference(request.reference) if request.reference else None
    reference = clip.waveform if clip else None
    feeling = _read_clip(request.emotion) if request.emotion else None
    options = SpeakOptions(
        seed=request.seed,
        speed=request.speed,
        takes=request.takes,
        pitch=request.pitch,
        energy=request.energy,
        person=request.speaker,
    )
    if request.allow_unspoken:
        options = replace(options, most_unspoken=1.0)
    lexicon = read_lexicons(lexicons)
    voice = load_voice(request.voice, device=request.device, codec=request.codec).with_lexicon(lexicon)
    start = perf_counter()
    if not isinstance(voice, SpectrogramVoice):
        options = replace(options, drawing=_choose_drawing(request) if request.steps else None)
        options = replace(options, sampling=_choose_sampling(request, voice.sampling(voice.takes(request.takes))))
        encode_speech = _load_speech_encoder(request, voice.manifest) if reference or feeling else None
        prompt = voice.imitate(reference, encode_speech) if reference else None
        if feeling:
            prompt = voice.feel(prompt, feeling.waveform, encode_speech, strength=request.emotion_strength)
        speech = voice.speak(text, options, speaker=prompt, progress=progress)
    elif feeling:
        raise no_emotion(voice.manifest.name)
    else:
        drawn = (request.temperature, request.top_k, request.top_p)
        given = None if drawn == (None, None, None) else _choose_sampling(request, Sampling())
        options = replace(options, sampling=given, drawing=_choose_drawing(request))
        embedding = voice.imitate(reference, _load_speech_encoder(request, voice.manifest)) if reference else None
        speech = voice.speak(text, options, speaker=embedding, progress=progress)
    elapsed = perf_counter() - start
    tags = label(voice.manifest, text, person=request.speaker, imitates=reference is not None)
    content = _encode(speech.waveform, chosen, tags)
    if request.output is not None:
        write_bytes_atomically(request.output, content)
    heard = tuple(finding for one in (clip, feeling) if one for finding in one.findings)
    return _report(request, speech, elapsed, content, heard)


def _sources(request: SpeakRequest) -> tuple[Path, ...]:
    codec = Path(request.codec) if request.codec else None
    given = (voice_path(request.voice), codec, request.file, request.reference, request.emotion, request.features_model)
    return tuple(path for path in given if path is not None)


def _choose_sampling(request: SpeakRequest, defaults: Sampling) -> Sampling:
    return Sampling(
        temperature=defaults.temperature if request.temperature is None else request.temperature,
        top_k=defaults.top_k if request.top_k is None else request.top_k,
        top_p=defaults.top_p if request.top_p is None else request.top_p,
        guidance=defaults.guidance if request.guidance is None else request.guidance,
    )


def _choose_drawing(request: SpeakRequest) -> FlowSampling:
    usual = FlowSampling()
    return replace(
        usual,
        steps=usual.steps if request.steps is None else request.steps,
        guidance=usual.guidance if request.guidance is None else request.guidance,
    )


def _find_lexicons(request: SpeakRequest) -> tuple[Path, ...]:
    flags = {"paths.lexicons": request.lexicons}
    return load_run_config(preset=None, project=request.project, flags=flags).config.paths.lexicons


def _load_speech_encoder(request: SpeakRequest, manifest: Manifest) -> EncodeSpeech | None:
    return load_speech_encoder(manifest, request.features_model, device=request.device)


def _read_clip(path: Path) -> ReferenceClip:
    """Return a clip; one that cannot be used is refused."""
    clip = read_reference(path)
    for fault in clip.findings:
        if fault.severity is Severity.ERROR:
            raise SynthesisError(fault.message, subject=fault.subject, hint=fault.hint, findings=(fault,))
    return clip


def _read_reference(path: Path) -> ReferenceClip:
    """Return the clip to imitate, with the notice of whose voice it is; one that cannot be used is refused."""
    clip = _read_clip(path)
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
            raise TextError("the text file does not exist", subject=subject) from None
        except IsADirectoryError:
            raise TextError("the path is a folder, not a text file", subject=subject) from None
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
