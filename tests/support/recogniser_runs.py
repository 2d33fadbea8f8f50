"""Recogniser training in a second: a few short steps on clips whose phones are tones."""

import numpy as np

from amhctl.config.augmentation import AugmentConfig
from amhctl.config.recogniser import RecogniserTrainingConfig
from amhctl.recogniser.features import SAMPLE_RATE
from amhctl.recogniser.labels import BORDER
from amhctl.training.recogniser_material import RecogniserMaterial, SpokenClip

QUICK = RecogniserTrainingConfig(
    steps=12,
    batch_seconds=2.5,
    warmup_steps=2,
    ema_decay=0.9,
    valid_every=6,
    valid_clips=1,
    save_every=3,
    precision="fp32",
)
STILL = AugmentConfig()
_TONE_SECONDS = 0.12


def tone_clip(name: str, labels: tuple[int, ...]) -> SpokenClip:
    """Return a clip in which each label is a tone of its own, and a border is silence."""
    time = np.arange(round(_TONE_SECONDS * SAMPLE_RATE)) / SAMPLE_RATE
    tones = [
        (0.0 if label == BORDER else 0.2) * np.sin(2 * np.pi * 220 * label * time) * np.hanning(time.size)
        for label in labels
    ]
    return SpokenClip.of(name, np.concatenate(tones).astype(np.float32), labels)


def tone_material(*, clips: int = 6, kinds: int = 4) -> RecogniserMaterial:
    """Return clips of tones of three to eight labels, the last two to measure on."""
    random = np.random.default_rng(0)
    made = []
    for number in range(clips + 2):
        labels = (random.integers(2, 2 + kinds, 3 + number % 6)).tolist()
        made.append(tone_clip(f"c{number}", (*labels[:2], BORDER, *labels[2:])))
    return RecogniserMaterial(train=made[:clips], valid=made[clips:], fingerprint="tones")
