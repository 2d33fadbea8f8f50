from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amhctl.core.errors import DatasetError
from amhctl.corpus.records import Record, Split
from amhctl.corpus.split_balance import SplitShares
from amhctl.corpus.split_groups import parse_disjoint, text_key
from amhctl.corpus.splits import assign_splits, split_of

_SHARES = SplitShares(0.2, 0.2)


def _records(texts: Sequence[str], speakers: int = 1) -> list[Record]:
    return [Record(id=f"u{n}", audio=f"{n}.wav", text=text, speaker=f"s{n % speakers}") for n, text in enumerate(texts)]


def _where(keys: Sequence[str], splits: Sequence[Split]) -> dict[str, set[str]]:
    where: dict[str, set[str]] = {}
    for key, split in zip(keys, splits, strict=True):
        where.setdefault(key, set()).add(split)
    return where


@given(st.lists(st.text(alphabet="ሀሐኃለመ ።፣", min_size=1, max_size=4), min_size=1, max_size=60), st.booleans())
def test_a_text_is_in_one_split_only(texts: list[str], every_speaker: bool) -> None:
    splits = assign_splits(_records(texts, speakers=3), _SHARES, every_speaker=every_speaker)
    assert all(len(found) == 1 for found in _where([text_key(text) for text in texts], splits).values())


def _draw(records: Sequence[Record], shares: SplitShares, *disjoint: str, seed: int = 0) -> tuple[Split, ...]:
    return assign_splits(records, shares, seed=seed, disjoint=parse_disjoint(disjoint or ("text",)))


@pytest.mark.parametrize("count", [20, 26, 60, 200, 1_000])
def test_shares_are_those_that_were_asked_for(count: int) -> None:
    for seed in range(30 if count < 1_000 else 3):
        splits = _draw(_records([f"ቃል {n}" for n in range(count)]), SplitShares(0.15, 0.15), seed=seed)
        for name in ("valid", "test"):
            assert abs(splits.count(name) - 0.15 * count) <= max(0.01 * count, 0.5)


@pytest.mark.parametrize("sizes", [[40] * 20, [5, 5, 60] * 10, [200, *range(3, 40)]])
def test_shares_of_speakers_are_as_near_as_their_sizes_allow(sizes: Sequence[int]) -> None:
    texts = [f"{speaker} {n}" for speaker, size in enumerate(sizes) for n in range(size)]
    names = [f"s{speaker}" for speaker, size in enumerate(sizes) for _ in range(size)]
    records = [record.model_copy(update={"speaker": name}) for record, name in zip(_records(texts), names, strict=True)]
    for seed in range(20):
        splits = _draw(records, SplitShares(0.1, 0.1), "speaker", seed=seed)
        assert all(abs(splits.count(name) / len(records) - 0.1) <= 0.02 for name in ("valid", "test"))


def test_the_order_of_lines_does_not_matter() -> None:
    records = _records([f"ቃል {n % 150}" for n in range(200)], speakers=7)
    for disjoint in (("text",), ("speaker",)):
        splits = _draw(records, _SHARES, *disjoint)
        assert _draw(records[::-1], _SHARES, *disjoint) == splits[::-1]


def test_a_draw_that_is_right_as_it_is_stays_when_others_come() -> None:
    texts, shares = [f"ቃል {n}" for n in range(12_000)], SplitShares(0.05, 0.05)
    few, many = _draw(_records(texts[:6_000]), shares), _draw(_records(texts), shares)
    assert few == many[:6_000]
    assert many == tuple(split_of(text, valid=0.05, test=0.05) for text in texts)


def test_growth_moves_only_what_lies_between_the_old_and_the_new_border() -> None:
    shares = SplitShares(0.15, 0.15)
    for seed in range(30):
        texts = [f"ቃል {n}" for n in range(120)]
        few = _draw(_records(texts[:60]), shares, seed=seed)
        many = _draw(_records(texts), shares, seed=seed)[:60]
        moved = [(text, one, other) for text, one, other in zip(texts, few, many, strict=False) if one != other]
        # Nothing is measured by what another version was tuned on.
        assert not [item for item in moved if {item[1], item[2]} == {"valid", "test"}]
        assert len(moved) <= 0.15 * 60
        for split in ("valid", "test"):
            # All of them the same way: one border, moved once.
            assert len({one for _, one, other in moved if split in (one, other)}) <= 1


def test_what_was_written_down_stays_and_new_records_make_the_shares_good() -> None:
    texts, shares = [f"ቃል {n}" for n in range(400)], SplitShares(0.1, 0.1)
    records = _records(texts[:200])
    kept = [
        record.model_copy(update={"split": split})
        for record, split in zip(records, _draw(records, shares), strict=True)
    ]
    for seed in range(10):
        splits = _draw([*kept, *_records(texts)[200:]], shares, seed=seed)
        assert splits[:200] == tuple(record.split for record in kept)
        assert all(abs(splits.count(name) - 40) <= 4 for name in ("valid", "test"))


@pytest.mark.parametrize("disjoint", [("text",), ("speaker",), ("text", "speaker", "session")])
def test_all_may_be_for_training(disjoint: tuple[str, ...]) -> None:
    records = [record.model_copy(update={"session": "1"}) for record in _records("ሀለመረሸቀ", speakers=2)]
    assert set(_draw(records, SplitShares(0, 0), *disjoint)) == {"train"}


