"""Vocoder training in a second: a few short steps on a few tones."""

from amhctl.config.vocoder import VocoderTrainingConfig

QUICK = VocoderTrainingConfig(
    steps=12,
    batch_size=2,
    segment_seconds=0.2,
    warmup_steps=2,
    ema_decay=0.9,
    blur=0.5,
    mel_noise=0.1,
    adversarial_steps=4,
    discriminator_steps=3,
    discriminator_width=2,
    discriminator_periods=(2,),
    discriminator_windows=(256,),
    valid_every=6,
    valid_clips=1,
    save_every=3,
    precision="fp32",
)
