"""Builders of sounds that behave like speech: harmonics of a gliding pitch, syllables, pauses. All seeded."""

import numpy as np

from amhctl.audio.waveform import Waveform


def vowel_train(
    *, seconds: float = 1.2, pitch: float = 110.0, seed: int = 0, sample_rate: int = 16_000, level: float = 0.2
) -> Waveform:
    """Return syllables of voiced sound whose formants wander with the seed, with a little noise."""
    generator = np.random.default_rng(seed)
    count = round(seconds * sample_rate)
    times = np.arange(count) / sample_rate
    glide = pitch * (1.0 + 0.08 * np.sin(2.0 * np.pi * 0.7 * times + seed))
    phase = 2.0 * np.pi * np.cumsum(glide) / sample_rate
    syllables = max(2, round(seconds * 5))
    places = np.linspace(0.0, seconds, syllables)
    first = np.interp(times, places, generator.uniform(250.0, 850.0, syllables))
    second = np.interp(times, places, generator.uniform(900.0, 2_300.0, syllables))
    sound = np.zeros(count)
    for harmonic in range(1, 30):
        frequency = harmonic * glide
        gain = np.exp(-(((frequency - first) / 150.0) ** 2)) + 0.6 * np.exp(-(((frequency - second) / 200.0) ** 2))
        sound += (gain + 0.01) / harmonic**0.5 * np.sin(harmonic * phase)
    envelope = 0.55 + 0.45 * np.sin(2.0 * np.pi * 5.0 * times) ** 2
    sound = sound * envelope
    sound = level * sound / np.abs(sound).max() + generator.normal(0.0, 1e-3, count)
    return Waveform(sound.astype(np.float32), sample_rate)


def between_silences(waveform: Waveform, *, before: float = 0.3, after: float = 0.3) -> Waveform:
    """Return the waveform with digital silence around it."""
    pieces = (round(before * waveform.sample_rate), round(after * waveform.sample_rate))
    return Waveform(np.pad(waveform.samples, pieces), waveform.sample_rate)
