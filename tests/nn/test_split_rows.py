"""Twin of ``nn/split_rows.py``."""

import pytest
import torch
from torch import nn

from amhctl.nn.split_rows import SplitEmbedding, SplitLinear, SplitRows


class Pair(nn.Module):
    def __init__(self, *, split: bool) -> None:
        super().__init__()
        torch.manual_seed(0)
        embedding, head = nn.Embedding(7, 3), nn.Linear(3, 7)
        self.embedding = SplitEmbedding(embedding, 2, 6) if split else embedding
        self.head = SplitLinear(head, 2, 6) if split else head

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.head(self.embedding(ids))
        return logits


def test_it_computes_what_the_whole_table_does() -> None:
    ids = torch.arange(7)
    assert torch.equal(Pair(split=True)(ids), Pair(split=False)(ids))


def test_the_state_has_the_names_and_the_tensors_of_the_whole() -> None:
    split, whole = Pair(split=True).state_dict(), Pair(split=False).state_dict()
    assert list(split) == list(whole)
    assert all(torch.equal(split[name], whole[name]) for name in whole)


def test_a_state_goes_from_one_to_the_other_and_back() -> None:
    split, whole = Pair(split=True), Pair(split=False)
    with torch.no_grad():
        for parameter in whole.parameters():
            parameter.mul_(2.0)
    split.load_state_dict(whole.state_dict(), strict=True)
    assert torch.equal(split(torch.arange(7)), whole(torch.arange(7)))
    whole.load_state_dict(split.state_dict(), strict=True)


def test_only_the_rows_between_are_parameters_and_get_a_gradient() -> None:
    pair = Pair(split=True)
    assert {name: tuple(each.shape) for name, each in pair.named_parameters()} == {
        "embedding.weight.rows": (4, 3),
        "head.weight.rows": (4, 3),
        "head.bias.rows": (4,),
    }
    pair(torch.arange(7)).square().sum().backward()
    assert all(parameter.grad is not None and parameter.grad.abs().min() > 0 for parameter in pair.parameters())


def test_values_are_spread_over_the_whole_and_picked_from_it() -> None:
    rows = SplitRows(torch.zeros(5, 2), 1, 3)
    spread = rows.spread(torch.tensor([[1.0, 2.0], [3.0, 4.0]]))
    assert spread.tolist() == [[0, 0], [1, 2], [3, 4], [0, 0], [0, 0]]
    assert rows.pick(spread).tolist() == [[1, 2], [3, 4]]


@pytest.mark.parametrize(("change", "words"), [("drop", "Missing"), ("cut", "size mismatch"), ("add", "Unexpected")])
def test_a_state_that_does_not_fit_is_refused(change: str, words: str) -> None:
    pair = Pair(split=True)
    state = pair.state_dict()
    if change == "drop":
        del state["head.weight"]
    elif change == "cut":
        state["head.weight"] = state["head.weight"][:5]
    else:
        state["other"] = torch.zeros(1)
    with pytest.raises(RuntimeError, match=words):
        pair.load_state_dict(state, strict=True)
