"""What a recogniser is trained on, and how its batches are made: pure functions of a seed. Knows no networks.

Shapes: ``B clips, T frames, F bands``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from amhctl.audio.augment import copy_seed, mask_features, sample_variation, vary
from amhctl.audio.waveform import Waveform
from amhctl.checkpoint.manifest import Licence
from amhctl.config.recogniser import RecogniserTrainingConfig
from amhctl.recogniser.features import HOP_SAMPLES, SAMPLE_RATE, SHORTEST_SAMPLES, speech_features
from amhctl.training.seeding import derive_seed

_FULL_SCALE = 32_767.0
_TIME_SHARE, _BAND_SHARE = 0.05, 0.2
FRAMES_PER_LABEL = 1.2
"""A clip with fewer frames of 20 ms for each label cannot be what the text says."""


@dataclass(frozen=True, slots=True)
class SpokenClip:
    """A recording at 16 kHz, as 16-bit samples, and what is said in it."""

    id: str
    samples: NDArray[np.int16]
    labels: tuple[int, ...]

    @classmethod
    def of(cls, id_: str, samples: NDArray[np.float32], labels: Sequence[int]) -> "SpokenClip":
        """Return a clip without its offset; samples in [-1, 1]."""
        centred = samples - samples.mean(dtype=np.float64)
        return cls(id_, np.clip(np.round(centred * _FULL_SCALE), -32_768, 32_767).astype(np.int16), tuple(labels))

    @property
    def waveform(self) -> Waveform:
        """The recording."""
        return Waveform(self.samples.astype(np.float32) / np.float32(_FULL_SCALE), SAMPLE_RATE)

    @property
    def seconds(self) -> float:
        """Its length."""
        return self.samples.size / SAMPLE_RATE

    @property
    def fits(self) -> bool:
        """Whether it is long enough for its text, and has a frame."""
        frames = self.samples.size / (2 * HOP_SAMPLES)
        return self.samples.size >= SHORTEST_SAMPLES and frames >= FRAMES_PER_LABEL * max(1, len(self.labels))


@dataclass(frozen=True, slots=True)
class RecogniserMaterial:
    """Clips to train on and clips to validate on."""

    train: Sequence[SpokenClip]
    valid: Sequence[SpokenClip]
    fingerprint: str
    language: Mapping[str, bytes] = field(default_factory=dict)
    """Files of the models of language that go with the network."""
    licences: tuple[Licence, ...] = field(default=())
    processing: tuple[str, ...] = field(default=())


def make_batches(lengths: Sequence[float], *, limit: float, seed: int) -> list[list[int]]:
    """Return one pass over clips in batches of similar length, in random order.

    Parameters
    ----------
    lengths : Sequence[float]
        Seconds of each clip.
    limit : float
        Most seconds of a batch, padding included; a longer clip is a batch of its own.
    seed : int
        Of the order and of which clips of similar length meet.
    """
    random = np.random.default_rng(seed)
    blurred = np.asarray(lengths) * random.uniform(0.9, 1.1, size=len(lengths))
    batches: list[list[int]] = []
    longest = 0.0
    for clip in np.argsort(blurred, kind="stable").tolist():
        longest = max(longest, lengths[clip])
        if batches and longest * (len(batches[-1]) + 1) <= limit:
            batches[-1].append(clip)
        else:
            batches.append([clip])
            longest = lengths[clip]
    return [batches[place] for place in random.permutation(len(batches)).tolist()]


def clip_features(clip: SpokenClip, config: RecogniserTrainingConfig, *, seed: int, step: int) -> NDArray[np.float32]:
    """Return the features of a clip as one step sees it: varied and masked."""
    variation = sample_variation(config.augment, seed=copy_seed(seed, clip.id, step))
    waveform = clip.waveform
    varied = vary(waveform, variation) if waveform.samples.any() else waveform
    if varied.samples.size < SHORTEST_SAMPLES:
        # A faster copy of the shortest clip has no frame.
        varied = waveform
    masks = derive_seed(seed, "masks", clip.id, step)
    return mask_features(
        speech_features(varied.samples),
        seed=masks,
        time_masks=config.time_masks,
        time_share=_TIME_SHARE,
        bin_masks=config.band_masks,
        bin_share=_BAND_SHARE,
    )


def pad_features(features: Sequence[NDArray[np.float32]]) -> tuple[Tensor, Tensor]:
    """Return features with zeros after each, shape (B, T, F), and their lengths, shape (B,)."""
    lengths = torch.tensor([len(each) for each in features])
    padded = torch.zeros(len(features), int(lengths.max()), features[0].shape[1])
    for place, each in enumerate(features):
        padded[place, : len(each)] = torch.from_numpy(each)
    return padded, lengths
