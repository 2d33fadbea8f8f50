"""``text explain``: a text's whole way, from what is written to the ids that a voice sees."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from amhctl.checkpoint.folder import require_match
from amhctl.checkpoint.parts import read_json
from amhctl.config.load import load_run_config
from amhctl.core.errors import CheckpointError
from amhctl.core.progress import Progress
from amhctl.core.report import PlainReport
from amhctl.inference.catalog import DEFAULT_VOICE, read_voice_manifest, voice_path
from amhctl.text.frontend import Frontend
from amhctl.text.spoken import Fallback, SpokenText
from amhctl.tokenizer.tokenizer import Tokenizer
from amhctl.tokenizer.vocabulary import Vocabulary
from amhctl.workflows.reading import open_frontend


@dataclass(frozen=True, slots=True)
class ExplainTextRequest:
    """The text and by what it is read.

    Attributes
    ----------
    text : str
        One written text.
    voice : str | None
        Voice whose text state and vocabulary are used; the bundled one if there is no vocabulary either.
    vocabulary : Path | None
        Vocabulary for the package's own frontend.
    project : Path | None
        Project whose options (with a vocabulary) and lexicons are used.
    sets, lexicons : tuple
        Values and lexicons of the command line.
    """

    text: str
    voice: str | None = None
    vocabulary: Path | None = None
    project: Path | None = None
    sets: tuple[str, ...] = ()
    lexicons: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class ExplainedWord:
    """A word or mark of the spoken text, and what stands for it."""

    spoken: str
    phones: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ExplainTextReport(PlainReport):
    """Every station of the way."""

    reader: str
    spoken: SpokenText
    words: tuple[ExplainedWord, ...]
    backend: str
    fallbacks: tuple[Fallback, ...]
    units: str
    pieces: tuple[str, ...]
    ids: tuple[int, ...]
    state: str

    def payload(self) -> dict[str, object]:
        """Return every station; spans of the trace count characters of the written text."""
        return {
            "reader": self.reader,
            "text": self.spoken.written,
            "trace": [asdict(entry) for entry in self.spoken.trace],
            "spoken": self.spoken.text,
            "words": [{"spoken": word.spoken, "phones": list(word.phones)} for word in self.words],
            "backend": self.backend,
            "fallbacks": [asdict(fallback) for fallback in self.fallbacks],
            "units": self.units,
            "pieces": list(self.pieces),
            "ids": list(self.ids),
            "state": self.state,
        }

    def lines(self) -> Iterable[str]:
        """Return the stations for people, one below the other."""
        yield f"written  {self.spoken.written}"
        for entry in self.spoken.trace:
            yield f"  {entry.start}-{entry.end}\t{entry.rule}\t{entry.before!r} → {entry.after!r}"
        yield f"spoken   {self.spoken.text}"
        for word in self.words:
            yield f"  {word.spoken}\t{' '.join(word.phones)}"
        for fallback in self.fallbacks:
            yield f"  not by {fallback.backend}: {fallback.reason}"
        yield f"units    {self.units}"
        yield f"pieces   {' '.join(f'{piece}:{number}' for piece, number in zip(self.pieces, self.ids, strict=True))}"
        yield f"read by {self.reader}, text state {self.state[:12]}; {len(self.ids)} ids"


def run(request: ExplainTextRequest, progress: Progress) -> ExplainTextReport:
    """Follow a text through frontend and tokenizer.

    Raises
    ------
    TextError
        If nothing in it can be spoken.
    VocabularyError
        If the vocabulary cannot be read, or has no piece for something.
    SynthesisError
        If there is voice not found.
    """
    reader, frontend, vocabulary = _choose(request)
    tokenizer = Tokenizer(vocabulary)
    spoken = frontend.normalize(request.text)
    units = frontend.units(request.text)
    phones = frontend.phones(spoken.text)
    words = zip(spoken.words, phones.words, strict=True)
    return ExplainTextReport(
        reader=reader,
        spoken=spoken,
        words=tuple(ExplainedWord(word, sounds) for word, sounds in words),
        backend=phones.backend,
        fallbacks=phones.fallbacks,
        units=units,
        pieces=tokenizer.pieces(units),
        ids=tokenizer.encode(units),
        state=frontend.state_hash,
    )


def _choose(request: ExplainTextRequest) -> tuple[str, Frontend, Vocabulary]:
    vocabulary = None if request.vocabulary is None else Vocabulary.read(request.vocabulary)
    flags = {"paths.lexicons": request.lexicons, "text.units": vocabulary.units if vocabulary else None}
    config = load_run_config(preset=None, project=request.project, sets=request.sets, flags=flags).config
    if vocabulary is not None:
        return f"this package, with {request.vocabulary}", open_frontend(config), vocabulary
    name = DEFAULT_VOICE if request.voice is None else request.voice
    manifest, folder = read_voice_manifest(name), voice_path(name)
    if manifest.text is None or manifest.vocabulary is None:
        raise CheckpointError("the voice names no text state and vocabulary", subject=str(folder))
    file = folder / manifest.text.file
    try:
        state = read_json(file)
    except (OSError, ValueError) as error:
        raise CheckpointError(f"the text state cannot be read: {error}", subject=str(folder)) from error
    frontend = Frontend.from_state(state, place=str(file))
    vocabulary = Vocabulary.read(folder / manifest.vocabulary.file)
    require_match(manifest, vocabulary_fingerprint=vocabulary.fingerprint, text_hash=frontend.state_hash)
    return f"voice {name}", open_frontend(config, frontend), vocabulary
