"""Twin of ``training/schedule.py``."""

import pytest

from amhctl.config.schema import TrainingConfig
from amhctl.training.schedule import Schedule

SCHEDULE = Schedule(peak=1.0, minimum=0.1, warmup_steps=10, steps=110)


def test_warm_up_is_linear_and_ends_at_the_peak() -> None:
    assert [SCHEDULE.rate(step) for step in (1, 5, 10)] == [0.1, 0.5, 1.0]


def test_cosine_passes_the_middle_and_ends_at_the_minimum() -> None:
    assert SCHEDULE.rate(60) == pytest.approx(0.55)
    assert SCHEDULE.rate(110) == pytest.approx(0.1)
    assert SCHEDULE.rate(500) == pytest.approx(0.1)


def test_rates_fall_after_the_peak() -> None:
    rates = [SCHEDULE.rate(step) for step in range(10, 111)]
    assert rates == sorted(rates, reverse=True)


def test_no_warm_up_starts_near_the_peak() -> None:
    assert Schedule(peak=1.0, minimum=0.0, warmup_steps=0, steps=1000).rate(1) == pytest.approx(1.0, abs=1e-4)


def test_configuration_gives_the_schedule() -> None:
    config = TrainingConfig(learning_rate=2e-4, minimum_rate=0.05, warmup_steps=3, steps=9)
    assert Schedule.of(config) == Schedule(2e-4, 0.05, 3, 9)


def test_the_rate_may_fall_for_other_steps_than_the_run_has() -> None:
    config = TrainingConfig(learning_rate=2e-4, minimum_rate=0.05, warmup_steps=3, steps=20, decay_steps=9)
    assert Schedule.of(config) == Schedule(2e-4, 0.05, 3, 9)
    assert Schedule.of(config).rate(20) == pytest.approx(1e-5)


def test_the_last_step_has_the_minimum_however_few_follow_the_warm_up() -> None:
    assert Schedule(peak=1.0, minimum=0.1, warmup_steps=10, steps=11).rate(11) == pytest.approx(0.1)
    assert Schedule(peak=1.0, minimum=0.1, warmup_steps=10, steps=10).rate(10) == 1.0
