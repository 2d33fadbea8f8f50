"""What identifies a run, and how a codec is scored."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from support.codec_runs import QUICK, tones
from support.codecs import TINY_CODEC

from amhctl.core.errors import TrainingError
from amhctl.training.codec_recipe import CodecScores, measure
from amhctl.training.mel_recipe import MelRecipe


def test_a_run_is_identified_by_all_that_shapes_it() -> None:
    plan = MelRecipe(TINY_CODEC, QUICK, tones(), seed=1).plan
    others = [
        replace(plan, seed=2),
        replace(plan, data="other"),
        replace(plan, base="weights"),
        replace(plan, shape=plan.shape | {"width": 17}),
        replace(plan, training=plan.training | {"steps": 13}),
    ]
    assert len({plan.identity, *(other.identity for other in others)}) == 6
    assert replace(plan).identity == plan.identity


class _Perfect(MelRecipe):
    """A codec that gives back what it gets, by two codes in turn."""

    def reconstruct(self, samples_1N: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        frames = samples_1N.shape[1] // self.plan.frame_samples
        return samples_1N, torch.stack([torch.arange(frames) % 2, torch.zeros(frames, dtype=torch.long)], dim=1)


@pytest.mark.parametrize("size", [12_800, 13_000])
def test_a_perfect_codec_has_perfect_scores(size: int) -> None:
    clip = (np.random.default_rng(0).normal(0, 0.1, size)).astype(np.float32)
    scores = measure(_Perfect(TINY_CODEC, QUICK, tones(), seed=1), [clip])
    assert scores.mel_distance == 0.0
    assert scores.stoi == pytest.approx(1.0)
    assert scores.usage == (2 / 16, 1 / 16)


def test_clips_without_a_frame_or_without_speech_spoil_no_score() -> None:
    recipe = _Perfect(TINY_CODEC, QUICK, tones(), seed=1)
    clip = (np.random.default_rng(0).normal(0, 0.1, 12_800)).astype(np.float32)
    odd = [clip[:1], clip[:639], clip[:700], np.zeros(12_800, dtype=np.float32)]
    whole, spoilt = measure(recipe, [clip]), measure(recipe, [*odd[:2], clip, odd[2]])
    assert spoilt.stoi == whole.stoi
    assert (whole.describe_stoi(), measure(recipe, odd[2:3]).describe_stoi()) == ("STOI 1.000", "STOI unknown")
    with pytest.raises(TrainingError, match="no validation clip"):
        measure(recipe, odd[:2])


def test_scores_say_what_they_are() -> None:
    scores = CodecScores(0.5, 0.875, (1.0, 0.25), 7)
    assert scores.distance == scores.mel_distance == 0.5
    assert scores.entry() == {"valid_mel": 0.5, "valid_stoi": 0.875, "usage": (1.0, 0.25)}
    assert scores.metrics() == {"mel_distance": 0.5, "stoi": 0.875, "codebook_usage": [1.0, 0.25], "clips": 7}
    assert scores.describe(" (best)") == ("held-out mel distance 0.5000 (best), STOI 0.875, codes in use 100%, 25%")
    assert CodecScores(0.5, None, ()).describe() == "held-out mel distance 0.5000, STOI unknown"


def test_a_codec_is_its_weights(tmp_path: Path) -> None:
    assert MelRecipe(TINY_CODEC, QUICK, tones(), seed=1).further_files(tmp_path / "model.safetensors") == {}