def test_every_speaker_has_the_shares() -> None:
    records = _records([f"ቃል {n}" for n in range(1_200)], speakers=12)
    splits = assign_splits(records, SplitShares(0.1, 0.1), every_speaker=True)
    for speaker in range(12):
        own = splits[speaker::12]
        assert all(abs(own.count(name) - 10) <= 1 for name in ("valid", "test"))


def test_a_small_manifest_still_gets_its_splits() -> None:
    assert set(assign_splits(_records("ሀለመረሸቀ"), SplitShares(0.01, 0.01))) == {"train", "valid", "test"}


def test_every_speaker_is_in_every_split() -> None:
    records = _records([f"ቃል {n}" for n in range(60)], speakers=4)
    splits = assign_splits(records, SplitShares(0.02, 0.02), every_speaker=True)
    where = _where([record.speaker for record in records], splits)
    assert list(where.values()) == [{"train", "valid", "test"}] * 4
    for disjoint in ("speaker", "session"):
        with pytest.raises(DatasetError, match="every-speaker"):
            assign_splits(records, _SHARES, every_speaker=True, disjoint=parse_disjoint(["text", disjoint]))


@pytest.mark.parametrize("seed", range(20))
def test_disjoint_speakers_and_sessions(seed: int) -> None:
    records = [
        record.model_copy(update={"session": f"{number // 40}"})
        for number, record in enumerate(_records([f"ቃል {n % 350}" for n in range(400)], speakers=20))
    ]
    apart = assign_splits(records, SplitShares(0.1, 0.1), seed=seed, disjoint=parse_disjoint(["speaker"]))
    assert all(len(found) == 1 for found in _where([record.speaker for record in records], apart).values())
    assert set(apart) == {"train", "valid", "test"}
    sessions = assign_splits(records, SplitShares(0.1, 0.1), seed=seed, disjoint=parse_disjoint(["session", "text"]))
    assert set(sessions) == {"train", "valid", "test"}
    assert all(len(found) == 1 for found in _where([text_key(record.text) for record in records], sessions).values())
    names = [f"{record.speaker} {record.session}" for record in records]
    assert all(len(found) == 1 for found in _where(names, sessions).values())


def test_a_large_speaker_is_never_held_out() -> None:
    records = [*_records([f"ቃል {n}" for n in range(900)]), *_records([f"ሌላ {n}" for n in range(100)], speakers=10)]
    records = [r.model_copy(update={"speaker": f"x{r.speaker}"}) if n >= 900 else r for n, r in enumerate(records)]
    for seed in range(20):
        splits = assign_splits(records, SplitShares(0.05, 0.05), seed=seed, disjoint=parse_disjoint(["speaker"]))
        assert set(splits[:900]) == {"train"}
        assert {"valid", "test"} <= set(splits[900:])


def test_impossible_demands_are_refused_with_numbers() -> None:
    shared = [Record(id=f"{s}{n}", audio="a", text=f"ቃል {n}", speaker=s) for s in "abcdef" for n in range(10)]
    with pytest.raises(
        DatasetError, match=r"60 records form only 1 groups with the same speakers and texts, too few for 3"
    ):
        assign_splits(shared, _SHARES, disjoint=parse_disjoint(["text", "speaker"]))
    with pytest.raises(DatasetError, match=r"split valid should have 1 of 60 records, .* has 10") as caught:
        assign_splits(shared, SplitShares(0.01, 0.01), disjoint=parse_disjoint(["speaker"]))
    assert "--valid 0.08" in caught.value.hint
    assert set(assign_splits(shared, SplitShares(0.09, 0), disjoint=parse_disjoint(["speaker"]))) == {"train", "valid"}
    with pytest.raises(DatasetError, match="60 of 60 records have no session"):
        assign_splits(shared, _SHARES, disjoint=parse_disjoint(["session"]))


def test_splits_that_are_there_are_kept_and_bind_their_like() -> None:
    records = _records([f"ቃል {n}" for n in range(100)])
    kept: list[Split] = ["test", "valid", "train"]
    records[:3] = [record.model_copy(update={"split": split}) for record, split in zip(records[:3], kept, strict=True)]
    twin = Record(id="twin", audio="t.wav", text="ቃል 0 ።")
    for seed in range(10):
        splits = assign_splits([*records, twin], _SHARES, seed=seed)
        assert list(splits[:3]) == kept
        assert splits[-1] == "test"
    redrawn = {assign_splits(records, _SHARES, seed=seed, redraw=True)[:3] for seed in range(10)}
    assert len(redrawn) > 1


def test_splits_that_leak_already_are_refused() -> None:
    records = [
        Record(id="a", audio="a", text="ሰላም ።", split="train"),
        Record(id="b", audio="b", text="ሠላም", split="test"),
        *_records("ሀለመረሸቀ"),
    ]
    with pytest.raises(DatasetError, match="1 groups with one text are already in several splits"):
        assign_splits(records, _SHARES)
    splits = assign_splits(records, _SHARES, redraw=True)
    assert splits[0] == splits[1]
