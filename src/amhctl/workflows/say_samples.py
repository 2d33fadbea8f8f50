"""Sentences that a voice says while it is trained, as sound files beside its run: for ears, and to choose the best by.

Text match is that of ``eval``: the share of the sentences that are nearer to their own recording than to that of any
other. The recordings are those of the run's store, as its codec or vocoder gives them back: they are there wherever a
run is, and the voice cannot sound better than they do.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from amhctl.audio.files import write
from amhctl.audio.waveform import Waveform
from amhctl.codec.registry import load_codec
from amhctl.codec.semantic import ARCHITECTURE as SEMANTIC
from amhctl.codec.vocoder import load_vocoder
from amhctl.codes.index import StoredUtterance
from amhctl.config.schema import FEWEST_SAMPLES
from amhctl.core.errors import AmhctlError, ConfigError, EvaluationError, TextError, UnspeakableError, VocabularyError
from amhctl.evaluation import textmatch
from amhctl.inference.assemble import load_voice
from amhctl.inference.judge import LENIENT
from amhctl.inference.options import SpeakOptions
from amhctl.training.run import Run, Said

Cepstra = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class SampleSentences:
    """Lets the voice of a run say the same sentences each time.

    Attributes
    ----------
    folder : Path
        Where the sounds go, into a folder for each step.
    sentences : tuple[tuple[str, str], ...]
        Name of the file and text.
    codec : str | None
        Codec or vocoder of the run, if someone chose it.
    seed : int
        Of the speech.
    recordings : tuple[Cepstra, ...]
        Cepstra of the recording of each sentence, where text match is measured; else none.
    """

    folder: Path
    sentences: tuple[tuple[str, str], ...]
    codec: str | None
    seed: int
    recordings: tuple[Cepstra, ...] = ()

    def __call__(self, voice: Path, step: int) -> Said:
        """Say the sentences with the voice in a folder; return how it went.

        A voice that cannot speak yet, or find no end, is no fault of the run: what it does not say is counted, and
        matches nothing.
        """
        folder, matched = self.folder / f"step-{step:08}", 0
        nothing = 0.0 if self.recordings else None
        try:
            speaking = load_voice(str(voice), codec=self.codec)
        except AmhctlError as error:
            return Said(f"no samples: {error.message}", nothing)
        folder.mkdir(parents=True, exist_ok=True)
        said = 0
        for index, (name, text) in enumerate(self.sentences):
            try:
                speech = speaking.speak(text, SpeakOptions(seed=self.seed, attempts=1, limits=LENIENT))
            except (TextError, UnspeakableError, VocabularyError):
                continue
            write(folder / f"{name}.wav", speech.waveform)
            said += 1
            matched += bool(self.recordings) and self._matches(speech.waveform, index)
        line = f"{said} of {len(self.sentences)} samples written: {folder}"
        if not self.recordings:
            return Said(line, None)
        told = f"{matched} of {len(self.sentences)} closest to their own recording"
        return Said(f"{line}; {told}", matched / len(self.sentences))

    def _matches(self, speech: Waveform, index: int) -> bool:
        """Return whether speech is nearest to its own recording; what is silent is not."""
        try:
            return textmatch.match(textmatch.cepstra(speech), self.recordings, index).matched
        except EvaluationError:
            return False


def choose_samples(run: Run, codec: str | None) -> SampleSentences | None:
    """Return what says the first sentences of the validation set, or None if none are wanted.

    Raises
    ------
    ConfigError
        If the best of the run is no voice but an adapter, which does not speak, or a voice that speaks in the voice of
        a reference only; or if it is to be chosen by text match and the validation set has too few utterances for that.
    CodecError
        If it is to be, and the codec or vocoder of the run is not available.
    """
    wanted = run.config.samples
    if not wanted:
        return None
    if run.identity.adapter is not None and run.identity.kept != "voice":
        raise ConfigError(
            "an adapter alone cannot synthesise samples",
            subject="training.samples",
            hint="keep whole voices: --set training.adapter.keep=voice; or --set training.samples=0",
        )
    if run.identity.codec is not None and run.identity.codec.architecture == SEMANTIC:
        raise ConfigError(
            "a voice of semantic codes needs a reference to speak: a run cannot synthesise samples",
            subject="training.samples",
            hint="use --set training.samples=0, and `amhctl speak --reference` when the run has a best voice",
        )
    indices = sorted(range(len(run.valid)), key=lambda index: run.valid.entries[index].record.id)
    recordings: list[Cepstra] = []
    if run.config.best_by == "text_match":
        indices, recordings = _choose_recordings(run, indices, codec, wanted)
    chosen = [run.valid.entries[index] for index in indices[:wanted]]
    sentences = tuple(map(_name, enumerate(chosen, start=1)))
    return SampleSentences(run.folder.samples, sentences, codec, run.seed, tuple(recordings))


def _choose_recordings(run: Run, indices: list[int], codec: str | None, wanted: int) -> tuple[list[int], list[Cepstra]]:
    """Return the first utterances whose recordings can be compared, and the cepstra of those."""
    chosen: list[int] = []
    recordings: list[Cepstra] = []
    decode = _Decoder(run, codec)
    texts: set[str] = set()
    for index in indices:
        text = run.valid.entries[index].record.text
        # A text that is there twice would be nearest to its other recording as well as to its own.
        if len(chosen) == wanted or text in texts:
            continue
        try:
            recordings.append(textmatch.cepstra(decode(index)))
        except EvaluationError:
            continue
        texts.add(text)
        chosen.append(index)
    if len(chosen) < FEWEST_SAMPLES:
        raise ConfigError(
            f"text match needs {FEWEST_SAMPLES} different sentences with recordings that are not silent; the "
            f"validation set has {len(chosen)}",
            subject="training.best_by",
            hint="validate on more utterances (amhctl data split), or --set training.best_by=loss",
        )
    return chosen, recordings


class _Decoder:
    """Gives recordings of a run's validation set back, by its codec or its vocoder."""

    def __init__(self, run: Run, codec: str | None) -> None:
        self._run = run
        identity = run.identity
        if identity.vocoder is not None:
            self._vocoder = load_vocoder(codec or identity.vocoder.name)
        elif identity.codec is not None:
            self._codec = load_codec(codec or identity.codec.name)

    def __call__(self, index: int) -> Waveform:
        item, vocoded = self._run.valid.item(index, 0), self._run.identity.vocoder is not None
        decoded = self._vocoder.synthesise([item.mel_TF]) if vocoded else self._codec.decode([item.codes_QS])
        return Waveform(np.ascontiguousarray(decoded[0], dtype=np.float32), self._run.identity.sample_rate)


def _name(numbered: tuple[int, StoredUtterance]) -> tuple[str, str]:
    """Return a file name that every system takes, and the text: ids of utterances may hold anything."""
    number, entry = numbered
    return f"{number:02}", entry.record.text
