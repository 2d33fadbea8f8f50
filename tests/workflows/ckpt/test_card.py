"""Twin of ``workflows/ckpt/card.py``: a card is of a sound checkpoint, and an evaluation of its very weights."""

import json
from pathlib import Path

import pytest
from support.checkpoints import tiny_checkpoint
from support.results import report_document

from amhctl.checkpoint.folder import WEIGHTS_FILE, read_manifest
from amhctl.checkpoint.store import write_checkpoint
from amhctl.core.errors import CheckpointError, EvaluationError, FileExistsRefused, OptionError
from amhctl.core.findings import Severity
from amhctl.core.progress import SilentProgress
from amhctl.workflows.ckpt import card as write_card
from amhctl.workflows.ckpt.card import WriteCardReport, WriteCardRequest


@pytest.fixture
def voice(tmp_path: Path) -> Path:
    return tiny_checkpoint(tmp_path / "voice")


def write(voice: Path | str, output: Path, **options: object) -> WriteCardReport:
    return write_card.run(WriteCardRequest(str(voice), output, **options), SilentProgress())  # type: ignore[arg-type]


def evaluation(folder: Path, **changes: object) -> Path:
    path = folder / "eval.json"
    path.write_text(json.dumps(report_document(**changes)))
    return path


def test_a_card_is_written_into_the_folder_and_the_voice_stays_sound(voice: Path) -> None:
    report = write(voice, voice / "README.md")
    assert (voice / "README.md").read_text(encoding="utf-8") == report.card.text
    assert {finding.code for finding in report.findings} == {"C029"}
    assert {finding.severity for finding in report.findings} == {Severity.INFO}
    assert report.payload()["left_out"] == list(report.card.left_out)
    with pytest.raises(FileExistsRefused):
        write(voice, voice / "README.md")
    assert write(voice, voice / "README.md", force=True).card == report.card


def test_the_bundled_voice_has_one_by_its_name(tmp_path: Path) -> None:
    text = write("m01", tmp_path / "README.md").card.text
    assert "ALFFA Amharic read speech, OpenSLR 25" in text
    assert "m01, alffa-11, alffa-099" in text


def test_an_evaluation_must_be_of_these_weights(voice: Path, tmp_path: Path) -> None:
    weights = read_manifest(voice).files[WEIGHTS_FILE]
    card = tmp_path / "card.md"
    assert "## Measured" in write(voice, card, evaluation=evaluation(tmp_path, weights=weights)).card.text
    with pytest.raises(EvaluationError, match=f"the checkpoint has {weights[:16]}"):
        write(voice, card, evaluation=evaluation(tmp_path), force=True)
    # One of an earlier version names the voice alone.
    write(voice, card, evaluation=evaluation(tmp_path, weights=""), force=True)
    with pytest.raises(EvaluationError, match="the evaluation is of m02, not of tiny"):
        write(voice, card, evaluation=evaluation(tmp_path, weights="", voice="m02"), force=True)


@pytest.mark.parametrize(
    "options", [{"licence": ""}, {"licence": "MIT\n---"}, {"base_model": "a b"}, {"base_model": "../x"}]
)
def test_options_that_can_be_none_are_refused(options: dict[str, object], voice: Path, tmp_path: Path) -> None:
    with pytest.raises(OptionError):
        write(voice, tmp_path / "card.md", **options)
    assert not (tmp_path / "card.md").exists()


def test_what_is_damaged_or_no_voice_has_no_card(voice: Path, tmp_path: Path) -> None:
    with (voice / WEIGHTS_FILE).open("ab") as stream:
        stream.write(b"x")
    with pytest.raises(CheckpointError, match="sha256"):
        write(voice, tmp_path / "card.md")
    manifest = read_manifest(voice).model_copy(update={"kind": "training", "vocabulary": None, "text": None})
    write_checkpoint(tmp_path / "state", manifest=manifest, tensors={})
    with pytest.raises(CheckpointError, match="training state"):
        write(tmp_path / "state", tmp_path / "card.md")
    with pytest.raises(CheckpointError, match="no such folder"):
        write(tmp_path / "absent", tmp_path / "card.md")
    assert not (tmp_path / "card.md").exists()


def test_nothing_but_a_card_is_replaced(voice: Path, tmp_path: Path) -> None:
    for path in (voice / "manifest.json", voice / WEIGHTS_FILE, voice / "text_state.json"):
        before = path.read_bytes()
        with pytest.raises(FileExistsRefused):
            write(voice, path, force=True)
        assert path.read_bytes() == before
