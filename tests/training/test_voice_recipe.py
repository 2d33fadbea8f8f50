"""What the loop asks of a kind of voice: lengths are added up, and both kinds give what is asked."""

import pytest

from amhctl.training.flow_objective import FlowLosses
from amhctl.training.flow_recipe import FlowRecipe
from amhctl.training.losses import Losses
from amhctl.training.unified_recipe import UnifiedRecipe
from amhctl.training.voice_recipe import Lengths, Means, VoiceRecipe


def test_lengths_of_batches_are_added_up() -> None:
    lengths = Lengths(frames=(7, 10, 3), text=(2, 5, 1))
    assert lengths.sums(((0,), (1, 2))) == (3, 20, 8)
    assert lengths.sums(((2,),)) == (1, 3, 1)
    assert lengths.sums(()) == (0, 0, 0)


class _Two:
    lengths = (4, 9)
    text_lengths = (1, 2)
    prompt_frames = 6


def test_lengths_are_those_of_a_dataset() -> None:
    assert Lengths.of(_Two()) == Lengths((4, 9), (1, 2), 6)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("asked", "given"),
    [(VoiceRecipe, UnifiedRecipe), (VoiceRecipe, FlowRecipe), (Means, Losses), (Means, FlowLosses)],
)
def test_both_kinds_give_what_is_asked(asked: type, given: type) -> None:
    fields = set(getattr(given, "__dataclass_fields__", {}))
    public = {name for name in vars(asked) if not name.startswith("_")}
    assert public
    assert public <= {*vars(given), *fields}
