"""Twin of ``training/tally.py``."""

import torch

from amhctl.training.tally import Tally


def test_the_peak_is_of_what_lives_at_once() -> None:
    with Tally("cpu") as tally:
        first = torch.zeros(100)
        assert tally.peak == 400
        second = first + 1.0
        assert second.view(10, 10).t()[0, 0] == 1.0
        first.mul_(2.0)
        assert 800 <= tally.peak < 900
        del first, second
        before = tally.peak
        third = torch.zeros(150)
    assert tally.peak == before
    assert third.numel() == 150


def test_what_lay_there_before_and_other_devices_are_counted_only_if_told() -> None:
    weight = torch.ones(100)
    with Tally("meta") as tally:
        tally.add(weight)
        torch.zeros(50)
        assert tally.peak == 0
        blank = torch.zeros(50, device="meta")
        tally.add(blank)
        tally.add(blank.view(5, 10))
    assert tally.peak == 200
