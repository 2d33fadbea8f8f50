"""Marks are reached with the word after them, or at the end."""

from amhctl.core.units import Seconds
from amhctl.inference.marks import Marks
from amhctl.inference.speech import Job, SpokenSegment
from amhctl.inference.wordtimes import TimedWord, Written
from amhctl.text.lines import Line

# ab cd | ef
ONE = Job(0, "ab cd", Seconds(0.1), 2, (), None, "ab cd ef", Written(((0, 2), (3, 5))))
TWO = Job(1, "ef", Seconds(0.1), 1, (), None, "ab cd ef", Written(((6, 8),)))


def segment(start: float, *words: tuple[int, float]) -> SpokenSegment:
    timed = tuple(TimedWord("x", Seconds(time), Seconds(time + 0.1), place) for place, time in words)
    return SpokenSegment("x", Seconds(start), Seconds(1.0), Seconds(0.1), 1, 1, True, "x", timed)


def test_each_mark_is_reached_with_the_word_after_it() -> None:
    marks = Marks(Line("ab cd ef", marks=((0, "a"), (1, "b"), (5, "c"), (8, "d"))))
    first = marks.set_in(segment(1.0, (0, 1.1), (3, 1.5)), ONE, is_end=False)
    assert first.marks == (("a", 1.1), ("b", 1.5))
    second = marks.set_in(segment(2.0, (6, 2.2)), TWO, is_end=True)
    assert second.marks == (("c", 2.2), ("d", 3.0))


def test_without_times_of_words_a_mark_is_at_an_end_of_its_segment() -> None:
    marks = Marks(Line("ab cd ef", marks=((0, "a"), (3, "b"))))
    assert marks.set_in(segment(1.0), ONE, is_end=False).marks == (("a", 1.0), ("b", 2.0))


def test_a_segment_without_marks_stays_what_it_is() -> None:
    plain = segment(1.0)
    assert Marks(Line("ab")).set_in(plain, ONE, is_end=True) is plain
