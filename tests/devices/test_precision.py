"""Which device computes in what: asked of the device, never assumed."""

import pytest
import torch

from amhctl.core.errors import OptionError
from amhctl.core.units import Precision
from amhctl.devices import precision as precision_module
from amhctl.devices.precision import LARGE_PARAMETERS, choose_precision, computes_in


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


@pytest.mark.parametrize(
    ("device", "native", "chosen"),
    [
        ("cpu", ("bf16",), "bf16"),
        ("cpu", (), "fp32"),
        ("cuda", ("bf16", "fp16"), "bf16"),
        ("cuda", ("fp16",), "fp16"),
        ("mps", ("fp16",), "fp32"),
    ],
)
def test_a_large_network_gets_what_its_device_is_faster_in(
    device: str, native: tuple[str, ...], chosen: Precision, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(precision_module, "computes_in", lambda precision, _: precision in ("fp32", *native))
    there = torch.device(device)
    assert choose_precision("auto", there, parameters=LARGE_PARAMETERS) == chosen
    assert choose_precision("auto", there, parameters=LARGE_PARAMETERS - 1) == "fp32"
    assert all(choose_precision(each, there, parameters=1) == each for each in native)  # type: ignore[arg-type]
    with pytest.raises(OptionError, match=f"{device} does not compute in int4") as caught:
        choose_precision("int4", there, parameters=1)  # type: ignore[arg-type]
    assert caught.value.subject == "--precision"
