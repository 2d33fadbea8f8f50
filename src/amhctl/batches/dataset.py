"""Utterances as a model is trained on them: text ids, codes, durations and a prompt. Knows no model.

Shapes: ``T text positions, S code frames, Q codebooks, F features``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from amhctl.audio.augment import mask_features
from amhctl.batches.pace import measure_pace
from amhctl.batches.prompt_pool import PromptPool
from amhctl.codes.alignment import Alignment
from amhctl.codes.index import StoredUtterance
from amhctl.codes.store import CodeStore
from amhctl.config.conditioning import frames_of
from amhctl.core.errors import DatasetError
from amhctl.corpus.pairs import epoch_random

_USUAL_SPEEDS = (0.05, 0.95)


@dataclass(frozen=True, slots=True, eq=False)
class Item:
    """One utterance, ready to be batched.

    Attributes
    ----------
    id : str
        Id of the utterance.
    text_T : NDArray[np.int64]
        Text ids without specials.
    codes_QS : NDArray[np.uint16]
        Codes.
    prompt_TF : NDArray[np.float32]
        Features of a piece of another clip of the same speaker.
    prompt_id : str
        Which clip the prompt is from.
    durations_T : NDArray[np.int64] | None
        Frames of each text id, adding up to S.
    emotion_TF : NDArray[np.float32] | None
        Features of a piece of the clip that gives its emotion, the utterance itself; None if that is the prompt.
    speaker : int
        Number of its speaker, where speakers are distinguished; -1 for one that has none.
    conditioned : bool
        Whether it is conditioned on speaker and emotion; otherwise both are dropped.
    speed : float
        Its speed, relative to its speaker's usual speed; 1 also if it is not conditioned on it.
    """

    id: str
    text_T: NDArray[np.int64]
    codes_QS: NDArray[np.uint16]
    prompt_TF: NDArray[np.float32]
    prompt_id: str
    durations_T: NDArray[np.int64] | None
    emotion_TF: NDArray[np.float32] | None = None
    speaker: int = -1
    conditioned: bool = True
    speed: float = 1.0


class SpeechDataset:
    """Utterances of a store with their text ids.

    Parameters
    ----------
    store : CodeStore
        Where codes and features lie.
    entries : Sequence[StoredUtterance]
        The utterances to use; prompts are drawn among those of them that are no varied copies.
    tokens : Mapping[str, tuple[int, ...]]
        Text ids of each, by utterance id.
    durations : Alignment | None
        Frames of each text id, for models with explicit durations.
    prompt_seconds : float
        Longest prompt.
    codebooks : int | None
        How many of the store's codebooks an item has, the first ones; None is all.
    seed : int
        Seed of every choice.
    mask_time_share, mask_bin_share : float
        Longest stretch of a prompt's frames and of its bins that is masked, as a share of them; 0 masks none.
    emotion_from_target : float
        Fraction of items that are conditioned on the emotion of the utterance itself.
    condition_dropout : float
        Fraction of items whose speaker and emotion are dropped.
    speed_share : float
        Fraction of items that are conditioned on their speed.
    numbers : Mapping[str, int] | None
        Numbers of speakers; others have none.

    Raises
    ------
    DatasetError
        If there is no utterance, one has no text ids, or durations do not fit text ids and codes.
    """

    def __init__(
        self,
        store: CodeStore,
        entries: Sequence[StoredUtterance],
        tokens: Mapping[str, tuple[int, ...]],
        durations: Alignment | None = None,
        *,
        prompt_seconds: float = 3.0,
        codebooks: int | None = None,
        seed: int = 0,
        mask_time_share: float = 0.0,
        mask_bin_share: float = 0.0,
        emotion_from_target: float = 0.0,
        condition_dropout: float = 0.0,
        speed_share: float = 0.0,
        numbers: Mapping[str, int] | None = None,
    ) -> None:
        self._numbers = numbers or {}
        self._emotion_from_target = emotion_from_target
        self._condition_dropout = condition_dropout
        self._speed_share = speed_share
        self._masks = (mask_time_share, mask_bin_share)
        self._store = store
        self._codebooks = store.spec.codebooks if codebooks is None else codebooks
        self._entries = tuple(entries)
        self._seed = seed
        self._prompt_frames = frames_of(store.conditioning_config, prompt_seconds)
        if not self._entries:
            raise DatasetError("the dataset has no utterances", subject=str(store.path))
        self._tokens = tuple(_require_tokens(entry, tokens) for entry in self._entries)
        self._durations = (
            None
            if durations is None
            else tuple(
                _require_durations(entry, ids, durations)
                for entry, ids in zip(self._entries, self._tokens, strict=True)
            )
        )
        self._pool = PromptPool(self._entries)
        self._speeds = self._measure_speeds() if speed_share else None

    def __len__(self) -> int:
        """Return the number of utterances."""
        return len(self._entries)

    @property
    def entries(self) -> tuple[StoredUtterance, ...]:
        """The utterances, by index."""
        return self._entries

    @property
    def originals(self) -> tuple[StoredUtterance, ...]:
        """The utterances without the varied copies of them; a copy whose original is not there counts as one."""
        return self._pool.originals

    @property
    def lengths(self) -> tuple[int, ...]:
        """Code frames of each utterance."""
        return tuple(entry.frames for entry in self._entries)

    @property
    def text_lengths(self) -> tuple[int, ...]:
        """Text ids of each utterance, without specials."""
        return tuple(ids.size for ids in self._tokens)

    @property
    def prompt_frames(self) -> int:
        """Frames of the longest prompt."""
        return self._prompt_frames

    @property
    def speaker_count(self) -> int:
        """How many speakers there are."""
        return len({entry.record.speaker for entry in self._entries})

    @property
    def sole_clips(self) -> tuple[str, ...]:
        """Utterances that are their speaker's only one, and so their own prompt."""
        return self._pool.sole_clips

    @property
    def speed_range(self) -> tuple[float, float] | None:
        """Range of speeds of nine tenths of the utterances that may be conditioned on them; None without speeds."""
        if self._speeds is None:
            return None
        low, high = np.quantile(self._speeds, _USUAL_SPEEDS)
        return round(float(low), 2), round(float(high), 2)

    def _measure_speeds(self) -> NDArray[np.float64]:
        speakers = [entry.record.speaker for entry in self._entries]
        return measure_pace(self.text_lengths, self.lengths, speakers, self._pool.are_original)

    def item(self, index: int, epoch: int) -> Item:
        """Return an utterance with the prompt of an epoch: a pure function of the seed, the epoch and the index."""
        entry = self._entries[index]
        random = epoch_random(self._seed, epoch, index)
        prompt_entry = self._pool.choose(index, random)
        prompt_TF = self._choose_excerpt(prompt_entry, random)
        # Drawn after the prompt, which so is the same whatever else is drawn.
        own = self._emotion_from_target > 0.0 and random.uniform() < self._emotion_from_target
        emotion_TF = self._choose_excerpt(entry, random) if own else None
        conditioned = self._condition_dropout == 0.0 or random.uniform() >= self._condition_dropout
        timed = self._speeds is not None and random.uniform() < self._speed_share
        return Item(
            id=entry.id,
            text_T=self._tokens[index],
            codes_QS=self._store.codes(entry.id)[: self._codebooks],
            prompt_TF=prompt_TF,
            prompt_id=prompt_entry.id,
            durations_T=None if self._durations is None else self._durations[index],
            emotion_TF=emotion_TF,
            speaker=self._numbers.get(entry.record.speaker, -1),
            conditioned=conditioned,
            speed=float(self._speeds[index]) if timed and self._speeds is not None else 1.0,
        )

    def _choose_excerpt(self, entry: StoredUtterance, random: np.random.Generator) -> NDArray[np.float32]:
        """Return a piece of a clip's features, as long as a prompt may be, and masked where masks are wanted."""
        features_TF = self._store.conditioning(entry.id)
        spare = features_TF.shape[0] - self._prompt_frames
        start = int(random.integers(0, spare + 1)) if spare > 0 else 0
        excerpt_TF = features_TF[start : start + self._prompt_frames]
        if any(self._masks):
            time_share, bin_share = self._masks
            seed = int(random.integers(2**63))
            excerpt_TF = mask_features(excerpt_TF, seed=seed, time_share=time_share, bin_share=bin_share)
        return excerpt_TF


def _require_tokens(entry: StoredUtterance, tokens: Mapping[str, tuple[int, ...]]) -> NDArray[np.int64]:
    ids = tokens.get(entry.id, ())
    if not ids:
        raise DatasetError("the utterance has no text ids", subject=entry.id)
    return np.asarray(ids, dtype=np.int64)


def _require_durations(entry: StoredUtterance, ids: NDArray[np.int64], durations: Alignment) -> NDArray[np.int64]:
    frames = durations.durations(entry.id).astype(np.int64)
    if frames.size != ids.size or int(frames.sum()) != entry.frames:
        raise DatasetError(
            f"{frames.size} durations with {int(frames.sum())} frames do not match {ids.size} text ids and "
            f"{entry.frames} frames",
            subject=entry.id,
            hint="the vocabulary, the text options or the codes have changed since: run amhctl codes align again",
        )
    return frames
