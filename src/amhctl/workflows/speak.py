"""``amhctl speak``: a text, a voice, a sound file, or speech that is heard while it is made."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from time import perf_counter
from typing import Any

from amhctl.audio.aac import AAC_FORMATS, require_aac
from amhctl.audio.files import RAW_SOUND, SOUND
from amhctl.audio.pcm import encode_pcm, wav_header
from amhctl.audio.player import find_player
from amhctl.audio.referenceclip import ReferenceClip
from amhctl.audio.spool import encode_spool
from amhctl.audio.tags import Tags
from amhctl.checkpoint.licences import require_commercial
from amhctl.config.emotions import Weights, parse_emotions
from amhctl.core.errors import PlaybackError
from amhctl.core.findings import Finding
from amhctl.core.outputs import require_output_file, require_output_folder
from amhctl.core.progress import Progress
from amhctl.core.shortage import WayOut, explain_shortages
from amhctl.core.temporaries import hold_temporary
from amhctl.core.units import Seconds as Seconds
from amhctl.inference.assemble import load_speech_encoder, load_voice
from amhctl.inference.captions import note_words
from amhctl.inference.catalog import DEFAULT_VOICE as DEFAULT_VOICE
from amhctl.inference.dubbing import stream_cues
from amhctl.inference.labels import label
from amhctl.inference.longtext import LineChunk, Position, Role, stream_lines
from amhctl.inference.opening import OpenedVoice
from amhctl.inference.options import MOST_UNSPOKEN as MOST_UNSPOKEN
from amhctl.inference.options import SpeakOptions as SpeakOptions
from amhctl.inference.reference import read_clip
from amhctl.inference.voice import Voice
from amhctl.parallel.ahead import iterate_ahead
from amhctl.recogniser.catalog import DEFAULT_RECOGNISER
from amhctl.text.lexicon import Lexicon
from amhctl.text.lexicon_file import read_lexicons
from amhctl.text.lines import Line
from amhctl.workflows.speak_journal import Journal, digest_line, open_journal
from amhctl.workflows.speak_output import (
    CHAPTER_FILES,
    name_chapters,
    require_marks,
    write_chapters,
    write_sound,
    write_subtitles,
)
from amhctl.workflows.speak_playing import MOST_AHEAD, make_silence, play_chunks, require_played
from amhctl.workflows.speak_report import SpeakReport as SpeakReport
from amhctl.workflows.speak_report import StreamReport as StreamReport
from amhctl.workflows.speak_request import FASTEST_FIT as FASTEST_FIT
from amhctl.workflows.speak_request import (
    SUBTITLES,
    AudioFormat,
    choose_format,
    choose_subtitles,
    is_folder,
    read_reference_clip,
    read_settings,
    sources_of,
)
from amhctl.workflows.speak_request import Clips as Clips
from amhctl.workflows.speak_request import SpeakRequest as SpeakRequest
from amhctl.workflows.speak_settings import settings_of
from amhctl.workflows.speak_source import Source, open_source

_UNFINISHED = ".unfinished"


@dataclass(frozen=True, slots=True, eq=False)
class _Task:
    """A request whose parts are loaded."""

    request: SpeakRequest
    chosen: AudioFormat
    source: Source
    role: Role
    cast: dict[str, Role]
    tags: Tags
    aside: tuple[Finding, ...]
    settings: dict[str, object]


def run(
    request: SpeakRequest, progress: Progress, opened: Callable[[], OpenedVoice] | None = None
) -> SpeakReport | StreamReport:
    """Speak a text into a file, to a player, or into the report.

    Parameters
    ----------
    request : SpeakRequest
        What to say, how, and where to.
    progress : Progress
        Receives the progress.
    opened : Callable[[], OpenedVoice] | None
        Verifies the voice, whose files are being digested already (``speak_opening``); None verifies it from the start.

    Raises
    ------
    AmhctlError
        If the text, the voice or the output cannot be used; ``UnspeakableError`` if the speech was judged bad.
    """
    chosen = choose_format(request)
    require_marks(request, chosen)
    player = find_player() if request.play else None
    lexicons, commercial = read_settings(request)
    _require_outputs(request, chosen, (*sources_of(request), *lexicons))
    source = open_source(request)
    reference = read_reference_clip(request.clips.reference) if request.clips.reference else None
    weights = None if request.clips.emotions is None else parse_emotions(request.clips.emotions)
    emotion = read_clip(request.clips.emotion) if request.clips.emotion else None
    aside = tuple(finding for one in (reference, emotion) if one for finding in one.findings)
    lexicon = read_lexicons(lexicons)
    loaded = load_voice(
        request.voice,
        device=request.device,
        codec=request.codec,
        features_model=request.clips.features_model,
        precision=request.precision,
        opened=None if opened is None else opened(),
        compiled=request.compiled,
    )
    voice: Voice[Any] = loaded.with_lexicon(lexicon)
    cast = _load_cast(request, lexicon)
    if commercial:
        for each in (voice, *(role.voice for role in cast.values())):
            require_commercial(each.licences, each.manifest.name)
    speaker = _find_speaker(request, voice, reference, emotion, weights)
    task = _task_of(request, chosen, source, Role(voice, speaker, request.options.person), cast, aside)
    if request.output is None and not request.play and chosen in ("wav", "pcm"):
        return _stream(task, progress)
    return _render(task, player, progress)


def write_speech(request: SpeakRequest, role: Role, cast: dict[str, Role], progress: Progress) -> SpeakReport:
    """Speak a text into a file with voices that are loaded already.

    Parameters
    ----------
    request : SpeakRequest
        What to say and where to write it.
    role : Role
        Who speaks.
    cast : dict[str, Role]
        Voices that markup may name.
    progress : Progress
        Receives the progress.

    Raises
    ------
    AmhctlError
        As ``run``.
    """
    chosen = choose_format(request)
    require_marks(request, chosen)
    _require_outputs(request, chosen, ())
    return _render(_task_of(request, chosen, open_source(request), role, cast, ()), None, progress)


def _task_of(
    request: SpeakRequest,
    chosen: AudioFormat,
    source: Source,
    role: Role,
    cast: dict[str, Role],
    aside: tuple[Finding, ...],
) -> _Task:
    check = role.voice.samples_codes if request.check is None else request.check
    request = replace(request, options=replace(request.options, check=check))
    imitates = request.clips.reference is not None
    tags = label(role.voice.manifest, source.head, person=request.options.person, imitates=imitates)
    return _Task(request, chosen, source, role, cast, tags, aside, settings_of(request, role.voice, cast, source))


def _require_outputs(request: SpeakRequest, chosen: AudioFormat, sources: tuple[Path, ...]) -> None:
    """Refuse outputs that may not or cannot be written."""
    if chosen in AAC_FORMATS:
        require_aac()
    if request.subtitles is not None:
        choose_subtitles(request.subtitles)
        require_output_file(request.subtitles, SUBTITLES, force=request.force, sources=sources)
    if request.output is None:
        return
    if is_folder(request):
        require_output_folder(request.output, CHAPTER_FILES, force=request.force, sources=sources)
    else:
        kind = RAW_SOUND if chosen == "pcm" else SOUND
        require_output_file(request.output, kind, force=request.force, sources=sources)


def _load_cast(request: SpeakRequest, lexicon: Lexicon) -> dict[str, Role]:
    """Return the voices that markup may name."""
    return {name: Role(load_voice(place, device=request.device).with_lexicon(lexicon)) for name, place in request.cast}


def _stream(task: _Task, progress: Progress) -> StreamReport:
    """Return speech that is made while it is written."""
    found = list(task.aside)
    chunks = _chunks(task, task.source.lines(), None, progress)
    # The first one is made here: what is wrong with the text or the options is known before anything is written.
    first = next(chunks)
    return StreamReport(_encode_chunks(task, chain((first,), chunks), found), found)


def _chunks(
    task: _Task, lines: Iterator[Line], after: Position | None, progress: Progress, *, said: int = 0
) -> Iterator[LineChunk]:
    """Yield the chunks of what is to be said, telling how far it is; ``said`` characters were said before."""
    options = task.request.options
    source = task.source
    if source.cues is not None:
        made: Iterator[LineChunk] = stream_cues(
            task.role, source.cues, options, fastest=task.request.fastest, cast=task.cast, after=after
        )
    else:
        made = stream_lines(task.role, lines, options, cast=task.cast, after=after)
    total = None if source.characters is None else max(0, source.characters - said)
    progress.start("speaking", total, "characters")
    seconds, told = 0.0, 0
    for segments, chunk in enumerate(made, 1):
        seconds += (chunk.lead + chunk.waveform.samples.size) / chunk.waveform.sample_rate
        progress.advance(len(chunk.segment.written), note=f"{segments} segments, {seconds:.0f} s of speech")
        told += len(chunk.segment.written)
        yield chunk
    if total is not None:
        progress.advance(max(0, total - told))
    progress.finish()


def _encode_chunks(task: _Task, chunks: Iterator[LineChunk], found: list[Finding]) -> Iterator[bytes]:
    """Yield the bytes of a file whose length is not known yet, and add what is found while it is spoken."""
    if task.chosen == "wav":
        yield wav_header(task.role.voice.sample_rate, task.tags)
    said = []
    samples = 0
    for chunk in iterate_ahead(chunks, MOST_AHEAD):
        found += chunk.findings
        if task.request.subtitles is not None:
            said.append(chunk.segment)
        samples += chunk.lead + chunk.waveform.samples.size
        yield from make_silence(chunk.lead, chunk.waveform.sample_rate)
        yield encode_pcm(chunk.waveform)
    if task.request.subtitles is not None:
        found += note_words(said, task.role.voice.manifest.name)
        write_subtitles(task.request.subtitles, said, samples / task.role.voice.sample_rate)


def _render(task: _Task, player: str | None, progress: Progress) -> SpeakReport:
    """Speak everything, to a player or not, and write what was asked for."""
    request = task.request
    rate = task.role.voice.sample_rate
    with ExitStack() as stack:
        journal = stack.enter_context(_journal_of(task))
        resumed = len(journal.rendered.segments)
        stack.enter_context(explain_shortages(journal.folder, lambda: _way_out(task, journal)))
        spent = [0.0]
        faults: list[PlaybackError] = []
        if not journal.rendered.is_whole:
            if resumed:
                progress.say(f"resuming after {resumed} segments of {journal.folder.name}")
            _speak(task, journal, spent, None if player is None else faults, progress)
        done = journal.rendered
        seconds = Seconds(done.samples / rate)
        chapters = name_chapters(done.chapters, seconds) if request.chapters is not None else ()
        findings = [*task.aside, *done.findings]
        files: tuple[Path, ...] = ()
        raw = None
        if request.output is None and player is None:
            raw = _encoded(task, journal.samples)
        elif request.output is not None and is_folder(request):
            files = write_chapters(request.output, journal.samples, task.chosen, rate, task.tags, chapters)
        elif request.output is not None:
            write_sound(request.output, journal.samples, task.chosen, rate, task.tags, chapters)
        if request.subtitles is not None:
            findings += note_words(done.segments, task.role.voice.manifest.name)
            write_subtitles(request.subtitles, done.segments, seconds)
        journal.discard()
    require_played(faults, request.output)
    fresh = seconds - sum(segment.seconds for segment in done.segments[:resumed])
    return SpeakReport(
        output=request.output,
        player=player,
        seconds=seconds,
        realtime_factor=sum(spent) / max(float(fresh), 1e-9),
        segments=tuple(done.segments),
        findings=tuple(findings),
        aside=task.aside,
        raw=raw,
        chapters=tuple((chapter.title, chapter.start) for chapter in chapters),
        files=files,
        subtitles=request.subtitles,
        resumed=resumed,
        precision=task.role.voice.precision,
        recogniser=DEFAULT_RECOGNISER if request.options.check else None,
    )


@contextmanager
def _journal_of(task: _Task) -> Iterator[Journal]:
    """Yield the journal of a render: beside the output where the text can be read again, else a temporary one."""
    request, rate = task.request, task.role.voice.sample_rate
    if request.output is not None and task.source.can_resume:
        folder = request.output.with_name(f"{request.output.name}{_UNFINISHED}")
        lines = task.source.lines() if task.source.cues is None else None
        with open_journal(folder, task.settings, rate, lines) as journal:
            yield journal
        return
    with ExitStack() as stack:
        if request.output is None:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="amhctl-")))
        else:
            # Beside the output, where there is room for it; folders that are missing are made when it is written.
            there = next(parent for parent in request.output.absolute().parents if parent.is_dir())
            folder = stack.enter_context(hold_temporary(there / request.output.name, folder=True))
            stack.callback(shutil.rmtree, folder, ignore_errors=True)
        journal = Journal(folder / "render", rate, lasts=False)
        journal.start(task.settings)
        yield journal


def _speak(
    task: _Task, journal: Journal, spent: list[float], faults: list[PlaybackError] | None, progress: Progress
) -> None:
    """Speak what is missing, and note how long that takes, however long it then waits to be heard.

    It is played where there is a place for faults of playing.
    """
    digests: list[str] = []

    def read(lines: Iterator[Line]) -> Iterator[Line]:
        for number, line in enumerate(lines):
            if number >= known:
                digests.append(digest_line(line))
            yield line

    known = len(journal.rendered.digests)
    said = sum(len(segment.written) for segment in journal.rendered.segments)
    made = _timed(_chunks(task, read(task.source.lines()), journal.rendered.position, progress, said=said), spent)
    if faults is not None:
        made = play_chunks(made, task.role.voice.sample_rate, faults, keep=task.request.output is not None)
    taken = 0
    for chunk in made:
        seen = len(digests)
        journal.add(chunk, digests[taken:seen])
        taken = seen


def _way_out(task: _Task, journal: Journal) -> WayOut:
    if task.request.output is None or not task.source.can_resume:
        return WayOut("no incomplete output was left", "run the same command again")
    return WayOut(f"{len(journal.rendered.segments)} segments are kept", "run the same command again to continue")


def _timed(chunks: Iterator[LineChunk], spent: list[float]) -> Iterator[LineChunk]:
    while True:
        begun = perf_counter()
        chunk = next(chunks, None)
        spent.append(perf_counter() - begun)
        if chunk is None:
            return
        yield chunk


def _encoded(task: _Task, spool: Path) -> bytes:
    """Return the bytes of a file for standard output, in a format that is written as a whole."""
    target = spool.with_name(f"speech.{task.chosen}")
    encode_spool(spool, target, task.chosen, task.role.voice.sample_rate, task.tags)
    return target.read_bytes()


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
