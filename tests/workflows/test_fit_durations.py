"""The correction of a FlowVoice's durations: which clips it is measured on, and where it is written."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from support.flow_world import SPEAKERS, build_flow_world, request_flow
from support.training_world import TrainingWorld

from amhctl.checkpoint.store import tensor_differences
from amhctl.codes.store import CodeStore
from amhctl.core.errors import DatasetError, OptionError
from amhctl.core.progress import SilentProgress
from amhctl.inference.assemble import read_text_parts
from amhctl.inference.expected_length import expect_length
from amhctl.inference.on_torch import build_flow
from amhctl.model.flow_on_torch import FlowOnTorch
from amhctl.model.soundness import read_voice
from amhctl.workflows import train
from amhctl.workflows.ckpt.export import ExportCheckpointRequest
from amhctl.workflows.ckpt.export import run as export
from amhctl.workflows.fit_durations import Timed, fit_durations, refit_durations, scale_of


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> TrainingWorld:
    return build_flow_world(tmp_path_factory.mktemp("flow"))


@pytest.fixture(scope="module")
def voice(world: TrainingWorld, tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = tmp_path_factory.mktemp("runs") / "run"
    train.run(request_flow(world, run, "training.steps=3"), SilentProgress())
    return run / "best"


def stretch(world: TrainingWorld, factor: int, *, split: str) -> None:
    """Let the phones of a split's clips last longer, and their edges shorter: the frames of each stay what they are."""
    store = CodeStore.open(world.store)
    found = store.alignment()
    assert found is not None
    durations = {}
    for entry in store:
        frames_P = found.acoustic_durations(entry.id).astype(np.int64)
        if entry.record.split == split:
            # One silent piece before the first phone, one or two after the last: what they give, phones get.
            given = min(int(frames_P[0]) - 1, factor)
            frames_P[0] -= given
            frames_P[1] += given
        durations[entry.id] = frames_P.astype(np.uint16)
    store.write_alignment(
        durations, vocabulary_fingerprint=found.vocabulary_fingerprint, text_hash=found.text_hash, acoustic=True
    )


def test_speech_is_as_long_as_the_clips_after_the_correction(world: TrainingWorld, voice: Path) -> None:
    store, checkpoint = CodeStore.open(world.store), read_voice(voice)
    scale = fit_durations(checkpoint, store, SilentProgress())
    frontend, tokenizer = read_text_parts(checkpoint)
    network, alignment = FlowOnTorch(build_flow(checkpoint)), store.alignment()
    assert alignment is not None
    speakers = {name: tensor.numpy() for name, tensor in checkpoint.read_tensors("speakers.safetensors").items()}
    recorded = expected = 0.0
    for entry in store:
        length = expect_length(network, frontend, tokenizer, entry.record.text, speakers[entry.record.speaker])
        expected += length.speech
        # A piece before the first phone and, as texts have no mark, one after the last are silent.
        ids = tokenizer.encode(frontend.units(entry.record.text))
        silent = [tokenizer.vocabulary.is_silent(id_) for id_ in ids]
        first, last = silent.index(False), len(silent) - silent[::-1].index(False)
        recorded += float(alignment.acoustic_durations(entry.id)[first:last].sum())
    assert scale.overall == pytest.approx(recorded / expected, abs=1e-4)
    assert set(scale.speakers) == set(SPEAKERS)


def test_clips_of_the_test_split_are_not_looked_at(tmp_path: Path, voice: Path, world: TrainingWorld) -> None:
    other = build_flow_world(tmp_path / "other")
    assert other.vocabulary.read_bytes() == world.vocabulary.read_bytes()
    checkpoint = read_voice(voice)
    before = fit_durations(checkpoint, CodeStore.open(other.store), SilentProgress())
    stretch(other, 3, split="valid")
    after = fit_durations(checkpoint, CodeStore.open(other.store), SilentProgress())
    assert after.overall > before.overall
    index = next(other.store.rglob("*.jsonl"))
    index.write_text(re.sub('"split": ?"valid"', '"split":"test"', index.read_text()))
    without = fit_durations(checkpoint, CodeStore.open(other.store), SilentProgress())
    stretch(other, 2, split="test")
    assert fit_durations(checkpoint, CodeStore.open(other.store), SilentProgress()) == without


def test_only_the_manifest_changes(world: TrainingWorld, voice: Path, tmp_path: Path) -> None:
    before = read_voice(voice)
    scale = refit_durations(before, CodeStore.open(world.store), SilentProgress())
    after = read_voice(voice)
    # What the run itself has measured.
    assert before.manifest.duration_scale == scale == after.manifest.duration_scale
    assert after.manifest == before.manifest
    report = export(
        ExportCheckpointRequest(voice, tmp_path / "out", durations=world.store, speakers=("m02",)), SilentProgress()
    )
    assert report.manifest.duration_scale is not None
    assert set(report.manifest.duration_scale.speakers) == {"m02"}
    bare = replace(after, manifest=after.manifest.model_copy(update={"duration_scale": None}))
    assert fit_durations(bare, CodeStore.open(world.store), SilentProgress()) == scale
    assert tensor_differences(voice, voice) == ()


def test_a_speaker_of_few_clips_has_nearly_the_factor_of_all() -> None:
    many = [Timed("many", 110.0, 100.0)] * 90
    few = [Timed("few", 200.0, 100.0)] * 2
    scale = scale_of([*many, *few], frozenset({"many", "few"}))
    assert scale.overall == pytest.approx((90 * 110 + 400) / 9200, abs=1e-4)
    assert scale.speakers["many"] == pytest.approx((9900 + 1000 * scale.overall) / 10_000, abs=1e-4)
    assert scale.overall < scale.speakers["few"] < 1.3
    assert scale_of(few, frozenset()).speakers == {}
    # A voice that has learnt nothing may be off by more than speech can be corrected.
    assert scale_of([Timed("many", 900.0, 100.0)], frozenset()).overall == 2.0
    assert scale_of([Timed("many", 0.0, 0.0)], frozenset()).overall == 0.5


def test_a_store_that_says_nothing_about_the_voice_is_refused(voice: Path, tmp_path: Path) -> None:
    other = build_flow_world(tmp_path / "phones", units="phones")
    with pytest.raises(DatasetError, match="aligned with vocabulary"):
        fit_durations(read_voice(voice), CodeStore.open(other.store), SilentProgress())
    request = ExportCheckpointRequest(voice, tmp_path / "out", durations=other.store, format="indextts2")
    with pytest.raises(OptionError, match="only the durations of a FlowVoice"):
        export(request, SilentProgress())
    assert not (tmp_path / "out").exists()
