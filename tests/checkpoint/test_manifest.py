"""The manifest: strict, and the same after a round trip."""

import pytest
from pydantic import ValidationError
from support.checkpoints import tiny_manifest

from amhctl.checkpoint.manifest import FORMAT_VERSION, Manifest


def test_a_round_trip_through_json_changes_nothing() -> None:
    manifest = tiny_manifest()
    assert Manifest.model_validate_json(manifest.model_dump_json()) == manifest


def test_it_carries_the_present_format_version() -> None:
    assert tiny_manifest().format_version == FORMAT_VERSION


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"lisences": []}, "lisences"),
        ({"sample_rate": "sixteen"}, "sample_rate"),
        ({"sample_rate": "16000"}, "sample_rate"),
        ({"level": True}, "level"),
        ({"format_version": 2}, "format_version"),
        ({"kind": "picture"}, "kind"),
        ({"vocabulary": {"file": "vocabulary.model"}}, "vocabulary"),
    ],
)
def test_unknown_keys_and_wrong_types_are_refused(change: dict[str, object], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        Manifest.model_validate({**tiny_manifest().model_dump(mode="json"), **change})


def test_it_cannot_be_changed() -> None:
    manifest = tiny_manifest()
    with pytest.raises(ValidationError, match="frozen"):
        manifest.name = "another"  # type: ignore[misc]


def test_a_voice_of_an_earlier_version_names_no_vocoder() -> None:
    document = tiny_manifest().model_dump(mode="json")
    del document["vocoder"]
    assert Manifest.model_validate(document) == tiny_manifest()
