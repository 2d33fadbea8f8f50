"""Twin of ``evaluation/card.py``: a card says what is known, names what is not, and is YAML and Markdown."""

import re

import pytest
import yaml
from huggingface_hub import ModelCard
from support.checkpoints import tiny_manifest
from support.results import report_document

from amhctl.checkpoint.indextts import CODEC
from amhctl.checkpoint.manifest import AdapterIdentity, Licence, Lineage, Manifest
from amhctl.evaluation.card import CardOptions, build_card
from amhctl.evaluation.results import Results

RESULTS = Results.model_validate(report_document())
FILES = {"model.safetensors": "a" * 64, "mel.onnx": "b" * 64}


def matter(text: str) -> dict[str, object]:
    """Return the front matter, read by a library."""
    begin, content, _ = text.split("---\n", 2)
    assert begin == ""
    read: dict[str, object] = yaml.safe_load(content)
    return read


def manifest(**changes: object) -> Manifest:
    return tiny_manifest().model_copy(update={"files": FILES, **changes})


def test_a_card_has_the_keys_of_the_hub() -> None:
    card = build_card(manifest(), CardOptions("Apache-2.0", "IndexTeam/IndexTTS-2"), RESULTS)
    assert matter(card.text) == {
        "library_name": "amhctl",
        "tags": ["amhctl", "text-to-speech", "tts", "unified-voice-1", "safetensors", "onnx", "amharic"],
        "language": ["am"],
        "pipeline_tag": "text-to-speech",
        "license": "apache-2.0",
        "base_model": "IndexTeam/IndexTTS-2",
        "model-index": [
            {
                "name": "tiny",
                "results": [
                    {
                        "task": {"type": "text-to-speech"},
                        "dataset": {"type": "test.jsonl", "name": "test.jsonl"},
                        "metrics": [
                            {"type": "mcd", "name": "mcd", "value": 5.0},
                            {"type": "text_match", "name": "text_match", "value": 0.9},
                        ],
                    }
                ],
            }
        ],
    }
    # The hub's own reader takes it, the metrics included.
    data = ModelCard(card.text).data
    assert (data.license, data.base_model, data.model_name) == ("apache-2.0", "IndexTeam/IndexTTS-2", "tiny")  # type: ignore[attr-defined]
    assert [each.metric_value for each in data.eval_results] == [5.0, 0.9]  # type: ignore[attr-defined]


def test_what_is_known_stands_on_it() -> None:
    text = build_card(manifest(parent="f" * 64, processing=("cleaned by a sieve",)), CardOptions(), RESULTS).text
    for words in (
        "# tiny",
        "| a corpus | CC0-1.0 |  |  |",
        f"weights `{'f' * 64}`",
        "cleaned by a sieve",
        "| valid_loss | 4.5 |",
        "| mcd | 5.000 | 4.500 … 5.500 | 12 | lower |  |",
        "| text_match | 0.900 | 4.500 … 5.500 | 12 | higher | a \\| note |",
        "a processor, 2 core(s)",
        "`amhctl eval` on test.jsonl",
    ):
        assert words in text, words


def test_what_nobody_said_is_left_out_and_named() -> None:
    bare = manifest(licences=(), metrics={}, training={})
    card = build_card(bare, CardOptions(), None)
    assert {"license", "base_model", "model-index"}.isdisjoint(matter(card.text))
    assert list(card.left_out) == [
        "licence of the weights",
        "name of the base model",
        "sources",
        "amount of speech",
        "consent of the speakers",
        "processing of the recordings",
        "evaluation",
    ]
    for what in card.left_out:
        assert f"- {what}: " in card.text.partition("## Missing on this card")[2]
    assert "The manifest does not name any source or licence." in card.text
    assert "The manifest does not say how it was trained." in card.text
    assert "## Measured" not in card.text
    # What is told is not left out.
    told = build_card(manifest(processing=("sieved",)), CardOptions("mit", "a/b"), RESULTS).left_out
    assert list(told) == ["attribution of a corpus", "amount of speech", "consent of the speakers"]


