from pathlib import Path

import pytest

from amhctl.codes.failures import read_failures, write_failures
from amhctl.core.errors import DatasetError


def test_what_parts_list_is_read_as_one_and_a_part_is_replaced(tmp_path: Path) -> None:
    assert read_failures(tmp_path) == {}
    write_failures(tmp_path, "1-of-2", {"x": "no such file", "y": "too long"})
    write_failures(tmp_path, "2-of-2", {"ድ": 'a "quote"\n'})
    assert read_failures(tmp_path) == {"x": "no such file", "y": "too long", "ድ": 'a "quote"\n'}
    write_failures(tmp_path, "1-of-2", {})
    assert read_failures(tmp_path) == {"ድ": 'a "quote"\n'}


@pytest.mark.parametrize("row", ["{", "[]", '{"id": "x"}', '{"id": 1, "reason": "y"}'])
def test_a_line_that_says_something_else_is_named(tmp_path: Path, row: str) -> None:
    write_failures(tmp_path, "1-of-1", {"x": "y"})
    with (tmp_path / "failed-1-of-1.jsonl").open("a") as stream:
        stream.write(row + "\n")
    with pytest.raises(DatasetError, match="does not name a failed utterance") as caught:
        read_failures(tmp_path)
    assert str(caught.value.subject).endswith("failed-1-of-1.jsonl:2")
