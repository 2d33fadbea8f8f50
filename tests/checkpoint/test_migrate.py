"""Manifests of other versions: earlier ones are read, later ones refused with their version."""

import json
from pathlib import Path

import jsonschema
import pytest
from support.checkpoints import tiny_manifest

import amhctl
from amhctl.checkpoint import migrate
from amhctl.checkpoint.manifest import FORMAT_VERSION, Manifest
from amhctl.checkpoint.migrate import ADDITIONS, FORMATS, Format, completed, read_document
from amhctl.config.unified import ModelConfig
from amhctl.core.errors import CheckpointError

SCHEMA = Path(__file__).parents[2] / "docs" / "schemas" / "documents" / "manifest-1.json"
EARLIER = sorted((Path(__file__).parent / "earlier").glob("*.json"))
BUNDLED = sorted((Path(amhctl.__file__).parent / "assets").rglob("manifest.json"))


def raw(**changes: object) -> dict[str, object]:
    return {**tiny_manifest().model_dump(mode="json"), **changes}


def valid(document: object) -> bool:
    return jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8"))).is_valid(document)


@pytest.mark.parametrize("path", [*EARLIER, *BUNDLED], ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_manifests_that_were_ever_written_are_read_and_of_the_schema(path: Path) -> None:
    document = json.loads(path.read_text(encoding="utf-8"))
    assert valid(document)
    manifest = read_document(document, subject=str(path))
    assert Manifest.model_validate(manifest.model_dump(mode="json")) == manifest
    assert {key: value for key, value in manifest.model_dump(mode="json").items() if key in document} == document


def test_there_are_manifests_of_both_ages() -> None:
    assert [path.stem for path in EARLIER] == ["codec", "voice"]
    assert {path.parent.name for path in BUNDLED} >= {"m01", "mel16k", "vocoder16k"}


def test_an_earlier_voice_has_every_value_where_it_is_compared() -> None:
    document = json.loads(EARLIER[1].read_text(encoding="utf-8"))
    absent = {
        each.key for each in ADDITIONS if "*" not in each.key and "." not in each.key and each.key not in document
    }
    assert absent == {
        "level",
        "duration_scale",
        "lineage",
        "growth",
        "adapter",
        "vocoder",
        "speakers",
        "speeds",
        "processing",
    }
    # Whoever adds a field says here how a manifest without it is read.
    assert absent == set(Manifest.model_fields) - set(document)
    manifest = completed(read_document(document, subject="m01"))
    assert manifest.level == -20.0
    assert {"kind", "condition_norms"}.isdisjoint(document["config"])
    assert manifest.config["kind"] == "unified"
    assert manifest.config["condition_norms"] is False
    assert document["config"].items() <= manifest.config.items()


FAULTS: dict[str, dict[str, object]] = {
    "nothing": {},
    "kind": {"kind": "picture"},
    "unknown key": {"lisences": []},
    "number as text": {"sample_rate": "16000"},
    "no rate": {"sample_rate": 0},
    "too fast": {"sample_rate": 768_001},
    "truth for a number": {"sample_rate": True},
    "half a vocabulary": {"vocabulary": {"file": "vocabulary.model"}},
    "vocabulary of nothing": {
        "vocabulary": {"file": "vocabulary.model", "fingerprint": "a", "size": 0, "units": "phones"}
    },
    "units": {"vocabulary": {"file": "vocabulary.model", "fingerprint": "a", "size": 9, "units": "letters"}},
    "level in words": {"level": "loud"},
    "level": {"level": -26},
    "no licences": {"licences": None},
    "licence without terms": {"licences": [{"work": "a corpus"}]},
    "speakers": {"speakers": [1]},
    "files": {"files": {"a": 1}},
    "no files": {"files": None},
    "format": {"format_version": 2},
    "format in words": {"format_version": "1"},
    "nested": {"config": {"a": [{"b": None}]}},
}


@pytest.mark.parametrize("change", FAULTS.values(), ids=FAULTS)
def test_the_schema_and_the_reader_agree(change: dict[str, object]) -> None:
    document = raw(**change)
    try:
        read_document(document, subject="x")
    except CheckpointError:
        assert not valid(document)
    else:
        assert valid(document)


@pytest.mark.parametrize("version", [2, 99, 2**62])
def test_a_later_format_is_refused_and_its_version_named(version: int) -> None:
    with pytest.raises(CheckpointError, match=f"format version {version}, this version of amhctl reads 1") as caught:
        read_document({"format_version": version, "package_version": "3.1.4"}, subject="x")
    assert "amhctl 3.1.4" in caught.value.message
    assert "'amhctl>=3.1.4'" in caught.value.hint


@pytest.mark.parametrize("version", [0, -1, True, 1.5, "1", None, [1], {}])
def test_a_format_that_never_was_is_refused(version: object) -> None:
    with pytest.raises(CheckpointError, match="format version"):
        read_document(raw(format_version=version), subject="x")


@pytest.mark.parametrize("change", [{"colour": "red"}, {"kind": "picture"}])
def test_what_a_later_version_added_is_refused_and_its_version_named(change: dict[str, object]) -> None:
    with pytest.raises(CheckpointError, match=f"written by amhctl 99.0, this is {amhctl.__version__}") as caught:
        read_document(raw(package_version="99.0", **change), subject="x")
    assert next(iter(change)) in caught.value.message
    assert "'amhctl>=99.0'" in caught.value.hint
    # The same from this version was made by hand.
    with pytest.raises(CheckpointError) as caught:
        read_document(raw(package_version=amhctl.__version__, **change), subject="x")
    assert "was edited" in caught.value.hint


def test_a_later_version_that_added_nothing_here_is_read() -> None:
    assert read_document(raw(package_version="99.0"), subject="x").package_version == "99.0"


@pytest.mark.parametrize("document", [[], "x", None, 3])
def test_what_is_no_object_is_no_manifest(document: object) -> None:
    with pytest.raises(CheckpointError, match="not a JSON object"):
        read_document(document, subject="x")


def test_every_fault_is_told_where_there_are_several() -> None:
    with pytest.raises(CheckpointError, match=r"kind: .* \(and 1 more\)") as caught:
        read_document(raw(kind="picture", sample_rate=0), subject="x")
    assert [finding.subject for finding in caught.value.findings] == ["kind", "sample_rate"]
    assert {finding.code for finding in caught.value.findings} == {"C001"}
    with pytest.raises(CheckpointError) as caught:
        read_document(raw(kind="picture"), subject="x")
    assert caught.value.findings == ()


def test_a_format_is_upgraded_by_its_row_of_the_table(monkeypatch: pytest.MonkeyPatch) -> None:
    def rename(document: migrate.Raw) -> migrate.Raw:
        return {
            **{key: value for key, value in document.items() if key != "title"},
            "format_version": FORMAT_VERSION,
        } | {"name": document["title"]}

    monkeypatch.setattr(migrate, "FORMATS", {0: Format("none", rename), **FORMATS})
    earlier = {**{key: value for key, value in raw().items() if key != "name"}, "format_version": 0, "title": "tiny"}
    assert read_document(earlier, subject="x") == tiny_manifest()
    with pytest.raises(CheckpointError, match="this version of amhctl reads 0 and 1"):
        read_document(raw(format_version=7), subject="x")


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
