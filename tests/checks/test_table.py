"""Twin of ``checks/table.py``."""

import numpy as np
import pytest

from amhctl.checks.table import NO_TEXT, CheckTable, digest_names, first_rows, split_name
from amhctl.corpus.records import Record


def _table(*records: Record) -> CheckTable:
    table = CheckTable()
    for line, record in enumerate(records, start=1):
        table.add(line, record, None, 3)
    return table


@pytest.mark.parametrize("kinds", [1, 3, 50])
def test_first_rows_are_those_that_a_dictionary_finds(kinds: int) -> None:
    generator = np.random.default_rng(kinds)
    one, two = generator.integers(0, kinds, 200), generator.integers(0, kinds, 200)
    first: dict[tuple[int, int], int] = {}
    wanted = [first.setdefault(pair, row) for row, pair in enumerate(zip(one.tolist(), two.tolist(), strict=True))]
    assert first_rows(one, two).tolist() == wanted
    assert first_rows(np.zeros(0, dtype=np.int64)).tolist() == []


def test_texts_are_alike_as_splits_compare_them() -> None:
    texts = ("ሰላም ፣ ዓለም ።", "ሰላም አለም", "ሰላምአለም", "።")
    table = _table(*[Record(id=str(n), audio="a", text=text) for n, text in enumerate(texts)])
    assert first_rows(table.texts).tolist() == [0, 0, 2, 3]
    assert first_rows(table.folded_texts).tolist() == [0, 0, 0, 3]
    assert table.texts[3] == table.folded_texts[3] == NO_TEXT
    assert table.lines.tolist() == [1, 2, 3, 4]
    assert table.rate(0) is None


def test_only_long_texts_of_a_split_have_neighbours() -> None:
    long = "ሀ ለ መ ሰ ረ ቀ በ ተ"
    table = _table(
        Record(id="a", audio="a", text=long),
        Record(id="b", audio="a", text=long, split="train"),
        Record(id="c", audio="a", text=long.replace("መ", "ነ"), split="test"),
        Record(id="d", audio="a", text=long[:-2], split="test"),
    )
    digests, rows = table.neighbours
    assert np.bincount(rows).tolist() == [0, 8, 8]
    assert len(set(digests[rows == 1].tolist()) & set(digests[rows == 2].tolist())) == 1
    assert [split_name(number) for number in table.splits] == ["", "train", "test", "test"]


def test_a_session_is_one_of_its_speaker() -> None:
    table = _table(*[Record(id=name, audio="a", text="ሰ", speaker=name, session="1") for name in "aba"])
    assert table.sessions.column.tolist() == table.speakers.column.tolist() == [0, 1, 0]
    assert list(table.speakers) == ["a", "b"]


def test_names_that_are_no_unicode_have_digests_too() -> None:
    assert len(set(digest_names(["a", "b", "\udc80"]).tolist())) == 3
