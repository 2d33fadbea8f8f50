"""Twin of ``workflows/codec/train.py``: a tiny codec from a manifest to a folder that the registry loads."""

import json
import os
import signal
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from support.codecs import tiny_dac, tiny_dac_folder
from support.manifests import tiny_manifest
from support.oddaudio import odd_recordings
from support.speechlike import vowel_train

from amhctl.audio.mel import log_mel
from amhctl.codec.registry import codec_path, load_codec, read_codec_manifest, read_mel
from amhctl.codec.vocoder import load_vocoder
from amhctl.codec.vocoder_spec import DEFAULT_VOCODER, read_vocoder_manifest, vocoder_path
from amhctl.codes.store import CodeStore
from amhctl.core.errors import (
    CodecError,
    ConfigError,
    DatasetError,
    FileExistsRefused,
    InUseError,
    ShortageError,
    TrainingError,
)
from amhctl.core.lock import LOCK_FILE, hold
from amhctl.core.progress import SilentProgress
from amhctl.corpus.records import Record, Split, read_records, write_records
from amhctl.training.codec_use import Collapse
from amhctl.training.mel_recipe import MelWeights
from amhctl.workflows.ckpt import validate as validate_checkpoint
from amhctl.workflows.ckpt.validate import ValidateCheckpointRequest
from amhctl.workflows.codec.train import TrainCodecReport, TrainCodecRequest, run
from amhctl.workflows.codes import extract as extract_codes

SETS = (
    "codec_training.steps=8",
    "codec_training.batch_size=2",
    "codec_training.segment_seconds=0.32",
    "codec_training.unquantised_steps=3",
    "codec_training.warmup_steps=2",
    "codec_training.valid_every=4",
    "codec_training.save_every=2",
    "codec_training.precision=fp32",
)


class _Dies(SilentProgress):
    """Ends a run with an error after some steps, as a killed process would."""

    def __init__(self, after: int) -> None:
        self.left = after

    def advance(self, amount: int = 1, note: str = "") -> None:
        if note:
            self.left -= 1
            if self.left == 0:
                raise MemoryError


class _Signalled:
    """An optimiser's step that gets a signal while it runs, after some others."""

    def __init__(self, after: int, number: signal.Signals) -> None:
        self.left = after
        self.number = number
        self.step = torch.optim.AdamW.step

    def __call__(self, optimizer: torch.optim.AdamW) -> None:
        self.left -= 1
        if self.left == 0:
            signal.raise_signal(self.number)
        self.step(optimizer)


def _train(
    manifest: Path, output: Path, *, progress: SilentProgress | None = None, **options: object
) -> TrainCodecReport:
    values: dict[str, object] = {"preset": "tiny", "sets": SETS, "name": "young", **options}
    request = TrainCodecRequest((manifest,), output, **values)  # type: ignore[arg-type]
    return run(request, progress or SilentProgress())


def _files(folder: Path) -> dict[str, bytes]:
    """Return what a run left; of its checkpoints the newest, for an interrupted run has others before it."""
    files = {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}
    newest = max((name.split("/")[1] for name in files if name.startswith("checkpoints/")), default="")
    return {name: content for name, content in files.items() if newest in name or not name.startswith("checkpoints/")}


def _change(manifest: Path, **changes: object) -> None:
    records = [record.model_copy(update=changes) for record in read_records(manifest)]
    write_records(manifest, records, force=True)


