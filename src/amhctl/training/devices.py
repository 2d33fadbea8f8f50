"""Devices and processes of a run: what accelerate connects, and which of its launcher's settings a run can obey.

Where a run computes, and in how many processes, is the launcher's to say. How it computes is the configuration's
alone: a launcher's setting that would change the training beside it is refused.
"""

import os
from collections.abc import Mapping

import torch
from accelerate import Accelerator
from accelerate.utils import get_int_from_env

from amhctl.core.errors import TrainingError

_OFF = frozenset({"", "0", "false", "no", "none", "off", "f", "n"})
_RANKS = ("RANK", "PMI_RANK", "OMPI_COMM_WORLD_RANK", "MV2_COMM_WORLD_RANK")
"""Where launchers say which of a run's processes this one is, as accelerate looks for it."""

_NOT_HERE = "unset it, or launch with --multi_gpu or torchrun: every process holds the complete model"
_REFUSED: Mapping[str, tuple[frozenset[str], str]] = {
    "ACCELERATE_MIXED_PRECISION": (
        _OFF,
        "unset it (accelerate launch --mixed_precision no), and use --set training.precision=bf16 if you want it",
    ),
    "ACCELERATE_GRADIENT_ACCUMULATION_STEPS": (_OFF | {"1"}, "unset it, and use --set training.accumulation=N"),
    "ACCELERATE_GRADIENT_CLIPPING": (_OFF, "unset it, and use --set training.clip_norm=N"),
    "ACCELERATE_DYNAMO_BACKEND": (_OFF, "unset it, and use --set training.compile=true"),
    "ACCELERATE_FP8_BACKEND": (_OFF, "unset it, and use --set training.precision=bf16"),
    "ACCELERATE_DOWNCAST_BF16": (_OFF, "unset it, and use --set training.precision=bf16"),
    "ACCELERATE_USE_DEEPSPEED": (_OFF, _NOT_HERE),
    "ACCELERATE_USE_FSDP": (
        _OFF,
        "unset it, launch with --multi_gpu or torchrun, and use --set training.sharding=full",
    ),
    "ACCELERATE_USE_MEGATRON_LM": (_OFF, _NOT_HERE),
    "ACCELERATE_USE_PARALLELISM_CONFIG": (_OFF, _NOT_HERE),
}
"""Settings of the launcher that change how a run trains: their values that change nothing, and what to do instead."""


def leads() -> bool:
    """Return whether this is the first process of a run, the one that writes."""
    return bool(get_int_from_env(_RANKS, 0) == 0)


def refuse_launcher_settings(environment: Mapping[str, str] | None = None) -> None:
    """Refuse settings of accelerate's launcher that would change the training without a word in its configuration.

    Raises
    ------
    TrainingError
        With every such variable.
    """
    given = os.environ if environment is None else environment
    found = {name: given[name] for name, (neutral, _) in _REFUSED.items() if given.get(name, "").lower() not in neutral}
    if found:
        raise TrainingError(
            f"the launcher would change the training: {', '.join(f'{name}={value}' for name, value in found.items())}",
            subject="environment",
            hint="; ".join(f"{name}: {_REFUSED[name][1]}" for name in found),
        )


def connect_devices(device: str) -> Accelerator:
    """Return the accelerator of a wanted device: ``auto``, ``cpu``, ``cuda``, ``cuda:n`` or ``mps``.

    Raises
    ------
    TrainingError
        If the device is not there, or the launcher would change the training.
    """
    refuse_launcher_settings()
    if device.startswith("cuda"):
        if not torch.cuda.is_available():
            raise TrainingError(
                "this machine has no usable CUDA device",
                subject=device,
                hint="see `amhctl doctor`, or use --device cpu",
            )
        if ":" in device:
            torch.cuda.set_device(torch.device(device))
    accelerator = Accelerator(cpu=device == "cpu")
    if device != "auto" and accelerator.device.type != device.partition(":")[0]:
        raise TrainingError(
            f"the device cannot be used, only {accelerator.device.type}", subject=device, hint="see `amhctl doctor`"
        )
    return accelerator
