"""Twin of ``training/precision.py``."""

import pytest
import torch

from amhctl.training.precision import autocast, computes_bf16, resolve_precision

CPU = torch.device("cpu")


@pytest.mark.parametrize("native", [True, False])
def test_auto_is_bf16_only_where_it_is_native(native: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_bf16": native}, raising=False)
    assert computes_bf16(CPU) is native
    assert resolve_precision("auto", CPU) == ("bf16" if native else "fp32")
    assert resolve_precision("fp32", CPU) == "fp32"
    assert resolve_precision("bf16", CPU) == "bf16"


def test_unknown_devices_compute_fp32() -> None:
    assert not computes_bf16(torch.device("mps"))


def test_autocast_changes_products_only_when_asked() -> None:
    matrix = torch.eye(2)
    with autocast("fp32", CPU):
        assert (matrix @ matrix).dtype == torch.float32
    with autocast("bf16", CPU):
        assert (matrix @ matrix).dtype == torch.bfloat16
