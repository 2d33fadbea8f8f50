"""Twin of ``training/processes.py``: what processes add up, and what they do when memory ends for one of them."""

import pytest
import torch
from support.thread_processes import ThreadProcesses, together

from amhctl.training import processes as processes_module
from amhctl.training.devices import connect_devices
from amhctl.training.processes import Processes, Trouble


def test_gradients_are_added_up_in_few_exchanges(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small ones together, as many as there is room for, and large ones by themselves."""
    monkeypatch.setattr(processes_module, "BUCKET", 8)
    shapes, exchanges = ((3,), (1, 4), (2, 10), (), (4, 2), (5,)), []

    def add_up(processes: ThreadProcesses) -> list[torch.Tensor]:
        gradients = [torch.full(shape, 1.0 + place) * (1 + processes.index) for place, shape in enumerate(shapes)]
        processes.reserve(gradients)
        add = processes._sum
        processes._sum = lambda values: (exchanges.append(len(values.view(-1))), add(values))[-1]  # type: ignore[method-assign]
        processes.exchange(gradients)
        return gradients

    for gradients in together(2, add_up):
        for place, (gradient, shape) in enumerate(zip(gradients, shapes, strict=True)):
            assert torch.equal(gradient, torch.full(shape, 3.0 * (1 + place)))
    assert sorted(exchanges) == sorted([20, 8, 8, 5] * 2)


def test_processes_agree_on_the_worst_that_any_of_them_met() -> None:
    met = (Trouble.NONE, Trouble.HOPELESS, Trouble.MEMORY)
    assert set(together(3, lambda each: each.agree(met[each.index]))) == {Trouble.HOPELESS}
    assert set(together(2, lambda each: each.agree(gradients=7))) == {Trouble.NONE}
    assert set(together(2, lambda each: each.any_true(each.index == 1))) == {True}
    assert set(together(2, lambda each: each.any_true(False))) == {False}


def test_gradients_that_do_not_belong_together_are_never_added_up() -> None:
    with pytest.raises(RuntimeError, match="one process has 3 gradients to exchange, another one 4"):
        together(2, lambda each: each.agree(gradients=3 + each.index))
    # One that met trouble has none: that is no fault.
    said = together(2, lambda each: each.agree(Trouble(each.index), gradients=4 * each.index))
    assert set(said) == {Trouble.MEMORY}


def test_all_begin_with_the_values_of_the_one_that_leads() -> None:
    held = [[torch.full((2, 3), float(index)).T, torch.tensor(index)] for index in range(2)]
    together(2, lambda each: each.share(held[each.index]))
    for tensors in held:
        assert not tensors[0].any()
        assert tensors[1] == 0


def test_one_process_is_all_of_them() -> None:
    alone = Processes(connect_devices("cpu"))
    values = torch.ones(3)
    alone.reserve([values])
    alone.exchange([values])
    alone.share([values])
    assert (alone.leads, alone.agree(Trouble.MEMORY, gradients=2), alone.any_true(True)) == (True, Trouble.MEMORY, True)
    assert torch.equal(alone.add(values), torch.ones(3))
