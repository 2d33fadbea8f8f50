"""Devices by name."""

import pytest

from amhctl.core.errors import SynthesisError
from amhctl.devices.device import choose_device


def test_devices_are_checked() -> None:
    assert choose_device("cpu") == "cpu"
    assert choose_device("auto") in {"cpu", "cuda", "mps"}
    with pytest.raises(SynthesisError):
        choose_device("toaster")
