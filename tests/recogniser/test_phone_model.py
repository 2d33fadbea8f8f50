"""Which phone follows which: probabilities add up to one, and are those of the published formula."""

from collections import Counter
from math import log

import numpy as np
import pytest
from numpy.typing import NDArray

from amhctl.core.errors import CheckpointError
from amhctl.recogniser.labels import BLANK, BORDER, LABELS
from amhctl.recogniser.phone_model import ORDER, PhoneModel, learn_phone_model

DISCOUNT = 0.75


def _sentences(count: int = 60, *, kinds: int = 12, seed: int = 0) -> list[list[int]]:
    """Return sentences in which some labels follow others more often than by chance."""
    random = np.random.default_rng(seed)
    likely = random.dirichlet(np.full(kinds, 0.3), size=kinds)
    sentences = []
    for _ in range(count):
        labels = [int(random.integers(kinds))]
        for _ in range(int(random.integers(1, 25))):
            labels.append(int(random.choice(kinds, p=likely[labels[-1]])))
        sentences.append([label + 1 for label in labels])
    return sentences


def _histories(sentences: list[list[int]], seed: int = 1) -> list[tuple[int, ...]]:
    """Return histories that occur, and such that do not."""
    random = np.random.default_rng(seed)
    seen = [(BLANK, *labels[:cut]) for labels in sentences[:20] for cut in (0, 1, 2, 4, 7)]
    return [(), *seen, *(tuple(random.integers(1, len(LABELS), size).tolist()) for size in (1, 2, 5, 9) for _ in "abc")]


@pytest.mark.parametrize("largest", [250_000, 40, 8])
def test_whatever_went_before_one_label_follows(largest: int) -> None:
    sentences = _sentences()
    model = learn_phone_model(sentences, largest=largest)
    assert model.order == ORDER
    for history in _histories(sentences):
        values = model.following(history)
        assert values.shape == (len(LABELS),)
        assert np.exp(values, dtype=np.float64).sum() == pytest.approx(1.0, abs=1e-4)
    restored = PhoneModel.of_arrays(model.arrays(), subject="x")
    for history in _histories(sentences):
        # In half precision, numbers of this size are off by up to 0.4 percent each, in both directions.
        assert np.exp(restored.following(history), dtype=np.float64).sum() == pytest.approx(1.0, abs=2e-3)


def _formula(grams: dict[int, Counter[tuple[int, ...]]], history: tuple[int, ...], label: int) -> float:
    """Return P(label | history) by interpolated absolute discounting, from counts alone."""
    counts = grams[len(history) + 1]
    following = {gram[-1]: count for gram, count in counts.items() if gram[:-1] == history}
    if not history:
        return following.get(label, 0) / sum(following.values())
    lower = _formula(grams, history[1:], label)
    if not following:
        return lower
    total = sum(following.values())
    discounted = max(following.get(label, 0) - DISCOUNT, 0.0) / total
    return discounted + DISCOUNT * len(following) / total * lower


@pytest.mark.parametrize("order", [1, 2, 4, 6])
def test_probabilities_are_those_of_the_formula(order: int) -> None:
    sentences = _sentences(12, kinds=5)
    joined = [label for labels in sentences for label in (BLANK, *labels)] + [BLANK]
    grams = {
        size: Counter(tuple(joined[place : place + size]) for place in range(len(joined) - size + 1))
        for size in range(1, order + 1)
    }
    model = learn_phone_model(sentences, order=order)
    for history in _histories(sentences)[:40]:
        known = history[-(order - 1) :] if order > 1 else ()
        values = model.following(history)
        for label in range(7):
            if (wanted := _formula(grams, known, label)) > 0:
                assert values[label] == pytest.approx(log(wanted), abs=1e-4)
            else:
                assert values[label] < -15.0


def test_only_the_last_labels_of_a_history_count() -> None:
    model = learn_phone_model(_sentences(), order=4)
    np.testing.assert_array_equal(model.following((2, 3, 4, 5, 6)), model.following((4, 5, 6)))
    assert not np.array_equal(model.following((2, 3)), model.following((4, 3)))


