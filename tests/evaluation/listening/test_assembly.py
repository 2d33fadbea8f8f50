"""Twin of ``listening/assembly.py``: what is rated together, and what is expected."""

from collections import Counter
from pathlib import Path

from support.listening import make_test

from amhctl.evaluation.listening.design import BEEPS, LOW, MID, SPOILT


def test_mos_rates_each_sentence_of_each_system(tmp_path: Path) -> None:
    test = make_test(tmp_path, "mos", training=2, checks=4)
    rated = Counter(test.by_id[trial.stimuli[0]].system for trial in test.trials if trial.role == "test")
    assert rated == {"natural": 3, "one": 3, "two": 3}
    training = [test.by_id[trial.stimuli[0]].system for trial in test.trials if trial.role == "training"]
    assert training == [SPOILT, "natural"]
    assert all(trial.stimuli for trial in test.trials)
    checks = [trial for trial in test.trials if trial.role in ("gold", "trap")]
    assert [trial.role for trial in checks] == ["trap", "gold", "trap", "gold"]
    for trial in checks:
        assert trial.expected is not None
        stimulus = test.by_id[trial.stimuli[0]]
        if trial.role == "trap":
            assert stimulus.system == BEEPS
            assert trial.expected.low == trial.expected.high == float(stimulus.sentence.partition("-")[2])
        else:
            assert (stimulus.system, trial.expected.low, trial.expected.high) == (SPOILT, 1.0, 2.0)
    # Sentences of the training are not rated.
    trained = {test.by_id[trial.stimuli[0]].sentence for trial in test.trials if trial.role == "training"}
    assert trained.isdisjoint({test.by_id[trial.stimuli[0]].sentence for trial in test.trials if trial.role == "test"})


def test_mushra_has_a_hidden_reference_and_two_anchors(tmp_path: Path) -> None:
    test = make_test(tmp_path, "mushra")
    for trial in test.trials:
        systems = [test.by_id[stimulus].system for stimulus in trial.stimuli]
        assert sorted(systems) == sorted(["natural", "one", "two", LOW, MID])
        assert trial.reference is not None
        assert trial.reference not in trial.stimuli
        assert test.by_id[trial.reference].system == "natural"
        assert len({test.by_id[stimulus].sentence for stimulus in (*trial.stimuli, trial.reference)}) == 1
    # The places in the document do not tell the systems.
    assert len({tuple(test.by_id[stimulus].system for stimulus in trial.stimuli) for trial in test.trials}) > 1


def test_ab_compares_each_pair_and_expects_the_better_one(tmp_path: Path) -> None:
    test = make_test(tmp_path, "ab", checks=6)
    pairs = Counter(
        frozenset(test.by_id[stimulus].system for stimulus in trial.stimuli)
        for trial in test.trials
        if trial.role == "test"
    )
    assert set(pairs.values()) == {4}
    assert len(pairs) == 3
    signs = set()
    for trial in test.trials:
        if trial.role == "gold":
            assert trial.expected is not None
            assert trial.expected.stimulus == trial.stimuli[0]
            good = test.by_id[trial.stimuli[0]].system == "natural"
            assert trial.expected.low == trial.expected.high == (1.0 if good else -1.0)
            signs.add(good)
    assert signs == {True, False}


def test_a_test_follows_from_its_seed(tmp_path: Path) -> None:
    one, same, other = (make_test(tmp_path / str(n), "ab", seed=seed) for n, seed in enumerate((1, 1, 2)))
    assert one.fingerprint == same.fingerprint
    assert one.fingerprint != other.fingerprint