def test_an_evaluation_of_an_earlier_version_is_not_proven_and_that_is_said() -> None:
    earlier = Results.model_validate({**report_document(), "weights": "", "test_set": ""})
    card = build_card(manifest(), CardOptions(), earlier)
    assert "whether the evaluation is of these weights" in card.left_out
    assert "model-index" not in matter(card.text)
    assert "| mcd | 5.000 |" in card.text


def test_a_licence_that_the_hub_does_not_know_keeps_its_name() -> None:
    front = matter(build_card(manifest(), CardOptions("Bilibili Model Use Licence"), None).text)
    assert (front["license"], front["license_name"]) == ("other", "Bilibili Model Use Licence")


@pytest.mark.parametrize("kind", ["codec", "vocoder"])
def test_a_codec_is_no_voice(kind: str) -> None:
    text = build_card(manifest(kind=kind, model_version="mel-codec-1"), CardOptions(), None).text
    assert {"pipeline_tag", "language"}.isdisjoint(matter(text))
    assert "amhctl speak" not in text


def test_a_voice_that_amhctl_cannot_speak_says_how_to_use_it() -> None:
    assert "amhctl speak" in build_card(manifest(), CardOptions(), None).text
    text = build_card(manifest(codec=CODEC), CardOptions(), None).text
    assert "amhctl speak" not in text
    assert "amhctl ckpt export . --format indextts2" in text


def test_weights_of_another_maker_and_adapters_are_told() -> None:
    lineage = Lineage(format="indextts2", file="gpt.pth", sha256="e" * 64, config="a: 1", unproven=("its vocabulary",))
    text = build_card(manifest(lineage=lineage), CardOptions(), None).text
    assert f"The weights come from gpt.pth (indextts2, SHA-256 `{'e' * 64}`)." in text
    assert "- not verified: its vocabulary" in text
    adapter = AdapterIdentity(method="lora", base="index", ranks={"a": 32, "b": 16, "c": 32}, scale=2.0, whole=())
    text = build_card(manifest(kind="adapter", adapter=adapter), CardOptions(), None).text
    assert "An adapter: with its base `index` it is a voice" in text
    assert "| adapter | lora, ranks 16, 32, beside 3 layers |" in text
    assert "amhctl speak" not in text


HOSTILE = 'x\n---\nlicense: mit\n# "y" | <script>alert(1)</script> [a](http://b) \u2028\x85\x07: - {yes}'


def test_no_value_of_a_manifest_gets_out_of_its_place() -> None:
    licences = (Licence(work=HOSTILE, licence=HOSTILE, attribution=HOSTILE, url=HOSTILE),)
    wicked = manifest(
        name=HOSTILE,
        language=HOSTILE,
        model_version=HOSTILE,
        speakers=(HOSTILE,),
        licences=licences,
        processing=(HOSTILE,),
        training={HOSTILE: {HOSTILE: [HOSTILE]}},
        metrics={HOSTILE: HOSTILE},
        package_version=HOSTILE,
    )
    results = Results.model_validate(report_document(test_set=HOSTILE, machine=HOSTILE, version=HOSTILE))
    text = build_card(wicked, CardOptions(), results).text
    front = matter(text)
    assert "license" not in front
    assert front["language"] == [HOSTILE]
    assert HOSTILE in front["tags"]  # type: ignore[operator]
    body = text.split("---\n", 2)[2]
    assert "<script>" not in body
    assert re.search(r"^(---|license: mit)", body, re.MULTILINE) is None
    assert re.findall(r"^#+ .*", body, re.MULTILINE)[1:] == [
        "## Use",
        "## Sources",
        "## Training",
        "## Measured",
        "## Missing on this card",
    ]


@pytest.mark.parametrize("language", ["no", "true", "null", "y", "1", "1.5", "", "a:b", "2026-11-28", "~", "NO", "አማ"])
def test_every_string_is_read_as_one(language: str) -> None:
    assert matter(build_card(manifest(language=language), CardOptions(), None).text)["language"] == [language]
