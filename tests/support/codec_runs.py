"""Codec training in a second: a few short steps on a few tones."""

import numpy as np

from amhctl.config.mel_codec import CodecTrainingConfig
from amhctl.training.codec_material import CodecMaterial

QUICK = CodecTrainingConfig(
    steps=12,
    batch_size=2,
    segment_seconds=0.32,
    unquantised_steps=3,
    warmup_steps=2,
    valid_every=6,
    valid_clips=1,
    save_every=3,
    precision="fp32",
)


def tones(*, sample_rate: int = 16_000) -> CodecMaterial:
    """Return three swelling tones of a second, the last to measure on."""
    time = np.arange(sample_rate) / sample_rate
    clips = [
        (0.2 * np.sin(2 * np.pi * hertz * time) * (1 + np.sin(2 * np.pi * 3 * time))).astype(np.float32)
        for hertz in (150, 220, 330)
    ]
    return CodecMaterial(train=clips[:2], valid=clips[2:], fingerprint="tones")
