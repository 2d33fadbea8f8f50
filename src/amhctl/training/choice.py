"""Which validation of a run is its best, and for how long there has been no better one. Knows no loop.

By its loss, or by how many of its sentences are nearest to their own recordings; among equally many, by its loss. The
first follows the last bit of arithmetic, the second counts what a voice says: a voice may continue to fall in loss and
begin to slur, or the other way round.
"""

from amhctl.training.state import Best, RunState


def take_note(
    state: RunState, loss: float, text_match: float | None = None, *, min_improvement: float
) -> tuple[RunState, bool]:
    """Return the state of a run after a validation, and whether that is the best so far.

    Parameters
    ----------
    state : RunState
        The state before.
    loss : float
        The deciding loss, finite.
    text_match : float | None
        The share of sentences that are nearest to their own recordings, where that decides.
    min_improvement : float
        By how much the loss must fall for patience to begin again; of sentences, any one more lets it.
    """
    best = state.best
    # A run of an earlier version does not say from where its patience counts: from its best, as it did then.
    unmarked = state.mark is None and best is not None
    mark, mark_match = (best.loss, best.text_match) if unmarked and best is not None else (state.mark, state.mark_match)
    better = best is None or _is_better(loss, text_match, best.loss, best.text_match)
    improved = mark is None or _is_better(loss, text_match, mark - min_improvement, mark_match)
    update: dict[str, object] = (
        {"stale": 0, "mark": loss, "mark_match": text_match}
        if improved
        else {"stale": state.stale + 1, "mark": mark, "mark_match": mark_match}
    )
    if better:
        update["best"] = Best(step=state.step, loss=loss, text_match=text_match)
    return state.model_copy(update=update), better


def _is_better(loss: float, text_match: float | None, than_loss: float, than_match: float | None) -> bool:
    if text_match is None or than_match is None or text_match == than_match:
        return loss < than_loss
    return text_match > than_match
