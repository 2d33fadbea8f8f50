"""Twin of ``text/g2p/homographs.py``."""

import pytest

from amhctl.core.errors import TextError
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
    ],
)
def test_neighbours_decide(sentence: str, place: int, phones: str) -> None:
    assert "".join(OURS.find(sentence.split(), place) or ()) == phones


def test_other_words_are_left_alone() -> None:
    assert OURS.find(["ሰላም"], 0) is None
    assert Homographs({}).find(["ገና"], 0) is None


@pytest.mark.parametrize("entry", ["ɡəna", "ɡəna|ɡənna|", "ɡəna|xxx|<በዓል", "ɡəna|ɡənna|በዓል", "|ɡənna|<በዓል", "a|o|<"])
def test_a_faulty_table_is_refused(entry: str) -> None:
    with pytest.raises(TextError, match="is not usual"):
        Homographs({"ገና": entry})
