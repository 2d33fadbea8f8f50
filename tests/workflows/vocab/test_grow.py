"""Voices and runs grow along a plan; a run goes on afterwards."""

import json
import random
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from support.flow_world import align_flow_world, build_flow_world, request_flow
from support.speaking_flow import flow_voice_folder, load_flow_voice
from support.training_world import TrainingWorld, build_training_world, request_training
from support.vocabularies import permuted
from support.voices import TEXTS as SPOKEN
from support.voices import any_speech, tiny_voice_folder

from amhctl.checkpoint.folder import CODEC_FOLDER, GRAPH, VOCODER_FOLDER, WEIGHTS_FILE
from amhctl.checkpoint.store import read_checkpoint, write_checkpoint
from amhctl.codec.vocoder_spec import DEFAULT_VOCODER, vocoder_path
from amhctl.config.text import TextConfig
from amhctl.core.errors import CheckpointError, FileExistsRefused, VocabularyError
from amhctl.core.progress import SilentProgress
from amhctl.text.frontend import Frontend
from amhctl.tokenizer.extend import extend_vocabulary
from amhctl.tokenizer.plan import plan_path
from amhctl.tokenizer.tokenizer import Tokenizer
from amhctl.tokenizer.train import train_vocabulary
from amhctl.tokenizer.vocabulary import Vocabulary
from amhctl.workflows import train
from amhctl.workflows.ckpt import export as export_checkpoint
from amhctl.workflows.ckpt import validate as validate_checkpoint
from amhctl.workflows.train import TrainRequest
from amhctl.workflows.vocab import extend as extend_workflow
from amhctl.workflows.vocab.grow import GrowCheckpointReport, GrowCheckpointRequest, run

TEXTS = ("ሰላም ለዓለም", "ቡና ጠጣ", "አዲስ አበባ", "ውሃ ፈሰሰ", "ልጁ ሮጠ", "ዛሬ ሰኞ ነው")
TABLES = ("text_embedding.weight", "text_head.weight", "text_head.bias")


def _lines() -> list[str]:
    frontend = Frontend(TextConfig(units="fidel"))
    return [frontend.units(text) for text in TEXTS] * 4


def _bpe_world(folder: Path) -> TrainingWorld:
    """Return the tiny world with a byte-pair vocabulary that leaves room for more merges."""
    world = build_training_world(folder)
    train_vocabulary(_lines(), size=366, units="fidel", model_type="bpe").write(world.vocabulary, force=True)
    return world


def _extend(base: Path, output: Path) -> Vocabulary:
    vocabulary, plan = extend_vocabulary(Vocabulary.read(base), _lines(), 372)
    vocabulary.write(output)
    plan.write(plan_path(output), vocabulary)
    return vocabulary


def _grow(vocabulary: Path, checkpoint: Path, output: Path, **options: object) -> GrowCheckpointReport:
    request = GrowCheckpointRequest(vocabulary=vocabulary, checkpoint=checkpoint, output=output)
    return run(replace(request, **options), SilentProgress())  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[TrainingWorld, Path]:
    folder = tmp_path_factory.mktemp("world")
    world = _bpe_world(folder)
    train.run(request_training(world, folder / "run", "training.steps=4"), SilentProgress())
    return world, folder / "run"


def test_a_run_grows_with_its_moments_and_goes_on(trained: tuple[TrainingWorld, Path], tmp_path: Path) -> None:
    world, origin = trained
    vocabulary = _extend(world.vocabulary, tmp_path / "v.model")
    report = _grow(tmp_path / "v.model", origin, tmp_path / "grown")
    assert report.optimizer
    assert json.loads(json.dumps(report.payload()))["added"] == 6
    before = read_checkpoint(origin / "checkpoints/step-00000004", kind="training")
    after = read_checkpoint(tmp_path / "grown/checkpoints/step-00000004", kind="training")
    for file in ("model.safetensors", "average.safetensors"):
        old, new = before.read_tensors(file), after.read_tensors(file)
        for name in TABLES:
            assert torch.equal(new[name][:366], old[name][:366])
            assert torch.equal(new[name][-1], old[name][-1])
        assert all(torch.equal(new[name], old[name]) for name in old if name not in TABLES)
    old, new = before.read_tensors("optimizer.safetensors"), after.read_tensors("optimizer.safetensors")
    assert set(old) == set(new)
    for name in TABLES:
        for slot in ("exp_avg", "exp_avg_sq"):
            key = f"{name}/{slot}"
            assert torch.equal(new[key][:366], old[key][:366])
            assert not new[key][366:372].any()
        assert torch.equal(new[f"{name}/step"], old[f"{name}/step"])
    assert old["text_embedding.weight/exp_avg"].any()
    went_on = train.run(
        TrainRequest(resume=tmp_path / "grown", sets=("training.steps=6",), device="cpu"), SilentProgress()
    )
    assert went_on.steps == 6
    growth = after.manifest.growth
    assert growth is not None
    assert (growth.base_size, before.manifest.growth) == (366, None)
    voice = read_checkpoint(tmp_path / "grown/best", kind="voice")
    assert voice.manifest.vocabulary is not None
    assert voice.manifest.vocabulary.fingerprint == vocabulary.fingerprint


