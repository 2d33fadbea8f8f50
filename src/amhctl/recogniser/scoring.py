"""How well speech says its text, by a recogniser: errors of phones, of fidel and of words.

Phones are those of the most probable path, without a model of language, which would repair what a voice says wrong.
Words are those of the beam search. Both texts are compared as spoken text in one spelling: numbers as words, homophones
folded, no marks.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from amhctl.audio.waveform import Waveform
from amhctl.core.errors import EvaluationError
from amhctl.recogniser.alignment import AlignedLabel, align_labels
from amhctl.recogniser.decoding import BeamSearch, best_path
from amhctl.recogniser.error_rate import Errors, all_missing, count_errors
from amhctl.recogniser.labels import BORDER, join_words, without_borders
from amhctl.recogniser.language import read_words, spoken_words
from amhctl.recogniser.reading import read_spoken
from amhctl.recogniser.recognition import FRAME_SECONDS, Recogniser
from amhctl.text.frontend import Frontend
from amhctl.text.script import build_homophones

_FOLDING = str.maketrans(build_homophones())


@dataclass(frozen=True, slots=True)
class SpeechScore:
    """What a recogniser made of a recording, against its text.

    Attributes
    ----------
    phones : Errors
        By the most probable path, word borders left out.
    best_phones : Errors
        By the beam search, word borders left out.
    letters, words : Errors
        Of the recognised text, spaces counted among the letters.
    wanted, recognised : str
        Both texts.
    """

    phones: Errors
    best_phones: Errors
    letters: Errors
    words: Errors
    wanted: str
    recognised: str


@dataclass(frozen=True, slots=True)
class AlignedWord:
    """A word of a text and where the recogniser finds it in a recording.

    Attributes
    ----------
    text : str
        The word as it is spoken.
    start, end : float
        Seconds from the start.
    log_probability : float
        Natural logarithm, the mean over its phones: near 0 where it is said plainly.
    """

    text: str
    start: float
    end: float
    log_probability: float


def fold(spoken: str) -> str:
    """Return spoken text in one spelling: of letters that sound alike, the plain one."""
    return spoken.translate(_FOLDING)


@dataclass(frozen=True, slots=True)
class ScorerIdentity:
    """By what errors were counted: name, digest of the weights, and how well it does itself, as its manifest says."""

    name: str
    weights: str
    metrics: Mapping[str, object]

    @property
    def line(self) -> str:
        """All of it for people: a rate says little without that of the judge."""
        rates = [
            f"{name.replace('_', ' ')} {value:.3f}"
            for name, value in self.metrics.items()
            if name in ("phone_error_rate", "character_error_rate", "word_error_rate") and isinstance(value, float)
        ]
        where = f" on {self.metrics['set']}" if "set" in self.metrics else ""
        return f"recogniser {self.name}: its own {', '.join(rates)}{where}" if rates else f"recogniser {self.name}"


class Scorer(Protocol):
    """Compares recordings with their texts: ``SpeechScorer``, ``TextScorer``."""

    @property
    def identity(self) -> ScorerIdentity:
        """What it is."""
        ...

    def score(self, waveform: Waveform, written: str) -> SpeechScore:
        """Return the errors of a recording against a written text."""
        ...

    def align(self, waveform: Waveform, written: str) -> tuple[AlignedWord, ...]:
        """Return where each word of a text is in a recording; none where that cannot be said."""
        ...


class Transcriber(Protocol):
    """A recogniser of another maker, which writes text and no phones: ``encoders.TransformersRecogniser``."""

    @property
    def name(self) -> str:
        """Its name."""
        ...

    @property
    def fingerprint(self) -> str:
        """Digest of its weights."""
        ...

    def transcribe(self, waveform: Waveform) -> str:
        """Return the text of a recording."""
        ...


class SpeechScorer:
    """Compares recordings with their texts.

    Parameters
    ----------
    recogniser : Recogniser
        What recognises.
    frontend : Frontend
        What reads the texts.
    """

    def __init__(self, recogniser: Recogniser, frontend: Frontend) -> None:
        self._recogniser, self._frontend = recogniser, frontend
        self._search = BeamSearch(recogniser.phone_model, recogniser.words)

    @property
    def identity(self) -> ScorerIdentity:
        """Name, weights and figures of the recogniser."""
        return ScorerIdentity(self._recogniser.name, self._recogniser.fingerprint, self._recogniser.metrics)

    def score(self, waveform: Waveform, written: str) -> SpeechScore:
        """Return the errors of a recording against a written text.

        Raises
        ------
        EvaluationError
            If the text has no phones.
        AudioError
            If the recording has no frame.
        """
        wanted = without_borders(join_words(read_words(self._frontend, written)))
        if not wanted:
            raise EvaluationError("the text cannot be read as phones", subject=repr(written[:40]))
        values = self._recogniser.log_probabilities(waveform)
        labels = self._search.run(values)
        text, found = fold(spoken_words(self._frontend, written)), fold(self._recogniser.write(labels))
        return SpeechScore(
            phones=count_errors(wanted, without_borders(best_path(values))),
            best_phones=count_errors(wanted, without_borders(labels)),
            letters=count_errors(text, found),
            words=count_errors(text.split(), found.split()),
            wanted=text,
            recognised=found,
        )

    def align(self, waveform: Waveform, written: str) -> tuple[AlignedWord, ...]:
        """Return where each word of a text is in a recording; none where the text does not fit or has no phones.

        Raises
        ------
        AudioError
            If the recording has no frame.
        """
        words = read_spoken(self._frontend, written)
        if not words:
            return ()
        sounds = [word.phones for word in words]
        try:
            labels = align_labels(self._recogniser.log_probabilities(waveform), join_words(sounds))
        except EvaluationError:
            return ()
        spans: list[list[AlignedLabel]] = [[]]
        for label in labels:
            if label.label == BORDER:
                spans.append([])
            else:
                spans[-1].append(label)
        return tuple(
            AlignedWord(
                text=word.spoken,
                start=span[0].first * FRAME_SECONDS,
                end=span[-1].last * FRAME_SECONDS,
                log_probability=sum(label.log_probability for label in span) / len(span),
            )
            for word, span in zip(words, spans, strict=True)
        )

    def missing(self, written: str) -> Errors:
        """Return the errors of letters where nothing of a text was said."""
        return all_missing(count_errors(fold(spoken_words(self._frontend, written)), ""))


class TextScorer:
    """Compares recordings with their texts by a recogniser that writes text; it knows no phones.

    Parameters
    ----------
    transcriber : Transcriber
        What recognises.
    frontend : Frontend
        What reads both texts: digits become words, whoever wrote them.
    """

    def __init__(self, transcriber: Transcriber, frontend: Frontend) -> None:
        self._transcriber, self._frontend = transcriber, frontend

    @property
    def identity(self) -> ScorerIdentity:
        """Name and weights of the recogniser."""
        return ScorerIdentity(self._transcriber.name, self._transcriber.fingerprint, {})

    def score(self, waveform: Waveform, written: str) -> SpeechScore:
        """Return the errors of letters and words; those of phones have no units.

        Raises
        ------
        EvaluationError
            If the text has no words.
        """
        text = fold(spoken_words(self._frontend, written))
        if not text:
            raise EvaluationError("the text has nothing speakable", subject=repr(written[:40]))
        found = fold(spoken_words(self._frontend, self._transcriber.transcribe(waveform)))
        return SpeechScore(
            phones=Errors(),
            best_phones=Errors(),
            letters=count_errors(text, found),
            words=count_errors(text.split(), found.split()),
            wanted=text,
            recognised=found,
        )

    def align(self, waveform: Waveform, written: str) -> tuple[AlignedWord, ...]:
        """Return nothing: it writes text without times."""
        return ()
