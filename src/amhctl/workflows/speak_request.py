"""What ``amhctl speak`` was asked: read and checked before a voice is loaded."""

import importlib
import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, TextIO

from amhctl.audio.referenceclip import ReferenceClip
from amhctl.config.sources import has_settings
from amhctl.core.errors import AudioError, TextError
from amhctl.core.findings import Rule, Rules, Severity
from amhctl.core.outputs import FileKind
from amhctl.core.units import PrecisionChoice
from amhctl.inference.catalog import DEFAULT_VOICE as DEFAULT_VOICE
from amhctl.inference.catalog import voice_path
from amhctl.inference.options import MOST_UNSPOKEN as MOST_UNSPOKEN
from amhctl.inference.options import SpeakOptions as SpeakOptions
from amhctl.inference.reference import read_clip
from amhctl.text.lines import Chapters
from amhctl.text.subtitles import SubtitleFormat

if TYPE_CHECKING:
    from amhctl.config.load import ResolvedConfig

AudioFormat = Literal["wav", "flac", "ogg", "mp3", "aac", "m4a", "pcm"]
InputFormat = Literal["text", "ssml", "srt", "vtt", "epub", "html"]
SUBTITLE_SUFFIXES: Final = ("srt", "vtt", "TextGrid", "json")
_SUBTITLES: dict[str, SubtitleFormat] = {".srt": "srt", ".vtt": "vtt", ".textgrid": "textgrid", ".json": "json"}
SUBTITLES = FileKind("a file of subtitles", re.compile(rb"\d+\r?\n\d|WEBVTT|File type = \"ooTextFile\"|\{\"seconds\""))
FASTEST_FIT = 1.5
"""How much faster than asked for a subtitle is spoken at most, by default."""
FORMATS: tuple[AudioFormat, ...] = ("wav", "flac", "ogg", "mp3", "aac", "m4a", "pcm")
_SUFFIXES: dict[str, AudioFormat] = {
    **{f".{name}": name for name in FORMATS},
    ".raw": "pcm",
    ".oga": "ogg",
    ".m4b": "m4a",
}

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
        Audio file; None for standard output, unless it is played.
    text : str | None
        Written text; None where ``file`` or ``stream`` has it.
    file : Path | None
        UTF-8 text file, SSML, subtitles or a book.
    stream : TextIO | None
        Where text is read from as far as it is needed, such as the standard input.
    input_format : InputFormat | None
        What the text is; None for what the suffix of the file says, or else plain text.
    chapters : Chapters | None
        What begins a chapter; None makes no chapters.
    subtitles : Path | None
        Where to write when what was said.
    fastest : float
        How much faster a subtitle may be spoken to fit its time.
    cast : tuple[tuple[str, str], ...]
        Names of voices in markup, and the voice that each is.
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
    precision : PrecisionChoice
        In what a UnifiedVoice multiplies.
    compiled : bool
        Whether the steps of a UnifiedVoice are compiled.
    check : bool | None
        Whether a recogniser checks what is said; None is yes for voices that sample codes.
    play : bool
        Whether to play the speech while it is made.
    force : bool
        Whether an existing output may be replaced.
    """

    output: Path | None
    text: str | None = None
    file: Path | None = None
    stream: TextIO | None = None
    input_format: InputFormat | None = None
    chapters: Chapters | None = None
    subtitles: Path | None = None
    fastest: float = FASTEST_FIT
    cast: tuple[tuple[str, str], ...] = ()
    format: AudioFormat | None = None
    voice: str = DEFAULT_VOICE
    codec: str | None = None
    clips: Clips = Clips()
    options: SpeakOptions = field(default_factory=SpeakOptions)
    project: Path | None = None
    lexicons: tuple[Path, ...] = ()
    commercial: bool = False
    device: str = "auto"
    precision: PrecisionChoice = "auto"
    compiled: bool = False
    check: bool | None = False
    play: bool = False
    force: bool = False


def read_settings(request: SpeakRequest) -> tuple[tuple[Path, ...], bool]:
    """Return the lexicons, those asked for or else the project's, and whether commercial use is asked for.

    Raises
    ------
    ConfigError
        If the project file has a fault.
    """
    if not has_settings(request.project):
        return request.lexicons, request.commercial
    load = importlib.import_module("amhctl.config.load")
    flags = {"paths.lexicons": request.lexicons}
    resolved: ResolvedConfig = load.load_run_config(preset=None, project=request.project, flags=flags)
    return resolved.config.paths.lexicons, request.commercial or resolved.config.licence.commercial


def read_reference_clip(path: Path) -> ReferenceClip:
    """Return the clip to imitate, with the notice of whose voice it is; one that cannot be used is refused."""
    clip = read_clip(path)
    notice = RULES.finding(
        "S018",
        str(path),
        "a voice belongs to a person: imitate it only with that person's permission",
        "label the result as synthetic speech when you publish it",
    )
    return replace(clip, findings=(notice, *clip.findings))


def choose_subtitles(path: Path) -> SubtitleFormat:
    """Return the format of a file of subtitles by its suffix.

    Raises
    ------
    TextError
        If the suffix names none.
    """
    chosen = _SUBTITLES.get(path.suffix.lower())
    if chosen is None:
        raise TextError(
            f"unknown format of subtitles: suffix {path.suffix!r}",
            subject=str(path),
            hint=f"use one of {', '.join(f'.{name}' for name in SUBTITLE_SUFFIXES)}",
        )
    return chosen


def choose_format(request: SpeakRequest) -> AudioFormat:
    """Return the format asked for, else that of the output's suffix, else WAV.

    Raises
    ------
    AudioError
        If the suffix names none.
    """
    if request.format is not None:
        return request.format
    if request.output is None:
        return "wav"
    chosen = _SUFFIXES.get(request.output.suffix.lower())
    if chosen is None and is_folder(request):
        return "wav"
    if chosen is None:
        raise AudioError(
            f"unknown audio format: suffix {request.output.suffix!r}",
            subject=str(request.output),
            hint=f"use one of {', '.join(_SUFFIXES)}, or pass --format",
        )
    return chosen


def is_folder(request: SpeakRequest) -> bool:
    """Return whether each chapter becomes a file of its own: the output then has no suffix of a sound file."""
    return (
        request.chapters is not None and request.output is not None and request.output.suffix.lower() not in _SUFFIXES
    )


def sources_of(request: SpeakRequest) -> tuple[Path, ...]:
    """Return the files and folders that are read, and must not be written over."""
    codec = Path(request.codec) if request.codec else None
    cast = (voice_path(name) for _, name in request.cast)
    given = (voice_path(request.voice), codec, request.file, *request.clips.paths, *cast)
    return tuple(path for path in given if path is not None)
