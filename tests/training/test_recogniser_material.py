"""What a recogniser is trained on: batches of similar length, clips varied by their seed alone."""

import numpy as np
import pytest
import torch
from support.speechlike import vowel_train

from amhctl.config.augmentation import AugmentConfig
from amhctl.config.recogniser import RecogniserTrainingConfig
from amhctl.recogniser.features import SHORTEST_SAMPLES, speech_features
from amhctl.training.recogniser_material import SpokenClip, clip_features, make_batches, pad_features

LENGTHS = np.random.default_rng(0).uniform(0.5, 9.0, 200).tolist()
PLAIN = RecogniserTrainingConfig(augment=AugmentConfig(), time_masks=0, band_masks=0)


def _clip(samples: np.ndarray | None = None, *, id_: str = "a", labels: tuple[int, ...] = (2, 9)) -> SpokenClip:
    return SpokenClip.of(id_, vowel_train(seconds=1.0).samples if samples is None else samples, labels)


def test_a_clip_is_its_recording_to_sixteen_bits() -> None:
    samples = vowel_train(seconds=1.0).samples + np.float32(0.05)
    clip = _clip(samples)
    assert clip.samples.dtype == np.int16
    assert (clip.labels, clip.seconds, clip.waveform.sample_rate) == ((2, 9), 1.0, 16_000)
    np.testing.assert_allclose(clip.waveform.samples, samples - samples.mean(), atol=0.51 / 32_767)
    # What is beyond full scale is limited, not turned over.
    loud = _clip(np.array([2.0, -2.0] * 300, np.float32))
    assert loud.samples[:2].tolist() == [32_767, -32_768]


@pytest.mark.parametrize(
    ("size", "labels", "fits"),
    [
        (3_840, 10, True),  # 12 frames of 20 ms
        (3_839, 10, False),
        (SHORTEST_SAMPLES, 1, True),
        (SHORTEST_SAMPLES - 1, 1, False),
        (SHORTEST_SAMPLES, 0, True),
    ],
)
def test_a_text_needs_frames(size: int, labels: int, fits: bool) -> None:
    assert _clip(np.zeros(size, np.float32), labels=(3,) * labels).fits == fits


@pytest.mark.parametrize("limit", [1.0, 10.0, 64.0])
def test_a_pass_has_every_clip_once_in_batches_that_are_not_too_long(limit: float) -> None:
    batches = make_batches(LENGTHS, limit=limit, seed=1)
    assert sorted(clip for batch in batches for clip in batch) == list(range(200))
    for batch in batches:
        padded = max(LENGTHS[clip] for clip in batch) * len(batch)
        assert padded <= limit or len(batch) == 1
    # Clips of a batch are of similar length: little of a pass is padding.
    padded = sum(max(LENGTHS[clip] for clip in batch) * len(batch) for batch in batches)
    assert padded < 1.15 * sum(LENGTHS)


def test_a_pass_is_one_of_its_seed() -> None:
    first = make_batches(LENGTHS, limit=20.0, seed=1)
    assert make_batches(LENGTHS, limit=20.0, seed=1) == first
    other = make_batches(LENGTHS, limit=20.0, seed=2)
    assert sorted(map(sorted, other)) != sorted(map(sorted, first))
    # Long clips do not all come last.
    means = [np.mean([LENGTHS[clip] for clip in batch]) for batch in first]
    assert abs(np.corrcoef(np.arange(len(means)), means)[0, 1]) < 0.5
    assert make_batches([], limit=20.0, seed=1) == []


def test_without_variation_features_are_those_of_the_clip() -> None:
    clip = _clip()
    np.testing.assert_array_equal(clip_features(clip, PLAIN, seed=1, step=1), speech_features(clip.waveform.samples))


@pytest.mark.parametrize(
    "values", [{"augment": AugmentConfig(noise_share=1.0)}, {"time_masks": 9}, {"band_masks": 9}, {}]
)
def test_a_clip_is_varied_by_seed_step_and_name(values: dict[str, object]) -> None:
    config = (PLAIN if values else RecogniserTrainingConfig()).model_copy(update=values)

    def features(id_: str = "a", *, seed: int = 1, step: int = 1) -> bytes:
        return clip_features(_clip(id_=id_), config, seed=seed, step=step).tobytes()

    assert features() == features()
    assert len({features(), features("b"), features(seed=2), features(step=2)}) == 4


def test_masks_cover_stretches_of_time_and_of_bands() -> None:
    plain = clip_features(_clip(), PLAIN, seed=1, step=1)
    for key, axis in (("time_masks", 1), ("band_masks", 0)):
        masked = clip_features(_clip(), PLAIN.model_copy(update={key: 4}), seed=1, step=1)
        changed = masked != plain
        # A frame or a band is masked as a whole or not at all.
        assert set(changed.mean(axis=axis).round(2).tolist()) == {0.0, 1.0}
        assert changed.mean() < 0.5


def test_silence_and_the_shortest_clip_can_be_varied() -> None:
    config = RecogniserTrainingConfig(
        augment=AugmentConfig(speed=0.4, noise_share=1.0, room_share=1.0, noise_ratios=(3.0, 30.0))
    )
    for samples in (np.zeros(1_000, np.float32), vowel_train().samples[:SHORTEST_SAMPLES]):
        clip = _clip(samples, labels=(3,))
        assert clip.fits
        for step in range(8):
            assert np.isfinite(clip_features(clip, config, seed=1, step=step)).all()


def test_features_are_padded_with_zeros_at_the_end() -> None:
    features = [np.full((size, 80), float(size), np.float32) for size in (3, 1, 5)]
    padded, lengths = pad_features(features)
    assert (padded.shape, lengths.tolist()) == ((3, 5, 80), [3, 1, 5])
    for place, each in enumerate(features):
        assert torch.equal(padded[place, : len(each)], torch.from_numpy(each))
        assert not padded[place, len(each) :].any()
