"""Twin of ``checks/match_cache.py``."""

from pathlib import Path

import pytest

from amhctl.checks.match_cache import MatchCache
from amhctl.checks.matching import Match
from amhctl.core.errors import DatasetError
from amhctl.corpus.records import Record

_RECORD = Record(id="a", audio="a.wav", text="ሰላም")
_MATCH = Match(-0.5, 0.25, "ሰላም", -1.5, 0.1, 0.5, "səlam")


def test_a_match_is_known_until_something_that_it_depends_on_changes(tmp_path: Path) -> None:
    with MatchCache(tmp_path, "reader", "weights") as cache:
        assert cache.find(_RECORD, "1") is None
        cache.keep(_RECORD, "1", _MATCH)
        cache.keep(_RECORD, "1", _MATCH)
    assert len((tmp_path / "matches.jsonl").read_bytes().splitlines()) == 1
    with MatchCache(tmp_path, "reader", "weights") as cache:
        assert cache.find(_RECORD, "1") == cache.find(_RECORD.model_copy(update={"id": "b"}), "1") == _MATCH
        assert cache.find(_RECORD, "2") is None
        for change in ({"text": "ሰላም ነው"}, {"offset": 1.0}, {"duration": 1.0}):
            assert cache.find(_RECORD.model_copy(update=change), "1") is None
    for reader, weights in (("other", "weights"), ("reader", "other")):
        with MatchCache(tmp_path, reader, weights) as cache:
            assert cache.find(_RECORD, "1") is None


@pytest.mark.parametrize(
    "damage", [b"{", b"[1]", b'{"version": 1}', b'{"version": 1, "key": "x", "match": {"fit": "bad"}}', b"\xff\n"]
)
def test_a_damaged_line_is_passed_over(tmp_path: Path, damage: bytes) -> None:
    (tmp_path / "matches.jsonl").write_bytes(damage)
    with MatchCache(tmp_path, "reader", "weights") as cache:
        assert cache.damaged == 1
        cache.keep(_RECORD, "1", _MATCH)
    with MatchCache(tmp_path, "reader", "weights") as cache:
        assert cache.find(_RECORD, "1") == _MATCH


def test_a_folder_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "cache").touch()
    with pytest.raises(DatasetError):
        MatchCache(tmp_path / "cache", "reader", "weights")
