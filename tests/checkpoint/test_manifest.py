"""The manifest: strict, and the same after a round trip."""

import pytest
from pydantic import ValidationError
from support.checkpoints import tiny_manifest

from amhctl.checkpoint.manifest import FORMAT_VERSION, Manifest, completed
from amhctl.config.schema import ModelConfig


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


def test_what_an_earlier_version_did_not_name_has_its_default() -> None:
    values = ModelConfig().model_dump(mode="json")
    earlier = {name: value for name, value in values.items() if name != "condition_norms"}
    manifest = tiny_manifest().model_copy(update={"config": earlier})
    assert completed(manifest).config == values
    assert completed(manifest).level == -20.0
    assert completed(manifest.model_copy(update={"level": -26.0})).level == -26.0
    # A configuration that cannot be read is compared as it stands, and a codec has neither.
    assert completed(tiny_manifest()) == tiny_manifest()
    for kind in ("codec", "vocoder"):
        other = manifest.model_copy(update={"kind": kind})
        assert completed(other) == other


def test_a_voice_of_an_earlier_version_names_no_vocoder() -> None:
    document = tiny_manifest().model_dump(mode="json")
    del document["vocoder"]
    assert Manifest.model_validate(document) == tiny_manifest()
