"""Rows grow along a plan; what was there stays bit for bit."""

from collections.abc import Mapping
from dataclasses import dataclass

import pytest
import torch
from torch import Tensor

from amhctl.core.errors import ModelError
from amhctl.model.resize import SPARE_ROWS, RowPlan
from amhctl.model.resize import grow_text_moments as grow_moments
from amhctl.model.resize import grow_text_rows as grow_rows
from amhctl.model.versions import FLOW_VOICE, UNIFIED_VOICE


@dataclass(frozen=True)
class _Plan:
    moved: tuple[int, ...]
    sources: tuple[tuple[int, ...], ...]


PLAN = _Plan((0, 1, 2, 3, 4), ((), (1, 3), (5, 6)))


def grow_text_rows(tensors: Mapping[str, Tensor], plan: RowPlan, *, seed: int = 0) -> dict[str, Tensor]:
    return grow_rows(tensors, plan, spare=SPARE_ROWS[UNIFIED_VOICE], seed=seed)


def grow_text_moments(tensors: Mapping[str, Tensor], plan: RowPlan) -> dict[str, Tensor]:
    return grow_moments(tensors, plan, spare=SPARE_ROWS[UNIFIED_VOICE])


def _tensors(rows: int = 6, dtype: torch.dtype = torch.float32) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(1)
    return {
        "text_embedding.weight": torch.randn(rows, 4, generator=generator).to(dtype),
        "text_head.weight": torch.randn(rows, 4, generator=generator).to(dtype),
        "text_head.bias": torch.randn(rows, generator=generator).to(dtype),
        "mel_head.weight": torch.randn(3, 4, generator=generator).to(dtype),
    }


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
def test_old_rows_stay_and_the_unused_row_moves_to_the_end(dtype: torch.dtype) -> None:
    before = _tensors(dtype=dtype)
    after = grow_text_rows(before, PLAN)
    assert after["mel_head.weight"] is before["mel_head.weight"]
    for name in ("text_embedding.weight", "text_head.weight", "text_head.bias"):
        assert after[name].shape[0] == 5 + 3 + 1
        assert after[name].dtype is dtype
        assert torch.equal(after[name][:5], before[name][:5])
        assert torch.equal(after[name][-1], before[name][-1])


def test_new_rows_start_near_their_sources_and_biases_on_them() -> None:
    before = _tensors()
    after = grow_text_rows(before, PLAN)
    bias, new = before["text_head.bias"], after["text_head.bias"]
    assert torch.allclose(new[5], bias[:5].mean())
    assert torch.allclose(new[6], (bias[1] + bias[3]) / 2)
    assert torch.allclose(new[7], (new[5] + new[6]) / 2)
    rows = before["text_embedding.weight"][:5]
    distance = after["text_embedding.weight"][6] - (rows[1] + rows[3]) / 2
    assert 0 < float(distance.abs().max()) < 0.5 * float(rows.std())


def test_new_rows_are_scattered_by_the_spread_of_each_column() -> None:
    before = _tensors(rows=40)
    wide = torch.tensor([1.0, 10.0, 100.0, 0.0])
    before["text_embedding.weight"] *= wide
    plan = _Plan(tuple(range(39)), ((1, 3),) * 400)
    rows = grow_text_rows(before, plan)["text_embedding.weight"][39:-1]
    old = before["text_embedding.weight"][:39]
    assert torch.allclose(rows.std(dim=0), 0.1 * old.std(dim=0), rtol=0.15)
    assert rows[:, 3].tolist() == [0.0] * 400


def test_half_precision_is_rounded_once_when_all_is_computed() -> None:
    plan = _Plan(PLAN.moved, ((), (1, 3)))
    half = _tensors(dtype=torch.bfloat16)
    exact = grow_text_rows({name: tensor.float() for name, tensor in half.items()}, plan)
    grown = grow_text_rows(half, plan)
    assert {name: tensor.tolist() for name, tensor in grown.items()} == {
        name: tensor.bfloat16().tolist() for name, tensor in exact.items()
    }


def test_the_seed_decides() -> None:
    one, same, other = (grow_text_rows(_tensors(), PLAN, seed=seed)["text_embedding.weight"] for seed in (1, 1, 2))
    assert torch.equal(one, same)
    assert not torch.equal(one, other)