def test_rows_of_a_permuted_vocabulary_land_on_their_strings(
    trained: tuple[TrainingWorld, Path], tmp_path: Path
) -> None:
    world, origin = trained
    voice = read_checkpoint(origin / "best", kind="voice")
    base = Vocabulary.read(world.vocabulary)
    order = list(range(3, base.size))
    random.Random(3).shuffle(order)
    order = [0, 1, 2, *order]
    theirs, identity = permuted(base, order), voice.manifest.vocabulary
    assert identity is not None
    tensors = {name: value[[*order, base.size]] if name in TABLES else value for name, value in voice.tensors.items()}
    files = {name: voice.read_bytes(name) for name in voice.manifest.files if name != "model.safetensors"}
    update = {"vocabulary": identity.model_copy(update={"fingerprint": theirs.fingerprint})}
    write_checkpoint(
        tmp_path / "shuffled",
        manifest=voice.manifest.model_copy(update=update),
        tensors=tensors,
        extra_files={**files, identity.file: theirs.model_bytes},
    )
    _extend(world.vocabulary, tmp_path / "v.model")
    _grow(tmp_path / "v.model", tmp_path / "shuffled", tmp_path / "a")
    _grow(tmp_path / "v.model", origin / "best", tmp_path / "b")
    one, other = (read_checkpoint(tmp_path / name, kind="voice") for name in "ab")
    assert all(torch.equal(one.tensors[name], other.tensors[name]) for name in other.tensors)
    assert torch.equal(one.tensors["text_embedding.weight"][:366], voice.tensors["text_embedding.weight"][:366])


def test_a_plan_of_another_base_is_refused_and_nothing_written(
    trained: tuple[TrainingWorld, Path], tmp_path: Path
) -> None:
    train_vocabulary(_lines(), size=368, units="fidel", model_type="bpe").write(tmp_path / "other.model")
    _extend(tmp_path / "other.model", tmp_path / "v.model")
    with pytest.raises(VocabularyError, match="another base"):
        _grow(tmp_path / "v.model", trained[1], tmp_path / "grown")
    _extend(trained[0].vocabulary, tmp_path / "w.model")
    with pytest.raises(VocabularyError, match="another vocabulary"):
        _grow(tmp_path / "v.model", trained[1], tmp_path / "grown", plan=tmp_path / "w.plan.json")
    with pytest.raises(VocabularyError, match=r"plan cannot be read"):
        _grow(trained[0].vocabulary, trained[1], tmp_path / "grown")
    assert not (tmp_path / "grown").exists()
    assert not list(tmp_path.glob(".grown*"))


def test_a_voice_keeps_its_codec_and_an_output_is_kept(tmp_path: Path) -> None:
    origin = tiny_voice_folder(tmp_path / "made", alignment=False)
    base = Vocabulary.read(origin / "vocabulary.model")
    vocabulary, plan = extend_vocabulary(base, ["səlam ።"], base.size)
    vocabulary.write(tmp_path / "v.model")
    plan.write(tmp_path / "v.plan.json", vocabulary)
    report = _grow(tmp_path / "v.model", origin, tmp_path / "grown")
    assert not report.optimizer
    names = [sorted(path.relative_to(f) for path in f.rglob("*")) for f in (origin, tmp_path / "grown")]
    assert names[0] == names[1]
    assert (tmp_path / "grown" / CODEC_FOLDER / "manifest.json").is_file()
    with pytest.raises(FileExistsRefused):
        _grow(tmp_path / "v.model", origin, tmp_path / "grown")


