"""Twin of ``tools/gemination/paradigms.py``."""

import pytest
from gemination.paradigms import FORMS, MODEL, VERBS, list_forms, list_noun_forms

from amhctl.text.g2p.gemination import split_marks
from amhctl.text.script import GEMINATION, SYLLABLES

FOUND = set(list_forms())


@pytest.mark.parametrize(
    "form",
    [
        "ሰበ፟ረ", "ይሰብራል", "መስበር", "ይሰ፟በ፟ራል", "የሚ፟ሰብር", "ሰብሯል", "ተሰብረዋል",
        "ፈለ፟ገ", "ይፈል፟ጋል", "መፈለ፟ግ", "ፈል፟ጎ", "ፈላ፟ጊ", "አስፈለ፟ገ",
        "ማረ፟ከ", "ይማር፟ካል", "መማረክ", "መሰከ፟ረ", "ይመሰክ፟ራል", "መመስከር",
        "በላ፟", "ይበላል", "መብላት", "ሄደ", "ይሄዳል", "ጻፈ", "ይጽፋል", "አሰ፟ረ", "ታሰ፟ረ", "ተናገ፟ረ", "ይና፟ገ፟ራል", "ተናጋሪ",
        "ሳይመጣ", "ሳይመታ", "ቢመጣ", "ባይሰብር", "እንዳይሰብር", "የማ፟ይሰብር", "ሳይፈል፟ግ", "አሰ፟ባበር", "ጠጣ፟", "ይጠጣ፟ል", "ዘረጋ፟", "መዘርጋት",
        "መራጭ", "መራጮች፟", "መምረጫ", "ጨራ፟ሽ", "መጨረ፟ሻ", "መቺ", "መምቻ", "ገዢ", "በይ", "ቃሚ", "መላቅ", "ካስ",
    ],
)  # fmt: skip
def test_forms_of_the_grammar(form: str) -> None:
    assert form in FOUND


def test_agents_change_their_last_sound() -> None:
    plain = {split_marks(form)[0] for form in FOUND}
    assert "ሰባሪ" in plain
    assert "ከፋች" in plain
    assert "ከፋቲ" not in plain


def test_a_form_has_one_reading() -> None:
    readings: dict[str, set[str]] = {}
    for form in FOUND:
        readings.setdefault(split_marks(form)[0], set()).add(form)
    assert sum(len(forms) > 1 for forms in readings.values()) < 0.01 * len(readings)


def test_further_verbs_take_the_same_forms() -> None:
    assert set(list_forms({"A": ["ጠመቀ"]})) >= {"ጠመ፟ቀ", "መጥመቅ", "ጠማቂ"}


def test_forms_are_fidel_and_the_model_is_filled() -> None:
    assert len(FOUND) > 10_000
    assert FORMS.keys() == VERBS.keys()
    for form in FOUND:
        assert set(form) - {GEMINATION} <= SYLLABLES.keys()
        assert not form.startswith(form[0] + GEMINATION)
    affixes = {letter for kind in FORMS.values() for letter in kind if letter in SYLLABLES} - {"ገ"}
    assert {letter for letter in affixes if SYLLABLES[letter].series in MODEL} <= {
        chr(ord(radical) + order) for radical in MODEL for order in range(8)
    }


def test_nouns_take_their_endings() -> None:
    assert set(list_noun_forms(["ድመ፟ት"])) >= {"የድመ፟ት", "ድመ፟ቶች፟", "ድመ፟ቱ", "ድመ፟ቶቻቸ፟ው", "ድመ፟ትን"}
    assert set(list_noun_forms(["ውሻ፟"])) >= {"በውሻ፟", "ውሻ፟ዎች፟", "ውሻ፟ው"}
    assert set(list_noun_forms(["ልብ፟"])) >= {"ልቦ፟ች፟", "ልቡ፟"}