def _steps(output: Path) -> list[int]:
    return [json.loads(line)["step"] for line in (output / "journal.jsonl").read_text().splitlines()]


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a manifest of three clips to train on and one to measure."""
    path = tiny_manifest(tmp_path_factory.mktemp("clips"))
    _change(path, licence="CC0-1.0", source="a synthesiser", processing="cleaned by a sieve")
    return path


@pytest.fixture(scope="module")
def finished(manifest: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, TrainCodecReport]:
    """Return a finished run and its report."""
    output = tmp_path_factory.mktemp("runs") / "whole"
    return output, _train(manifest, output)


def test_the_registry_loads_what_was_trained(finished: tuple[Path, TrainCodecReport]) -> None:
    output, report = finished
    codec = load_codec(str(output / "codec"))
    assert report.run.codec == output / "codec"
    assert (codec.spec.name, codec.spec.codebooks, codec.spec.codebook_size) == ("young", 2, 16)
    clip = np.random.default_rng(0).normal(0.0, 0.1, 5_000).astype(np.float32)
    (codes,) = codec.encode([clip])
    assert codes.shape == (2, codec.spec.frames_of(clip.size))
    assert codec.decode([codes])[0].size == codes.shape[1] * codec.spec.frame_samples


def test_the_codec_says_what_it_was_made_of(finished: tuple[Path, TrainCodecReport], manifest: Path) -> None:
    output, report = finished
    written = read_codec_manifest(str(output / "codec"))
    assert [(licence.work, licence.licence) for licence in written.licences] == [("a synthesiser", "CC0-1.0")]
    assert written.processing == ("cleaned by a sieve",)
    assert written.metrics == {
        "mel_distance": report.run.scores.mel_distance,
        "stoi": report.run.scores.stoi,
        "codebook_usage": list(report.run.scores.usage),
        "clips": 1,
    }
    assert written.training["step"] == report.run.best_step
    assert report.run.best_step in (4, 8)
    assert written.data_fingerprint


def test_the_report_counts_the_training_clips(finished: tuple[Path, TrainCodecReport], manifest: Path) -> None:
    output, report = finished
    seconds = sum(record.duration or 0.0 for record in read_records(manifest) if record.split == "train")
    payload = report.payload()
    assert report.ok
    assert (payload["codec"], payload["steps"], payload["clips"]) == (str(output / "codec"), 8, 3)
    assert report.hours * 3600 == pytest.approx(seconds, abs=1e-3)
    assert payload["unreadable"] == []
    assert len(report.run.scores.usage) == 2
    assert all(0.0 < share <= 1.0 for share in report.run.scores.usage)
    assert json.loads(json.dumps(payload)) == payload
    assert "after 8 steps on 3 clips" in next(iter(report.lines()))
    assert _steps(output) == list(range(1, 9))


def test_the_same_seed_gives_the_same_bytes(
    finished: tuple[Path, TrainCodecReport], manifest: Path, tmp_path: Path
) -> None:
    _train(manifest, tmp_path / "again", seed=0)
    assert _files(tmp_path / "again") == _files(finished[0])
    _train(manifest, tmp_path / "other", seed=1)
    assert _files(tmp_path / "other")["codec/model.safetensors"] != _files(finished[0])["codec/model.safetensors"]


def _assert_resumed_equals_whole(manifest: Path, cut: Path, whole: tuple[Path, TrainCodecReport]) -> None:
    assert not (cut / "codec").exists()
    report = _train(manifest, cut, resume=True)
    assert report.run.scores == whole[1].run.scores
    assert _files(cut) == _files(whole[0])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("after", [1, 4, 7])  # the codebooks start in the fourth step
def test_an_interrupted_run_goes_on_bit_for_bit(
    finished: tuple[Path, TrainCodecReport],
    manifest: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    after: int,
    number: signal.Signals,
) -> None:
    step = _Signalled(after, number)
    with monkeypatch.context() as patch:
        patch.setattr(torch.optim.AdamW, "step", lambda self: step(self))
        with pytest.raises(KeyboardInterrupt):
            _train(manifest, tmp_path / "cut")
    assert _steps(tmp_path / "cut") == list(range(1, after + 1))
    _assert_resumed_equals_whole(manifest, tmp_path / "cut", finished)


@pytest.mark.parametrize("after", [3, 7])
def test_a_killed_run_goes_on_bit_for_bit(
    finished: tuple[Path, TrainCodecReport], manifest: Path, tmp_path: Path, after: int
) -> None:
    with pytest.raises(ShortageError, match="too little memory"):
        _train(manifest, tmp_path / "cut", progress=_Dies(after))
    _assert_resumed_equals_whole(manifest, tmp_path / "cut", finished)


def test_a_finished_run_is_resumed_to_itself(finished: tuple[Path, TrainCodecReport], manifest: Path) -> None:
    before = _files(finished[0])
    report = _train(manifest, finished[0], resume=True)
    assert report.run.steps == 8
    assert _files(finished[0]) == before


def test_another_run_is_not_resumed(finished: tuple[Path, TrainCodecReport], manifest: Path, tmp_path: Path) -> None:
    before = _files(finished[0])
    for options in ({"seed": 5}, {"sets": (*SETS, "codec_training.learning_rate=1e-5")}):
        with pytest.raises(TrainingError, match="another configuration, seed or data"):
            _train(manifest, finished[0], resume=True, **options)
    with pytest.raises(TrainingError, match="another configuration, seed or data"):
        _train(tiny_manifest(tmp_path), finished[0], resume=True)
    assert _files(finished[0]) == before
    with pytest.raises(TrainingError, match="no checkpoint to resume"):
        _train(manifest, tmp_path / "nowhere", resume=True)
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize("options", [{}, {"force": True}, {"resume": True}])
def test_a_run_that_another_process_trains_is_refused(
    finished: tuple[Path, TrainCodecReport], manifest: Path, options: dict[str, bool]
) -> None:
    before = _files(finished[0])
    with (
        hold(finished[0] / LOCK_FILE, what="the run"),
        pytest.raises(InUseError, match=f"the run is in use: process {os.getpid()} on "),
    ):
        _train(manifest, finished[0], **options)  # type: ignore[arg-type]
    assert _files(finished[0]) == before


def test_what_goes_on_is_not_forced(finished: tuple[Path, TrainCodecReport], manifest: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be combined"):
        _train(manifest, finished[0], resume=True, force=True)


def test_an_existing_folder_is_kept_unless_forced(
    finished: tuple[Path, TrainCodecReport], manifest: Path, tmp_path: Path
) -> None:
    output = tmp_path / "run"
    _train(manifest, output, sets=(*SETS, "codec_training.steps=5"), seed=3)
    before = _files(output)
    with pytest.raises(FileExistsRefused):
        _train(manifest, output)
    assert _files(output) == before
    _train(manifest, output, force=True)
    assert _files(output) == _files(finished[0])


@pytest.mark.parametrize(("split", "missing"), [("valid", "train"), ("train", "valid"), ("", "train")])
def test_both_splits_are_wanted(tmp_path: Path, split: str, missing: str) -> None:
    manifest = tiny_manifest(tmp_path, count=2)
    _change(manifest, split=split)
    with pytest.raises(DatasetError, match=f"no clips of split '{missing}'") as caught:
        _train(manifest, tmp_path / "run")
    assert caught.value.subject == str(manifest)
    assert "amhctl data split" in caught.value.hint
    assert not (tmp_path / "run").exists()


def test_a_clip_that_cannot_be_read_is_listed(tmp_path: Path) -> None:
    manifest = tiny_manifest(tmp_path)
    (tmp_path / "wav" / "r2.wav").unlink()
    report = _train(manifest, tmp_path / "run", sets=(*SETS, "codec_training.steps=1"))
    assert report.clips == 2
    assert report.payload()["unreadable"] == ["r2: the audio file does not exist"]
    (tmp_path / "wav" / "r0.wav").write_bytes(b"")
    with pytest.raises(DatasetError, match="none of the 1 clips of split 'valid' can be used") as caught:
        _train(manifest, tmp_path / "other")
    assert caught.value.hint == "the first is r0: the audio file is empty (0 bytes)"


def test_several_manifests_are_one_corpus(tmp_path: Path) -> None:
    one, other = tiny_manifest(tmp_path / "one", count=2), tiny_manifest(tmp_path / "other", count=4)
    request = TrainCodecRequest((one, other), tmp_path / "run", preset="tiny", sets=(*SETS, "codec_training.steps=1"))
    assert run(request, SilentProgress()).clips == 1 + 3


def test_a_bad_manifest_is_refused_with_its_line(tmp_path: Path) -> None:
    manifest = tiny_manifest(tmp_path)
    manifest.write_text(manifest.read_text(encoding="utf-8") + "{\n", encoding="utf-8")
    with pytest.raises(DatasetError, match="not JSON") as caught:
        _train(manifest, tmp_path / "run")
    assert caught.value.subject == f"{manifest}:5"
    with pytest.raises(DatasetError, match="cannot be opened"):
        _train(tmp_path / "absent.jsonl", tmp_path / "run")
    with pytest.raises(ConfigError, match="codec_training"):
        _train(manifest, tmp_path / "run", sets=("codec_training.stepps=3",))
    assert not (tmp_path / "run").exists()


DAC_SETS = (
    "dac_training.steps=4",
    "dac_training.segment_seconds=0.1",
    "dac_training.valid_every=2",
    "dac_training.save_every=2",
)


def test_a_dac_is_trained_adapted_and_loaded(manifest: Path, tmp_path: Path) -> None:
    first = _train(manifest, tmp_path / "first", arch="dac", sets=DAC_SETS)
    made = load_codec(str(first.run.codec)).spec
    assert (made.architecture, made.sample_rate, made.codebooks) == ("dac", 24_000, 2)
    # The base's shape holds, whatever the configuration says.
    sets = (*DAC_SETS, "dac_codec.n_codebooks=5", "dac_training.learning_rate=0.01")
    adapted = _train(manifest, tmp_path / "second", arch="dac", base=str(first.run.codec), sets=sets)
    other = load_codec(str(adapted.run.codec)).spec
    assert other.codebooks == 2
    assert other.fingerprint != made.fingerprint
    assert read_codec_manifest(str(adapted.run.codec)).parent == made.fingerprint
    report = _list_metrics(adapted)
    assert report["mel_distance"] == adapted.run.scores.mel_distance
    store = tmp_path / "store"
    wanted = extract_codes.ExtractCodesRequest(manifest, store, str(adapted.run.codec))
    assert extract_codes.run(wanted, SilentProgress()).utterances == 4
    assert CodeStore.open(store).spec == other
    with pytest.raises(TrainingError, match="another configuration, seed or data"):
        _train(manifest, tmp_path / "second", arch="dac", sets=sets, resume=True)


def test_a_mel_codec_goes_on_from_another_and_may_keep_its_codes(
    manifest: Path, finished: tuple[Path, TrainCodecReport], tmp_path: Path
) -> None:
    base = str(finished[1].run.codec)
    first = load_codec(base)
    clip = np.random.default_rng(0).normal(0, 0.1, 8_000).astype(np.float32)
    codes = first.encode([clip])
    for keep in (True, False):
        output = tmp_path / f"keep-{keep}"
        sets = (*SETS, f"codec_training.keep_codes={keep}", "mel_codec.width=32")
        report = _train(manifest, output, base=base, sets=sets)
        other = load_codec(str(report.run.codec))
        # Codes mean the same to both, so that each says what the other wrote, if with another sound.
        assert (other.spec.fingerprint == first.spec.fingerprint) == keep
        assert np.array_equal(other.encode([clip])[0], codes[0]) == keep
        assert not np.array_equal(other.decode(codes)[0], first.decode(codes)[0])
        made = read_codec_manifest(str(report.run.codec))
        assert made.parent == MelWeights(*read_mel(base)).fingerprint
        assert made.licences == read_codec_manifest(base).licences
        assert made.processing == read_codec_manifest(base).processing
        assert made.config == read_codec_manifest(base).config


def test_codes_of_nothing_cannot_be_kept(manifest: Path, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="keep_codes needs a base"):
        _train(manifest, tmp_path / "run", sets=(*SETS, "codec_training.keep_codes=true"))


TINY_24K = (
    "vocoder.width=16",
    "vocoder.blocks=2",
    "vocoder_training.batch_size=2",
    "vocoder_training.warmup_steps=2",
    "vocoder_training.discriminator_width=2",
    "vocoder_training.discriminator_periods=[2]",
    "vocoder_training.discriminator_windows=[256]",
    "vocoder_training.precision=fp32",
)
VOCODER_SETS = (
    "vocoder_training.steps=8",
    "vocoder_training.segment_seconds=0.2",
    "vocoder_training.adversarial_steps=3",
    "vocoder_training.discriminator_steps=2",
    "vocoder_training.blur=0.5",
    "vocoder_training.valid_every=4",
    "vocoder_training.save_every=3",
)


def _train_vocoder(manifest: Path, output: Path, **options: object) -> TrainCodecReport:
    return _train(manifest, output, **{"arch": "vocoder", "sets": VOCODER_SETS, **options})  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def vocoder_run(manifest: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, TrainCodecReport]:
    """Return a finished run of a vocoder and its report."""
    output = tmp_path_factory.mktemp("vocoders") / "whole"
    return output, _train_vocoder(manifest, output)


def test_a_vocoder_is_trained_loaded_and_sound(vocoder_run: tuple[Path, TrainCodecReport]) -> None:
    output, report = vocoder_run
    assert report.run.codec == output / "vocoder"
    spec = load_vocoder(str(output / "vocoder")).spec
    assert (spec.name, spec.sample_rate, spec.mel.bins) == ("young", 16_000, 20)
    assert next(iter(report.lines())).startswith(f"vocoder {output / 'vocoder'} after 8 steps on 3 clips")
    assert not any("codes" in line for line in report.lines())
    assert report.payload()["codebook_usage"] == []
    written = read_vocoder_manifest(str(output / "vocoder"))
    assert (written.metrics["mel_distance"], written.metrics["clips"]) == (report.run.scores.mel_distance, 1)
    for folder in (output / "vocoder", *(output / "checkpoints").iterdir()):
        assert validate_checkpoint.run(ValidateCheckpointRequest(folder), SilentProgress()).ok
    assert not (output / "codec").exists()


@pytest.mark.parametrize("after", [4, 7])  # before the vocoder hears of the discriminators, and after
def test_a_vocoders_killed_run_goes_on_bit_for_bit(
    vocoder_run: tuple[Path, TrainCodecReport], manifest: Path, tmp_path: Path, after: int
) -> None:
    with pytest.raises(ShortageError, match="too little memory"):
        _train_vocoder(manifest, tmp_path / "cut", progress=_Dies(after))
    report = _train_vocoder(manifest, tmp_path / "cut", resume=True)
    assert report.run.scores == vocoder_run[1].run.scores
    assert _files(tmp_path / "cut") == _files(vocoder_run[0])


def test_a_vocoder_goes_on_from_another_and_is_made_anew_when_forced(
    vocoder_run: tuple[Path, TrainCodecReport], manifest: Path, tmp_path: Path
) -> None:
    base = str(vocoder_run[1].run.codec)
    report = _train_vocoder(manifest, tmp_path / "on", base=base, sets=(*VOCODER_SETS, "vocoder.width=8"))
    made = read_vocoder_manifest(str(report.run.codec))
    assert made.parent == load_vocoder(base).spec.fingerprint
    assert made.config == read_vocoder_manifest(base).config
    assert made.licences == read_vocoder_manifest(base).licences
    _train_vocoder(manifest, tmp_path / "on", force=True)
    assert _files(tmp_path / "on") == _files(vocoder_run[0])
    # What a run leaves is one kind: the other's folder goes when a codec is trained in its place.
    _train(manifest, tmp_path / "on", sets=(*SETS, "codec_training.steps=4"), force=True)
    assert not (tmp_path / "on" / "vocoder").exists()


def test_a_vocoder_of_24_khz_is_trained_on_recordings_of_16(manifest: Path, tmp_path: Path) -> None:
    report = _train_vocoder(manifest, tmp_path / "run", preset="vocoder-24k", sets=(*VOCODER_SETS, *TINY_24K))
    vocoder = load_vocoder(str(report.run.codec))
    assert (vocoder.spec.sample_rate, vocoder.spec.mel.hop_samples) == (24_000, 240)
    clip = vowel_train(seconds=0.5, sample_rate=24_000).samples
    assert vocoder.synthesise([log_mel(clip, vocoder.spec.mel)[:-1]])[0].size == clip.size


def _list_metrics(report: TrainCodecReport) -> dict[str, object]:
    return dict(read_codec_manifest(str(report.run.codec)).metrics)


def test_a_base_is_of_the_architecture(manifest: Path, tmp_path: Path) -> None:
    weights = tmp_path / "weights.pth"
    tiny_dac().save(str(weights), package=False)
    for base in (str(tiny_dac_folder(tmp_path)), str(weights)):
        with pytest.raises(CodecError, match="not a mel codec"):
            _train(manifest, tmp_path / "run", base=base)
    with pytest.raises(CodecError, match="not a DAC"):
        _train(manifest, tmp_path / "run", arch="dac", base="mel16k")
    with pytest.raises(CodecError, match="not a vocoder"):
        _train(manifest, tmp_path / "run", arch="vocoder", base=str(codec_path("mel16k")))
    with pytest.raises(CodecError, match="holds a vocoder, not a codec"):
        _train(manifest, tmp_path / "run", base=str(vocoder_path(DEFAULT_VOCODER)))
    assert not (tmp_path / "run").exists()


def test_a_codebook_that_collapsed_is_a_finding(finished: tuple[Path, TrainCodecReport]) -> None:
    run = replace(finished[1].run, collapsed=(Collapse(2, 0.125),))
    report = replace(finished[1], run=run)
    (finding,) = report.findings
    assert (finding.code, finding.message) == ("R010", "codebook 2 has collapsed: 12% of its codes in use")
    assert report.ok


def _add_odd(manifest: Path, split: Split) -> dict[str, str]:
    """Put odd recordings into a split of a manifest; return the code of each."""
    names = odd_recordings(manifest.parent / "odd")
    odd = [Record(id=name, audio=f"odd/{name}", text="ሰላም", split=split) for name in names]
    write_records(manifest, [*read_records(manifest), *odd], force=True)
    return names


@pytest.mark.parametrize("split", ["train", "valid"])
def test_odd_clips_are_left_out_by_name(tmp_path: Path, split: Split) -> None:
    manifest = tiny_manifest(tmp_path)
    names = _add_odd(manifest, split)
    with pytest.raises(ShortageError, match="too little memory"):
        _train(manifest, tmp_path / "run", progress=_Dies(5))
    report = _train(manifest, tmp_path / "run", resume=True)
    left = {finding.subject for finding in report.findings if finding.code == "R011"}
    assert left >= {name for name, code in names.items() if code in ("D010", "D011", "D012", "D090")}
    assert left >= {name for name in names if name.startswith("short_") and split == "valid"}
    assert left == set(report.left_out)
    assert report.run.steps == 8