@pytest.mark.parametrize("content", ["{", "[]", '{"config": {"paths": []}}', '{"config": {"paths": {}}}'])
def test_a_run_whose_configuration_cannot_be_read_is_refused(
    content: str, trained: tuple[TrainingWorld, Path], tmp_path: Path
) -> None:
    world, origin = trained
    _extend(world.vocabulary, tmp_path / "v.model")
    shutil.copytree(origin, tmp_path / "run")
    (tmp_path / "run" / "config.json").write_text(content, encoding="utf-8")
    with pytest.raises(CheckpointError, match="the run's configuration cannot be read") as caught:
        _grow(tmp_path / "v.model", tmp_path / "run", tmp_path / "grown")
    assert caught.value.subject == str(tmp_path / "run" / "config.json")
    assert not (tmp_path / "grown").exists()


def _flow_with_graphs(folder: Path) -> Path:
    """Return a FlowVoice as it ships: with its vocoder, and graphs of both."""
    plain = flow_voice_folder(folder / "plain", model_type="bpe")
    shutil.copytree(vocoder_path(DEFAULT_VOCODER), plain / VOCODER_FOLDER)
    request = export_checkpoint.ExportCheckpointRequest(plain, folder / "shipped", format="onnx")
    return export_checkpoint.run(request, SilentProgress()).output


def test_a_flow_voice_grows_and_says_what_it_said(tmp_path: Path) -> None:
    origin = _flow_with_graphs(tmp_path)
    base = Vocabulary.read(origin / "vocabulary.model")
    (tmp_path / "more.txt").write_text("ደብረ ብርሃን\nጠረጴዛ ላይ\n" * 6, encoding="utf-8")
    request = extend_workflow.ExtendVocabularyRequest(
        base=origin / "vocabulary.model",
        corpus=(tmp_path / "more.txt",),
        output=tmp_path / "v.model",
        size=base.size + 6,
        base_checkpoint=origin,
        checkpoint_output=tmp_path / "grown",
    )
    extended = extend_workflow.run(request, SilentProgress()).vocabulary
    before, after = (read_checkpoint(folder, kind="voice") for folder in (origin, tmp_path / "grown"))
    manifest, former = after.manifest, before.manifest
    assert manifest.vocabulary is not None
    assert (manifest.vocabulary.size, manifest.vocabulary.fingerprint) == (base.size + 6, extended.fingerprint)
    assert manifest.config == {**former.config, "number_text_tokens": base.size + 6}
    assert (manifest.parent, manifest.text) == (former.files[WEIGHTS_FILE], former.text)
    assert (manifest.speakers, manifest.vocoder) == (former.speakers, former.vocoder)
    # Graphs refer to places in the weights that the voice had.
    assert set(former.files) - set(manifest.files) == {name for name in former.files if name.endswith(GRAPH)} != set()
    old, new = before.tensors.pop("text_embedding.weight"), after.tensors.pop("text_embedding.weight")
    assert new.dtype is old.dtype is torch.float16
    assert len(new) == base.size + 6
    assert torch.equal(new[: base.size], old)
    assert all(torch.equal(after.tensors[name], old) for name, old in before.tensors.items())
    speakers = [voice.read_tensors("speakers.safetensors") for voice in (before, after)]
    assert all(torch.equal(speakers[1][name], known) for name, known in speakers[0].items())
    validated = validate_checkpoint.ValidateCheckpointRequest(tmp_path / "grown", vocabulary=tmp_path / "v.model")
    assert validate_checkpoint.run(validated, SilentProgress()).ok

    # Weights alone: the same network as the grown voice, which has no graphs.
    handed_on = export_checkpoint.ExportCheckpointRequest(origin, tmp_path / "weights")
    export_checkpoint.run(handed_on, SilentProgress())
    one, other = (load_flow_voice(tmp_path / name) for name in ("weights", "grown"))
    spelt = [Tokenizer(each).encode(one.frontend.units(SPOKEN[2])) for each in (base, extended)]
    assert spelt[0] == spelt[1]
    said = [voice.speak(SPOKEN[2], any_speech()).waveform.samples for voice in (one, other)]
    assert said[0].tolist() == said[1].tolist()
    assert other.speak("ደብረ ብርሃን", any_speech()).waveform.samples.any()

    # Grown by its plan alone, it is the same.
    _grow(tmp_path / "v.model", origin, tmp_path / "again")
    assert (tmp_path / "again" / WEIGHTS_FILE).read_bytes() == (tmp_path / "grown" / WEIGHTS_FILE).read_bytes()


