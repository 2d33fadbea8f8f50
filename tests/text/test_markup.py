"""Twin of ``text/markup.py``."""

import pytest

from amhctl.config.text import TextConfig
from amhctl.core.errors import TextError
from amhctl.text.draft import Draft
from amhctl.text.frontend import Frontend
from amhctl.text.markup import shield, strip_markup, unshield

SENTENCE = "በገና[[ɡ ə n n a]] 5 ሰዎች፣ እና አለ[[allə]]። ABC"


def test_a_markup_is_shielded_and_comes_back_with_its_phones_run_together() -> None:
    draft = Draft(SENTENCE)
    shields = shield(draft)
    assert "[" not in draft.text
    assert len(shields) == 2
    assert unshield(draft.text, shields) == SENTENCE.replace("ɡ ə n n a", "ɡənna")


def test_text_without_markup_is_left_alone() -> None:
    draft = Draft("ገና [ነው]")
    assert shield(draft) == {}
    assert draft.text == "ገና [ነው]" == unshield(draft.text, {})


def test_what_could_be_taken_for_a_shield_is_dropped() -> None:
    draft = Draft("ገና\U00100000[[ɡənna]]")
    shields = shield(draft)
    assert unshield(draft.text, shields) == "ገና[[ɡənna]]"
    assert draft.trace[0].rule == "dropped"


def test_rules_do_their_work_around_it_and_reading_again_changes_nothing() -> None:
    spoken = Frontend().normalize(SENTENCE)
    assert spoken.text == "በገና[[ɡənna]] አምስት ሰዎች፣ እና አለ[[allə]]። ኤ ቢ ሲ"
    assert Frontend().normalize(spoken.text).text == spoken.text
    assert all(entry.before != entry.after and "\U00100000" not in entry.before for entry in spoken.trace)
    assert spoken.syllables == Frontend().normalize(strip_markup(SENTENCE)).syllables


def test_fidel_are_read_without_it_and_breaths_keep_it() -> None:
    fidel = Frontend(TextConfig.model_validate({"units": "fidel", "breath_syllables": 8}))
    assert fidel.units(SENTENCE) == fidel.units(strip_markup(SENTENCE))
    segments = [segment.text for segment in fidel.split(SENTENCE)]
    assert segments == ["በገና[[ɡənna]]", "አምስት ሰዎች፣", "እና አለ[[allə]]።", "ኤ ቢ ሲ"]


@pytest.mark.parametrize(
    ("written", "fault"),
    [
        ("[[ɡənna]]", "directly after a word"),
        ("ገና [[ɡənna]]", "directly after a word"),
        ("5[[amst]]", "directly after a word"),
        ("ገና[[]]", "no phones"),
        ("ገና[[genna!]]", "not phones: ! g"),
        ("ገና[[ɡənna]]ን", "inside a word"),
    ],
)
def test_what_is_no_markup_is_refused_with_its_place(written: str, fault: str) -> None:
    with pytest.raises(TextError, match=fault) as caught:
        Frontend().normalize(written)
    assert caught.value.subject.startswith("character ")


def test_a_markup_that_is_not_closed_is_never_spoken() -> None:
    for written in ("ሰላም[[ɡə", "ገና[[ɡənna]] ሰላም[[ɡə]", "[[", "ሰላም[[ɡ[ə]]"):
        with pytest.raises(TextError, match="not closed"):
            Frontend().normalize(written)
