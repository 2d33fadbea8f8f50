"""What ``eval`` measures every clip by, loaded once: a speaker encoder and a recogniser."""

from dataclasses import dataclass
from pathlib import Path

from amhctl.core.errors import OptionError
from amhctl.encoders.speaker import SpeakerEncoder
from amhctl.encoders.transformers_recogniser import is_transformers_folder, load_transformers_recogniser
from amhctl.recogniser.recognition import Recogniser, load_recogniser
from amhctl.recogniser.scoring import Scorer, SpeechScorer, TextScorer
from amhctl.text.frontend import Frontend


@dataclass(frozen=True, slots=True)
class Judges:
    """What every clip is measured by.

    Attributes
    ----------
    encoder : SpeakerEncoder
        Compares speakers.
    scorer : Scorer | None
        Counts errors against the text; None counts none.
    recogniser : Recogniser | None
        The recogniser of phones, if the scorer has one.
    """

    encoder: SpeakerEncoder
    scorer: Scorer | None
    recogniser: Recogniser | None


def load_judges(recogniser: str | None, *, needs_phones: bool) -> Judges:
    """Load what measures; texts are read by the frontend of this version.

    Parameters
    ----------
    recogniser : str | None
        Name or folder of a recogniser, or a folder of the Hugging Face hub; None for none.
    needs_phones : bool
        Whether minimal pairs are to be told apart.

    Raises
    ------
    OptionError
        If they are, and there is no recogniser of phones.
    CheckpointError
        If the recogniser does not exist or is damaged.
    MissingExtra
        If transformers is needed and not installed.
    """
    judges = _load(recogniser)
    if needs_phones and judges.recogniser is None:
        raise OptionError(
            "minimal pairs need a recogniser of phones", subject="--pairs", hint="omit --recogniser, or --pairs"
        )
    return judges


def _load(recogniser: str | None) -> Judges:
    if recogniser is None:
        return Judges(SpeakerEncoder(), None, None)
    if is_transformers_folder(folder := Path(recogniser).expanduser()):
        return Judges(SpeakerEncoder(), TextScorer(load_transformers_recogniser(folder), Frontend()), None)
    loaded = load_recogniser(recogniser)
    return Judges(SpeakerEncoder(), SpeechScorer(loaded, Frontend()), loaded)
