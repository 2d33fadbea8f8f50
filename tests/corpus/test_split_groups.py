import pytest

from amhctl.core.errors import DatasetError, OptionError
from amhctl.corpus.records import Record, Split
from amhctl.corpus.split_groups import parse_disjoint, require_sessions, speaker_circles, text_key, tie


def test_spellings_of_one_text_are_one() -> None:
    assert text_key("ሠላም ፣ ዓለም ።") == text_key("ሰላም አለም")
    assert text_key("ሰላም") != text_key("ሰለም")


def test_names_of_what_is_disjoint() -> None:
    assert parse_disjoint(["speaker", "text", "text"]) == {"text", "speaker"}
    for names in ([], ["mood"], ["text", "mood"]):
        with pytest.raises(OptionError, match="cannot be disjoint"):
            parse_disjoint(names)


def _record(number: int, text: str, speaker: str, session: str = "", split: Split | None = None) -> Record:
    return Record(
        id=f"u{number}", audio=f"{number}.wav", text=text, speaker=speaker, session=session, split=split or ""
    )


def test_what_shares_anything_is_tied_through_others_too() -> None:
    records = [
        _record(0, "ሰላም", "ሀና"),
        _record(1, "ቡና", "ሀና"),
        _record(2, "ቡና ።", "አበበ"),
        _record(3, "ውሃ", "ከበደ"),
    ]
    one, two, three, four = tie(records, {"text", "speaker"}, redraw=False)
    assert one is two is three is not four
    assert (one.size, one.name, four.size, four.name) == (3, "ሀና", 1, "ከበደ")
    first, second, third, _ = tie(records, {"text"}, redraw=False)
    assert first is not second
    # Of two spellings the first in the order of letters is the name.
    assert (second is third, second.name) == (True, "ቡና")


def test_a_group_keeps_its_split_unless_it_is_drawn_anew() -> None:
    records = [_record(0, "ሰላም", "s", split="test"), _record(1, "ሰላም", "s")]
    (kept, _), (drawn, _) = (tie(records, {"text"}, redraw=redraw) for redraw in (False, True))
    assert (kept.kept, drawn.kept) == ("test", "")
    leaking = [*records, _record(2, "ሰላም", "s", split="train")]
    with pytest.raises(DatasetError, match="1 groups with one text are already in several splits"):
        tie(leaking, {"text"}, redraw=False)
    assert tie(leaking, {"text"}, redraw=True)[0].size == 3


def test_speakers_with_few_texts_are_drawn_together() -> None:
    records = [_record(number, f"ቃል {number}", "many" if number < 10 else f"few {number}") for number in range(14)]
    groups = tie(records, {"text"}, redraw=False)
    own, others = speaker_circles(records, groups, groups)
    assert ([group.name for group in own], len(others)) == ([f"ቃል {number}" for number in range(10)], 4)


def test_sessions_of_two_speakers_are_two_and_must_be_named() -> None:
    records = [_record(0, "ሀ", "s1", "1"), _record(1, "ለ", "s2", "1"), _record(2, "መ", "s1", "1")]
    require_sessions(records, {"session"})
    one, other, again = tie(records, {"session"}, redraw=False)
    assert one is again is not other
    with pytest.raises(DatasetError, match="1 of 4 records have no session"):
        require_sessions([*records, _record(3, "ሠ", "s1")], {"session"})
