"""Twin of ``training/devices.py``."""

from types import SimpleNamespace

import pytest
import torch

from amhctl.core.errors import TrainingError
from amhctl.training.devices import connect_devices, leads, refuse_launcher_settings


@pytest.mark.parametrize(
    ("name", "value", "instead"),
    [
        ("ACCELERATE_MIXED_PRECISION", "bf16", "training.precision=bf16"),
        ("ACCELERATE_MIXED_PRECISION", "fp16", "training.precision=bf16"),
        ("ACCELERATE_GRADIENT_ACCUMULATION_STEPS", "4", "training.accumulation"),
        ("ACCELERATE_GRADIENT_CLIPPING", "0.5", "training.clip_norm"),
        ("ACCELERATE_DYNAMO_BACKEND", "INDUCTOR", "unset"),
        ("ACCELERATE_USE_DEEPSPEED", "true", "torchrun"),
        ("ACCELERATE_USE_FSDP", "1", "torchrun"),
    ],
)
def test_a_setting_of_the_launcher_that_changes_training_is_refused(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, instead: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(TrainingError, match=f"{name}={value}") as caught:
        connect_devices("cpu")
    assert instead in caught.value.hint


def test_what_a_plain_launch_sets_is_obeyed() -> None:
    """The variables that ``accelerate launch`` writes where nothing was asked of it."""
    refuse_launcher_settings(
        {
            "ACCELERATE_USE_CPU": "True",
            "ACCELERATE_MIXED_PRECISION": "no",
            "ACCELERATE_DYNAMO_BACKEND": "NO",
            "ACCELERATE_DYNAMO_MODE": "default",
            "ACCELERATE_DYNAMO_USE_FULLGRAPH": "False",
            "ACCELERATE_DYNAMO_USE_DYNAMIC": "False",
            "ACCELERATE_DYNAMO_USE_REGIONAL_COMPILATION": "False",
            "ACCELERATE_GRADIENT_ACCUMULATION_STEPS": "1",
            "ACCELERATE_CPU_AFFINITY": "1",
        }
    )


def test_all_that_is_refused_is_named_at_once() -> None:
    with pytest.raises(TrainingError, match=r"MIXED_PRECISION=fp8, .*USE_FSDP=true"):
        refuse_launcher_settings({"ACCELERATE_MIXED_PRECISION": "fp8", "ACCELERATE_USE_FSDP": "true"})


@pytest.mark.parametrize("name", ["RANK", "PMI_RANK", "OMPI_COMM_WORLD_RANK"])
def test_the_first_process_leads(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    assert leads()
    monkeypatch.setenv(name, "0")
    assert leads()
    monkeypatch.setenv(name, "1")
    assert not leads()


@pytest.mark.parametrize(("device", "chosen"), [("cuda:1", [torch.device("cuda:1")]), ("cuda", [])])
def test_a_card_is_chosen_where_it_has_a_number(
    monkeypatch: pytest.MonkeyPatch, device: str, chosen: list[torch.device]
) -> None:
    """Which card it is must be settled before anything is put on one."""
    told: list[torch.device] = []
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "set_device", told.append)
    monkeypatch.setattr("amhctl.training.devices.Accelerator", lambda **_: SimpleNamespace(device=torch.device(device)))
    connect_devices(device)
    assert told == chosen


def test_the_device_is_the_one_that_was_asked_for() -> None:
    assert connect_devices("cpu").device == torch.device("cpu")


@pytest.mark.skipif(
    torch.cuda.is_available() or torch.backends.mps.is_available(), reason="there is an accelerator to take its place"
)
def test_another_device_does_not_take_its_place() -> None:
    assert connect_devices("auto").device == torch.device("cpu")
    with pytest.raises(TrainingError, match="only cpu") as caught:
        connect_devices("mps")
    assert caught.value.subject == "mps"


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_an_absent_device_is_an_error() -> None:
    with pytest.raises(TrainingError, match="CUDA"):
        connect_devices("cuda:0")
