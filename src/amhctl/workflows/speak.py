"""``amhctl speak``: a text, a voice, a sound file, or speech that is heard while it is made."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter
from typing import Any

from amhctl.audio.files import RAW_SOUND, SOUND, encode
from amhctl.audio.pcm import encode_pcm, wav_header
from amhctl.audio.player import find_player, open_player
from amhctl.audio.referenceclip import ReferenceClip
from amhctl.audio.tags import Tags
from amhctl.checkpoint.licences import require_commercial
from amhctl.config.emotions import Weights, parse_emotions
from amhctl.core.errors import PlaybackError
from amhctl.core.files import write_bytes_atomically
from amhctl.core.findings import Finding
from amhctl.core.outputs import require_output_file
from amhctl.core.progress import Progress
from amhctl.core.report import Report
from amhctl.core.units import Seconds
from amhctl.inference.assemble import load_speech_encoder, load_voice
from amhctl.inference.catalog import DEFAULT_VOICE as DEFAULT_VOICE
from amhctl.inference.labels import label
from amhctl.inference.options import MOST_UNSPOKEN as MOST_UNSPOKEN
from amhctl.inference.options import SpeakOptions as SpeakOptions
from amhctl.inference.reference import read_clip
from amhctl.inference.speech import Chunk, SpeechStream, SpokenSegment, gather
from amhctl.inference.voice import Voice
from amhctl.parallel.ahead import iterate_ahead
from amhctl.recogniser.catalog import DEFAULT_RECOGNISER
from amhctl.text.lexicon_file import read_lexicons
from amhctl.workflows.speak_request import (
    AudioFormat,
    choose_format,
    read_reference_clip,
    read_settings,
    read_written,
    sources_of,
)
from amhctl.workflows.speak_request import Clips as Clips
from amhctl.workflows.speak_request import SpeakRequest as SpeakRequest

# Speech that waits to be heard: enough that a player never waits, and no more however slow it is.
_MOST_AHEAD = 2


@dataclass(frozen=True, slots=True)
class SpeakReport(Report):
    """What was spoken, and how long it took."""

    output: Path | None
    player: str | None
    """What it was played by."""
    seconds: Seconds
    realtime_factor: float
    segments: tuple[SpokenSegment, ...]
    findings: tuple[Finding, ...]
    raw: bytes | None
    aside: tuple[Finding, ...] = ()
    """Those of the findings that are about what was given, not about what was made of it."""
    recogniser: str | None = None
    """What checked each segment, if anything did."""

    def payload(self) -> dict[str, object]:
        """Return length, speed, segments and checks."""
        return {
            "output": self._place,
            "played_by": self.player,
            "seconds": round(self.seconds, 3),
            "realtime_factor": round(self.realtime_factor, 4),
            "segments": [
                {
                    "text": segment.text,
                    "start": round(segment.start, 3),
                    "seconds": round(segment.seconds, 3),
                    "pause": round(segment.pause, 3),
                    "syllables": segment.syllables,
                }
                for segment in self.segments
            ],
            "checks": {
                "stopped": all(segment.stopped for segment in self.segments),
                "attempts": [segment.attempts for segment in self.segments],
                "recogniser": self.recogniser,
            },
        }

    @property
    def _place(self) -> str | None:
        if self.output is not None:
            return str(self.output)
        return None if self.raw is None else "-"

    def lines(self) -> Iterable[str]:
        """Return one line: where, how long, how fast."""
        if self.raw is None:
            plural = "segment" if len(self.segments) == 1 else "segments"
            yield (
                f"{self.output or self.player}: {self.seconds:.2f} s, {len(self.segments)} {plural}, "
                f"real-time factor {self.realtime_factor:.2f}"
            )


@dataclass(frozen=True, slots=True)
class StreamReport(Report):
    """Speech that is made while it is written to standard output."""

    raw: Iterator[bytes]
    found: list[Finding]
    """Findings; those of what is spoken come while it is."""

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What was found up to now."""
        return tuple(self.found)

    def payload(self) -> dict[str, object]:
        """Return nothing: standard output has the speech."""
        return {}

    def lines(self) -> Iterable[str]:
        """Return nothing: standard output has the speech."""
        return ()


