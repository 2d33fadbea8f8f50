"""Softened spectrograms: the same by the same seed, smoother by blurring, off by the noise that was asked for."""

import torch

from amhctl.training.mel_softening import soften

MEL = torch.randn(64, 40, 20, generator=torch.Generator().manual_seed(0))


def test_nothing_asked_is_nothing_done() -> None:
    assert soften(MEL, blur=0.0, noise=0.0, seed=1) is MEL


def test_a_seed_decides() -> None:
    one, other = (soften(MEL, blur=0.5, noise=0.3, seed=1) for _ in range(2))
    assert torch.equal(one, other)
    assert not torch.equal(one, soften(MEL, blur=0.5, noise=0.3, seed=2))


def test_the_share_is_blurred_by_random_amounts() -> None:
    blurred = soften(MEL, blur=0.5, noise=0.0, seed=1)
    change = blurred.std(dim=(1, 2)) / MEL.std(dim=(1, 2))
    untouched = (blurred == MEL).all(dim=2).all(dim=1)
    assert 20 <= int(untouched.sum()) <= 44
    assert bool((change[~untouched] < 1.0).all())
    assert len(set(change[~untouched].tolist())) == int((~untouched).sum())
    # What does not change from frame to frame and bin to bin has nothing to lose.
    level = torch.full((4, 9, 9), -3.0)
    torch.testing.assert_close(soften(level, blur=1.0, noise=0.0, seed=1), level)


def test_noise_has_the_largest_deviation_that_is_asked_for() -> None:
    deviations = (soften(MEL, blur=0.0, noise=0.4, seed=1) - MEL).std(dim=(1, 2))
    assert 0.3 < float(deviations.max()) < 0.42
    assert float(deviations.min()) < 0.1
