"""A voice in training hears who speaks, where there is more than one; what does not is told."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from support.training_runs import build_run, clips_of, network_of
from support.training_world import TINY_MEL, TINY_SPEC, build_training_world

from amhctl.batches.dataset import SpeechDataset
from amhctl.codes.store import CodeStore
from amhctl.codes.writer import StoreWriter
from amhctl.core.findings import Severity
from amhctl.core.progress import SilentProgress
from amhctl.corpus.records import Record
from amhctl.model.speaker_probe import SpeakerProbe, probe_latents, probe_synthetic_prompts
from amhctl.training.course import train
from amhctl.training.devices import connect_devices
from amhctl.training.journal import read_journal
from amhctl.training.loop import Loop
from amhctl.training.run import Outcome
from amhctl.training.speaker_probe import find_collapsed_speakers, probe_clips
from amhctl.training.standard import init_feature_scale

_COLLAPSED = SpeakerProbe(spread=0.001, largest=5.0)


def _two_speakers(folder: Path) -> None:
    """Write the world of a run: two speakers of unlike colour, each with codes of its own."""
    random = np.random.default_rng(0)
    folder.mkdir()
    shutil.rmtree(build_training_world(folder).store)
    with StoreWriter.create(folder / "store", TINY_SPEC, TINY_MEL) as store:
        for index in range(16):
            low = index % 2 == 0
            record = Record(
                id=f"clip{index:02d}",
                audio=f"clip{index:02d}.wav",
                text="ሰላም ለዓለም",
                speaker="low" if low else "high",
                split="valid" if index >= 14 else "train",
            )
            codes_QS = random.integers(0, 8, (2, 40), dtype=np.uint16) + np.uint16(0 if low else 8)
            tilt_F = np.linspace(-0.5, 0.5, TINY_MEL.bins) * (1 if low else -1)
            features_TF = random.normal(size=(80, TINY_MEL.bins)) * 2.5 - 6.0 + tilt_F
            store.append(record, codes_QS, features_TF.astype(np.float32))


def _latents(loop: Loop, store: CodeStore) -> dict[str, torch.Tensor]:
    """Return the speaker latents of each training clip, by speaker."""
    model = network_of(loop.run).eval()
    rows: dict[str, list[torch.Tensor]] = {}
    with torch.no_grad():
        for entry in clips_of(loop.run).originals:
            features_1TF = torch.from_numpy(store.conditioning(entry.id))[None]
            rows.setdefault(entry.record.speaker, []).append(model.speaker_latents(features_1TF).flatten())
    return {speaker: torch.stack(latents) for speaker, latents in rows.items()}


@pytest.mark.parametrize("norms", [True, False])
def test_two_speakers_come_apart_in_training(tmp_path: Path, norms: bool) -> None:
    """Their clips differ in colour, their codes altogether; what came before says nothing. Without norms, they do not.

    The published branch could learn it too, slowly: that it has not by then is what this test is able to see.
    """
    world = tmp_path / "run-world"
    _two_speakers(world)
    # The codes shown are noise: the prompt alone says which ones are to come.
    run = build_run(
        tmp_path / "run",
        aligned=False,
        norms=norms,
        steps=45,
        learning_rate=1.5e-3,
        batch_frames=200,
        code_replacement=0.95,
    )
    store = CodeStore.open(world / "store")
    init_feature_scale(network_of(run), store, clips_of(run))
    loop = Loop(run, connect_devices("cpu"))
    groups, batches = loop.groups(), loop.load_batches()
    for _ in range(run.config.steps):
        loop.step(next(groups), batches)
    latents = _latents(loop, store)
    apart = float((latents["low"].mean(dim=0) - latents["high"].mean(dim=0)).square().mean().sqrt())
    own = torch.cat([rows - rows.mean(dim=0) for rows in latents.values()])
    within = float(own.square().mean().sqrt())
    assert (apart > 0.2) == norms
    assert (apart > 4.0 * within) == norms
    assert probe_latents(network_of(run), [torch.randn(9, TINY_MEL.bins) for _ in range(3)]).largest < 100.0


def test_prompts_of_different_clips_are_heard(tmp_path: Path) -> None:
    run = build_run(tmp_path / "run")
    items = [run.train.item(index, 0) for index in range(len(run.train))]
    assert len({item.prompt_id for item in items}) > 2
    once = {item.prompt_id: torch.from_numpy(item.prompt_TF) for item in items}
    assert probe_clips(network_of(run), clips_of(run)) == probe_latents(network_of(run), [*once.values()])


def test_of_one_clip_noise_is_heard_instead(tmp_path: Path) -> None:
    run = build_run(tmp_path / "run")
    sole = SpeechDataset(CodeStore.open(tmp_path / "run-world" / "store"), run.train.entries[:1], {"clip00": (3, 4)})
    assert probe_clips(network_of(run), sole) == probe_synthetic_prompts(network_of(run))


def test_what_is_found_depends_on_the_model_and_the_speakers(tmp_path: Path) -> None:
    run = build_run(tmp_path / "run")
    model = network_of(run).config
    assert find_collapsed_speakers(SpeakerProbe(0.3, 5.0), clips_of(run), model, "v") == ()
    alone = find_collapsed_speakers(_COLLAPSED, clips_of(run), model, "v")[0]
    assert (alone.code, alone.severity, alone.subject) == ("R012", Severity.INFO, "v")
    assert "only from clips of several" in alone.hint
    published = find_collapsed_speakers(
        _COLLAPSED, clips_of(run), model.model_copy(update={"condition_norms": False}), "v"
    )[0]
    assert published.severity is Severity.WARNING
    assert "condition_norms" in published.hint


def test_a_run_writes_what_it_heard_and_tells_when_it_no_longer_hears(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = build_run(tmp_path / "run", norms=False, steps=4, valid_every=2)
    told: list[str] = []
    monkeypatch.setattr(SilentProgress, "say", lambda _, message: told.append(message))
    network_of(run).perceiver_encoder.proj_context.weight.data.mul_(1e9)
    outcome = train(run, SilentProgress(), device="cpu", resume=False)
    assert [finding.code for finding in outcome.findings] == ["R012"]
    assert len([line for line in told if "speaker collapse" in line]) == 1
    heard = [entry for entry in read_journal(run.folder.journal) if entry["kind"] == "valid"]
    assert [float(str(entry["speaker_activation"])) > 1e4 for entry in heard] == [True, True]
    assert all("speaker_spread" in entry for entry in heard)


def test_a_sound_run_has_nothing_to_tell(tmp_path: Path) -> None:
    run = build_run(tmp_path / "run", steps=2, valid_every=2)
    assert train(run, SilentProgress(), device="cpu", resume=False).findings == ()
    again = train(replace(run, model=run.model), SilentProgress(), device="cpu", resume=True)
    assert again == Outcome(again.state, False, ())