def run(request: SpeakRequest, progress: Progress) -> SpeakReport | StreamReport:
    """Speak a text into a file, to a player, or into the report.

    Raises
    ------
    AmhctlError
        If the text, the voice or the output cannot be used; ``UnspeakableError`` if the speech was judged bad.
    """
    chosen = choose_format(request)
    player = find_player() if request.play else None
    lexicons, commercial = read_settings(request)
    if request.output is not None:
        kind = RAW_SOUND if chosen == "pcm" else SOUND
        sources = (*sources_of(request), *lexicons)
        require_output_file(request.output, kind, force=request.force, sources=sources)
    text = read_written(request)
    reference = read_reference_clip(request.clips.reference) if request.clips.reference else None
    weights = None if request.clips.emotions is None else parse_emotions(request.clips.emotions)
    emotion = read_clip(request.clips.emotion) if request.clips.emotion else None
    about_clips = tuple(finding for one in (reference, emotion) if one for finding in one.findings)
    lexicon = read_lexicons(lexicons)
    loaded = load_voice(
        request.voice, device=request.device, codec=request.codec, features_model=request.clips.features_model
    )
    voice = loaded.with_lexicon(lexicon)
    if commercial:
        require_commercial(voice.licences, voice.manifest.name)
    check = voice.samples_codes if request.check is None else request.check
    options = replace(request.options, check=check)
    begun = perf_counter()
    speaker = _find_speaker(request, voice, reference, emotion, weights)
    stream = voice.stream(text, options, speaker=speaker, progress=progress)
    spent = [perf_counter() - begun]
    timed = replace(stream, chunks=_timed(stream.chunks, spent))
    tags = label(voice.manifest, text, person=request.options.person, imitates=reference is not None)
    if request.output is None and not request.play and chosen in ("wav", "pcm"):
        found = [*about_clips, *stream.findings]
        return StreamReport(_encode_chunks(timed, chosen, tags, found), found)
    faults: list[PlaybackError] = []
    speech = gather(
        timed if player is None else replace(timed, chunks=_played(timed, faults, keep=request.output is not None))
    )
    content = None
    if request.output is not None or player is None:
        content = encode_pcm(speech.waveform) if chosen == "pcm" else encode(speech.waveform, chosen, tags)
    if request.output is not None and content is not None:
        write_bytes_atomically(request.output, content)
    _require_played(faults, request.output)
    return SpeakReport(
        output=request.output,
        player=player,
        seconds=speech.waveform.duration,
        realtime_factor=sum(spent) / speech.waveform.duration,
        segments=speech.segments,
        findings=about_clips + speech.findings,
        aside=about_clips,
        raw=content if request.output is None else None,
        recogniser=DEFAULT_RECOGNISER if check else None,
    )


def _timed(chunks: Iterator[Chunk], spent: list[float]) -> Iterator[Chunk]:
    """Yield the chunks, and note how long each takes to be made, however long it then waits to be heard."""
    while True:
        begun = perf_counter()
        chunk = next(chunks, None)
        spent.append(perf_counter() - begun)
        if chunk is None:
            return
        yield chunk


def _played(stream: SpeechStream, faults: list[PlaybackError], *, keep: bool) -> Iterator[Chunk]:
    """Play the chunks and yield them; if playing fails and they are kept, note why and yield them all the same."""
    chunks = iterate_ahead(stream, _MOST_AHEAD)
    unplayed: list[Chunk] = []
    try:
        with open_player(stream.sample_rate) as player:
            for chunk in chunks:
                unplayed = [chunk]
                player.play(encode_pcm(chunk.waveform))
                unplayed = []
                yield chunk
    except PlaybackError as error:
        if not keep:
            raise
        faults.append(error)
    yield from unplayed
    yield from chunks


def _require_played(faults: list[PlaybackError], kept: Path | None) -> None:
    """Report that playing failed, after the file was written: it is not lost with the sound."""
    if faults:
        raise PlaybackError(
            faults[0].message,
            subject=faults[0].subject,
            hint=f"all of the speech is in {kept}; check the sound device",
        )


def _encode_chunks(stream: SpeechStream, chosen: AudioFormat, tags: Tags, found: list[Finding]) -> Iterator[bytes]:
    """Yield the bytes of a file whose length is not known yet, and add what is found while it is spoken."""
    if chosen == "wav":
        yield wav_header(stream.sample_rate, tags)
    for chunk in iterate_ahead(stream, _MOST_AHEAD):
        if chunk.finding is not None:
            found.append(chunk.finding)
        yield encode_pcm(chunk.waveform)


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
