"""By what the durations of a FlowVoice must be multiplied, so that what it says is as long as recordings.

The network expects the frames of each piece of a text. Their mean is right on average over the speakers and steps of
training, not for each speaker of the voice that is kept; and a voice breathes where the punctuation asks for it, not
where the speaker did. So the factor is measured on the clips that the voice was trained and validated on, never on
those of the test split: frames from the first to the last phone, without the pauses that the voice will make, over the
frames that it expects for the same text.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from amhctl.checkpoint.manifest import DurationScale
from amhctl.checkpoint.store import LoadedCheckpoint, write_checkpoint
from amhctl.codes.alignment import Alignment
from amhctl.codes.store import CodeStore
from amhctl.core.errors import DatasetError, TextError, VocabularyError
from amhctl.core.progress import Progress
from amhctl.core.units import FASTEST, SLOWEST
from amhctl.inference.assemble import read_speakers, read_text_parts
from amhctl.inference.expected_length import expect_length
from amhctl.inference.on_torch import build_flow
from amhctl.model.flow_on_torch import FlowOnTorch
from amhctl.model.flow_sampling import Floats, FlowNetwork, between_silences
from amhctl.model.soundness import find_faults
from amhctl.text.frontend import Frontend
from amhctl.tokenizer.tokenizer import Tokenizer
from amhctl.training.material import require_alignment

_SPLITS = frozenset({"train", "valid"})
_MOST_CLIPS = 2_000
# A speaker's own factor counts for as much as it has clips: ten of the mean length have that of all.
_PRIOR_CLIPS = 10
_DECIMALS = 4


@dataclass(frozen=True, slots=True)
class Timed:
    """One clip: frames of speech that it has, less the pauses that a voice makes, and those that the voice expects."""

    speaker: str
    recorded: float
    expected: float


def fit_durations(voice: LoadedCheckpoint, store: CodeStore, progress: Progress) -> DurationScale:
    """Return the correction of a FlowVoice's durations, measured on a store's training and validation clips.

    Of more than two thousand clips, two thousand are measured that lie evenly among them.

    Raises
    ------
    DatasetError
        If the store was not aligned with the voice's vocabulary and frontend, or has no clip to measure.
    """
    frontend, tokenizer = read_text_parts(voice)
    alignment = require_alignment(store, tokenizer.vocabulary.fingerprint, frontend.state_hash)
    network = FlowOnTorch(build_flow(voice))
    progress.say("fitting the lengths of speech to those of the recordings")
    timed = list(_time_clips(network, frontend, tokenizer, read_speakers(voice), store, alignment))
    if not timed:
        raise DatasetError(
            "no training or validation clip has durations and a text that the voice can say", subject=str(store.path)
        )
    return scale_of(timed, frozenset(voice.manifest.speakers or ()))


def refit_durations(voice: LoadedCheckpoint, store: CodeStore, progress: Progress) -> DurationScale:
    """Write the correction of a FlowVoice's durations into its folder, where everything else stays; return it.

    Raises
    ------
    DatasetError
        As ``fit_durations``.
    """
    scale = fit_durations(voice, store, progress)
    write_checkpoint(
        voice.folder,
        manifest=voice.manifest.model_copy(update={"duration_scale": scale}),
        tensors=voice.tensors,
        extra_files=voice.read_others(),
        beside=voice.beside,
        check=find_faults,
        force=True,
    )
    return scale


def scale_of(timed: list[Timed], speakers: frozenset[str]) -> DurationScale:
    """Return the correction that clips show.

    Parameters
    ----------
    timed : list[Timed]
        The clips, at least one.
    speakers : frozenset[str]
        Whom the voice knows by name; other clips count for ``overall`` only.
    """
    overall = _limited(sum(clip.recorded for clip in timed) / max(sum(clip.expected for clip in timed), 1.0))
    prior = _PRIOR_CLIPS * sum(clip.expected for clip in timed) / len(timed)
    of_speaker: defaultdict[str, list[Timed]] = defaultdict(list)
    for clip in timed:
        if clip.speaker in speakers:
            of_speaker[clip.speaker].append(clip)
    named = {
        name: _limited(
            (sum(clip.recorded for clip in clips) + prior * overall)
            / max(sum(clip.expected for clip in clips) + prior, 1.0)
        )
        for name, clips in sorted(of_speaker.items())
    }
    return DurationScale(overall=overall, speakers=named)


def _limited(scale: float) -> float:
    """Return a factor between those of the slowest and the fastest speech: a new voice may be far off."""
    return round(min(max(scale, SLOWEST), FASTEST), _DECIMALS)


def _time_clips(
    network: FlowNetwork[Any],
    frontend: Frontend,
    tokenizer: Tokenizer,
    speakers: Mapping[str, Floats],
    store: CodeStore,
    alignment: Alignment,
) -> Iterator[Timed]:
    rate = store.document.acoustics.frame_rate if store.document.acoustics else 0.0
    entries = [entry for entry in store if entry.record.split in _SPLITS and entry.id in alignment]
    places = np.linspace(0, len(entries) - 1, min(len(entries), _MOST_CLIPS)).round().astype(int)
    for entry in (entries[int(place)] for place in places):
        text, speaker = entry.record.text, entry.record.speaker
        # A speaker whom the voice does not know by name is one that it is to imitate.
        speaker_E = speakers[speaker] if speaker in speakers else store.speaker(entry.id).astype(np.float32)
        try:
            expected = expect_length(network, frontend, tokenizer, text, speaker_E)
            ids = tokenizer.encode(frontend.units(text))
        except (TextError, VocabularyError):
            # As in training, which reports them.
            continue
        durations_P = alignment.acoustic_durations(entry.id)
        if durations_P.size != len(ids):
            # Read in another way when it was aligned: a run on the store reports it.
            continue
        inner_P = between_silences(np.array([tokenizer.vocabulary.is_silent(id_) for id_ in ids]))
        recorded = float(durations_P[inner_P].sum(dtype=np.int64))
        yield Timed(speaker, max(recorded - expected.pauses * rate, 0.0), expected.speech)
