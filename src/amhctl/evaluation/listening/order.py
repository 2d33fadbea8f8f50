"""In which order a person hears a test. Knows no audio.

Each sheet is one order; a person's id chooses the sheet. Over the sheets each system stands equally often at each
place, and follows each other system equally often: a balanced Latin square (Williams, "Experimental designs balanced
for the estimation of residual effects of treatments", Aust. J. Sci. Res. A 2, 1949).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from amhctl.evaluation.listening.design import Sheet

_FEWEST_SHEETS = 24


@dataclass(frozen=True, slots=True)
class Place:
    """A trial of the test proper, as its order is decided.

    Attributes
    ----------
    trial : int
        Its place in the document.
    sentence : int
        Number of its sentence.
    group : int
        Number of its system (MOS) or pair of systems (AB); 0 where all systems are in each trial.
    roles : tuple[int, ...]
        For each of its stimuli, the number of its system.
    """

    trial: int
    sentence: int
    group: int
    roles: tuple[int, ...]


def williams_square(count: int) -> tuple[tuple[int, ...], ...]:
    """Return orders of ``count`` things in which each stands equally often at each place and after each other one.

    An even number of things needs as many orders, an odd number twice as many.

    >>> williams_square(4)
    ((0, 1, 3, 2), (1, 2, 0, 3), (2, 3, 1, 0), (3, 0, 2, 1))
    """
    first = [0]
    for step in range(1, count):
        first.append((step + 1) // 2 if step % 2 else count - step // 2)
    rows = [tuple((value + shift) % count for value in first) for shift in range(count)]
    if count % 2 and count > 1:
        rows += [tuple(reversed(row)) for row in rows]
    return tuple(rows)


def make_sheets(
    places: Sequence[Place], *, first: Sequence[Place], checks: Sequence[Place], rounds: int | None, seed: int
) -> tuple[Sheet, ...]:
    """Return the orders of a test.

    Parameters
    ----------
    places : Sequence[Place]
        The trials proper: one of each sentence and group.
    first : Sequence[Place]
        Training, heard first, in this order.
    checks : Sequence[Place]
        Trials that check attention: each stands somewhere in its own stretch of the test.
    rounds : int | None
        In one round each sentence is heard once, with the system that a Latin square gives it; None is as many rounds
        as there are groups, so that everything is heard.
    seed : int
        Of the orders.
    """
    groups = 1 + max(place.group for place in places)
    width = max(len(place.roles) for place in places)
    squares = williams_square(groups), williams_square(width)
    period = int(np.lcm(len(squares[0]), len(squares[1])))
    count = period * -(-_FEWEST_SHEETS // period)
    grid = {(place.sentence, place.group): place for place in places}
    sheets = []
    for number in range(count):
        generator = np.random.default_rng([seed, number])
        heard: list[tuple[Place, int]] = []
        for turn in range(rounds or groups):
            heard += _round(grid, squares[0], number, turn, generator, heard[-1:])
        for rank, check in enumerate(checks):
            heard.insert(_somewhere(rank, len(checks), len(heard), generator), (check, number + rank))
        begin = [(place, number + rank) for rank, place in enumerate(first)]
        ordered = [*begin, *heard]
        sheets.append(
            Sheet(
                trials=tuple(place.trial for place, _ in ordered),
                orders=tuple(_arrange(place, squares[1], row) for place, row in ordered),
            )
        )
    return tuple(sheets)


def _round(
    grid: dict[tuple[int, int], Place],
    square: Sequence[Sequence[int]],
    number: int,
    turn: int,
    generator: np.random.Generator,
    last: Sequence[tuple[Place, int]],
) -> list[tuple[Place, int]]:
    """Return one trial of each sentence in a random order, the first not of the sentence that was last."""
    sentences = 1 + max(sentence for sentence, _ in grid)
    order = generator.permutation(sentences).tolist()
    if last and order[0] == last[0][0].sentence and sentences > 1:
        order = [*order[1:], order[0]]
    return [
        (grid[sentence, square[(number + sentence) % len(square)][turn]], number + sentence + turn)
        for sentence in order
    ]


def _somewhere(rank: int, count: int, length: int, generator: np.random.Generator) -> int:
    """Return a place in the ``rank``-th of ``count`` stretches, never the very first place of the test."""
    low, high = length * rank // count, length * (rank + 1) // count
    return int(generator.integers(max(1, low), max(2, high + 1)))


def _arrange(place: Place, square: Sequence[Sequence[int]], row: int) -> tuple[int, ...]:
    """Return the places of a trial's stimuli from left to right, as a row of the square wants their systems."""
    count = len(place.roles)
    ranks = np.argsort(np.argsort(place.roles))
    wanted = [role for role in square[row % len(square)] if role < count]
    return tuple(int(np.flatnonzero(ranks == role)[0]) for role in wanted)
