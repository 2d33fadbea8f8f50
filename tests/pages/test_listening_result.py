"""Twin of ``pages/listening_result.py``."""

from pathlib import Path

import numpy as np
from support.listening import make_test
from support.pages import read_page

from amhctl.evaluation.listening.rating import Rater
from amhctl.evaluation.listening.scores import compare_systems, score_systems
from amhctl.evaluation.listening.screening import Screened
from amhctl.pages.listening_result import ResultPage


def test_the_page_shows_scores_differences_and_people(tmp_path: Path) -> None:
    test = make_test(tmp_path)
    values = {"one": np.array([[3.0, 4.0], [2.0, 4.0]]), "<b>two": np.array([[5.0, 5.0], [4.0, 5.0]])}
    people = (
        Screened(Rater(id="abc", nickname="Chala"), 12, 12, 2, 0, 0.8, ()),
        Screened(Rater(id="xyz"), 3, 12, 2, 2, None, ("2 of 2 checks of attention failed",)),
    )
    page = ResultPage(test, score_systems(values, seed=0), compare_systems(values, seed=0), people, ("note & more",))
    content = page.render()
    read_page(content)
    assert "&lt;b&gt;two" in content
    assert "3.25" in content
    assert "Answers of 1 of 2 people" in content
    assert "2 of 2 checks of attention failed" in content
    # A nickname is nobody's business.
    assert "Chala" not in content
