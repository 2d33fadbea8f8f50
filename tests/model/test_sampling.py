"""Drawing codes: what is kept, what is never drawn, and that the generator alone decides."""

import pytest
import torch
from torch import Tensor

from amhctl.model.sampling import penalise_repeats, sample

LOGITS = torch.log(torch.tensor([0.1, 0.4, 0.05, 0.3, 0.15]))


def _draws(logits_V: Tensor, *, temperature: float = 1.0, top_k: int = 0, top_p: float = 1.0, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    rows = logits_V.expand(4000, -1)
    return sample(rows, temperature=temperature, top_k=top_k, top_p=top_p, generators=[generator])


def test_frequencies_are_the_probabilities() -> None:
    shares = torch.bincount(_draws(LOGITS), minlength=5) / 4000
    assert torch.allclose(shares, LOGITS.exp(), atol=0.03)


@pytest.mark.parametrize(("top_k", "kept"), [(1, {1}), (2, {1, 3}), (4, {0, 1, 3, 4}), (0, {0, 1, 2, 3, 4})])
def test_top_k_keeps_the_likeliest(top_k: int, kept: set[int]) -> None:
    assert set(_draws(LOGITS, top_k=top_k).tolist()) == kept


@pytest.mark.parametrize(
    ("top_p", "kept"), [(0.01, {1}), (0.39, {1}), (0.5, {1, 3}), (0.8, {1, 3, 4}), (0.99, {0, 1, 2, 3, 4})]
)
def test_top_p_keeps_the_fewest_that_reach_it(top_p: float, kept: set[int]) -> None:
    assert set(_draws(LOGITS, top_p=top_p).tolist()) == kept


def test_a_low_temperature_sharpens_and_the_lowest_take_the_likeliest() -> None:
    share = [float((_draws(LOGITS, temperature=heat) == 1).float().mean()) for heat in (2.0, 1.0, 0.5)]
    assert share == sorted(share)
    for heat in (0.0, 1e-44):
        assert set(_draws(LOGITS, temperature=heat).tolist()) == {1}


def test_a_forbidden_id_is_never_drawn() -> None:
    logits = LOGITS.clone()
    logits[1] = -torch.inf
    assert 1 not in _draws(logits, temperature=5.0).tolist()
    assert 1 not in _draws(logits, temperature=0.0).tolist()


def test_the_generator_alone_decides() -> None:
    assert torch.equal(_draws(LOGITS, seed=3), _draws(LOGITS, seed=3))
    assert not torch.equal(_draws(LOGITS, seed=3), _draws(LOGITS, seed=4))


def test_each_generator_draws_for_its_own_rows() -> None:
    rows = LOGITS.expand(6, -1)
    alone = [
        sample(rows[:3], temperature=1.0, top_k=4, top_p=0.9, generators=[torch.Generator().manual_seed(seed)])
        for seed in (3, 4)
    ]
    generators = [torch.Generator().manual_seed(seed) for seed in (3, 4)]
    together = sample(rows, temperature=1.0, top_k=4, top_p=0.9, generators=generators)
    assert torch.equal(together, torch.cat(alone))


def test_what_was_drawn_is_less_likely_once_however_often_it_was_drawn() -> None:
    logits_BV = torch.tensor([[3.0, -1.0, 0.5, float("-inf")], [2.0, 4.0, -6.0, 1.0]])
    past_BP = torch.tensor([[0, 1, 0], [2, 3, 3]])
    penalised = penalise_repeats(logits_BV, past_BP, 2.0)
    assert penalised.tolist() == [[1.5, -2.0, 0.5, float("-inf")], [2.0, 4.0, -12.0, 0.5]]
    assert torch.equal(penalise_repeats(logits_BV, past_BP, 1.0), logits_BV)
    assert penalise_repeats(logits_BV, torch.full((2, 1), 3), 5.0)[0, 3] == float("-inf")
