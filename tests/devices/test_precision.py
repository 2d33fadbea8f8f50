"""Which device computes in what: asked of the device, never assumed."""

import pytest
import torch

from amhctl.devices.precision import Precision, computes_in  # type: ignore[attr-defined]


def test_every_device_computes_in_fp32() -> None:
    assert all(computes_in("fp32", torch.device(name)) for name in ("cpu", "cuda", "mps", "meta"))


@pytest.mark.parametrize("name", ["avx512_bf16", "amx_bf16", "bf16"])
@pytest.mark.parametrize("native", [True, False])
def test_a_processor_computes_in_bf16_where_torch_says_so(
    name: str, native: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_f": True, name: native}, raising=False)
    assert computes_in("bf16", torch.device("cpu")) is native


def test_an_older_torch_cannot_say_and_computes_in_fp32(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(torch.cpu, "get_capabilities", raising=False)
    assert not computes_in("bf16", torch.device("cpu"))


@pytest.mark.parametrize("native", [True, False])
def test_a_cuda_card_is_asked_without_emulation(native: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    def answer(*, including_emulation: bool) -> bool:
        return native or including_emulation

    monkeypatch.setattr(torch.cuda, "is_bf16_supported", answer)
    assert computes_in("bf16", torch.device("cuda:1")) is native


@pytest.mark.parametrize(
    ("precision", "device", "native"),
    [("fp16", "cpu", False), ("fp16", "cuda", True), ("fp16", "mps", True), ("bf16", "mps", False)],
)
def test_the_others_are_known_by_their_kind(precision: Precision, device: str, native: bool) -> None:
    assert computes_in(precision, torch.device(device)) is native
