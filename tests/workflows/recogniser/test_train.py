"""Twin of ``workflows/recogniser/train.py``: a tiny recogniser from a manifest to a folder that can be loaded."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from support.manifests import SENTENCES, tiny_manifest
from support.recognisers import TINY_RECOGNISER, phone_frontend, tiny_language, tiny_network
from support.speechlike import vowel_train

from amhctl.audio import files
from amhctl.audio.waveform import Waveform
from amhctl.checkpoint.folder import read_manifest
from amhctl.core.errors import (
    CheckpointError,
    ConfigError,
    DatasetError,
    FileExistsRefused,
    InUseError,
    ShortageError,
    TrainingError,
)
from amhctl.core.lock import LOCK_FILE, hold
from amhctl.core.progress import SilentProgress
from amhctl.corpus.records import read_records, write_records
from amhctl.recogniser.language import learn_language, spoken_words
from amhctl.recogniser.quantised import quantise
from amhctl.recogniser.recognition import load_recogniser
from amhctl.workflows.recogniser import train as train_recogniser
from amhctl.workflows.recogniser.train import RULES, TrainRecogniserReport, TrainRecogniserRequest, run

SETS = (
    "recogniser_training.steps=6",
    "recogniser_training.batch_seconds=3",
    "recogniser_training.warmup_steps=2",
    "recogniser_training.valid_every=3",
    "recogniser_training.save_every=2",
    "recogniser_training.precision=fp32",
)
ONE_STEP = (*SETS, "recogniser_training.steps=1")
(SKIPPED,) = (rule.code for rule in RULES)


class _Dies(SilentProgress):
    """Ends a run with an error after some steps, as a killed process would."""

    def __init__(self, after: int) -> None:
        self.left = after

    def advance(self, amount: int = 1, note: str = "") -> None:
        if note:
            self.left -= 1
            if self.left == 0:
                raise MemoryError


@pytest.fixture(autouse=True)
def _one_frontend(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read the tables of the frontend once for all tests of this file: its options are the default ones in each."""
    monkeypatch.setattr(train_recogniser, "Frontend", lambda *_: phone_frontend())


def _train(
    manifest: Path, output: Path, *, progress: SilentProgress | None = None, **options: object
) -> TrainRecogniserReport:
    values: dict[str, object] = {"preset": "tiny", "sets": SETS, "name": "young", **options}
    request = TrainRecogniserRequest((manifest,), output, **values)  # type: ignore[arg-type]
    return run(request, progress or SilentProgress())


def _files(folder: Path) -> dict[str, bytes]:
    """Return what a run left; of its checkpoints the newest, for an interrupted run has others before it."""
    found = {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}
    newest = max((name.split("/")[1] for name in found if name.startswith("checkpoints/")), default="")
    return {name: content for name, content in found.items() if newest in name or not name.startswith("checkpoints/")}