def test_a_run_of_a_flow_voice_grows_and_goes_on_and_its_best_voice_is_a_base(tmp_path: Path) -> None:
    world = build_flow_world(tmp_path / "world")
    train_vocabulary(_lines(), size=366, units="fidel", model_type="bpe").write(world.vocabulary, force=True)
    align_flow_world(world)
    train.run(request_flow(world, tmp_path / "run", "training.steps=3"), SilentProgress())
    _extend(world.vocabulary, tmp_path / "v.model")
    _grow(tmp_path / "v.model", tmp_path / "run", tmp_path / "longer")
    _grow(tmp_path / "v.model", tmp_path / "run/best", tmp_path / "voice")
    before = read_checkpoint(tmp_path / "run/checkpoints/step-00000003", kind="training")
    after = read_checkpoint(tmp_path / "longer/checkpoints/step-00000003", kind="training")
    for file, key in (("average.safetensors", ""), ("optimizer.safetensors", "/exp_avg"), (WEIGHTS_FILE, "")):
        old, new = (state.read_tensors(file).pop(f"text_embedding.weight{key}") for state in (before, after))
        assert (len(old), len(new)) == (366, 372)
        assert torch.equal(new[:366], old)

    grown = replace(world, vocabulary=tmp_path / "v.model")
    align_flow_world(grown)
    resumed = TrainRequest(resume=tmp_path / "longer", sets=("training.steps=4",), device="cpu")
    assert train.run(resumed, SilentProgress()).steps == 4
    sets = ("training.steps=2", "training.text_rows=new", "training.weight_decay=0.1", "training.learning_rate=0.01")
    request = request_flow(grown, tmp_path / "tuned", *sets, base=tmp_path / "voice")
    rows = train.run(request, SilentProgress()).payload()["parameters"]
    assert isinstance(rows, dict)
    assert rows["text_rows"] == {"base": 366, "new": 6, "base_frozen": True}
    tuned_voice = read_checkpoint(tmp_path / "tuned/best", kind="voice")
    old, new = (
        one.tensors["text_embedding.weight"] for one in (read_checkpoint(tmp_path / "voice", kind="voice"), tuned_voice)
    )
    assert torch.equal(new[:366], old[:366])
    tuned = tuned_voice.manifest
    assert tuned.growth is not None
    assert tuned.growth.base_size == 366
    assert tuned.parent == read_checkpoint(tmp_path / "voice", kind="voice").manifest.files[WEIGHTS_FILE]
    assert tuned.config["number_text_tokens"] == 372


def test_what_has_no_text_rows_is_refused(tmp_path: Path) -> None:
    origin = tiny_voice_folder(tmp_path / "made", alignment=False)
    base = Vocabulary.read(origin / "vocabulary.model")
    vocabulary, plan = extend_vocabulary(base, ["səlam ።"], base.size)
    vocabulary.write(tmp_path / "v.model")
    plan.write(tmp_path / "v.plan.json", vocabulary)
    with pytest.raises(CheckpointError, match="no text embedding"):
        _grow(tmp_path / "v.model", origin / CODEC_FOLDER, tmp_path / "grown")
    voice = read_checkpoint(origin, kind="voice")
    files = {name: voice.read_bytes(name) for name in voice.manifest.files if name != "model.safetensors"}
    tensors = {**voice.tensors, "text_head.bias": voice.tensors["text_head.bias"][1:]}
    write_checkpoint(tmp_path / "short", manifest=voice.manifest, tensors=tensors, extra_files=files)
    with pytest.raises(CheckpointError, match=r"text_head\.bias: shape"):
        _grow(tmp_path / "v.model", tmp_path / "short", tmp_path / "grown")
    assert not (tmp_path / "grown").exists()