def test_a_network_without_text_head_keeps_none() -> None:
    tensors = {"text_embedding.weight": _tensors()["text_embedding.weight"]}
    assert set(grow_text_rows(tensors, PLAN)) == {"text_embedding.weight"}


@pytest.mark.parametrize("rows", [5, 7])
def test_rows_that_are_not_pieces_plus_one_are_refused(rows: int) -> None:
    with pytest.raises(ModelError, match="which has 6"):
        grow_text_rows(_tensors(rows), PLAN)


def test_a_flow_voice_has_a_row_for_each_piece_and_none_besides() -> None:
    spare = SPARE_ROWS[FLOW_VOICE]
    before = {"text_embedding.weight": _tensors()["text_embedding.weight"][:5]}
    order = (3, 0, 4, 1, 2)
    after = grow_rows(before, _Plan(order, ((0,), (1, 2))), spare=spare)["text_embedding.weight"]
    assert after.shape == (7, 4)
    assert torch.equal(after[:5], before["text_embedding.weight"][list(order)])
    # New rows start as those of the other kind of voice do.
    other = grow_text_rows(_tensors(), _Plan(order, ((0,), (1, 2))))["text_embedding.weight"]
    assert torch.equal(after, other[:7])
    moments = grow_moments({"text_embedding.weight/exp_avg": after[:5]}, _Plan(order, ((0,),)), spare=spare)
    assert torch.equal(moments["text_embedding.weight/exp_avg"][:5], after[list(order)])
    assert not moments["text_embedding.weight/exp_avg"][5:].any()
    with pytest.raises(ModelError, match="which has 5"):
        grow_rows(_tensors(), PLAN, spare=spare)


def test_half_a_head_and_sources_out_of_reach_are_refused() -> None:
    tensors = _tensors()
    with pytest.raises(ModelError, match="not all earlier rows"):
        grow_text_rows(tensors, _Plan((0, 1, 2, 3, 4), ((5,),)))
    del tensors["text_head.bias"]
    with pytest.raises(ModelError, match="half"):
        grow_text_rows(tensors, PLAN)


def test_moved_rows_land_on_their_ids_and_new_rows_start_from_them() -> None:
    before, order = _tensors(), (3, 0, 4, 1, 2)
    after = grow_text_rows(before, _Plan(order, ((0,), (1, 2))))
    for name in ("text_embedding.weight", "text_head.weight", "text_head.bias"):
        assert torch.equal(after[name][:5], before[name][list(order)])
        assert torch.equal(after[name][-1], before[name][-1])
    bias = before["text_head.bias"]
    assert torch.equal(after["text_head.bias"][5], bias[3])
    assert torch.equal(after["text_head.bias"][6], (bias[0] + bias[4]) / 2)


def test_moments_move_with_their_rows_and_start_at_zero() -> None:
    before = {f"{name}/{slot}": value for name, value in _tensors().items() for slot in ("exp_avg", "exp_avg_sq")}
    steps = {f"{name}/step": torch.tensor(7.0) for name in _tensors()}
    order = (3, 0, 4, 1, 2)
    after = grow_text_moments({**before, **steps}, _Plan(order, ((0,), (), (1,))))
    assert set(after) == set(before) | set(steps)
    for key, value in before.items():
        if not key.startswith("text_"):
            assert after[key] is value
            continue
        assert torch.equal(after[key][:5], value[list(order)])
        assert torch.equal(after[key][5:8], torch.zeros_like(after[key][5:8]))
        assert torch.equal(after[key][8], value[5])
    assert all(torch.equal(after[key], steps[key]) for key in steps)


def test_moments_of_another_size_and_plans_that_lose_rows_are_refused() -> None:
    with pytest.raises(ModelError, match="which has 6") as caught:
        grow_text_moments({"text_head.bias/exp_avg": torch.zeros(9)}, PLAN)
    assert caught.value.subject == "text_head.bias/exp_avg"
    for order in ((0, 1, 2, 3, 3), (0, 1, 2, 3, 5)):
        with pytest.raises(ModelError, match="each old row exactly once"):
            grow_text_rows(_tensors(), _Plan(order, ()))
        with pytest.raises(ModelError, match="each old row exactly once"):
            grow_text_moments({}, _Plan(order, ()))
