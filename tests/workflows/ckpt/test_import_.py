"""``ckpt import``: the files of IndexTTS-2 become a voice to train from; what they lack or do not show is named."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
import yaml
from safetensors.torch import save_file
from support.official import OfficialFiles, official_files, semantic_store
from support.training_world import build_training_world
from support.vocabularies import foreign_model
from torch import Tensor

from amhctl.checkpoint.folder import read_manifest
from amhctl.checkpoint.indextts import CODEC, LICENCE, PUBLISHED_SHA256, TERMS
from amhctl.checkpoint.lora import CONFIG_FILE, WEIGHTS_FILES
from amhctl.checkpoint.store import read_checkpoint
from amhctl.config.indextts import FEATURES
from amhctl.config.unified import ModelConfig
from amhctl.core.errors import CheckpointError, CodecError, ConfigError, FileExistsRefused, VocabularyError
from amhctl.core.files import sha256_of_file
from amhctl.core.progress import SilentProgress
from amhctl.model.official import sinusoid_tables
from amhctl.workflows import train
from amhctl.workflows.ckpt import diff as diff_checkpoints
from amhctl.workflows.ckpt import import_ as import_checkpoint
from amhctl.workflows.ckpt import show as show_checkpoint
from amhctl.workflows.ckpt.import_ import ImportCheckpointReport, ImportCheckpointRequest, run
from amhctl.workflows.ckpt.validate import ValidateCheckpointRequest
from amhctl.workflows.ckpt.validate import run as validate


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> OfficialFiles:
    return official_files(tmp_path_factory.mktemp("published"))


@pytest.fixture(scope="module")
def imported(files: OfficialFiles, tmp_path_factory: pytest.TempPathFactory) -> ImportCheckpointReport:
    return run(files.request(tmp_path_factory.mktemp("imported") / "base"), SilentProgress())


class Witness(SilentProgress):
    """Notes what is said, and whether anything had been written by then."""

    def __init__(self, output: Path) -> None:
        self.output = output
        self.said: list[tuple[str, bool]] = []

    def say(self, message: str) -> None:
        self.said.append((message, self.output.exists()))


def codes(report: ImportCheckpointReport, code: str) -> list[str]:
    return [finding.message for finding in report.findings if finding.code == code]


def saved(files: OfficialFiles, folder: Path, change: Callable[[dict[str, Tensor]], object]) -> ImportCheckpointRequest:
    """Return the request to take in weights that were changed."""
    folder.mkdir(exist_ok=True)
    tensors = {name: tensor.clone() for name, tensor in files.tensors.items()}
    change(tensors)
    torch.save(tensors, folder / "model.pth")
    return files.request(folder / "base", source=folder / "model.pth")


def test_an_import_has_every_bit_of_the_weights(files: OfficialFiles, imported: ImportCheckpointReport) -> None:
    voice = read_checkpoint(imported.output, kind="voice")
    assert voice.tensors.keys() == files.tensors.keys()
    assert all(torch.equal(voice.tensors[name], tensor) for name, tensor in files.tensors.items())
    assert imported.tensors == len(files.tensors)
    assert imported.parameters == sum(tensor.numel() for tensor in files.tensors.values())
    assert voice.read_bytes("vocabulary.model") == files.bpe.read_bytes()
    assert set(imported.left_out) == set(sinusoid_tables(files.shape))
    assert codes(imported, "C032") == [
        f"2 tensors that can be computed from the parameters: {', '.join(imported.left_out)}"
    ]


def test_the_manifest_says_what_the_voice_is(files: OfficialFiles, imported: ImportCheckpointReport) -> None:
    manifest = read_manifest(imported.output)
    assert ModelConfig.model_validate(manifest.config) == files.shape
    assert manifest.config["position_rule"] == "upstream"
    assert (manifest.kind, manifest.name, manifest.language, manifest.level) == ("voice", "base", "mul", None)
    assert manifest.codec == CODEC
    assert manifest.conditioning == FEATURES.model_dump(mode="json")
    assert manifest.licences == (LICENCE,)
    lineage = manifest.lineage
    assert lineage is not None
    assert (lineage.format, lineage.file, lineage.adapter) == ("indextts2", "gpt.pth", "")
    assert lineage.sha256 == sha256_of_file(files.weights)
    assert lineage.config == files.config.read_text()
    assert list(lineage.unproven) == codes(imported, "C033")


def test_an_import_is_sound_but_for_what_nobody_can_know(imported: ImportCheckpointReport) -> None:
    report = validate(ValidateCheckpointRequest(imported.output), SilentProgress())
    assert report.ok
    # No prompt, no codec at hand, no level, and a speaker branch of noise.
    assert {finding.code for finding in report.findings} <= {"C031", "C015", "C030", "C019"}
    assert {"C031", "C015", "C030"} <= {finding.code for finding in report.findings}


def test_the_terms_are_told_before_anything_is_written(files: OfficialFiles, tmp_path: Path) -> None:
    progress = Witness(tmp_path / "base")
    report = run(files.request(tmp_path / "base", name="mine"), progress)
    assert [(line, False) for line in TERMS] == progress.said[: len(TERMS)]
    assert report.payload()["terms"] == list(TERMS)
    assert report.manifest.name == "mine"
    assert LICENCE.licence in "\n".join(report.lines())


def test_every_tensor_at_fault_is_named_and_nothing_written(files: OfficialFiles, tmp_path: Path) -> None:
    blocks = [name for name in files.tensors if name.startswith("gpt.h.1.")]

    def break_it(tensors: dict[str, Tensor]) -> None:
        for name in blocks:
            del tensors[name]
        tensors["lang_embedding.weight"] = torch.ones(2, 2)
        tensors["mel_head.bias"] = torch.ones(3)
        tensors["final_norm.bias"] = torch.full((16,), float("nan"))
        tensors["final_norm.weight"] = torch.ones(16, dtype=torch.int32)

    with pytest.raises(CheckpointError) as caught:
        run(saved(files, tmp_path, break_it), SilentProgress())
    found = {(finding.code, finding.subject) for finding in caught.value.findings}
    assert found == {
        *(("C007", name) for name in blocks),
        ("C008", "lang_embedding.weight"),
        ("C009", "mel_head.bias"),
        ("C010", "final_norm.bias"),
        ("C020", "final_norm.weight"),
    }
    assert caught.value.message.startswith(f"{len(found)} wrong tensors: ")
    assert caught.value.message.endswith(f"; and {len(found) - 5} more")
    assert not (tmp_path / "base").exists()


@pytest.mark.parametrize("layout", ["linear", "table"])
def test_a_layout_that_is_not_the_official_one_is_refused(files: OfficialFiles, tmp_path: Path, layout: str) -> None:
    def change(tensors: dict[str, Tensor]) -> None:
        if layout == "linear":
            tensors["gpt.h.0.mlp.c_fc.weight"] = tensors["gpt.h.0.mlp.c_fc.weight"].T.contiguous()
        else:
            name = "conditioning_encoder.embed.pos_enc.pe"
            tensors[name] = sinusoid_tables(files.shape)[name].flip(1)

    with pytest.raises(CheckpointError, match=r"1 wrong tensor: (gpt\.h\.0\.mlp\.c_fc\.weight|conditioning_encoder)"):
        run(saved(files, tmp_path, change), SilentProgress())


def test_weights_of_another_vocabulary_are_refused(files: OfficialFiles, tmp_path: Path) -> None:
    (tmp_path / "other.model").write_bytes(foreign_model(size=50))
    pieces = files.shape.number_text_tokens
    with pytest.raises(CheckpointError, match=rf"{pieces + 1} rows, for {pieces} pieces; .* has 50"):
        run(files.request(tmp_path / "base", bpe=tmp_path / "other.model"), SilentProgress())
    (tmp_path / "padded.model").write_bytes(foreign_model(pad_id=3))
    with pytest.raises(VocabularyError, match="padding piece"):
        run(files.request(tmp_path / "base", bpe=tmp_path / "padded.model"), SilentProgress())


def grown(files: OfficialFiles, folder: Path) -> tuple[OfficialFiles, dict[str, Tensor]]:
    """Return the files of a fine-tune as forks make them: more pieces, copies, names of PEFT, a container."""
    bpe = foreign_model(size=80)
    tune = replace(official_files(folder, bpe=bpe, seed=1), folder=folder)
    tensors = dict(tune.tensors)
    rows = files.shape.number_text_tokens
    for name in ("text_embedding.weight", "text_head.weight", "text_head.bias"):
        tensors[name][:rows] = files.tensors[name][:rows]
    weights = {name: tensor for name, tensor in tensors.items() if not name.startswith("gpt.h.0.attn.c_attn")}
    for name in ("weight", "bias"):
        weights[f"gpt.h.0.attn.c_attn.base_layer.{name}"] = tensors[f"gpt.h.0.attn.c_attn.{name}"]
    weights["gpt.wte.weight"] = tensors["mel_embedding.weight"]
    weights["inference_model.lm_head.1.bias"] = tensors["mel_head.bias"] + 1.0
    torch.save({"model": weights, "step": 5}, folder / "model.pth")
    return tune, tensors


def test_an_older_fine_tune_is_taken_in_and_what_it_does_not_show_is_said(files: OfficialFiles, tmp_path: Path) -> None:
    tune, tensors = grown(files, tmp_path / "tune")
    # The forks leave config.yaml as it was.
    request = tune.request(tmp_path / "voice", source=tune.folder / "model.pth", config=files.config)
    report = run(request, SilentProgress())
    voice = read_checkpoint(report.output, kind="voice")
    assert all(torch.equal(voice.tensors[name], tensor) for name, tensor in tensors.items())
    assert voice.manifest.config["number_text_tokens"] == 80
    told = "\n".join(codes(report, "C033"))
    for words in (
        "which vocabulary its 81 text embeddings belong to: only the size of bpe.model could be checked",
        f"why config.yaml says {files.shape.number_text_tokens} pieces",
        "how its training texts were normalised",
        "their licences",
        "whether embeddings of its base were moved",
        "why the copy inference_model.lm_head.1.bias differs from its parameter",
    ):
        assert words in told


def test_a_fine_tune_is_compared_with_its_base(
    files: OfficialFiles, imported: ImportCheckpointReport, tmp_path: Path
) -> None:
    tune, _ = grown(files, tmp_path / "tune")
    request = tune.request(tmp_path / "voice", source=tune.folder / "model.pth", base=imported.output)
    report = run(request, SilentProgress())
    changes = codes(report, "C034")
    assert any("other tensors changed" in each for each in changes)
    assert not any("rows of" in each for each in changes), "the base's rows were kept"
    assert report.manifest.parent == imported.manifest.files["model.safetensors"]
    assert not any("row by row" in each for each in codes(report, "C033"))


def test_the_published_file_has_nobody_to_ask_about(
    files: OfficialFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_checkpoint, "PUBLISHED_SHA256", sha256_of_file(files.weights))
    told = "\n".join(codes(run(files.request(tmp_path / "base"), SilentProgress()), "C033"))
    assert "licences" not in told
    assert "row by row" not in told
    assert "which vocabulary" in told
    assert sha256_of_file(files.weights) != PUBLISHED_SHA256


def test_an_adapter_is_merged_on_the_way(files: OfficialFiles, tmp_path: Path) -> None:
    folder = tmp_path / "adapter"
    folder.mkdir()
    name = "base_model.model.h.0.mlp.c_fc"
    down, up = torch.randn(2, 16), torch.randn(64, 2)
    head = torch.randn(files.shape.number_text_tokens + 1, 16)
    save_file(
        {
            f"{name}.lora_A.weight": down,
            f"{name}.lora_B.weight": up,
        },
        folder / WEIGHTS_FILES[0],
    )
    (folder / CONFIG_FILE).write_text(json.dumps({"peft_type": "LORA", "r": 2, "lora_alpha": 4}))
    report = run(files.request(tmp_path / "voice", adapter=folder), SilentProgress())
    after = read_checkpoint(report.output, kind="voice").tensors
    wanted = dict(files.tensors)
    wanted["gpt.h.0.mlp.c_fc.weight"] = wanted["gpt.h.0.mlp.c_fc.weight"] + 2.0 * (up @ down).T
    assert all(torch.equal(after[each], tensor) for each, tensor in wanted.items())
    assert report.manifest.lineage is not None
    assert report.manifest.lineage.adapter == sha256_of_file(folder / WEIGHTS_FILES[0])
    # One that was trained with a grown vocabulary brings its tables along.
    save_file({"base_model.model.text_head.weight": head[:-1]}, folder / WEIGHTS_FILES[0])
    with pytest.raises(CheckpointError, match=r"1 wrong tensor: text_head\.weight"):
        run(files.request(tmp_path / "other", adapter=folder), SilentProgress())


def test_the_speech_encoder_is_named_where_it_is_given(
    files: OfficialFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = FEATURES.model_copy(update={"fingerprint": "e" * 64})

    class Loaded:
        config = known

    monkeypatch.setattr(import_checkpoint, "load_encoder", lambda *_arguments, **_options: Loaded)
    folder = tmp_path / "encoder"
    folder.mkdir()
    report = run(files.request(tmp_path / "base", features_model=folder), SilentProgress())
    assert report.manifest.conditioning == known.model_dump(mode="json")
    assert not any("w2v-bert" in each for each in codes(report, "C033"))
    Loaded.config = known.model_copy(update={"normalised": False})
    with pytest.raises(ConfigError, match="normalised False instead of True"):
        run(files.request(tmp_path / "other", features_model=folder), SilentProgress())


def test_a_store_of_other_codes_or_features_does_not_train_it(
    files: OfficialFiles, imported: ImportCheckpointReport, tmp_path: Path
) -> None:
    request = train.TrainRequest(preset="tiny", base=imported.output, run=tmp_path / "run", device="cpu")
    with pytest.raises(CodecError, match=r"not those of the base checkpoint: architecture mel instead of semantic"):
        train.run(replace(request, data=build_training_world(tmp_path / "mel").store), SilentProgress())
    store = semantic_store(tmp_path / "other", encoder=FEATURES.model_copy(update={"layer": 18, "fingerprint": "e"}))
    with pytest.raises(CheckpointError, match="layer 18 instead of 17"):
        train.run(replace(request, data=store), SilentProgress())


def test_other_commands_take_it_as_any_voice(files: OfficialFiles, imported: ImportCheckpointReport) -> None:
    shown = show_checkpoint.run(show_checkpoint.ShowCheckpointRequest(imported.output), SilentProgress())
    assert shown.payload()["manifest"]["lineage"]["sha256"] == sha256_of_file(files.weights)  # type: ignore[index]
    same = diff_checkpoints.DiffCheckpointsRequest(imported.output, imported.output)
    assert diff_checkpoints.run(same, SilentProgress()).payload()["differences"] == []


def test_another_network_is_refused_before_the_weights_are_read(files: OfficialFiles, tmp_path: Path) -> None:
    document = yaml.safe_load(files.config.read_text())
    document["gpt"]["lang_count"] = 107
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(document))
    with pytest.raises(ConfigError, match=r"gpt\.lang_count"):
        run(
            files.request(tmp_path / "base", config=tmp_path / "config.yaml", source=tmp_path / "no.pth"),
            SilentProgress(),
        )


def test_what_is_there_is_not_replaced(files: OfficialFiles, tmp_path: Path) -> None:
    (tmp_path / "base").mkdir()
    (tmp_path / "base" / "mine.txt").write_text("mine")
    for force in (False, True):
        with pytest.raises(FileExistsRefused):
            run(files.request(tmp_path / "base", force=force), SilentProgress())
    assert [path.name for path in (tmp_path / "base").iterdir()] == ["mine.txt"]


def test_noise_is_an_error_of_one_line(files: OfficialFiles, tmp_path: Path) -> None:
    (tmp_path / "gpt.pth").write_bytes(b"noise" * 99)
    with pytest.raises(CheckpointError, match="not a PyTorch file"):
        run(files.request(tmp_path / "base", source=tmp_path / "gpt.pth"), SilentProgress())
    assert not (tmp_path / "base").exists()