def test_rare_grams_are_left_out_and_short_ones_kept() -> None:
    whole = learn_phone_model(_sentences()).arrays()
    pruned = learn_phone_model(_sentences(), largest=50).arrays()
    for length in range(1, ORDER + 1):
        name = f"{length}.keys"
        assert set(pruned[name].tolist()) <= set(whole[name].tolist())
        if length < 4:
            assert pruned[name].size == whole[name].size
        else:
            assert 0 < pruned[name].size <= 50 < whole[name].size


def _equal(one: dict[str, NDArray[np.generic]], other: dict[str, NDArray[np.generic]]) -> bool:
    return list(one) == list(other) and all(np.array_equal(one[name], other[name]) for name in one)


def test_what_was_stored_comes_back() -> None:
    sentences = _sentences()
    model = learn_phone_model(sentences, largest=100)
    stored = model.arrays()
    assert {str(array.dtype) for array in stored.values()} == {"uint32", "float16"}
    restored = PhoneModel.of_arrays(stored, subject="x")
    assert restored.order == model.order
    assert _equal(restored.arrays(), stored)
    for history in _histories(sentences):
        # A sum of up to six numbers in half precision.
        np.testing.assert_allclose(restored.following(history), model.following(history), atol=0.02)
    assert _equal(learn_phone_model(sentences, largest=100).arrays(), stored)


def test_the_longest_grams_of_the_last_labels_can_be_stored() -> None:
    last = len(LABELS) - 1
    model = learn_phone_model([[last] * 9])
    restored = PhoneModel.of_arrays(model.arrays(), subject="x")
    assert int(model.arrays()["6.keys"].max()) == len(LABELS) ** 6 - 1
    assert restored.following([last] * 5).argmax() == last


@pytest.mark.parametrize("sentence", [[], [5], [5, 6]])
def test_the_shortest_text_makes_a_model(sentence: list[int]) -> None:
    model = learn_phone_model([sentence])
    assert np.exp(model.following((BLANK,)), dtype=np.float64).sum() == pytest.approx(1.0, abs=1e-4)
    # What begins the one sentence there is, its end included, is the most probable beginning.
    values = model.following((BLANK,))
    assert values[(*sentence, BLANK)[0]] == values.max() > -1.0
    assert PhoneModel.of_arrays(model.arrays(), subject="x").order == ORDER


def test_no_text_makes_none() -> None:
    with pytest.raises(ValueError, match="needs text"):
        learn_phone_model([])


def test_a_border_ends_a_word_where_words_end() -> None:
    model = learn_phone_model([[2, 9, BORDER, 3, 9, BORDER, 4, 9], [4, 9, BORDER, 2, 9]] * 5)
    for history in ((BLANK, 2), (BLANK, 2, 9, BORDER, 3)):
        assert model.following(history).argmax() == 9
    assert model.following((BLANK, 2, 9)).argmax() == BORDER


@pytest.mark.parametrize(
    "damage",
    [
        {"1.keys": None},
        {"2.log_probabilities": None},
        {"2.keys": np.array([5, 4, 3], np.uint32)},
        {"1.keys": np.array([3, 3], np.uint32), "1.log_probabilities": np.zeros(2), "1.log_backoffs": np.zeros(2)},
        {"3.log_probabilities": np.zeros(3, np.float16)},
        {"1.log_backoffs": np.zeros(1, np.float16)},
        {"1.keys": np.array([40], np.uint32), "1.log_probabilities": np.zeros(1), "1.log_backoffs": np.zeros(1)},
        {f"{length}.keys": None for length in range(1, ORDER + 1)},
        {"2.log_probabilities": np.full(3, np.nan)},
    ],
)
def test_a_damaged_model_is_refused(damage: dict[str, NDArray[np.generic] | None]) -> None:
    stored = learn_phone_model([[2, 3]]).arrays()
    assert stored["2.keys"].size == 3
    changed = {name: damage.get(name, array) for name, array in {**stored, **damage}.items()}
    with pytest.raises(CheckpointError, match="the phone model is damaged") as caught:
        PhoneModel.of_arrays({name: array for name, array in changed.items() if array is not None}, subject="here")
    assert (caught.value.subject, bool(caught.value.hint)) == ("here", True)
