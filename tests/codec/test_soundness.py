"""The rules of a codec's checkpoint: silent on sound ones, one finding for each thing that cannot be."""

from collections.abc import Callable
from pathlib import Path

import pytest
from support.codecs import tiny_codec_folder, tiny_dac_folder
from support.vocoders import tiny_vocoder_folder

from amhctl.checkpoint.folder import WEIGHTS_FILE, read_manifest
from amhctl.checkpoint.manifest import Manifest
from amhctl.checkpoint.store import survey_folder  # type: ignore[attr-defined]
from amhctl.checkpoint.survey import TensorFacts
from amhctl.codec.soundness import find_faults

Facts = dict[str, TensorFacts]


@pytest.fixture(params=[tiny_codec_folder, tiny_dac_folder, tiny_vocoder_folder], ids=["mel", "dac", "vocoder"])
def codec(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Manifest, Facts]:
    folder = request.param(tmp_path)
    manifest = read_manifest(folder)
    return manifest, dict(survey_folder(folder, manifest.files)[WEIGHTS_FILE])


def test_a_sound_codec_has_no_faults(codec: tuple[Manifest, Facts]) -> None:
    manifest, facts = codec
    assert find_faults(manifest, {WEIGHTS_FILE: facts}) == ()


@pytest.mark.parametrize(
    ("values", "subject"),
    [
        ({"kind": "voice"}, "kind"),
        ({"model_version": "codec-9"}, "kind"),
        ({"sample_rate": 22_050}, "sample_rate"),
        ({"config": {}}, ""),
    ],
)
def test_a_manifest_that_contradicts_itself(
    values: dict[str, object], subject: str, codec: tuple[Manifest, Facts]
) -> None:
    manifest, facts = codec
    found = find_faults(manifest.model_copy(update=values), {WEIGHTS_FILE: facts})
    # Without values of its own, a configuration is the official one: of other shapes.
    assert {finding.code for finding in found} == ({"C021"} if subject else {"C007", "C008", "C009"}) or not subject
    assert not subject or found[0].subject == subject


@pytest.mark.parametrize("value", [0, -1, 10**9, "many", None])
def test_an_impossible_configuration_names_its_key(value: object, codec: tuple[Manifest, Facts]) -> None:
    manifest, facts = codec
    key = "codebook_size" if "codebook_size" in manifest.config else "blocks"
    broken = manifest.model_copy(update={"config": {**manifest.config, key: value}})
    assert [(finding.code, finding.subject) for finding in find_faults(broken, {WEIGHTS_FILE: facts})] == [
        ("C006", f"config.{key}")
    ]


def test_a_codec_is_no_vocoder(tmp_path: Path) -> None:
    codec, vocoder = read_manifest(tiny_codec_folder(tmp_path)), read_manifest(tiny_vocoder_folder(tmp_path))
    for manifest, other in ((codec, vocoder), (vocoder, codec)):
        found = find_faults(manifest.model_copy(update={"model_version": other.model_version}), {})
        assert [(finding.code, finding.subject) for finding in found] == [("C021", "kind")]


def test_a_configuration_of_any_size_takes_no_memory(codec: tuple[Manifest, Facts]) -> None:
    manifest, facts = codec
    sizes = {"width": 65_536} if "width" in manifest.config else {"encoder_dim": 65_536, "decoder_dim": 65_536}
    huge = manifest.model_copy(update={"config": {**manifest.config, **sizes}})
    assert {finding.code for finding in find_faults(huge, {WEIGHTS_FILE: facts})} == {"C009"}


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (lambda facts: TensorFacts(facts.shape, "int32", is_float=False, lowest=0.0, highest=0.0), "C020"),
        (lambda facts: TensorFacts(facts.shape, "float32", is_float=True, lowest=0.0, highest=0.0), "C024"),
        (lambda facts: TensorFacts((1, 2), "float32", is_float=True, lowest=0.0, highest=1.0), "C009"),
    ],
)
def test_a_matrix_that_is_none(
    spoil: Callable[[TensorFacts], TensorFacts], code: str, codec: tuple[Manifest, Facts]
) -> None:
    manifest, facts = codec
    name = next(name for name, each in facts.items() if each.is_matrix)
    found = find_faults(manifest, {WEIGHTS_FILE: {**facts, name: spoil(facts[name])}})
    assert [(finding.code, finding.subject) for finding in found] == [(code, name)]
