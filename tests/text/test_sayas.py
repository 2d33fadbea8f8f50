"""Ways to say a text that markup asks for."""

import pytest

from amhctl.text.sayas import mark_phones, say_as


@pytest.mark.parametrize(
    ("text", "kind", "order", "spoken"),
    [
        ("1,250", "cardinal", "", "አንድ ሺህ ሁለት መቶ ሃምሳ"),
        ("፲፭", "number", "", "አሥራ አምስት"),
        ("3", "ordinal", "", "ሦስተኛ"),
        ("09-11", "telephone", "", "ዜሮ ዘጠኝ አንድ አንድ"),
        ("A1ሀ!", "characters", "", "ኤ፣ አንድ፣ ሀ"),
        ("3/18/1990", "date", "mdy", "18/3/1990"),
        ("1990-3-18", "date", "ymd", "18/3/1990"),
        ("2:45", "time", "", "2:45"),
        ("x", "cardinal", "", None),
        ("1" * 30, "cardinal", "", None),
        ("", "digits", "", None),
        ("40/1/1990", "date", "dmy", None),
        ("1/2/1990", "date", "xyz", None),
        ("ሀ", "song", "", None),
    ],
)
def test_a_text_is_said_as_asked_for_or_not_at_all(text: str, kind: str, order: str, spoken: str | None) -> None:
    assert say_as(text, kind, order) == spoken


def test_phones_go_into_markup_if_they_are_those_of_amharic() -> None:
    assert mark_phones("ገና", "gə.nːa") == " ገና[[ɡənna]] "
    assert mark_phones("ጫ", "t͡ʃʼa") == " ጫ[[t͡ʃʼa]] "
    for word, phones in (("ገና", "qqq"), ("ገና", ""), ("", "a"), ("two words", "a"), ("ገ ና", "a"), ("ገና]]", "a")):
        assert mark_phones(word, phones) is None
