"""Spectra against their definitions."""

import math

import torch

from amhctl.nn.spectral import InverseSTFTHead, LogMel, mel_filterbank


def test_every_mel_filter_has_its_peak_inside_its_band_and_unit_area() -> None:
    filters = mel_filterbank(sample_rate=16_000, fft_samples=4_096, bins=40, low_hertz=0.0, high_hertz=8_000.0)
    assert filters.shape == (2_049, 40)
    peaks = filters.argmax(dim=0)
    assert bool((peaks.diff() > 0).all())
    # Slaney's filters have unit area over frequency; a bin is sample_rate / fft_samples hertz wide.
    area = filters.sum(dim=0) * 16_000 / 4_096
    assert torch.allclose(area, torch.ones(40), atol=0.05)


def test_a_tone_lands_in_the_bin_of_its_frequency() -> None:
    mel = LogMel(
        sample_rate=16_000,
        fft_samples=1_024,
        window_samples=1_024,
        hop_samples=320,
        bins=100,
        low_hertz=0.0,
        high_hertz=8_000.0,
    )
    for hertz in (300.0, 1_000.0, 3_000.0):
        tone = torch.sin(2 * math.pi * hertz * torch.arange(16_000) / 16_000)[None]
        frames = mel(tone)
        assert frames.shape == (1, 51, 100)
        loudest = int(frames[0, 25].argmax())
        assert int(mel.filters_KF[round(hertz / 16_000 * 1_024)].argmax()) == loudest


def test_the_head_gives_whole_frames_and_stays_finite() -> None:
    torch.manual_seed(0)
    head = InverseSTFTHead(8, fft_samples=64, hop_samples=16)
    samples = head(torch.randn(2, 10, 8) * 100)
    assert samples.shape == (2, 160)
    assert bool(samples.isfinite().all())


def test_a_centred_head_lays_frame_t_about_sample_t_times_hop() -> None:
    head = InverseSTFTHead(1, fft_samples=64, hop_samples=16, centred=True)
    with torch.no_grad():
        # A phase of pi in every second bin: a pulse in the middle of the frame.
        head.project.weight.zero_()
        head.project.bias.zero_()
        head.project.bias[33:][1::2] = math.pi
        head.project.weight[:33] = -50.0
    hidden = torch.ones(1, 10, 1)
    hidden[0, 4] = 0.0
    for each, where in ((head, 64), (InverseSTFTHead(1, fft_samples=64, hop_samples=16), 72)):
        each.load_state_dict(head.state_dict())
        samples = each(hidden)
        assert samples.shape == (1, 160)
        assert int(samples.detach().abs().argmax()) == where
