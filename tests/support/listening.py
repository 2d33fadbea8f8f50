"""Small listening tests."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from support.speechlike import vowel_train

from amhctl.audio import files
from amhctl.core.progress import SilentProgress
from amhctl.evaluation.listening.design import BEEPS, SCALES, ListeningTest, read_test
from amhctl.evaluation.listening.rating import Answer, Rater, Rating, Ratings
from amhctl.workflows.listen import new as create

SYSTEMS = ("natural", "one", "two")


def sound_folders(
    folder: Path, *, sentences: int = 5, seconds: float = 0.4, systems: tuple[str, ...] = SYSTEMS
) -> None:
    """Write the sounds of systems, each in its folder."""
    for number, name in enumerate(systems):
        (folder / name).mkdir(parents=True)
        for sentence in range(sentences):
            clip = vowel_train(seconds=seconds, seed=10 * sentence + number, pitch=110.0 + 25 * number)
            files.write(folder / name / f"s{sentence}.wav", clip)


def make_test(folder: Path, kind: str = "mos", **changes: Any) -> ListeningTest:
    """Make a test of three systems in ``folder/test``."""
    sound_folders(folder)
    request = create.NewListeningRequest(
        output=folder / "test",
        kind=kind,  # type: ignore[arg-type]
        systems=tuple(f"{name}={folder / name}" for name in SYSTEMS[1:]),
        reference=f"natural={folder / 'natural'}",
        **({"training": 1} | changes),
    )
    create.run(request, SilentProgress())
    return read_test(folder / "test")


def answer_all(
    test: ListeningTest, rater: str, judge: Callable[[str, str], float], *, revision: int = 1
) -> list[Answer]:
    """Return a person's answers to everything on the sheet 0; in a comparison the sound that is judged higher wins."""
    answers = []
    for place in test.sheets[0].trials:
        trial = test.trials[place]
        values = [judge(test.by_id[name].system, test.by_id[name].sentence) for name in trial.stimuli]
        if test.kind == "ab":
            values = [float(np.sign(values[0] - values[1]))]
        for name, value in zip(trial.stimuli, values, strict=False):
            rating = Rating(trial=trial.id, stimulus=name, score=float(value), revision=revision)
            answers.append(Answer(rater, rating))
    return answers


def as_document(test: ListeningTest, answers: list[Answer]) -> Ratings:
    """Return the answers of one person as the page saves them."""
    return Ratings(
        ratings_format=1,
        test=test.fingerprint,
        rater=Rater(id=answers[0].rater),
        ratings=tuple(answer.rating for answer in answers),
    )


def expected_or(test: ListeningTest, worth: dict[str, float]) -> Callable[[str, str], float]:
    """Return an attentive judge: beeps are counted, spoilt clips are bad, systems are worth what is given."""

    def judge(system: str, sentence: str) -> float:
        if system == BEEPS:
            return float(sentence.rpartition("-")[2])
        return worth.get(system, SCALES[test.kind][0])

    return judge
