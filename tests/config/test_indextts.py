"""``config.yaml``: what it says of the network, and nothing that it could do to whoever reads it."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from support.official import official_document, official_shape

from amhctl.config.indextts import (
    read_attention_heads,
    read_emotion_counts,
    read_official_config,
    write_official_config,
)
from amhctl.config.unified import ModelConfig
from amhctl.core.errors import ConfigError


@pytest.fixture
def document() -> dict[str, Any]:
    return official_document(official_shape(64))


def read(folder: Path, document: dict[str, Any]) -> ModelConfig:
    path = folder / "config.yaml"
    path.write_text(yaml.safe_dump(document))
    return read_official_config(path)[0]


def test_the_shape_is_read_and_decodes_by_the_rule_of_upstream(tmp_path: Path, document: dict[str, Any]) -> None:
    assert read(tmp_path, document) == official_shape(64)
    assert read(tmp_path, document).position_rule == "upstream"


def test_the_published_shape_is_the_official_one(tmp_path: Path) -> None:
    published = official_document(ModelConfig(position_rule="upstream"))
    del published["gpt"]["condition_num_latent"]  # type: ignore[attr-defined]
    assert read(tmp_path, published) == ModelConfig(position_rule="upstream")


def test_every_fault_of_the_block_is_named_at_once(tmp_path: Path, document: dict[str, Any]) -> None:
    block = document["gpt"]
    block |= {"lang_count": 107, "spk_cond_mode": "campplus", "train_solo_embeddings": True, "heads": 3}
    block["condition_module"]["rotary"] = True
    del block["emo_condition_module"], block["layers"]
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, document)
    lines = caught.value.message.splitlines()
    assert lines[0] == "6 faults in the description of the network"
    assert lines[1:6] == [
        "gpt.lang_count: unknown key",
        "gpt.layers: absent",
        "gpt.emo_condition_module: absent",
        "gpt.train_solo_embeddings is True; only False is supported",
        "gpt.spk_cond_mode is 'campplus'; only 'conformer' is supported",
    ]
    assert lines[6].startswith("gpt.condition_module.rotary: ")


@pytest.mark.parametrize("version", [1.5, 2.5, "2"])
def test_another_version_is_another_network(tmp_path: Path, document: dict[str, Any], version: object) -> None:
    with pytest.raises(ConfigError, match=r"only 2\.0 \(IndexTTS-2\) is supported"):
        read(tmp_path, {**document, "version": version})


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("gpt: !!python/object/apply:os.system ['touch ran']", "not YAML"),
        ("a: &a [1, 1]\ngpt: [*a, *a]", "anchors"),
        ("[" * 100 + "]" * 100, "nested too deeply"),
        ("gpt: {", "not YAML"),
        ("- 1\n- 2", "not a YAML document of named values"),
        ("1: 2", "not a YAML document of named values"),
        ("gpt: 3", "no block gpt"),
        ("a: 2020-13-45", "not YAML that can be read"),
        ("x: 1\n" * (1 << 18), "longer than"),
    ],
)
def test_a_file_that_is_none_is_refused_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, fault: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config.yaml").write_text(text)
    with pytest.raises(ConfigError, match=fault) as caught:
        read_official_config(tmp_path / "config.yaml")
    assert "\n" not in caught.value.message
    assert "config.yaml" not in caught.value.message
    assert caught.value.hint.startswith("give the config.yaml ")
    assert not (tmp_path / "ran").exists()


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read") as caught:
        read_official_config(tmp_path / "config.yaml")
    assert caught.value.hint == "give the config.yaml that came with the weights"
    (tmp_path / "latin.yaml").write_bytes(b"a: \xff")
    with pytest.raises(ConfigError, match="not UTF-8"):
        read_official_config(tmp_path / "latin.yaml")


def test_the_text_is_kept_to_the_byte_until_the_shape_changes(document: dict[str, Any]) -> None:
    text = "# as published\n" + yaml.safe_dump(document)
    assert write_official_config(official_shape(64), text) == text
    grown = yaml.safe_load(write_official_config(official_shape(99), text))
    assert grown["gpt"].pop("number_text_tokens") == 99
    del document["gpt"]["number_text_tokens"]
    assert grown == document


def test_the_heads_of_s2mel_are_read_and_another_network_is_refused_by_its_keys(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"

    def write(**blocks: object) -> Path:
        path.write_text(yaml.safe_dump({"s2mel": blocks}))
        return path

    published = {"hidden_dim": 512, "num_heads": 8, "is_causal": False, "class_dropout_prob": 0.1}
    assert read_attention_heads(write(DiT=published, wavenet={"dilation_rate": 1}, save_freq=9)) == 8
    with pytest.raises(ConfigError) as caught:
        read_attention_heads(
            write(
                DiT={"num_heads": 8, "time_as_token": True},
                wavenet={"dilation_rate": 2},
                length_regulator={"sampling_ratios": [1, 1]},
            )
        )
    assert caught.value.message.splitlines() == [
        "3 faults in the description of the network",
        "s2mel.length_regulator.sampling_ratios is [1, 1]; only [1, 1, 1, 1] is supported",
        "s2mel.DiT.time_as_token is True; only False is supported",
        "s2mel.wavenet.dilation_rate is 2; only 1 is supported",
    ]
    for block in ({"DiT": {"num_heads": 0}}, {"DiT": {"num_heads": "8"}}, {"DiT": 8}, {}):
        with pytest.raises(ConfigError, match=r"s2mel\.DiT\.num_heads is .*; a number of attention heads is needed"):
            read_attention_heads(write(**block))


def test_emotions_have_the_rows_that_the_file_says(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(yaml.safe_dump({"emo_num": [3, 17, 2]}))
    assert read_emotion_counts(path, 3) == (3, 17, 2)
    for counts in ([3, 17], [3, 17, 0], [3, 17, 2.5], [3, True, 2], "3,17,2", None):
        path.write_text(yaml.safe_dump({"emo_num": counts}))
        with pytest.raises(ConfigError, match=r"emo_num is .*; 3 whole numbers above 0 are needed"):
            read_emotion_counts(path, 3)
