import pytest
from hypothesis import given
from hypothesis import strategies as st

from amhctl.core.errors import DatasetError
from amhctl.data.records import Record
from amhctl.data.splits import SplitShares, assign_splits, split_of, text_key


def _records(texts: list[str], speakers: int = 1) -> list[Record]:
    return [Record(id=f"u{n}", audio=f"{n}.wav", text=text, speaker=f"s{n % speakers}") for n, text in enumerate(texts)]


@given(st.lists(st.text(alphabet="ሀለሐመ ።፣", min_size=1, max_size=4), min_size=1, max_size=60), st.booleans())
def test_a_text_is_in_one_split_only(texts: list[str], every_speaker: bool) -> None:
    records = _records(texts, speakers=3)
    assigned = assign_splits(records, SplitShares(0.2, 0.2), every_speaker=every_speaker)
    assert [r.id for r in assigned] == [r.id for r in records]
    where: dict[str, set[str]] = {}
    for record in assigned:
        where.setdefault(text_key(record.text), set()).add(record.split)
    assert all(len(splits) == 1 for splits in where.values())


def test_a_text_stays_where_it_is_when_others_come() -> None:
    few = assign_splits(_records([f"ቃል {n}" for n in range(200)]), SplitShares(0.1, 0.1))
    many = assign_splits(_records([f"ቃል {n}" for n in range(400)]), SplitShares(0.1, 0.1))
    assert [r.split for r in few] == [r.split for r in many[:200]]
    assert [r.split for r in few] == [split_of(r.text, valid=0.1, test=0.1) for r in few]
    counts = [sum(r.split == name for r in many) for name in ("train", "valid", "test")]
    assert counts[0] > 290
    assert min(counts[1:]) > 20


def test_a_small_manifest_still_gets_its_splits() -> None:
    assigned = assign_splits(_records(["ሀ", "ለ", "ሐ", "መ", "ሠ", "ረ"]), SplitShares(0.01, 0.01))
    assert {r.split for r in assigned} == {"train", "valid", "test"}


def test_every_speaker_and_disjoint_speakers() -> None:
    records = _records([f"ቃል {n}" for n in range(60)], speakers=4)
    spread = assign_splits(records, SplitShares(0.02, 0.02), every_speaker=True)
    for speaker in ("s0", "s1", "s2", "s3"):
        assert {r.split for r in spread if r.speaker == speaker} == {"train", "valid", "test"}
    apart = assign_splits(records, SplitShares(0.3, 0.3), by="speaker")
    assert all(len({r.split for r in apart if r.speaker == s}) == 1 for s in ("s0", "s1", "s2", "s3"))


def test_shares_must_leave_something() -> None:
    for valid, test in ((0.5, 0.5), (-0.1, 0.1)):
        with pytest.raises(DatasetError):
            SplitShares(valid, test)
