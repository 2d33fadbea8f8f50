"""The systems of a listening test: where each has its sounds, by the ids of sentences.

``NAME=PATH`` names a system. The path is a folder of sound files named by the sentence, a manifest, or what
``amhctl eval --json`` printed, whose page has the clips.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from amhctl.audio import files
from amhctl.audio.waveform import Waveform
from amhctl.core.documents import read_json
from amhctl.core.errors import DocumentError, EvaluationError, OptionError
from amhctl.corpus.records import Record, audio_path, read_audio, read_records
from amhctl.evaluation.listening.design import HIDDEN
from amhctl.pages.evaluation import clips_folder

_SOUNDS = {".wav", ".flac", ".ogg", ".mp3", ".opus", ".aiff"}
_LONGEST_NAME = 60
_HINT = (
    "give NAME=PATH; the path is a folder of sound files named by the sentence, a manifest (.jsonl), or the output of "
    "`amhctl eval VOICE --set TEST.jsonl --report PAGE.html --json` (.json)"
)


@dataclass(frozen=True, slots=True)
class System:
    """A system and its sounds.

    Attributes
    ----------
    name : str
        As it stands in results.
    path : Path
        What was given.
    sounds : Mapping[str, Path | Record]
        By sentence: a file, or a part of one.
    """

    name: str
    path: Path
    sounds: Mapping[str, Path | Record]

    def load(self, sentence: str) -> Waveform:
        """Return the sound of a sentence.

        Raises
        ------
        AudioError
            As ``audio.files.read``.
        """
        sound = self.sounds[sentence]
        return read_audio(sound, self.path.parent) if isinstance(sound, Record) else files.read(sound)

    @property
    def files(self) -> Iterator[Path]:
        """Every file that is read."""
        for sound in self.sounds.values():
            yield audio_path(sound, self.path.parent) if isinstance(sound, Record) else sound


class _Utterance(BaseModel):
    model_config = ConfigDict(extra="ignore")
    id: str


class _Evaluated(BaseModel):
    """What is asked of a report of ``eval``."""

    model_config = ConfigDict(extra="ignore")
    command: str
    report: str | None
    utterances: tuple[_Utterance, ...]


@dataclass(frozen=True, slots=True)
class Source:
    """Where a system is to be found.

    Attributes
    ----------
    name : str
        As it stands in results.
    path : Path
        What was given.
    natural : bool
        Whether the recordings are wanted: of an evaluation, those of the test set instead of the voice's speech.
    """

    name: str
    path: Path
    natural: bool

    def open(self) -> System:
        """Return the system with its sounds.

        Raises
        ------
        EvaluationError
            If there are no sounds at the path.
        DatasetError
            If it is a manifest that cannot be read.
        """
        return System(self.name, self.path, _find_sounds(self.path, natural=self.natural))


def parse_system(given: str, *, natural: bool = False) -> Source:
    """Return what ``NAME=PATH`` names.

    Raises
    ------
    OptionError
        If it is no name and path, or the name is taken by amhctl.
    """
    name, equals, path = (part.strip() for part in given.partition("="))
    subject = f"{'--reference' if natural else '--system'} {given}"
    if not (name and equals and path):
        raise OptionError("a system must be NAME=PATH", subject=subject, hint=_HINT)
    if name in HIDDEN or len(name) > _LONGEST_NAME or not name.isprintable():
        fault = (
            "is the name of a sound that amhctl makes" if name in HIDDEN else "is too long or has control characters"
        )
        raise OptionError(f"the name {name[:_LONGEST_NAME]!r} {fault}", subject=subject, hint="choose another name")
    return Source(name, Path(path), natural)


def _find_sounds(path: Path, *, natural: bool) -> Mapping[str, Path | Record]:
    if path.is_dir():
        return _sounds_of_folder(path)
    if not path.is_file():
        raise EvaluationError("there is no such file or folder", subject=str(path), hint=_HINT)
    if path.suffix == ".jsonl":
        return {record.id: record for record in read_records(path)}
    return _sounds_of_evaluation(path, "natural" if natural else "synthesised")


def _sounds_of_folder(folder: Path) -> dict[str, Path | Record]:
    found: dict[str, Path | Record] = {}
    for file in sorted(folder.iterdir()):
        if file.suffix.lower() not in _SOUNDS or not file.is_file():
            continue
        if file.stem in found:
            raise EvaluationError(
                f"two sound files are named {file.stem!r}", subject=str(folder), hint="keep one file of each sentence"
            )
        found[file.stem] = file
    if not found:
        raise EvaluationError("the folder has no sound files", subject=str(folder), hint=_HINT)
    return found


def _sounds_of_evaluation(path: Path, label: str) -> dict[str, Path | Record]:
    try:
        evaluated = _Evaluated.model_validate(read_json(path))
    except (DocumentError, ValidationError) as error:
        fault = error.message if isinstance(error, DocumentError) else "no report of `amhctl eval`"
        raise EvaluationError(f"the file is {fault}", subject=str(path), hint=_HINT) from error
    if evaluated.report is None:
        raise EvaluationError(
            "the evaluation has no page, whose clips are needed",
            subject=str(path),
            hint="run `amhctl eval` again with --report PAGE.html",
        )
    # The path is as it was given to eval; a folder that was moved keeps the page beside the report.
    pages = (Path(evaluated.report), path.parent / evaluated.report, path.parent / Path(evaluated.report).name)
    folder = next((clips for page in pages if (clips := clips_folder(page)).is_dir()), None)
    if folder is None:
        raise EvaluationError(
            "the clips of the evaluation are not there",
            subject=str(clips_folder(pages[0])),
            hint="keep the page and its folder of clips beside the report",
        )
    found: dict[str, Path | Record] = {}
    for number, utterance in enumerate(evaluated.utterances):
        clip = folder / f"{number:03d}-{label}.flac"
        # The voice may have failed on a text.
        if clip.is_file():
            found[utterance.id] = clip
    if not found:
        raise EvaluationError("the evaluation has no clips", subject=str(folder), hint="run `amhctl eval` again")
    return found
