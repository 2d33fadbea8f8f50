"""Utterances as a FlowVoice is trained on them: text ids, durations, spectrogram, prosody and speaker. Knows no model.

Shapes: ``P text pieces, T spectrogram frames, F mel bins, E speaker width, S code frames, Q codebooks``.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from amhctl.audio.prosody import continuous_log_pitch, energies, noise_floor, piece_means
from amhctl.batches.prompt_pool import PromptPool
from amhctl.codes.alignment import Alignment
from amhctl.codes.index import StoredUtterance
from amhctl.codes.store import CodeStore
from amhctl.core.errors import DatasetError
from amhctl.corpus.pairs import epoch_random

Floats = NDArray[np.float32]

_MEAN_SHARE = 0.5
"""Fraction of items that are conditioned on the mean embedding of their speaker's clips, as a named speaker is; the
others on that of another clip, as a reference is."""


@dataclass(frozen=True, slots=True, eq=False)
class AcousticItem:
    """One utterance, ready to be batched.

    Attributes
    ----------
    id : str
        Id of the utterance.
    text_P : NDArray[np.int64]
        Text ids.
    durations_P : NDArray[np.int64]
        Spectrogram frames of each, adding up to T.
    mel_TF : Floats
        Log-mel frames.
    prosody_P3 : Floats
        Natural logarithms of each piece's frames, pitch in hertz and energy.
    noise : float
        Natural logarithm of how far the quietest frames lie below speech.
    speaker_E : Floats
        Speaker embedding of unit length: of another clip, or the mean of the speaker's.
    codes_QS : NDArray[np.uint16]
        Codes; no codebook where none is asked for.
    """

    id: str
    text_P: NDArray[np.int64]
    durations_P: NDArray[np.int64]
    mel_TF: Floats
    prosody_P3: Floats
    noise: float
    speaker_E: Floats
    codes_QS: NDArray[np.uint16]


class AcousticDataset:
    """Utterances of a store with acoustics, with their text ids and durations.

    Parameters
    ----------
    store : CodeStore
        Where spectrograms and speaker embeddings lie.
    entries : Sequence[StoredUtterance]
        The utterances to use.
    tokens : Mapping[str, tuple[int, ...]]
        Text ids of each, by utterance id.
    durations : Alignment
        Spectrogram frames of each text id.
    codebooks : int
        How many of the store's codebooks an item has, the first ones.
    seed : int
        Seed of every choice.

    Raises
    ------
    DatasetError
        If there is no utterance, one has no text ids, or durations do not fit text ids.
    """

    def __init__(
        self,
        store: CodeStore,
        entries: Sequence[StoredUtterance],
        tokens: Mapping[str, tuple[int, ...]],
        durations: Alignment,
        *,
        codebooks: int = 0,
        seed: int = 0,
    ) -> None:
        if not entries:
            raise DatasetError("the dataset has no utterances", subject=str(store.path))
        self._store = store
        self._entries = tuple(entries)
        self._codebooks = codebooks
        self._seed = seed
        self._tokens = tuple(np.asarray(tokens.get(entry.id, ()), dtype=np.int64) for entry in self._entries)
        self._durations = tuple(durations.acoustic_durations(entry.id).astype(np.int64) for entry in self._entries)
        for entry, ids_P, frames_P in zip(self._entries, self._tokens, self._durations, strict=True):
            if ids_P.size == 0 or ids_P.size != frames_P.size:
                raise DatasetError(
                    f"{frames_P.size} durations do not match {ids_P.size} text ids",
                    subject=entry.id,
                    hint="the vocabulary or the text options have changed since: run amhctl codes align again",
                )
        self._pool = PromptPool(self._entries)
        self._means: dict[str, Floats] = {}

    def __len__(self) -> int:
        """Return the number of utterances."""
        return len(self._entries)

    @property
    def entries(self) -> tuple[StoredUtterance, ...]:
        """The utterances, by index."""
        return self._entries

    @property
    def lengths(self) -> tuple[int, ...]:
        """Spectrogram frames of each utterance."""
        return tuple(int(frames_P.sum()) for frames_P in self._durations)

    @property
    def prompt_frames(self) -> int:
        """None: it is conditioned on a speaker embedding."""
        return 0

    @property
    def text_lengths(self) -> tuple[int, ...]:
        """Text ids of each utterance."""
        return tuple(ids_P.size for ids_P in self._tokens)

    @property
    def sole_clips(self) -> tuple[str, ...]:
        """Utterances that are their speaker's only one, and so tell of him themselves."""
        return self._pool.sole_clips

    def speakers(self) -> dict[str, Floats]:
        """Return the mean embedding of each speaker's clips, varied copies left out, of unit length.

        The speaker with most clips comes first.
        """
        if not self._means:
            clips: defaultdict[str, list[str]] = defaultdict(list)
            for entry in self._pool.originals:
                clips[entry.record.speaker].append(entry.id)
            for speaker in sorted(clips, key=lambda name: (-len(clips[name]), name)):
                mean_E = np.mean([self._store.speaker(id_) for id_ in clips[speaker]], axis=0)
                self._means[speaker] = (mean_E / np.linalg.norm(mean_E)).astype(np.float32)
        return dict(self._means)

    def item(self, index: int, epoch: int) -> AcousticItem:
        """Return an utterance with the speaker embedding of an epoch: a function of the seed, the epoch and the index.

        Raises
        ------
        DatasetError
            If durations do not add up to the frames.
        """
        entry, durations_P = self._entries[index], self._durations[index]
        acoustics = self._store.acoustics(entry.id)
        mel_TF = acoustics.mel_TF
        if int(durations_P.sum()) != len(mel_TF):
            raise DatasetError(
                f"durations of {int(durations_P.sum())} frames do not match {len(mel_TF)} frames",
                subject=entry.id,
                hint="the codes have changed since: run amhctl codes align again",
            )
        random = epoch_random(self._seed, epoch, index)
        if random.uniform() < _MEAN_SHARE:
            speaker_E = self.speakers()[entry.record.speaker]
        else:
            speaker_E = self._store.speaker(self._pool.choose(index, random).id)
        prosody_P3 = np.stack(
            [
                np.log(np.maximum(durations_P, 1)).astype(np.float32),
                piece_means(continuous_log_pitch(acoustics.pitch_T), durations_P),
                piece_means(energies(mel_TF), durations_P),
            ],
            axis=1,
        )
        return AcousticItem(
            id=entry.id,
            text_P=self._tokens[index],
            durations_P=durations_P,
            mel_TF=mel_TF,
            prosody_P3=prosody_P3,
            noise=noise_floor(mel_TF),
            speaker_E=speaker_E.astype(np.float32),
            codes_QS=self._store.codes(entry.id)[: self._codebooks],
        )
