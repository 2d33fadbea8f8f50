"""The aligner finds boundaries that are really there."""

import numpy as np

from amhctl.config.schema import AlignerConfig
from amhctl.core.progress import SilentProgress
from amhctl.training.aligner_loop import Spoken, align_speech


def _speech(id_: str, random: np.random.Generator, voices: np.ndarray) -> tuple[Spoken, np.ndarray]:
    pieces = random.permutation(len(voices))[:5]
    durations = random.integers(2, 8, size=5) * 2
    frames = np.repeat(voices[pieces], durations, axis=0)
    mel = (frames + random.normal(0, 0.2, frames.shape)).astype(np.float32)
    return Spoken(id_, tuple(int(p) for p in pieces), mel, int(durations.sum()) // 2), durations // 2


def test_it_recovers_known_durations_and_leaves_the_impossible_out() -> None:
    random = np.random.default_rng(0)
    voices = random.normal(0, 2.0, (8, 12))
    made = [_speech(str(index), random, voices) for index in range(48)]
    impossible = Spoken("long", tuple([1] * 9), np.zeros((4, 12), np.float32), 2)
    config = AlignerConfig(steps=200, batch_size=8, width=32, prior_steps=150)
    found = align_speech(
        [*(spoken for spoken, _ in made), impossible],
        text_tokens=8,
        config=config,
        seed=0,
        progress=SilentProgress(),
    )
    assert found.left_out == ("long",)
    errors = []
    for spoken, durations in made:
        given = found.durations[spoken.id]
        assert int(given.sum()) == spoken.code_frames
        errors.append(np.abs(np.cumsum(given.astype(int)) - np.cumsum(durations)).mean())
    assert np.mean(errors) < 0.5
