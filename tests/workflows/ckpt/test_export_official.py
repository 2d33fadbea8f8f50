"""From IndexTTS-2 and back: the same bits where nothing was trained, and files that its programs load."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
import yaml
from support.official import TEXTS, OfficialFiles, official_files, semantic_store
from support.voices import tiny_voice_folder

from amhctl.checkpoint.indextts import LICENCE, TERMS
from amhctl.checkpoint.store import read_checkpoint, write_checkpoint
from amhctl.config.text import TextConfig
from amhctl.config.unified import ModelConfig
from amhctl.core.errors import CheckpointError, FileExistsRefused, OptionError
from amhctl.core.progress import SilentProgress
from amhctl.model.official import sinusoid_tables
from amhctl.text.frontend import Frontend
from amhctl.tokenizer.train import train_vocabulary
from amhctl.training.parts import select
from amhctl.workflows import train
from amhctl.workflows.ckpt import export as export_checkpoint
from amhctl.workflows.ckpt.export import ExportCheckpointReport, ExportCheckpointRequest
from amhctl.workflows.ckpt.export_official import export_official
from amhctl.workflows.ckpt.import_ import run as take_in

FROZEN = ("conditioning", "emotion", "norms", "attention", "positions")


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> OfficialFiles:
    return official_files(tmp_path_factory.mktemp("published"))


@pytest.fixture(scope="module")
def base(files: OfficialFiles, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return take_in(files.request(tmp_path_factory.mktemp("imported") / "base"), SilentProgress()).output


def export(voice: Path, output: Path, **options: object) -> ExportCheckpointReport:
    request = ExportCheckpointRequest(voice, output, format="indextts2", **options)  # type: ignore[arg-type]
    return export_checkpoint.run(request, SilentProgress())


def test_what_was_not_trained_comes_back_bit_for_bit(files: OfficialFiles, base: Path, tmp_path: Path) -> None:
    report = export(base, tmp_path / "out")
    before = torch.load(files.weights, weights_only=True)
    after = torch.load(tmp_path / "out" / "gpt.pth", weights_only=True)
    assert type(after) is dict
    assert after.keys() == before.keys()
    for name, tensor in before.items():
        assert after[name].dtype == tensor.dtype
        assert torch.equal(after[name], tensor), name
    assert sum(tensor.untyped_storage().nbytes() for tensor in after.values()) == sum(
        tensor.nbytes for tensor in before.values()
    )
    assert (tmp_path / "out" / "config.yaml").read_bytes() == files.config.read_bytes()
    assert (tmp_path / "out" / "bpe.model").read_bytes() == files.bpe.read_bytes()
    notice = (tmp_path / "out" / "NOTICE").read_text()
    assert all(line in notice for line in (*TERMS, LICENCE.licence, "does not endorse"))
    assert report.size == sum(path.stat().st_size for path in (tmp_path / "out").iterdir())
    assert [finding.subject for finding in report.findings if finding.code == "C035"] == ["bpe.model"]


def test_what_was_exported_can_be_taken_in_again(files: OfficialFiles, base: Path, tmp_path: Path) -> None:
    export(base, tmp_path / "out")
    again = replace(files, folder=tmp_path / "out")
    report = take_in(again.request(tmp_path / "again", base=base), SilentProgress())
    assert not [finding for finding in report.findings if finding.code == "C034"]


def test_a_fine_tune_goes_back_with_what_was_trained_and_the_rest_as_it_was(tmp_path: Path) -> None:
    frontend = Frontend(TextConfig(units="fidel"))
    vocabulary = train_vocabulary([frontend.units(text) for text in TEXTS], size=512, units="fidel", model_type="char")
    files = official_files(tmp_path / "published", bpe=vocabulary.model_bytes)
    base = take_in(files.request(tmp_path / "base"), SilentProgress()).output
    store = semantic_store(tmp_path / "store")
    request = train.TrainRequest(
        preset="tiny",
        data=store,
        base=base,
        run=tmp_path / "run",
        sets=(
            "training.steps=2",
            "training.batch_frames=60",
            "training.warmup_steps=0",
            "training.valid_every=2",
            "training.save_every=2",
            "training.text_weight=0.2",
            "training.ema_decay=0",
            "training.precision=fp32",
            "training.prompt_seconds=0.2",
            f"training.freeze={json.dumps(FROZEN)}",
        ),
        device="cpu",
    )
    report = train.run(request, SilentProgress())
    assert report.checkpoint is not None
    voice = read_checkpoint(report.checkpoint, kind="voice")
    assert voice.manifest.config["position_rule"] == "upstream"
    assert voice.manifest.lineage == read_checkpoint(base, kind="voice").manifest.lineage
    assert LICENCE in voice.manifest.licences
    assert voice.manifest.codec is not None
    assert voice.manifest.codec.fingerprint == "c" * 64
    exported = export(report.checkpoint, tmp_path / "out")
    assert not [finding for finding in exported.findings if finding.subject == "position_rule"]
    after = torch.load(tmp_path / "out" / "gpt.pth", weights_only=True)
    assert all(torch.equal(after[name], tensor) for name, tensor in voice.tensors.items())
    frozen = select(files.tensors, FROZEN, kind="unified", key="training.freeze")
    changed = {name for name, tensor in files.tensors.items() if not torch.equal(after[name], tensor)}
    assert changed
    assert not changed & frozen
    assert {"gpt.h.0.mlp.c_fc.weight", "mel_head.weight", "text_embedding.weight"} <= changed


def test_a_grown_vocabulary_changes_its_count_alone(files: OfficialFiles, base: Path, tmp_path: Path) -> None:
    voice = read_checkpoint(base, kind="voice")
    rows = files.shape.number_text_tokens + 5
    tensors = dict(voice.tensors)
    for name in ("text_embedding.weight", "text_head.weight", "text_head.bias"):
        tensors[name] = torch.cat([tensors[name], torch.ones(5, *tensors[name].shape[1:])])
    assert voice.manifest.vocabulary is not None
    manifest = voice.manifest.model_copy(
        update={
            "config": {**voice.manifest.config, "number_text_tokens": rows},
            "vocabulary": voice.manifest.vocabulary.model_copy(update={"size": rows}),
        }
    )
    write_checkpoint(tmp_path / "grown", manifest=manifest, tensors=tensors, extra_files=voice.read_others())
    export(tmp_path / "grown", tmp_path / "out")
    before, after = (
        yaml.safe_load((folder / "config.yaml").read_text()) for folder in (files.folder, tmp_path / "out")
    )
    assert after["gpt"].pop("number_text_tokens") == rows
    assert before["gpt"].pop("number_text_tokens") == rows - 5
    assert after == before
    assert torch.load(tmp_path / "out" / "gpt.pth", weights_only=True)["text_head.bias"].shape == (rows + 1,)


def changed_voice(base: Path, folder: Path, **config: object) -> Path:
    voice = read_checkpoint(base, kind="voice")
    manifest = voice.manifest.model_copy(update={"config": {**voice.manifest.config, **config}})
    write_checkpoint(folder, manifest=manifest, tensors=voice.tensors, extra_files=voice.read_others())
    return folder


def test_a_voice_that_decodes_otherwise_is_told(base: Path, tmp_path: Path) -> None:
    report = export(changed_voice(base, tmp_path / "voice", position_rule="aligned"), tmp_path / "out")
    assert {finding.subject for finding in report.findings} == {"position_rule", "bpe.model"}


def test_what_the_files_cannot_hold_is_refused(tmp_path: Path) -> None:
    voice = tiny_voice_folder(tmp_path / "made")
    with pytest.raises(CheckpointError) as caught:
        export(voice, tmp_path / "out")
    for words in ("alignment", "condition_norms", "no emo_condition_module", "not imported", "not of MaskGCT's"):
        assert words in caught.value.message
    assert not (tmp_path / "out").exists()


def test_an_earlier_export_is_replaced_and_nothing_else(base: Path, tmp_path: Path) -> None:
    export(base, tmp_path / "out")
    with pytest.raises(FileExistsRefused):
        export(base, tmp_path / "out")
    export(base, tmp_path / "out", force=True)
    (tmp_path / "out" / "s2mel.pth").write_bytes(b"theirs")
    with pytest.raises(FileExistsRefused, match=r"this kind of output: s2mel\.pth"):
        export(base, tmp_path / "out", force=True)
    with pytest.raises(OptionError, match="has no name"):
        export(base, tmp_path / "other", name="mine")


def test_the_tables_are_made_anew_for_every_shape(base: Path, tmp_path: Path) -> None:
    shape = ModelConfig.model_validate(read_checkpoint(base, kind="voice").manifest.config)
    found = export_official(base, tmp_path / "out", SilentProgress(), force=False)
    assert found.manifest.name == "base"
    after = torch.load(tmp_path / "out" / "gpt.pth", weights_only=True)
    for name, table in sinusoid_tables(shape).items():
        assert torch.equal(after[name], table)