def _change(manifest: Path, number: int | None = None, **changes: object) -> None:
    """Change all records of a manifest, or one of them."""
    records = [
        record.model_copy(update=changes) if number is None or number == place else record
        for place, record in enumerate(read_records(manifest))
    ]
    write_records(manifest, records, force=True)


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a manifest of three clips to train on and one to measure."""
    path = tiny_manifest(tmp_path_factory.mktemp("clips"))
    _change(path, licence="CC0-1.0", source="a synthesiser", processing="cleaned by a sieve")
    return path


@pytest.fixture(scope="module")
def finished(manifest: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, TrainRecogniserReport]:
    """Return a finished run and its report."""
    output = tmp_path_factory.mktemp("runs") / "whole"
    return output, _train(manifest, output)


def test_what_was_trained_is_loaded_and_recognises(finished: tuple[Path, TrainRecogniserReport]) -> None:
    output, report = finished
    assert report.run.codec == output / "recogniser"
    recogniser = load_recogniser(str(report.run.codec), threads=1)
    assert recogniser.name == "young"
    found = recogniser.recognise(vowel_train())
    assert found.text == recogniser.write(found.labels)
    # Without further text, its language is that of the training texts.
    train = [spoken_words(phone_frontend(), text) for text in SENTENCES[1:4]]
    for name, content in learn_language(train, phone_frontend()).items():
        assert (report.run.codec / name).read_bytes() == content


def test_the_report_counts_clips_and_steps(finished: tuple[Path, TrainRecogniserReport], manifest: Path) -> None:
    output, report = finished
    seconds = sum(record.duration or 0.0 for record in read_records(manifest) if record.split == "train")
    assert report.ok
    assert report.findings == ()
    assert report.hours * 3600 == pytest.approx(seconds, abs=1e-3)
    assert report.payload() == {
        "recogniser": str(output / "recogniser"),
        "steps": 6,
        "best_step": report.run.best_step,
        "clips": 3,
        "hours": report.hours,
        "phone_error_rate": report.run.scores.phone_error_rate,
        "valid_clips": 1,
    }
    assert next(iter(report.lines())).startswith(f"recogniser {output / 'recogniser'} after 6 steps on 3 clips")
    rows = [json.loads(line) for line in (output / "journal.jsonl").read_text().splitlines()]
    assert [row["step"] for row in rows] == [1, 2, 3, 4, 5, 6]
    measured = {row["step"]: row["valid_phone_error_rate"] for row in rows if "valid_phone_error_rate" in row}
    assert set(measured) == {3, 6}
    assert measured[report.run.best_step] == min(measured.values())


def test_the_recogniser_says_what_it_was_made_of(finished: tuple[Path, TrainRecogniserReport]) -> None:
    output, report = finished
    written = read_manifest(output / "recogniser")
    assert (written.kind, written.sample_rate) == ("recogniser", 16_000)
    assert written.config == TINY_RECOGNISER.model_dump()
    assert [(licence.work, licence.licence) for licence in written.licences] == [("a synthesiser", "CC0-1.0")]
    assert written.processing == ("cleaned by a sieve",)
    assert written.metrics == {"phone_error_rate": report.run.scores.phone_error_rate, "clips": 1}
    assert written.training["step"] == report.run.best_step


def test_the_same_seed_gives_the_same_bytes(
    finished: tuple[Path, TrainRecogniserReport], manifest: Path, tmp_path: Path
) -> None:
    _train(manifest, tmp_path / "again", seed=0)
    assert _files(tmp_path / "again") == _files(finished[0])
    _train(manifest, tmp_path / "other", seed=1)
    name = "recogniser/model.safetensors"
    assert _files(tmp_path / "other")[name] != _files(finished[0])[name]


@pytest.mark.parametrize("after", [3, 5])
def test_a_killed_run_continues_bit_for_bit(
    finished: tuple[Path, TrainRecogniserReport], manifest: Path, tmp_path: Path, after: int
) -> None:
    with pytest.raises(ShortageError, match="too little memory"):
        _train(manifest, tmp_path / "cut", progress=_Dies(after))
    assert not (tmp_path / "cut" / "recogniser").exists()
    report = _train(manifest, tmp_path / "cut", resume=True)
    assert report.run.scores == finished[1].run.scores
    assert _files(tmp_path / "cut") == _files(finished[0])


def test_another_run_is_not_resumed(
    finished: tuple[Path, TrainRecogniserReport], manifest: Path, tmp_path: Path
) -> None:
    before = _files(finished[0])
    for options in ({"seed": 5}, {"sets": (*SETS, "recogniser_training.learning_rate=1e-5")}):
        with pytest.raises(TrainingError, match="another configuration, seed or data"):
            _train(manifest, finished[0], resume=True, **options)
    with pytest.raises(ConfigError, match="cannot be combined"):
        _train(manifest, finished[0], resume=True, force=True)
    with pytest.raises(FileExistsRefused):
        _train(manifest, finished[0])
    with (
        hold(finished[0] / LOCK_FILE, what="the run"),
        pytest.raises(InUseError, match="the run is in use"),
    ):
        _train(manifest, finished[0], resume=True)
    assert _files(finished[0]) == before
    with pytest.raises(TrainingError, match="no checkpoint to resume"):
        _train(manifest, tmp_path / "nowhere", resume=True)


def test_clips_that_cannot_be_used_are_skipped_with_their_reason(tmp_path: Path) -> None:
    manifest = tiny_manifest(tmp_path, count=8)
    _change(manifest, 1, text="…")
    _change(manifest, 2, text=" ".join(SENTENCES * 2))
    (tmp_path / "wav" / "r3.wav").unlink()
    files.write(tmp_path / "wav" / "r5.wav", vowel_train(seconds=3.0))
    files.write(tmp_path / "wav" / "r6.wav", Waveform(np.zeros(0, np.float32), 16_000))
    _change(manifest, 5, duration=None)
    _change(manifest, 6, duration=None)
    report = _train(manifest, tmp_path / "run", sets=(*ONE_STEP, "recogniser_training.longest_seconds=2.5"))
    assert report.clips == 1
    assert [(finding.code, finding.subject) for finding in report.findings] == [
        (SKIPPED, f"r{number}") for number in (1, 2, 3, 5, 6)
    ]
    reasons = [finding.message for finding in report.findings]
    assert reasons[0] == "the text cannot be read as phones"
    assert reasons[1].startswith("1.50 s are too short for ")
    assert reasons[2] == "the audio file does not exist"
    assert reasons[3] == "3.0 s, longer than 2.5 s"
    assert report.ok


def test_a_split_of_which_no_clip_can_be_used_is_refused(tmp_path: Path) -> None:
    manifest = tiny_manifest(tmp_path)
    _change(manifest, 0, text="")
    with pytest.raises(DatasetError, match="none of the 1 clips of split 'valid' can be used") as caught:
        _train(manifest, tmp_path / "run", sets=ONE_STEP)
    assert caught.value.hint == "the first is r0: the text cannot be read as phones"
    _change(manifest, split="valid")
    with pytest.raises(DatasetError, match="no clips of split 'train'") as caught:
        _train(manifest, tmp_path / "run", sets=ONE_STEP)
    assert caught.value.subject == str(manifest)
    assert "amhctl data split" in caught.value.hint
    with pytest.raises(ConfigError, match="width 16 is not a multiple of heads 3"):
        _train(manifest, tmp_path / "run", sets=(*SETS, "recogniser.heads=3"))
    assert not (tmp_path / "run").exists()


def test_another_recogniser_is_continued_with_its_shape_and_language(
    finished: tuple[Path, TrainRecogniserReport], tmp_path: Path
) -> None:
    base = finished[1].run.codec
    manifest = tiny_manifest(tmp_path, count=6)
    # What the configuration says of the shape does not count.
    sets = (
        *ONE_STEP,
        "recogniser.width=32",
        "recogniser_training.learning_rate=1e-9",
        "recogniser_training.head_rate=1e-9",
    )
    report = _train(manifest, tmp_path / "run", base=str(base), sets=sets)
    written, former = read_manifest(report.run.codec), read_manifest(base)
    assert written.config == former.config
    assert written.parent == former.files["model.safetensors"]
    assert {licence.work for licence in written.licences} >= {"a synthesiser"}
    for name in ("language.safetensors", "words.tsv.xz"):
        assert (report.run.codec / name).read_bytes() == (base / name).read_bytes()
    # At a rate of nothing, it is the base again.
    one, other = load_file(base / "model.safetensors"), load_file(report.run.codec / "model.safetensors")
    assert all(torch.equal(one[name], other[name]) for name in one if not name.endswith(".scale"))
    # Text of one's own takes the place of the base's language.
    (tmp_path / "text.txt").write_text("\n".join(SENTENCES), encoding="utf-8")
    again = _train(manifest, tmp_path / "own", base=str(base), sets=sets, texts=(tmp_path / "text.txt",))
    for name, content in tiny_language().items():
        assert (again.run.codec / name).read_bytes() == content


def test_an_encoder_of_whisper_is_begun_from(manifest: Path, tmp_path: Path) -> None:
    encoder = {name: value for name, value in tiny_network(seed=4).state_dict().items() if not name.startswith("head.")}
    stored = {f"encoder.{name}": value for name, value in encoder.items() if name.startswith("conv")}
    stored |= {f"encoder.layer_norm.{part}": encoder[f"norm.{name}"] for part, name in _GAMMA}
    for theirs, ours in _BLOCK.items():
        parts = _GAMMA if theirs.endswith("norm") else (("weight", "weight"), ("bias", "bias"))
        stored |= {f"encoder.layer_0.{theirs}.{part}": encoder[f"blocks.0.{ours}.{name}"] for part, name in parts}
    save_file(stored, tmp_path / "whisper.safetensors")
    sets = (*ONE_STEP, "recogniser_training.learning_rate=1e-9")
    report = _train(manifest, tmp_path / "run", base=str(tmp_path / "whisper.safetensors"), sets=sets)
    trained, begun = load_file(report.run.codec / "model.safetensors"), quantise(encoder)
    assert all(torch.equal(trained[name], value) for name, value in begun.items() if not name.endswith(".scale"))
    assert "OpenAI Whisper, encoder weights" in {licence.work for licence in read_manifest(report.run.codec).licences}
    with pytest.raises(CheckpointError, match="has shape"):
        _train(
            manifest,
            tmp_path / "other",
            base=str(tmp_path / "whisper.safetensors"),
            sets=(*ONE_STEP, "recogniser.width=32"),
        )
    with pytest.raises(CheckpointError, match="recogniser not found"):
        _train(manifest, tmp_path / "other", base="no-such-recogniser")


_GAMMA = (("gamma", "weight"), ("beta", "bias"))
_BLOCK = {
    "self_attention.layer_norm": "attention_norm",
    "self_attention.linear_0": "qkv",
    "self_attention.linear_1": "out",
    "ffn.layer_norm": "norm",
    "ffn.linear_0": "up",
    "ffn.linear_1": "down",
}


def test_text_in_which_nothing_can_be_read_is_refused(manifest: Path, tmp_path: Path) -> None:
    (tmp_path / "text.txt").write_text("…\n***\n", encoding="utf-8")
    with pytest.raises(DatasetError, match="no word that can be read") as caught:
        _train(manifest, tmp_path / "run", texts=(tmp_path / "text.txt",))
    assert caught.value.subject == str(tmp_path / "text.txt")
    with pytest.raises(DatasetError):
        _train(manifest, tmp_path / "run", texts=(tmp_path / "absent.txt",))


def test_what_is_read_is_not_written_over(manifest: Path, tmp_path: Path) -> None:
    before = _files(manifest.parent)
    with pytest.raises(FileExistsRefused, match="which the command reads"):
        _train(manifest, manifest.parent, force=True)
    assert _files(manifest.parent) == before
