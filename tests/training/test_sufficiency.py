"""Twin of ``training/sufficiency.py``."""

from pathlib import Path

import pytest
from support.training_runs import build_run
from torch import nn

from amhctl.codes.store import CodeStore
from amhctl.training.sufficiency import find_scarcity, hours_of


@pytest.mark.parametrize(
    ("millions", "hours", "has_base", "told"),
    [
        (12.0, 1.2, False, ""),
        (
            12.0,
            4 / 60,
            False,
            "4.0 minutes of speech for 12.0 million parameters trained from scratch: at least 1.2 hours",
        ),
        (12.0, 0.13, True, ""),
        (
            12.0,
            4 / 60,
            True,
            "4.0 minutes of speech for 12.0 million parameters trained from a base: at least 7.2 minutes",
        ),
    ],
)
def test_too_little_speech_for_what_learns_is_said(millions: float, hours: float, has_base: bool, told: str) -> None:
    model = nn.Linear(1_000, int(millions * 1_000), bias=False)
    found = find_scarcity(model, hours, has_base=has_base, subject="store")
    assert [finding.message for finding in found] == ([f"{told} is recommended"] if told else [])
    assert all(("adapter" in finding.hint) == has_base for finding in found)
    # What does not learn asks for no speech.
    model.requires_grad_(False)
    assert find_scarcity(model, 0.0, has_base=has_base, subject="store") == ()


def test_hours_are_those_of_recordings(tmp_path: Path) -> None:
    run = build_run(tmp_path / "run")
    store = CodeStore.open(tmp_path / "run-world" / "store")
    seconds = sum(run.train.lengths) * store.spec.frame_samples / store.spec.sample_rate
    assert hours_of(run.train.entries, store.spec) == pytest.approx(seconds / 3600)
