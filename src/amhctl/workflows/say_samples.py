"""Sentences that a voice says while it is trained, as sound files beside its run: for ears, which no loss replaces."""

from dataclasses import dataclass
from pathlib import Path

from amhctl.audio.files import write
from amhctl.codes.index import StoredUtterance
from amhctl.core.errors import AmhctlError, ConfigError, TextError, UnspeakableError, VocabularyError
from amhctl.inference.assemble import load_voice
from amhctl.inference.judge import JudgeLimits
from amhctl.inference.voice import SpeakOptions
from amhctl.training.run import Run

# What is no speech yet is said as well: to hear that is what samples are for. How long it may be stays bounded.
_ANYTHING = JudgeLimits(
    shortest_syllable=0.0, longest_extra=5.0, lowest_level=-300.0, most_clipped=1.0, longest_gap=100.0
)


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
    """

    folder: Path
    sentences: tuple[tuple[str, str], ...]
    codec: str | None
    seed: int

    def __call__(self, best: Path, step: int) -> str:
        """Say the sentences with the voice in a folder; return a line on how it went.

        A voice that cannot speak yet, or find no end, is no fault of the run: what it does not say is counted.
        """
        folder = self.folder / f"step-{step:08}"
        try:
            voice = load_voice(str(best), codec=self.codec)
        except AmhctlError as error:
            return f"no samples: {error.message}"
        folder.mkdir(parents=True, exist_ok=True)
        said = 0
        for name, text in self.sentences:
            try:
                speech = voice.speak(text, SpeakOptions(seed=self.seed, attempts=1, limits=_ANYTHING))
            except (TextError, UnspeakableError, VocabularyError):
                continue
            write(folder / f"{name}.wav", speech.waveform)
            said += 1
        return f"{said} of {len(self.sentences)} samples said: {folder}"


def choose_samples(run: Run, codec: str | None) -> SampleSentences | None:
    """Return what says the first sentences of the validation set, or None if none are wanted.

    Raises
    ------
    ConfigError
        If the best of the run is no voice but an adapter, which does not speak.
    """
    wanted = run.config.samples
    if not wanted:
        return None
    if run.identity.adapter is not None and run.identity.kept != "voice":
        raise ConfigError(
            "an adapter alone says no samples",
            subject="training.samples",
            hint="keep whole voices: --set training.adapter.keep=voice; or --set training.samples=0",
        )
    chosen = sorted(run.valid.entries, key=lambda entry: entry.record.id)[:wanted]
    return SampleSentences(run.folder.samples, tuple(map(_name, enumerate(chosen, start=1))), codec, run.seed)


def _name(numbered: tuple[int, StoredUtterance]) -> tuple[str, str]:
    """Return a file name that every system takes, and the text: ids of utterances may hold anything."""
    number, entry = numbered
    return f"{number:02}", entry.record.text
