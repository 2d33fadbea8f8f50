"""Twin of ``evaluation/leaderboard.py``: reports of all versions and of none."""

import json
from pathlib import Path
from typing import Any

import pytest
from support.evaluations import metric, write_evaluation

from amhctl.core.errors import EvaluationError
from amhctl.evaluation.leaderboard import Entry, best_of, columns_of, rank, read_entry
from amhctl.evaluation.scorecard import Better


def entry(folder: Path, name: str, **changes: Any) -> Entry:
    return read_entry(write_evaluation(folder, name, **changes))[0]


def test_metrics_of_another_version_are_columns_too(tmp_path: Path) -> None:
    one = entry(tmp_path, "one")
    two = entry(
        tmp_path, "two", metrics={"mcd": metric(5.0), "warmth": metric(1.0, better="lower"), "odd": {"value": 2}}
    )
    columns = columns_of([one, two])
    assert [column.name for column in columns] == ["text_match", "mcd", "odd", "warmth"]
    assert [column.better for column in columns] == [Better.HIGHER, Better.LOWER, None, Better.LOWER]
    assert (two.cells["odd"].interval, two.cells["odd"].count) == (None, None)


@pytest.mark.parametrize(
    "value", [None, 1, "x", [], {}, {"value": None}, {"value": "1"}, {"value": True}, {"value": [1]}]
)
def test_a_metric_without_a_number_is_named_and_left_out(tmp_path: Path, value: object) -> None:
    path = write_evaluation(tmp_path, "one", metrics={"mcd": metric(5.0), "bad": value})
    found, findings = read_entry(path)
    assert set(found.cells) == {"mcd"}
    assert [finding.code for finding in findings] == ["E021"]


@pytest.mark.parametrize("ends", [None, [], [1], [1, 2, 3], ["a", "b"], [2, 1], {"low": 1}])
def test_an_interval_that_is_none_is_not_shown(tmp_path: Path, ends: object) -> None:
    found = entry(tmp_path, "one", metrics={"mcd": {"value": 1.5, "ci95": ends, "n": -1}})
    cell = found.cells["mcd"]
    assert (cell.interval, cell.count, cell.low, cell.high) == (None, None, 1.5, 1.5)


@pytest.mark.parametrize(
    "changes", [{"command": "train"}, {"metrics": None}, {"metrics": []}, {"metrics": {}}, {"metrics": {"a": 1}}]
)
def test_what_is_no_evaluation_is_refused(tmp_path: Path, changes: dict[str, Any]) -> None:
    with pytest.raises(EvaluationError):
        entry(tmp_path, "one", **changes)


@pytest.mark.parametrize(
    "junk", [b"", b"{", b"[]", b"null", b"\xff", b"[" * 100_000, b'{"metrics": {"a": {"value": NaN}}}']
)
def test_junk_is_refused(tmp_path: Path, junk: bytes) -> None:
    (tmp_path / "junk.json").write_bytes(junk)
    with pytest.raises(EvaluationError):
        read_entry(tmp_path / "junk.json")


def test_names_are_shortened_and_have_no_control_characters(tmp_path: Path) -> None:
    odd = entry(tmp_path, "one", voice="a\n\u202eb" + "c" * 500, test_set=7, utterances=[{"id": 3}, None, {"id": "s"}])
    assert odd.voice.startswith("a  bccc")
    assert len(odd.voice) == 121
    assert (odd.test_set, odd.clips) == ("", ("", "", "s"))
    assert entry(tmp_path, "two", voice=None).voice == "two"
    assert entry(tmp_path, "three", utterances={"a": 1}).clips == ()


def test_the_best_and_those_it_cannot_be_told_from(tmp_path: Path) -> None:
    entries = [
        entry(tmp_path, name, metrics={"mcd": metric(value, spread=0.3), "log_f0_spread": metric(ratio, spread=0.01)})
        for name, value, ratio in (("a", 6.0, 1.3), ("b", 5.0, 0.9), ("c", 5.5, 2.0))
    ]
    entries.append(entry(tmp_path, "d", metrics={"text_match": metric(1.0)}))
    mcd, spread = (next(each for each in columns_of(entries) if each.name == name) for name in ("mcd", "log_f0_spread"))
    assert best_of(entries, mcd) == (False, True, True, False)
    assert best_of(entries, spread) == (False, True, False, False)
    assert [each.voice for each in rank(entries, mcd)] == ["b", "c", "a", "d"]
    assert [each.voice for each in rank(entries, spread)] == ["b", "a", "c", "d"]
    assert best_of(entries[:1], mcd) == (False,)


def test_a_whole_number_that_is_none_of_a_count_is_no_count(tmp_path: Path) -> None:
    path = write_evaluation(tmp_path, "one")
    document = json.loads(path.read_text())
    document["metrics"]["mcd"]["n"] = True
    path.write_text(json.dumps(document))
    assert read_entry(path)[0].cells["mcd"].count is None
