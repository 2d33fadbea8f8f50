"""``ckpt validate`` on whole voices and codecs: silent on sound ones, and every tampering is found."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from support.codecs import tiny_codec_folder, tiny_dac_folder
from support.speaking_flow import flow_voice_folder
from support.vocoders import tiny_vocoder_folder
from support.voices import tiny_voice_folder

from amhctl.checkpoint.folder import MANIFEST_FILE, WEIGHTS_FILE, embedded_manifest
from amhctl.checkpoint.manifest import VocoderIdentity
from amhctl.checkpoint.store import read_checkpoint, write_checkpoint
from amhctl.codec.vocoder import load_vocoder
from amhctl.codec.vocoder_spec import DEFAULT_VOCODER, vocoder_path
from amhctl.config.mel import MelConfig
from amhctl.config.unified import ConformerConfig, ModelConfig
from amhctl.core.errors import CheckpointError
from amhctl.core.files import canonical_json, sha256_of_file
from amhctl.core.progress import SilentProgress
from amhctl.inference.catalog import voice_path
from amhctl.model.shapes import parameter_shapes
from amhctl.text.frontend import Frontend
from amhctl.text.lexicon import Lexicon
from amhctl.tokenizer.train import train_vocabulary
from amhctl.workflows.ckpt import export as export_checkpoint
from amhctl.workflows.ckpt import validate as validate_checkpoint
from amhctl.workflows.ckpt.export import ExportCheckpointRequest
from amhctl.workflows.ckpt.validate import ValidateCheckpointReport, ValidateCheckpointRequest, run


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_voice_folder(tmp_path_factory.mktemp("voice"))


@pytest.fixture
def voice(original: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(original, tmp_path / "voice"))


def validate(checkpoint: Path, vocabulary: Path | None = None, against: Path | None = None) -> ValidateCheckpointReport:
    return run(ValidateCheckpointRequest(checkpoint, vocabulary, against), SilentProgress())


def errors(report: ValidateCheckpointReport) -> set[str]:
    return {finding.code for finding in report.findings if finding.severity.value == "error"}


def rewrite(voice: Path, change: Callable[[dict[str, torch.Tensor]], object]) -> None:
    """Change the weights and repair every digest, as someone would who wants it to pass."""
    tensors = load_file(voice / WEIGHTS_FILE)
    inside = canonical_json(embedded_manifest(voice / WEIGHTS_FILE))
    change(tensors)
    save_file(tensors, voice / WEIGHTS_FILE, metadata={"manifest": inside})
    document = json.loads((voice / MANIFEST_FILE).read_text())
    document["files"][WEIGHTS_FILE] = sha256_of_file(voice / WEIGHTS_FILE)
    (voice / MANIFEST_FILE).write_text(json.dumps(document))


def test_a_sound_voice_and_a_sound_codec_pass(voice: Path, tmp_path: Path) -> None:
    others = (tiny_codec_folder(tmp_path, name="codec"), tiny_dac_folder(tmp_path, name="dac"))
    for folder in (voice, *others, tiny_vocoder_folder(tmp_path, name="vocoder")):
        report = validate(folder)
        assert report.ok, report.findings
        assert report.manifest is not None


def test_the_bundled_vocoder_is_sound() -> None:
    assert validate(vocoder_path(DEFAULT_VOCODER)).findings == ()


def test_a_voice_and_its_vocoder_share_a_spectrogram(voice: Path, tmp_path: Path) -> None:
    folder = tiny_vocoder_folder(tmp_path)
    spec = load_vocoder(str(folder)).spec

    def named(identity: VocoderIdentity) -> set[str]:
        loaded = read_checkpoint(voice, kind="voice")
        manifest = loaded.manifest.model_copy(update={"vocoder": identity})
        write_checkpoint(
            tmp_path / "other",
            manifest=manifest,
            tensors=loaded.tensors,
            extra_files=loaded.read_others(),
            beside=loaded.beside | {"vocoder": folder},
            force=True,
        )
        report = validate(tmp_path / "other")
        assert "vocoder" in report.checked
        # The tiny voice names no licence.
        return {finding.code for finding in report.findings} - {"C016"}

    assert named(spec.identity) == set()
    assert named(spec.identity.model_copy(update={"mel": MelConfig().model_dump()})) == {"C014"}
    assert named(spec.identity.model_copy(update={"mel": {"hops": 1}})) == {"C014"}
    shutil.rmtree(tmp_path / "other" / "vocoder")
    assert {finding.code for finding in validate(tmp_path / "other").findings} >= {"C015"}


def test_a_voice_that_does_not_hear_its_prompt_is_named(voice: Path) -> None:
    assert "C019" not in {finding.code for finding in validate(voice).findings}
    assert "hearing" in validate(voice).checked
    rewrite(voice, lambda tensors: tensors["perceiver_encoder.proj_context.weight"].mul_(1e-30))
    report = validate(voice)
    assert [finding.severity.value for finding in report.findings if finding.code == "C019"] == ["warning"]
    assert report.ok


def test_a_voice_whose_speakers_all_sound_alike_is_named(tmp_path: Path) -> None:
    folder = flow_voice_folder(tmp_path)
    report = validate(folder)
    assert "C019" not in {finding.code for finding in report.findings}
    assert "hearing" in report.checked
    rewrite(folder, lambda tensors: tensors["speaker.weight"].mul_(1e-4))
    report = validate(folder)
    (finding,) = [finding for finding in report.findings if finding.code == "C019"]
    assert (finding.severity.value, finding.subject) == ("warning", "tinyflow")
    assert "different speakers" in finding.message
    assert report.ok
    # Of one speaker, nothing is to be told apart.
    alone = ExportCheckpointRequest(folder, tmp_path / "alone", speakers=("f01",))
    of_one = validate(export_checkpoint.run(alone, SilentProgress()).output)
    assert "hearing" in of_one.checked
    assert "C019" not in {finding.code for finding in of_one.findings}
    # A layer of nothing but zeros is a fault of the weights.
    rewrite(folder, lambda tensors: tensors["speaker.weight"].zero_())
    assert errors(validate(folder)) == {"C024"}


def test_the_bundled_voice_is_sound() -> None:
    report = validate(voice_path("m01"))
    assert report.ok
    # Its tables may lie behind those of the package (C013): it reads by its own.
    assert {finding.code for finding in report.findings} <= {"C013"}


def test_a_changed_weight_is_found(voice: Path) -> None:
    content = bytearray((voice / WEIGHTS_FILE).read_bytes())
    content[-1] ^= 1
    (voice / WEIGHTS_FILE).write_bytes(bytes(content))
    assert errors(validate(voice)) == {"C002"}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda tensors: tensors.pop("text_embedding.weight"), "C007"),
        (lambda tensors: tensors.update(stranger=torch.zeros(1)), "C008"),
        (lambda tensors: tensors.update({"text_embedding.weight": torch.ones(3, 3)}), "C009"),
        (lambda tensors: tensors["text_embedding.weight"].fill_(float("nan")), "C010"),
        (lambda tensors: tensors["text_embedding.weight"].zero_(), "C024"),
        (lambda tensors: [tensor.zero_() for tensor in tensors.values()], "C024"),
        (lambda tensors: tensors.update({"text_embedding.weight": tensors["text_embedding.weight"].int()}), "C020"),
    ],
)
def test_weights_that_digests_cannot_betray_are_found(
    voice: Path, change: Callable[[dict[str, torch.Tensor]], object], code: str
) -> None:
    rewrite(voice, change)
    assert errors(validate(voice)) == {code}


def test_many_faults_are_reported_at_once(voice: Path) -> None:
    rewrite(voice, lambda tensors: tensors.update(stranger=torch.full((1,), float("inf"))))
    (voice / "text_state.json").write_text("{}")
    document = json.loads((voice / MANIFEST_FILE).read_text())
    document["sample_rate"] = 8000
    (voice / MANIFEST_FILE).write_text(json.dumps(document))
    assert errors(validate(voice)) == {"C002", "C004", "C008", "C010", "C012", "C021"}


def test_a_configuration_that_is_none(voice: Path) -> None:
    document = json.loads((voice / MANIFEST_FILE).read_text())
    document["config"]["layers"] = "many"
    (voice / MANIFEST_FILE).write_text(json.dumps(document))
    report = validate(voice)
    assert errors(report) == {"C004", "C006"}
    assert "config.layers" in {finding.subject for finding in report.findings}


def test_a_broken_manifest_is_a_finding_not_a_crash(voice: Path) -> None:
    (voice / MANIFEST_FILE).write_text("{")
    report = validate(voice)
    assert (errors(report), report.manifest, report.ok) == ({"C001"}, None, False)


def test_another_vocabulary_is_found(voice: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.model"
    train_vocabulary(["ሰላም።"], size=400, units="fidel", model_type="char").write(other)
    assert errors(validate(voice, vocabulary=other)) == {"C011"}
    assert validate(voice, vocabulary=voice / "vocabulary.model").ok


def test_a_checkpoint_is_compared_with_the_one_it_replaces(voice: Path, tmp_path: Path) -> None:
    assert validate(voice, against=voice).ok
    other = tiny_voice_folder(tmp_path / "other", alignment=False)
    report = validate(voice, against=other)
    assert errors(report) == {"C017"}
    assert all(f.subject.startswith("config.alignment") for f in report.findings if f.code == "C017")


@pytest.fixture
def official(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[dict[str, torch.Tensor]], set[str]]:
    """Return how to validate a foreign file whose tensors are those of a small official shape, but for some."""
    small = ModelConfig(
        model_dim=8,
        layers=1,
        heads=1,
        condition_dim=8,
        condition_module=ConformerConfig(output_size=8, linear_units=8, attention_heads=1, num_blocks=1),
        emo_condition_module=ConformerConfig(output_size=8, linear_units=8, attention_heads=1, num_blocks=1),
    )
    monkeypatch.setattr(validate_checkpoint, "OFFICIAL", small)
    whole = {name: torch.ones(shape) for name, shape in parameter_shapes(small).items()}
    # So it is in the official file.
    whole["speed_emb.weight"].zero_()

    def check(changed: dict[str, torch.Tensor]) -> set[str]:
        torch.save({"model": {**whole, **changed}}, tmp_path / "gpt.pth")
        return {f"{found.code} {found.subject}" for found in validate(tmp_path / "gpt.pth").findings}

    return check


def test_foreign_weights_are_compared_with_the_official_shape(
    official: Callable[[dict[str, torch.Tensor]], set[str]], tmp_path: Path
) -> None:
    name, matrix = "final_norm.weight", "mel_head.weight"
    assert official({}) == set()
    assert official({name: torch.ones(3)}) == {f"C009 {name}"}
    assert official({name: torch.full((8,), float("nan"))}) == {f"C010 {name}"}
    assert official({matrix: torch.zeros(8_194, 8)}) == {f"C024 {matrix}"}
    assert official({matrix: torch.ones(8_194, 8, dtype=torch.int32)}) == {f"C020 {matrix}"}
    # A fine-tune may have grown its vocabulary; its tables must agree on it.
    grown = {"text_embedding.weight": (24_001, 8), "text_head.weight": (24_001, 8), "text_head.bias": (24_001,)}
    rows = {each: torch.ones(shape) for each, shape in grown.items()}
    assert official(rows) == set()
    assert official({**rows, "text_head.bias": torch.ones(12_001)}) == {"C009 text_head.bias"}
    assert official({"text_embedding.weight": torch.ones(3)}) == {"C009 text_embedding.weight"}
    assert official({}) == set()
    document = torch.load(tmp_path / "gpt.pth")["model"]
    torch.save({each: tensor.float().zero_() for each, tensor in document.items()}, tmp_path / "gpt.pth")
    assert [found.code for found in validate(tmp_path / "gpt.pth").findings] == ["C024"]
    document.pop(name)
    torch.save(document, tmp_path / "gpt.pth")
    assert f"C007 {name}" in {f"{found.code} {found.subject}" for found in validate(tmp_path / "gpt.pth").findings}


def test_nothing_at_the_path_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="no such checkpoint"):
        validate(tmp_path / "absent")


def test_a_voices_own_lexicon_is_no_drift(voice: Path) -> None:
    lexicon = Lexicon({"CBE": "ሲ ቢ ኢ"}, {"ገና": "ɡənna"})
    state = Frontend.from_state(json.loads((voice / "text_state.json").read_text(encoding="utf-8")))
    (voice / "text_state.json").write_text(canonical_json(state.with_lexicon(lexicon).state()), encoding="utf-8")
    assert not [item.subject for item in validate(voice).findings if item.code == "C013"]


def test_an_expansion_that_changed_since_training_is_named(voice: Path) -> None:
    state = json.loads((voice / "text_state.json").read_text(encoding="utf-8"))
    abbreviations = state["tables"]["abbreviations"]
    doctor = next(written for written, spoken in abbreviations.items() if spoken == "ዶክተር")
    abbreviations[doctor] = "ሐኪም"
    (voice / "text_state.json").write_text(canonical_json(state), encoding="utf-8")
    drifted = [item for item in validate(voice).findings if item.code == "C013"]
    assert [item.subject for item in drifted] == [f"tables.abbreviations.{doctor}"]
    assert "ሐኪም" in drifted[0].message
    assert "ዶክተር" in drifted[0].message
