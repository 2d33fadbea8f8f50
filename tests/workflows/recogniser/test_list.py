"""Twin of ``workflows/recogniser/list.py``: the bundled recognisers in a line each, one in full."""

import json
from pathlib import Path

import pytest
from support.recognisers import tiny_recogniser_folder

from amhctl.core.errors import CheckpointError
from amhctl.core.files import sha256_of_file
from amhctl.core.progress import SilentProgress
from amhctl.recogniser import catalog
from amhctl.recogniser.catalog import bundled_recognisers
from amhctl.workflows.recogniser.list import ListRecognisersReport, ListRecognisersRequest, run


def _list(recogniser: Path | str | None = None) -> ListRecognisersReport:
    return run(ListRecognisersRequest(None if recogniser is None else str(recogniser)), SilentProgress())


def test_every_bundled_recogniser_has_a_line() -> None:
    report = _list()
    assert tuple(each.name for each in report.recognisers) == bundled_recognisers()
    assert len(list(report.lines())) == len(bundled_recognisers())
    assert report.ok


def test_folders_beside_them_are_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tiny_recogniser_folder(tmp_path, name="b", metrics={"phone_error_rate": 0.1234})
    tiny_recogniser_folder(tmp_path, name="a", seed=1)
    (tmp_path / "notes").mkdir()
    monkeypatch.setattr(catalog, "_BUNDLED", tmp_path)
    assert list(_list().lines()) == [
        "a  am  phone error rate on validation clips unknown",
        "b  am  phone error rate on validation clips 0.123",
    ]
    assert _list("a").recognisers == _list().recognisers[:1]


def test_one_recogniser_is_shown_in_full(tmp_path: Path) -> None:
    folder = tiny_recogniser_folder(tmp_path, metrics={"phone_error_rate": 0.5})
    report = _list(folder)
    (shown,) = report.payload()["recognisers"]  # type: ignore[misc]
    assert json.loads(json.dumps(shown)) == shown  # type: ignore[has-type]
    assert shown == {  # type: ignore[has-type]
        "name": "tiny-recogniser",
        "model_version": "recogniser-1",
        "config": {"width": 16, "heads": 2, "blocks": 1},
        "metrics": {"phone_error_rate": 0.5},
        "training": {},
        "licences": [report.recognisers[0].licences[0].model_dump(mode="json")],
        "processing": [],
        "fingerprint": sha256_of_file(folder / "model.safetensors"),
    }
    lines = list(report.lines())
    assert lines[0] == "tiny-recogniser  am  phone error rate on validation clips 0.500"
    assert lines[1:] == ["  blocks: 1", "  heads: 2", "  width: 16", "  phone_error_rate: 0.5", "  noise: CC0-1.0"]


def test_a_damaged_recogniser_is_not_shown(tmp_path: Path) -> None:
    folder = tiny_recogniser_folder(tmp_path)
    (folder / "words.tsv.xz").write_bytes(b"")
    with pytest.raises(CheckpointError, match=r"words\.tsv\.xz"):
        _list(folder)
    with pytest.raises(CheckpointError, match="recogniser not found"):
        _list("no-such-recogniser")
