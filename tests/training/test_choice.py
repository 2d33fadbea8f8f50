"""Twin of ``training/choice.py``."""

from amhctl.training.choice import take_note
from amhctl.training.state import Best, RunState


def follow(*validations: tuple[float, float | None], least: float = 0.0) -> tuple[RunState, list[bool]]:
    state, better = RunState(), []
    for step, (loss, match) in enumerate(validations, start=1):
        state, best = take_note(state.model_copy(update={"step": step}), loss, match, min_improvement=least)
        better.append(best)
    return state, better


def test_without_text_match_the_loss_decides() -> None:
    state, better = follow((2.0, None), (1.9, None), (1.95, None))
    assert better == [True, True, False]
    assert (state.best, state.stale, state.mark, state.mark_match) == (Best(step=2, loss=1.9), 1, 1.9, None)


def test_text_match_decides_and_of_equals_the_loss() -> None:
    state, better = follow((2.0, 0.25), (1.0, 0.125), (2.5, 0.5), (2.6, 0.5), (2.4, 0.5), (0.1, 0.375))
    assert better == [True, False, True, False, True, False]
    assert state.best == Best(step=5, loss=2.4, text_match=0.5)
    assert (state.stale, state.mark, state.mark_match) == (1, 2.4, 0.5)


def test_patience_begins_anew_for_one_more_sentence_or_a_fall_that_counts() -> None:
    state, better = follow((2.0, 0.5), (1.9, 0.5), (1.8, 0.5), least=0.5)
    assert better == [True, True, True]
    assert (state.stale, state.mark) == (2, 2.0)
    state, _ = follow((2.0, 0.5), (1.9, 0.5), (9.0, 0.625), least=0.5)
    assert (state.stale, state.mark, state.mark_match) == (0, 9.0, 0.625)
    # Small falls count once they add up.
    state, _ = follow((2.0, 0.5), (1.7, 0.5), (1.4, 0.5), least=0.5)
    assert (state.stale, state.mark) == (0, 1.4)


def test_a_run_of_a_version_that_knew_no_mark_counts_from_its_best() -> None:
    old = RunState(step=4, best=Best(step=2, loss=1.4))
    state, better = take_note(old, 1.0, min_improvement=0.5)
    assert better
    assert (state.mark, state.stale) == (1.4, 1)
