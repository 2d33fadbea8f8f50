"""How long a FlowVoice expects a text to be, before any correction. Draws nothing.

Shapes: ``P text pieces, E speaker width``.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from amhctl.model.flow_sampling import Floats, FlowNetwork, between_silences, expected_frames
from amhctl.text.frontend import Frontend
from amhctl.tokenizer.tokenizer import Tokenizer


@dataclass(frozen=True, slots=True)
class ExpectedLength:
    """How long a text is to be.

    Attributes
    ----------
    speech : float
        Frames of its breath groups, without the silence at their edges.
    pauses : float
        Seconds between them.
    """

    speech: float
    pauses: float


def expect_length(
    network: FlowNetwork[Any], frontend: Frontend, tokenizer: Tokenizer, text: str, speaker_E: Floats
) -> ExpectedLength:
    """Return how long a text is to be, read in breath groups as when it is spoken.

    Raises
    ------
    TextError
        If nothing in the text can be spoken.
    VocabularyError
        If it has a character that the voice does not know.
    """
    _, segments = frontend.read(text)
    vocabulary, speech = tokenizer.vocabulary, 0.0
    for segment in segments:
        ids = tokenizer.encode(frontend.spoken_units(segment.text))
        read = network.read(np.array(ids, dtype=np.int64), speaker_E)
        inner_P = between_silences(np.array([vocabulary.is_silent(id_) for id_ in ids]))
        speech += float(expected_frames(read.log_durations_P)[inner_P].sum(dtype=np.float64))
    return ExpectedLength(speech, sum(float(segment.pause) for segment in segments[:-1]))
