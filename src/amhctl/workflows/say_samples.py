"""Sentences that a voice says while it is trained, as sound files beside its run: for ears, and to choose the best by.

Text match is that of ``eval``: the share of the sentences that are nearer to their own recording than to that of any
other. The recordings are those of the run's store, as its codec or vocoder gives them back: they are there wherever a
run is, and the voice cannot sound better than they do.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from amhctl.audio.files import write
from amhctl.audio.waveform import Waveform
from amhctl.batches.dataset import SpeechDataset
from amhctl.codec.codec import Codec
from amhctl.codec.indextts2.indextts2_codec import IndexTTS2Codec
from amhctl.codec.indextts2.prompt import Prompt
from amhctl.codec.registry import load_codec
from amhctl.codec.semantic import ARCHITECTURE as SEMANTIC
from amhctl.codec.vocoder import load_vocoder
from amhctl.codes.index import StoredUtterance
from amhctl.codes.preparation import Source
from amhctl.codes.store import CodeStore
from amhctl.config.schema import FEWEST_SAMPLES
from amhctl.core.errors import (
    AmhctlError,
    AudioError,
    ConfigError,
    EvaluationError,
    TextError,
    UnspeakableError,
    VocabularyError,
)
from amhctl.devices.device import choose_device
from amhctl.evaluation import textmatch
from amhctl.inference.assemble import load_voice
from amhctl.inference.catalog import open_voice
from amhctl.inference.cloning_voice import ClonedSpeaker, CloningVoice
from amhctl.inference.judge import LENIENT
from amhctl.inference.on_torch import build_code_voice
from amhctl.inference.options import SpeakOptions
from amhctl.inference.voice import Voice
from amhctl.recogniser.error_rate import Errors
from amhctl.recogniser.recognition import load_recogniser
from amhctl.recogniser.scoring import SpeechScorer
from amhctl.text.frontend import Frontend
from amhctl.training.export import choose_prompt_clip
from amhctl.training.replay import own_part
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
    codec : str | IndexTTS2Codec | None
        Codec or vocoder of the run, if someone chose it; the loaded codec of a voice that needs a prompt.
    seed : int
        Of the speech.
    recordings : tuple[Cepstra, ...]
        Cepstra of the recording of each sentence, where text match is measured; else none.
    prompt : Prompt | None
        What codes are spoken like, where the codec needs it.
    device : str
        Where the voice speaks.
    scorer : SpeechScorer | None
        What counts the errors of the sentences, where character accuracy is measured.
    """

    folder: Path
    sentences: tuple[tuple[str, str], ...]
    codec: str | IndexTTS2Codec | None
    seed: int
    recordings: tuple[Cepstra, ...] = ()
    prompt: Prompt | None = None
    device: str = "cpu"
    scorer: SpeechScorer | None = None

    def __call__(self, voice: Path, step: int) -> Said:
        """Say the sentences with the voice in a folder; return how it went.

        A voice that cannot speak yet, or find no end, is no fault of the run: what it does not say is counted, and
        matches nothing.
        """
        folder, matched = self.folder / f"step-{step:08}", 0
        nothing = 0.0 if self.recordings or self.scorer else None
        try:
            speaking, speaker = self._load(voice)
        except AmhctlError as error:
            return Said(f"no samples: {error.message}", nothing)
        folder.mkdir(parents=True, exist_ok=True)
        said, letters = 0, Errors()
        options = SpeakOptions(seed=self.seed, attempts=1, limits=LENIENT)
        for index, (name, text) in enumerate(self.sentences):
            try:
                speech = speaking.speak(text, options, speaker=speaker)
            except (TextError, UnspeakableError, VocabularyError):
                letters += self._letters(None, text)
                continue
            write(folder / f"{name}.wav", speech.waveform)
            said += 1
            matched += bool(self.recordings) and self._matches(speech.waveform, index)
            letters += self._letters(speech.waveform, text)
        line = f"{said} of {len(self.sentences)} samples written: {folder}"
        if self.scorer is not None:
            return Said(f"{line}; character error rate {letters.rate:.3f}", max(0.0, 1.0 - letters.rate))
        if not self.recordings:
            return Said(line, None)
        matches = f"{matched} of {len(self.sentences)} closest to their own recording"
        return Said(f"{line}; {matches}", matched / len(self.sentences))

    def _load(self, voice: Path) -> tuple[Voice[Any], ClonedSpeaker | None]:
        """Return the voice, and as whom it speaks if not as itself."""
        if self.prompt is None or not isinstance(self.codec, IndexTTS2Codec):
            return load_voice(str(voice), codec=None if self.codec is None else str(self.codec)), None
        cloning = build_code_voice(open_voice(str(voice)), device=self.device, codec=self.codec)
        return cloning, cast("CloningVoice", cloning).speaker_like(self.prompt)

    def _letters(self, speech: Waveform | None, text: str) -> Errors:
        """Return the errors of a sentence; all of it where nothing was said."""
        if self.scorer is None:
            return Errors()
        if speech is None:
            return self.scorer.missing(text)
        try:
            return self.scorer.score(speech, text).letters
        except (AudioError, EvaluationError):
            return self.scorer.missing(text)

    def _matches(self, speech: Waveform, index: int) -> bool:
        """Return whether speech is nearest to its own recording; what is silent is not."""
        try:
            return textmatch.match(textmatch.cepstra(speech), self.recordings, index).matched
        except EvaluationError:
            return False


