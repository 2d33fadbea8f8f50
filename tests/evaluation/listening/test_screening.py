"""Twin of ``listening/screening.py``: who does not listen is found, who does is kept."""

from pathlib import Path

import numpy as np
import pytest
from support.listening import answer_all, expected_or, make_test

from amhctl.evaluation.listening.design import BEEPS, SPOILT, ListeningTest
from amhctl.evaluation.listening.rating import Answer, Rater
from amhctl.evaluation.listening.screening import Rules, Screened, screen

WORTH: dict[str, float] = {"natural": 5, "one": 3, "two": 2}


def judged(test: ListeningTest, answers: list[Answer], rules: Rules | None = None) -> dict[str, Screened]:
    raters = {answer.rater: Rater(id=answer.rater) for answer in answers}
    return {each.rater.id: each for each in screen(test, answers, raters, rules or Rules())}


@pytest.fixture(scope="module")
def mos(tmp_path_factory: pytest.TempPathFactory) -> ListeningTest:
    return make_test(tmp_path_factory.mktemp("mos"), "mos", checks=4)


def test_attentive_people_are_kept(mos: ListeningTest) -> None:
    answers = [one for rater in "abc" for one in answer_all(mos, rater, expected_or(mos, WORTH))]
    for person in judged(mos, answers).values():
        assert (person.reasons, person.checks, person.failed) == ((), 4, 0)
        assert person.answered == person.wanted == 12
        assert person.correlation == pytest.approx(1.0)


def test_who_fails_a_check_is_not_counted_unless_it_is_allowed(mos: ListeningTest) -> None:
    listening = expected_or(mos, WORTH)

    def deaf(system: str, sentence: str) -> float:
        counted = listening(system, sentence)
        return 1.0 + counted % 5 if system == BEEPS else counted

    answers = [*answer_all(mos, "a", listening), *answer_all(mos, "b", deaf)]
    found = judged(mos, answers)
    assert (found["a"].reasons, found["b"].reasons) == ((), ("2 of 4 checks of attention failed",))
    assert judged(mos, answers, Rules(failures=2))["b"].reasons == ()
    easy = [*answer_all(mos, "a", lambda system, sentence: 4 if system == SPOILT else listening(system, sentence))]
    assert judged(mos, easy)["a"].failed == 2


def test_who_answers_against_everybody_or_always_the_same_is_not_counted(mos: ListeningTest) -> None:
    answers = [one for rater in "abc" for one in answer_all(mos, rater, expected_or(mos, WORTH))]
    answers += answer_all(mos, "d", expected_or(mos, {"natural": 1, "one": 3, "two": 4}))
    answers += answer_all(mos, "e", expected_or(mos, dict.fromkeys(WORTH, 3)))
    found = judged(mos, answers)
    assert "correlation" in found["d"].reasons[0]
    assert found["e"].reasons == ("always the same answer",)
    assert found["e"].correlation is None
    assert not any(found[rater].reasons for rater in "abc")
    assert judged(mos, answers, Rules(correlation=-1.0))["d"].reasons == ()


def test_who_answers_nothing_of_the_test_proper_is_not_counted(mos: ListeningTest) -> None:
    answers = answer_all(mos, "a", expected_or(mos, WORTH))[:1]
    assert mos.trial_by_id[answers[0].rating.trial].role == "training"
    assert judged(mos, answers)["a"].reasons == ("no answers to the test proper",)


def test_post_screening_of_bs_1534(tmp_path: Path) -> None:
    test = make_test(tmp_path, "mushra", sentences=8, training=0)
    good: dict[str, float] = {"natural": 100, "one": 60, "two": 40, "anchor-7000": 50, "anchor-3500": 20}
    sentences = sorted({stimulus.sentence for stimulus in test.stimuli})

    def person(name: str, system: str, score: float, wrong: int) -> list[Answer]:
        bad = set(sentences[:wrong])
        return answer_all(test, name, lambda each, of: score if each == system and of in bad else good[each])

    count = len(sentences)
    limit = int(np.floor(0.15 * count))
    answers = [
        *person("a", "natural", 89, limit),
        *person("b", "natural", 89, limit + 1),
        *person("c", "anchor-7000", 91, limit + 1),
        *person("d", "natural", 90, count),
    ]
    found = judged(test, answers)
    assert found["a"].reasons == found["d"].reasons == ()
    assert found["b"].reasons == (f"hidden reference below 90 in {limit + 1} of {count} trials",)
    assert found["c"].reasons == (f"mid anchor above 90 in {limit + 1} of {count} trials",)
