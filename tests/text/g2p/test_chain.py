"""Twin of ``text/g2p/chain.py``."""

from dataclasses import dataclass, field

import pytest

from amhctl.core.errors import MissingExtra, TextError
from amhctl.text.g2p import chain as chain_module
from amhctl.text.g2p.chain import Chain, find_fault
from amhctl.text.g2p.phones import split_phones
from amhctl.text.g2p.rules import RulesBackend
from amhctl.text.spoken import Fallback


@dataclass
class Fixed:
    """A backend that always says the same."""

    name: str
    said: str
    asked: list[str] = field(default_factory=list)

    def phones(self, word: str) -> tuple[str, ...]:
        self.asked.append(word)
        return split_phones(self.said)


class Absent:
    """A backend that is not installed."""

    name = "absent"

    def phones(self, word: str) -> tuple[str, ...]:
        raise MissingExtra("not on this machine")


@pytest.mark.parametrize(
    ("word", "phones"), [("ሰላም", "səlam"), ("አል", "al"), ("ና", "na"), ("እ", "ɨ"), ("ትምህርት", "tɨmhɨrt")]
)
def test_short_right_words_pass(word: str, phones: str) -> None:
    assert find_fault(word, split_phones(phones)) is None


@pytest.mark.parametrize(
    ("word", "phones", "reason"),
    [
        ("ሰላም", "", "no phones"),
        ("ሰላም", "sላm", "not Amharic phones"),
        ("ሰላም", "slm", "vowels"),
        ("ሰላም", "a", "1 phones for 3 fidel"),
        ("ሰ", "səsəsəsə", "8 phones"),
    ],
)
def test_wrong_words_are_held_back(word: str, phones: str, reason: str) -> None:
    fault = find_fault(word, split_phones(phones))
    assert fault is not None
    assert reason in fault


def test_the_next_backend_takes_over_and_the_reason_is_kept() -> None:
    found = Chain([Fixed("broken", "xyz"), RulesBackend()]).phones("ሰላም፤ ነው።")
    assert found.text == "səlam ፣ nəw ።"
    assert found.backend == "rules"
    assert found.fallbacks == (
        Fallback("broken", "ሰላም: not Amharic phones: x y"),
        Fallback("broken", "ነው: not Amharic phones: x y"),
    )


def test_an_absent_backend_is_an_error_and_never_another_one_in_its_place() -> None:
    with pytest.raises(MissingExtra, match="not on this machine"):
        Chain([Absent(), RulesBackend()], optional=["absent"]).phones("ሰላም")


def test_every_result_names_the_backends_that_are_not_used() -> None:
    unused = Fallback("absent", "not on this machine")
    chain = Chain([RulesBackend()], absent=[unused])
    assert [chain.phones(text).fallbacks for text in ("ሰላም", "ሰላም ዓለም")] == [(unused,)] * 2


def test_words_are_remembered() -> None:
    backend = Fixed("fixed", "səlam")
    chain = Chain([backend])
    assert chain.phones("ሰላም ሰላም").words == (tuple("səlam"),) * 2
    assert backend.asked == ["ሰላም"]


def test_no_backend_left_is_an_error_that_says_why() -> None:
    with pytest.raises(TextError, match="broken: ሰላም: not Amharic phones") as caught:
        Chain([Fixed("broken", "xyz")]).phones("ሰላም")
    assert caught.value.subject == "ሰላም"


def test_the_user_goes_before_every_backend() -> None:
    chain = Chain([RulesBackend()], {"ገና": "ɡənna", "ነው": "nəww"})
    found = chain.phones("የገና በዓል[[bəal]]፣ ነው[[nəw]]።")
    assert found.text == "jəɡənna bəal ፣ nəw ።"
    assert found.backend == "lexicon+markup"
    assert found.fallbacks == ()


@dataclass
class Failing:
    """A backend that fails so many times before it speaks."""

    failures: int
    name: str = "failing"
    asked: int = 0

    def phones(self, word: str) -> tuple[str, ...]:
        self.asked += 1
        if self.asked <= self.failures:
            raise RuntimeError("out of memory")
        return split_phones("səlam")


def test_a_backend_that_fails_once_is_asked_again() -> None:
    backend = Failing(failures=1)
    found = Chain([backend, RulesBackend()]).phones("ሰላም")
    assert (found.backend, found.fallbacks, backend.asked) == ("failing", (), 2)


def test_a_backend_that_fails_twice_is_passed_over_only_if_it_is_optional() -> None:
    backend = Failing(failures=2)
    with pytest.raises(TextError, match="failing failed twice: RuntimeError: out of memory") as caught:
        Chain([backend, RulesBackend()]).phones("ሰላም")
    assert (caught.value.subject, backend.asked) == ("ሰላም", 2)
    found = Chain([Failing(failures=2), RulesBackend()], optional=["failing"]).phones("ሰላም")
    assert found.backend == "rules"
    assert found.fallbacks == (Fallback("failing", "ሰላም: failed twice: RuntimeError: out of memory"),)


def test_only_so_many_words_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chain_module, "_REMEMBERED", 2)
    backend = Fixed("fixed", "səlam")
    chain = Chain([backend])
    chain.phones("ሰላም ሰላማ ሰላሙ ሰላሙ ሰላማ ሰላም")
    assert backend.asked == ["ሰላም", "ሰላማ", "ሰላሙ", "ሰላም"]


def test_neighbours_tell_homographs_apart_and_the_user_goes_before_them() -> None:
    table = {"ገና": "ɡəna|ɡənna|>በዓል"}
    chain = Chain([RulesBackend()], homographs=table)
    assert chain.phones("ገና ነው።").text == "ɡəna nəw ።"
    found = chain.phones("ገና በዓል")
    assert (found.text, found.backend) == ("ɡənna bəal", "homographs+rules")
    assert Chain([RulesBackend()], {"ገና": "ɡana"}, table).phones("ገና በዓል").text == "ɡana bəal"