def choose_samples(
    run: Run, codec: str | None, store: Path | None = None, device: str = "cpu"
) -> SampleSentences | None:
    """Return what says the first sentences of the validation set, or None if none are wanted.

    Parameters
    ----------
    run : Run
        The run.
    codec : str | None
        Its codec or vocoder, if someone chose it.
    store : Path | None
        Its code store, in which the prompt of a voice of semantic codes is kept.
    device : str
        Where such a voice speaks; others speak on the processor.

    Raises
    ------
    ConfigError
        If the best of the run is no voice but an adapter, which does not speak, or a voice of semantic codes without
        the files that make speech of them; or if it is to be chosen by text match and the validation set has too few
        utterances for that.
    CodecError
        If the codec or vocoder of the run is needed and not available.
    AudioError
        If the recording of a prompt cannot be read.
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
    speaking: str | IndexTTS2Codec | None = codec
    prompt = None
    if run.identity.codec is not None and run.identity.codec.architecture == SEMANTIC:
        speaking = _load_speaking_codec(codec, device)
        prompt = _choose_prompt(run, speaking, store)
        speaking.use(prompt)
    indices = sorted(range(len(run.valid)), key=lambda index: run.valid.entries[index].record.id)
    recordings: list[Cepstra] = []
    if run.config.best_by == "text_match":
        indices, recordings = _choose_recordings(run, indices, speaking, wanted)
    scorer = None
    if run.config.best_by == "character_accuracy":
        scorer = SpeechScorer(load_recogniser(), Frontend())
    chosen = [run.valid.entries[index] for index in indices[:wanted]]
    sentences = tuple(map(_name, enumerate(chosen, start=1)))
    return SampleSentences(run.folder.samples, sentences, speaking, run.seed, tuple(recordings), prompt, device, scorer)


def _load_speaking_codec(codec: str | None, device: str) -> IndexTTS2Codec:
    """Return the codec of semantic codes that also makes speech of them."""
    loaded = None if codec is None else load_codec(codec, device=choose_device(device))
    if not isinstance(loaded, IndexTTS2Codec):
        raise ConfigError(
            "samples of a voice of semantic codes need all files of IndexTTS-2",
            subject="training.samples",
            hint="pass --codec FOLDER with these files (`amhctl codec show FOLDER` names them), or use "
            "--set training.samples=0",
        )
    return loaded


def _choose_prompt(run: Run, codec: IndexTTS2Codec, store: Path | None) -> Prompt:
    """Return what the codes are spoken like: the clip that the voice itself is prompted with."""
    own = own_part(run.train)
    if store is None or not isinstance(own, SpeechDataset):
        raise ValueError("a voice of semantic codes is trained on a code store")
    opened = CodeStore.open(store)
    clip = choose_prompt_clip(opened, own, run.config.prompt_seconds)
    source = Source(clip.source, clip.audio.variation)
    return codec.cached_prompt(opened.path, clip.audio.samples, lambda: source.read(opened.path)[1])


def _choose_recordings(
    run: Run, indices: list[int], codec: str | IndexTTS2Codec | None, wanted: int
) -> tuple[list[int], list[Cepstra]]:
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

    def __init__(self, run: Run, codec: str | IndexTTS2Codec | None) -> None:
        self._run = run
        identity = run.identity
        self._rate = identity.sample_rate
        if isinstance(codec, IndexTTS2Codec):
            self._codec: Codec = codec
            self._rate = codec.output_rate
        elif identity.vocoder is not None:
            self._vocoder = load_vocoder(codec or identity.vocoder.name)
        elif identity.codec is not None:
            self._codec = load_codec(codec or identity.codec.name)

    def __call__(self, index: int) -> Waveform:
        item, vocoded = self._run.valid.item(index, 0), self._run.identity.vocoder is not None
        decoded = self._vocoder.synthesise([item.mel_TF]) if vocoded else self._codec.decode([item.codes_QS])
        return Waveform(np.ascontiguousarray(decoded[0], dtype=np.float32), self._rate)


def _name(numbered: tuple[int, StoredUtterance]) -> tuple[str, str]:
    """Return a file name that every system takes, and the text: ids of utterances may hold anything."""
    number, entry = numbered
    return f"{number:02}", entry.record.text
