"""A document that cannot be read is a clear error of every command that reads it, and never a bug."""

import json
import shutil
from pathlib import Path

import pytest
import torch
import yaml
from safetensors.torch import save_file
from support.checkpoints import tiny_checkpoint
from support.official import official_document, official_shape
from support.stores import toy_store

from amhctl.cli.main import main
from amhctl.config.text import TextConfig
from amhctl.text.frontend import Frontend
from amhctl.tokenizer.extend import extend_vocabulary
from amhctl.tokenizer.plan import plan_path
from amhctl.tokenizer.train import train_vocabulary

DEEP, LONG = "[" * 100_000, "9" * 5_000
JUNK = {
    "nothing": b"",
    "half": b"{",
    "list": b"[]",
    "word": b'"x"',
    "null": b"null",
    "deep": DEEP.encode(),
    "deep objects": b'{"a":' * 100_000,
    "long number": LONG.encode(),
    "long number inside": b'{"format_version": ' + LONG.encode() + b"}",
    "large number": b'{"format_version": 1e999}',
    "no number": b'{"format_version": NaN}',
    "no text": b"\xff\xfe\x00",
    "half a character": b'{"format_version": "\\ud800"}',
    "zeros": bytes(64),
}
IMPORT = ("ckpt", "import", "gpt.pth", "--config", "config.yaml", "--bpe", "v.model")
DOCUMENTS = {
    "amhctl.toml": ("config", "show", "--config", "amhctl.toml"),
    "lexicon.toml": ("text", "normalize", "ሰላም", "--lexicon", "lexicon.toml"),
    "m.jsonl": ("data", "split", "m.jsonl", "-o", "s.jsonl"),
    "n.jsonl": ("data", "import", "jsonl", "n.jsonl", "-o", "imported"),
    "store/store.json": ("codes", "verify", "store"),
    "store/index-1-of-1.jsonl": ("codes", "verify", "store"),
    "store/failed-1-of-1.jsonl": ("codes", "merge", "store", "-o", "merged"),
    "store/alignment.npz": ("codes", "merge", "store", "-o", "merged"),
    "acoustic/store.json": ("codes", "verify", "acoustic"),
    "acoustic/index-1-of-1.jsonl": ("codes", "check", "acoustic"),
    "acoustic/alignment.npz": ("codes", "verify", "acoustic"),
    "acoustic/acoustics-1-of-1.bin": ("codes", "verify", "acoustic"),
    "acoustic/speaker-1-of-1.bin": ("codes", "verify", "acoustic"),
    "v.plan.json": ("vocab", "grow", "v.model", "--base-checkpoint", "voice", "-o", "grown"),
    "voice/manifest.json": ("ckpt", "show", "voice"),
    "config.yaml": (*IMPORT, "-o", "taken"),
    "lora/adapter_config.json": (*IMPORT, "--adapter", "lora", "-o", "taken"),
    "lora/adapter_model.safetensors": (*IMPORT, "--adapter", "lora", "-o", "taken"),
}
# What is no document here: an empty project file, lexicon or list of failures says nothing, and that is allowed.
EMPTY = {
    "amhctl.toml",
    "lexicon.toml",
    "store/failed-1-of-1.jsonl",
    "store/index-1-of-1.jsonl",
    "acoustic/index-1-of-1.jsonl",
}


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a sound document of each kind."""
    folder = tmp_path_factory.mktemp("sound")
    tiny_checkpoint(folder / "voice")
    toy_store(folder / "store").write_failures({"x": "why"})
    toy_store(folder / "acoustic", acoustic=True)
    lines = [Frontend(TextConfig(units="phones")).units("ሰላም ዓለም።")] * 9
    base = train_vocabulary(lines, size=128, units="phones", model_type="char")
    extended, plan = extend_vocabulary(base, lines, base.size + 1)
    extended.write(folder / "v.model")
    plan.write(plan_path(folder / "v.model"), extended)
    # An adapter is read before the weights are seen to be whole.
    torch.save({"text_head.bias": torch.zeros(3)}, folder / "gpt.pth")
    (folder / "config.yaml").write_text(yaml.safe_dump(official_document(official_shape(extended.size))))
    (folder / "lora").mkdir()
    (folder / "lora" / "adapter_config.json").write_text('{"peft_type": "LORA", "r": 1, "lora_alpha": 1}')
    save_file({"base_model.model.text_head.bias": torch.ones(3)}, folder / "lora" / "adapter_model.safetensors")
    return folder


@pytest.fixture
def world(sound: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = Path(shutil.copytree(sound, tmp_path / "world"))
    monkeypatch.chdir(folder)
    return folder


def run(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> tuple[object, dict[str, dict[str, str]]]:
    with pytest.raises(SystemExit) as end:
        main([*words, "--json"])
    return end.value.code, json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("junk", JUNK)
@pytest.mark.parametrize("document", DOCUMENTS)
def test_junk_is_no_bug(document: str, junk: str, world: Path, capsys: pytest.CaptureFixture[str]) -> None:
    # A last line without an end is what a killed process leaves, and is passed over.
    (world / document).write_bytes(JUNK[junk] + (b"\n" if document.endswith(".jsonl") else b""))
    code, report = run(DOCUMENTS[document], capsys)
    if junk == "nothing" and document in EMPTY:
        assert code in (0, 1, 3)
        return
    # Lines that are none are faults of theirs where a whole file is read all the same.
    assert code in (1, 3)
    if code == 3:
        assert len(report["error"]["message"]) < 600
        assert "Traceback" not in report["error"]["message"]


def test_names_that_no_terminal_can_show_are_refused(world: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (world / "config.yaml").write_text('gpt: {"\\ud800": 1}\n')
    code, report = run(DOCUMENTS["config.yaml"], capsys)
    assert (code, report["error"]["type"]) == (3, "ConfigError")


@pytest.mark.parametrize("value", [DEEP, LONG, "{a = 1}", "nan", "1e999", str(2**63), "-1", "'", "\ud7ff"])
@pytest.mark.parametrize("key", ["seed", "training.steps", "training.learning_rate", "model.layers"])
def test_values_of_the_command_line_and_the_environment(
    key: str, value: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    code, report = run(("config", "show", "--set", f"{key}={value}"), capsys)
    assert (code, report["error"]["type"]) == (3, "ConfigError")
    monkeypatch.setenv(f"AMHCTL_{key.upper().replace('.', '__')}", value)
    code, report = run(("config", "show"), capsys)
    assert (code, report["error"]["type"]) == (3, "ConfigError")
