"""Twin of ``training/fit.py``."""

from dataclasses import replace

import pytest
import torch

from amhctl.config.schema import TrainingConfig
from amhctl.core.errors import ShortageError
from amhctl.training import fit as fit_module
from amhctl.training.fit import memory_of, require_fit
from amhctl.training.memory import Need
from amhctl.training.voice_recipe import BatchSize

SIZE = BatchSize(8, 100, 20, 0)
MIB = 2**20


def estimate(config: TrainingConfig, size: BatchSize) -> Need:
    """A voice of 100 MiB in all, 100 MiB of activations for each item, half of that with checkpointing."""
    activations = size.items * (50 if config.checkpointing else 100) * MIB
    return Need(25 * MIB, 25 * MIB, 25 * MIB, 25 * MIB, activations, size, "cpu")


def total(items: int, checkpointing: bool) -> int:
    return estimate(TrainingConfig(checkpointing=checkpointing), replace(SIZE, items=items)).total


def refused(available: int, config: TrainingConfig | None = None) -> ShortageError:
    config = config or TrainingConfig(batch_frames=800)
    with pytest.raises(ShortageError, match=r"needs .* free") as caught:
        require_fit(config, SIZE, estimate, available=available, subject="runs/a")
    return caught.value


def test_what_fits_is_taken_and_where_nobody_knows_too() -> None:
    assert require_fit(TrainingConfig(), SIZE, estimate, available=total(8, False), subject="").ok
    assert require_fit(TrainingConfig(), SIZE, estimate, available=None, subject="").ok


def test_the_nearest_settings_that_fit_are_named() -> None:
    assert refused(total(8, False) - 1).hint == "it fits with --set training.checkpointing=true"
    assert refused(total(8, True) - 1).hint == (
        "it fits with --set training.checkpointing=true --set training.batch_frames=400 --set training.accumulation=2"
    )
    config = TrainingConfig(batch_frames=800, accumulation=3, checkpointing=True)
    assert refused(total(2, True), config).hint == (
        "it fits with --set training.batch_frames=200 --set training.accumulation=12"
    )


def test_both_bounds_of_a_batch_are_halved() -> None:
    config = TrainingConfig(batch_frames=800, batch_positions=1_000, checkpointing=True)
    assert refused(total(2, True), config).hint == (
        "it fits with --set training.batch_frames=200 --set training.batch_positions=250 --set training.accumulation=4"
    )


def test_several_processes_may_hold_less_each() -> None:
    """The setting is named where it helps, and where it goes with what is trained."""

    def of_several(config: TrainingConfig, size: BatchSize) -> Need:
        need = estimate(config, size)
        return replace(need, optimizer=need.optimizer // 2) if config.sharding == "full" else need

    for method, hint in (
        ("none", "it fits with --set training.sharding=full"),
        ("adalora", "it fits with --set train"),
    ):
        config = TrainingConfig.model_validate(
            {"batch_frames": 800, "checkpointing": True, "adapter": {"method": method}}
        )
        with pytest.raises(ShortageError) as caught:
            require_fit(config, SIZE, of_several, available=total(8, True) - 1, subject="")
        assert caught.value.hint.startswith(hint)
        assert ("sharding" in caught.value.hint) == (method == "none")


def test_where_nothing_fits_it_is_said() -> None:
    error = refused(total(1, True) - 1)
    assert error.subject == "runs/a"
    assert f"even one utterance at a time takes {total(1, True) / 2**30:.2f} GiB" in error.hint
    assert "training.adapter.method=lora" in error.hint


def test_what_a_device_has_is_what_is_free_and_what_is_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fit_module, "available_memory", lambda: 700)
    monkeypatch.setattr(fit_module, "resident_memory", lambda: 33)
    assert memory_of(torch.device("cpu")) == 733
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda _: (500, 900))
    assert memory_of(torch.device("cuda")) == 500
    assert memory_of(torch.device("mps")) is None
    monkeypatch.setattr(fit_module, "available_memory", lambda: None)
    assert memory_of(torch.device("cpu")) is None
