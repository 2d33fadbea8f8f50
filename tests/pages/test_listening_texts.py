"""Twin of ``pages/listening_texts.py``: two languages that say the same."""

import re

from amhctl.pages.listening_texts import TEXTS


def test_both_languages_have_the_same_texts_with_the_same_values() -> None:
    amharic, english = TEXTS["am"], TEXTS["en"]
    assert set(amharic) == set(english)
    for key, text in english.items():
        assert sorted(re.findall(r"\{\w+\}", text)) == sorted(re.findall(r"\{\w+\}", amharic[key])), key
        assert re.search("[\u1200-\u137f]", amharic[key]), key
        assert not re.search("[\u1200-\u137f]", text), key
