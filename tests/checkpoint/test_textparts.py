"""Vocabulary and text state beside a checkpoint: its own, or a finding each."""

from support.checkpoints import tiny_manifest

from amhctl.checkpoint.textparts import check_text_state, check_vocabulary
from amhctl.core.findings import Finding


def codes(findings: tuple[Finding, ...]) -> list[tuple[str, str]]:
    return [(finding.code, finding.subject) for finding in findings]


def test_those_of_the_checkpoint_pass() -> None:
    manifest = tiny_manifest()
    assert check_vocabulary(manifest, fingerprint="a" * 64, size=40, where="v") == ()
    assert check_text_state(manifest, stored_hash="b" * 64) == ()


def test_a_vocabulary_of_other_pieces_and_another_size() -> None:
    manifest = tiny_manifest()
    assert codes(check_vocabulary(manifest, fingerprint="f" * 64, size=41, where="v")) == [("C011", "v")] * 2
    without = manifest.model_copy(update={"vocabulary": None})
    assert codes(check_vocabulary(without, fingerprint="a" * 64, size=40, where="v")) == [("C011", "v")]


def test_a_text_state_of_another_hash() -> None:
    assert codes(check_text_state(tiny_manifest(), stored_hash="0" * 64)) == [("C012", "text_state.json")]
    without = tiny_manifest().model_copy(update={"text": None})
    assert codes(check_text_state(without, stored_hash="0" * 64)) == [("C012", "text")]
