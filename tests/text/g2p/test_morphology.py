"""Twin of ``text/g2p/morphology.py``."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amhctl.core.errors import TextError
from amhctl.text.g2p.gemination import Gemination, read_stems, read_verbs, split_marks
from amhctl.text.g2p.morphology import Morphology, Reading
from amhctl.text.script import GEMINATION, LETTERS

OURS = Gemination({}, {}, read_stems(), read_verbs())
FEW = Morphology({"ነገር": (False,) * 3, "ሁለት": (False, False, True), "ጓደኛ": (False, True, True)}, {"ነገረ": "A"})


def written(word: str, reading: Reading | None) -> str | None:
    if reading is None:
        return None
    return "".join(letter + GEMINATION * doubled for letter, doubled in zip(word, reading.doubled, strict=True))


@pytest.mark.parametrize(
    "word",
    [
        "ነገ፟ረች፟ኝ፟", "ነገ፟ርኩት", "ይነግረኛ፟ል", "እን፟ነግራለ፟ን", "የማ፟ይነ፟ገ፟ር", "እየ፟ነገ፟ረ", "አልነገ፟ርንም", "ተነጋገ፟ሩ", "ንገረኝ፟", "ነግሬ፟",
        "ነገሩ", "በነገሮች፟", "የሁለቱ፟ም", "ሁለተ፟ኛ፟", "ጓደ፟ኞ፟ቼ፟", "ጓደ፟ኛ፟ዬ",
    ],
)  # fmt: skip
def test_affixes_around_a_stem(word: str) -> None:
    plain = split_marks(word)[0]
    assert written(plain, FEW.find(plain)) == word


@pytest.mark.parametrize("word", ["ሰላም", "ነገራ", "ነገርኛለሁ", "ብነ", "", "ሁለ"])
def test_what_is_no_known_stem_with_its_affixes_has_no_reading(word: str) -> None:
    assert FEW.find(word) is None


def test_a_listed_word_goes_before_a_verb_but_not_its_rarer_plural() -> None:
    assert written("ነገሩ", FEW.find("ነገሩ")) == "ነገሩ"
    assert written("ነገሩ", Morphology({}, {"ነገረ": "A"}).find("ነገሩ")) == "ነገ፟ሩ"
    assert written("ነገራት", FEW.find("ነገራት")) == "ነገ፟ራት"


def test_subjects_lean_on_the_verb() -> None:
    reading = FEW.find("ነገርን")
    assert reading is not None
    assert reading.bound is None  # the noun with its object ending
    verbs = Morphology({}, {"ነገረ": "A", "ላከ": "W"})
    assert verbs.find("ነገርን") == Reading((False, True, False, False), 3, sure=True, stem=0)
    assert verbs.find("ላክኩት") == Reading((False,) * 4, 2, sure=True, stem=0)
    assert verbs.find("ስለነገርን") == Reading((False, False, False, True, False, False), 5, sure=True, stem=2)


def test_where_a_stem_begins() -> None:
    verbs = Morphology({"ምርጫ": (False,) * 3}, {"በላ": "2"})
    found = [reading and reading.stem for reading in map(verbs.find, ("የምርጫ", "ምርጫው", "በልቷል", "የሚበላ"))]
    assert found == [1, None, 0, 0]


def test_a_negative_is_one_whatever_stem_that_leaves() -> None:
    verbs = Morphology({}, {"ላለፈ": "R", "አለፈ": "G"})
    assert written("አላለፈም", verbs.find("አላለፈም")) == "አላለ፟ፈም"
    assert written("አላለፈ", verbs.find("አላለፈ")) == "አላ፟ለ፟ፈ"


def test_their_and_your_behind_a_short_noun_are_a_verb_if_there_is_one() -> None:
    words = {"ሰም": (False, False), "ቤት": (False, False)}
    both = Morphology(words, {"ሰማ": "2"})
    assert written("ሰማችሁ", both.find("ሰማችሁ")) == "ሰማ፟ች፟ሁ"
    assert written("ሰማችሁ", Morphology(words, {}).find("ሰማችሁ")) == "ሰማች፟ሁ"
    assert written("ቤታችሁ", both.find("ቤታችሁ")) == "ቤታች፟ሁ"


def test_persons_agree() -> None:
    verbs = Morphology({}, {"ወደደ": "U", "ጠና": "2", "ሰጠ": "Y"})
    assert written("እወድሃለሁ", verbs.find("እወድሃለሁ")) == "እወድ፟ሃለ፟ሁ"
    assert verbs.find("እወድሃል") is None
    assert written("ስጠኝ", verbs.find("ስጠኝ")) == "ስጠኝ፟"


@given(st.text(LETTERS, min_size=1, max_size=10))
def test_readings_fit_their_words(word: str) -> None:
    reading = OURS.read(word)
    assert len(reading.doubled) == len(word)
    assert not reading.doubled[0]
    assert OURS.read(word) == reading


def test_a_type_that_there_is_not_is_refused() -> None:
    with pytest.raises(TextError, match="an unknown type: '@'"):
        Morphology({}, {"ሰበረ": "@"})
    with pytest.raises(TextError, match="an unknown type"):
        Morphology({}, {"ሰበረ": ""})
