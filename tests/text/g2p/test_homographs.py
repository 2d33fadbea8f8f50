"""Twin of ``text/g2p/homographs.py``."""

import pytest

from amhctl.core.errors import TextError
from amhctl.text.frontend import Frontend
from amhctl.text.g2p.homographs import Homographs, read_homographs

OURS = Homographs(read_homographs())


@pytest.mark.parametrize(
    ("sentence", "place", "phones"),
    [
        ("እሱ ገና ልጅ ነው", 1, "ɡəna"),
        ("መልካም ገና ።", 1, "ɡənna"),
        ("ገና በዓል", 0, "ɡənna"),
        ("ገና", 0, "ɡəna"),
        ("ውሃ አለ", 1, "allə"),
        ("እንዲህ አለ", 1, "alə"),
        ("ሰፊ መንገድ", 0, "səffi"),
        ("ልብስ ሰፊ", 1, "səfi"),
        ("ዋና ከተማ", 0, "wanna"),
        ("የዋና ገንዳ", 0, "jəwana"),
        ("ሊሆን ይገባል", 1, "jɨɡɡəbbal"),
        ("ቤት ይገባል", 1, "jɨɡəbal"),
        ("እመጣለሁ አለ", 1, "alə"),
        ("ይመጣል አለ", 1, "alə"),
        ("ማን ነህ ፧ አለች", 3, "alət͡ʃ"),
        ("ደህና ነኝ አሉ", 2, "alu"),
        ("ብዙ ሰዎች አሉ", 2, "allu"),
        ("ውሃ አለች", 1, "allət͡ʃ"),
        ("ዶክተር ተብሎ ይጠራል", 2, "jɨttʼərral"),
        ("ልጁን ይጠራል", 1, "jɨtʼəral"),
        ("በአሥር ብር ይሸጣል", 2, "jɨʃʃətʼal"),
        ("የሚበላ ምግብ", 0, "jəmmibbəlla"),
        ("በገና በዓል", 0, "bəɡənna"),
        ("በገና ደረደረ", 0, "bəɡəna"),
    ],
)
def test_neighbours_decide(sentence: str, place: int, phones: str) -> None:
    assert "".join(OURS.find(sentence.split(), place) or ()) == phones


@pytest.mark.parametrize(
    ("sentence", "phones"),
    [
        ("ለገና በዓል", "ləɡənna bəal"),
        ("የገና ጨዋታ", "jəɡənna t͡ʃʼəwata"),
        ("የገና", "jəɡənna"),
        ("ከገና በፊት", "kəɡənna bəfit"),
        ("«እመጣለሁ» አለ", "ɨmətʼalləhu alə"),
        ("«ማን ነህ?» አለ", "man nəh ፧ alə"),
    ],
)
def test_neighbours_decide_in_what_is_read(sentence: str, phones: str) -> None:
    frontend = Frontend()
    assert frontend.phones(frontend.normalize(sentence).text).text == phones


def test_neighbours_by_their_beginning_and_end() -> None:
    table = Homographs({"ገና": "ɡəna|ɡənna|<*ካም >በ*"})
    said = ["".join(table.find(words.split(), 1) or ()) for words in ("መልካም ገና", "እሱ ገና", "እሱ ገና በዓል", "ካ ገና ዓል")]
    assert said == ["ɡənna", "ɡəna", "ɡənna", "ɡəna"]


def test_other_words_are_left_alone() -> None:
    assert OURS.find(["ሰላም"], 0) is None
    assert Homographs({}).find(["ገና"], 0) is None


@pytest.mark.parametrize(
    "entry", ["ɡəna", "ɡəna|ɡənna|", "ɡəna|xxx|<በዓል", "ɡəna|ɡənna|በዓል", "|ɡənna|<በዓል", "a|o|<", "a|o|<*"]
)
def test_a_faulty_table_is_refused(entry: str) -> None:
    with pytest.raises(TextError, match="is not usual"):
        Homographs({"ገና": entry})
