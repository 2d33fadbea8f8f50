"""Twin of ``tools/gemination/training.py``."""

from pathlib import Path

import pytest
from gemination import training as tagger_training
from gemination.training import (
    Example,
    is_held_out,
    list_form_examples,
    list_own_examples,
    read_examples,
    score,
    train,
)

from amhctl.core.errors import TextError
from amhctl.text.g2p.gemination import UNMARKED, Gemination, read_weights, split_marks
from amhctl.text.script import GEMINATION

HEADER = "plain\tgeminated_U135F\ttransliteration\tsheet\tusage_context\n"
SHARED = Path(__file__).resolve().parents[4] / "shared" / "data" / "text" / "gemination.tsv"


def read(*rows: str) -> list[Example]:
    return read_examples([HEADER, *(f"\t{row}\t\t{sheet}\t\n" for row, sheet in (one.split(" ") for one in rows))])


def test_rows_become_examples() -> None:
    assert read("*ለገ፟ጠ sheet1", "-ገባ፟ sheet1") == [
        Example("ለገጠ", (False, True, False), (True,) * 3),
        Example("ገባ", (False, True), (True,) * 2),
    ]


def test_what_the_list_leaves_open_is_not_known() -> None:
    (loose,) = read("ውድነሽና፟ sheet3")
    assert loose.known == (False, False, False, False, True)
    (relative,) = read("የሚሰ፟በ፟ር sheet1")
    assert relative.known == (True, False, True, True, True)
    (negative,) = read("አይደለ፟ም፟ sheet3")
    assert negative.known == (True, True, True, True, False)
    (suffix,) = read("ብቸ፟ኛ sheet1")
    assert suffix == Example("ብቸኛ", (False, True, True), (True,) * 3)


def test_the_transliteration_goes_before_the_marks() -> None:
    rows = ("አሽካ፟ካ\taškakka", "ጥል፟ቆ\tṭəlləqqo", "ሰበ፟ረ\tRift", "ደግ፟ነት\tDäggennät")
    found = read_examples([HEADER, *(f"\t{row}\tsheet1\t\n" for row in rows)])
    assert {one.word: one.doubled for one in found} == {
        "አሽካካ": (False, False, False, True),
        "ጥልቆ": (False, True, True),
        "ሰበረ": (False, True, False),
        "ደግነት": (False, True, True, False),
    }
    assert all(all(one.known) for one in found)


def test_the_more_frequent_reading_is_taken() -> None:
    (taken,) = read("ወታ፟ደር sheet1", "ወታደ፟ር sheet1", "ወታ፟ደር sheet2")
    assert taken.doubled == (False, True, False, False)


def test_a_list_of_other_columns_is_refused() -> None:
    with pytest.raises(TextError, match="other columns"):
        read_examples(["word\tphones\n"])


def test_forms_of_one_stem_are_kept_out_together() -> None:
    assert len({is_held_out(word) for word in ("ሰበረ", "ተሰበረ", "አሰባበረ", "ሰበረች", "ሠበረ")}) == 1
    share = sum(is_held_out(one.word) for one in list_own_examples()) / len(list_own_examples())
    assert 0.05 < share < 0.15


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> list[Example]:
    marked = ("ሰበ፟ረ", "ነገ፟ረ", "ወሰ፟ደ", "ከፈ፟ለ", "መስበር", "መንገር", "መውሰድ", "መክፈል")
    few = [Example(*split_marks(word), (True,) * len(split_marks(word)[0])) for word in marked]
    monkeypatch.setattr(tagger_training, "list_own_examples", lambda: [])
    monkeypatch.setattr(tagger_training, "list_form_examples", lambda _: [])
    monkeypatch.setattr(tagger_training, "RAREST", 1)
    monkeypatch.setattr(tagger_training, "CAUTION", 0)
    monkeypatch.setattr(tagger_training, "LIGHTEST", 1)
    monkeypatch.setattr(tagger_training, "is_held_out", lambda word: word == "ነገረ")
    return few


def test_the_pattern_is_learned_and_carries_over(few: list[Example]) -> None:
    weights = train(few, {})
    assert weights == train(few, {})
    learned = Gemination({}, weights)
    assert score(learned, few).words == 1.0
    assert learned.mark("ነገረ") == learned.mark("ደረሰ") == (False, True, False)
    assert learned.mark("መድረስ") == (False,) * 4


def test_a_corpus_shows_plain_words(few: list[Example]) -> None:
    counts = {"ቀደመ": 9, **dict.fromkeys(("ቀደመን", "ቀደመዎች", "የቀደመ", "በቀደመ", "ለቀደመ"), 1)}
    assert Gemination({}, train(few, {})).mark("ቀደመ") == (False, True, False)
    assert Gemination({}, train(few, counts)).mark("ቀደመ") == (False, False, False)


def test_caution_asks_for_more(few: list[Example], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tagger_training, "CAUTION", 1000)
    assert not any(Gemination({}, train(few, {})).mark("ደረሰ"))


def test_forms_of_further_verbs_are_learned_from() -> None:
    marked = {
        "".join(letter + GEMINATION * doubled for letter, doubled in zip(one.word, one.doubled, strict=True))
        for one in list_form_examples({"A": ["ጠመቀ"]})
    }
    assert {"ጠመ፟ቀ", "ይጠምቃል", "ድመ፟ቶች፟"} <= marked
    assert not {one for one in list_form_examples({}) if one.word == "ጠመቀ"}


def test_unseen_words_are_not_learned_from(few: list[Example]) -> None:
    examples = [*few, Example("ከፈነ", (False, False, False), (True,) * 3)]
    assert score(Gemination({}, train(examples, {})), examples).words == 1.0
    assert Gemination({}, train(examples, {}, ["ከፈነ"])).mark("ከፈነ") == (False, True, False)


def test_scores_by_hand() -> None:
    examples = [
        Example("ሰበረ", (False, True, False), (True,) * 3),
        Example("ገና", (False, False), (True, False)),
        Example("ላም", (False, False), (True, True)),
    ]
    found = score(Gemination({"ሰበረ": "ሰበ፟ረ", "ገና": "ገና፟", "ላም": "ላም፟"}, {}), examples)
    assert (found.precision, found.recall, found.words) == (0.5, 1.0, 0.5)
    assert found.f1 == pytest.approx(2 / 3)
    assert score(UNMARKED, []).f1 == 0.0


@pytest.mark.skipif(not SHARED.is_file(), reason="the list of geminates is not beside the repository")
def test_the_shipped_weights_find_geminates_of_stems_they_never_saw() -> None:
    kept = [one for one in read_examples(SHARED.read_text(encoding="utf-8").splitlines()) if is_held_out(one.word)]
    assert len(kept) > 800
    shipped = score(Gemination({}, read_weights()), kept)
    assert shipped.f1 > 0.75
    assert shipped.precision > 0.93
    assert shipped.words > 0.575
    assert score(UNMARKED, kept).f1 == 0.0


def test_the_shipped_weights_read_common_words_of_stems_they_never_saw() -> None:
    kept = [one for one in list_own_examples() if is_held_out(one.word)]
    assert len(kept) > 200
    shipped = score(Gemination({}, read_weights()), kept)
    assert shipped.f1 > 0.66
    assert shipped.words > 0.77
    assert score(UNMARKED, kept).words < 0.67
