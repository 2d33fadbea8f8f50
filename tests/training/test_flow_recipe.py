"""How a FlowVoice is trained: counts by hand, what is drawn, scales that are measured, and whom it tells apart."""

import numpy as np
import pytest
import torch
from support.flow_voices import waken
from support.flow_world import build_flow_run, build_flow_world

from amhctl.batches.acoustic_dataset import AcousticDataset
from amhctl.config.flow import FlowVoiceConfig
from amhctl.config.schema import TrainingConfig
from amhctl.model.flow_voice import FlowVoice
from amhctl.training import flow_recipe
from amhctl.training.flow_objective import FlowCounts, FlowObjective
from amhctl.training.flow_recipe import FlowRecipe, init_acoustic_scale
from amhctl.training.run import Run
from amhctl.training.seeding import generator_of
from amhctl.training.voice_recipe import Lengths


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("flow")
    return build_flow_run(folder / "run", build_flow_world(folder / "world"))


@pytest.fixture
def dataset(run: Run) -> AcousticDataset:
    assert isinstance(run.train, AcousticDataset)
    return run.train


@pytest.fixture
def recipe(run: Run) -> FlowRecipe:
    assert isinstance(run.recipe, FlowRecipe)
    return run.recipe


def fresh(run: Run) -> FlowVoice:
    model = FlowVoice(run.recipe.shape)  # type: ignore[attr-defined]
    model.load_state_dict(run.model.state_dict())
    return model


def test_real_targets_are_counted_by_hand() -> None:
    lengths = Lengths(frames=(7, 10, 3), text=(2, 5, 1))
    recipe = FlowRecipe(FlowVoiceConfig())
    # Steps of two frames of 80 bins: 4, 5 and 2 of them.
    assert recipe.count(lengths, ((0,), (1, 2))) == FlowCounts(values=11 * 160, pieces=8, items=3)
    assert recipe.count(lengths, ((2,),)) == FlowCounts(values=320, pieces=1, items=1)
    thirds = FlowRecipe(FlowVoiceConfig(stacked_frames=3))
    assert thirds.count(lengths, ((0, 1),)).values == (3 + 4) * 240


def test_means_are_sums_over_counts() -> None:
    recipe = FlowRecipe(FlowVoiceConfig())
    config = TrainingConfig(prosody_weight=0.5, duration_weight=0.25)
    losses = recipe.summarize([32.0, 12.0, 6.0, 18.0, 20.0], FlowCounts(16, 2, 1), config)
    assert (losses.mel, losses.prosody, losses.duration, losses.length_ratio) == (2.0, 2.0, 3.0, 0.9)
    assert losses.total == 2.0 + 0.5 * 2.0 + 0.25 * 3.0
    nothing = recipe.summarize([0.0] * 5, FlowCounts(0, 0, 0), config)
    assert (nothing.total, nothing.length_ratio) == (0.0, 0.0)


def test_the_sum_that_is_minimised_is_the_mean_that_is_told(run: Run, recipe: FlowRecipe) -> None:
    items = [run.train.item(index, 0) for index in (0, 1, 2)]
    batch = recipe.collate(items)
    counts = recipe.count(Lengths.of(run.train), ((0, 1, 2),))
    objective = recipe.objective(fresh(run).eval(), run.config, "fp32")
    assert isinstance(objective, FlowObjective)
    loss, packed = objective(batch, *recipe.inputs(batch, counts, run.config, seed=0, step=1, place=0))
    losses = recipe.summarize(packed.tolist(), counts, run.config)
    assert losses.total == pytest.approx(loss.item(), rel=1e-5)
    assert counts.values == int(batch.mel_lengths_B.sum()) * 80


def test_training_draws_by_step_and_place_and_validation_always_alike(run: Run, recipe: FlowRecipe) -> None:
    batch = recipe.collate([run.train.item(index, 0) for index in range(8)])
    counts = recipe.count(Lengths.of(run.train), (tuple(range(8)),))

    def noise(step: int, place: int, seed: int = 0) -> torch.Tensor:
        draws, _ = recipe.inputs(batch, counts, run.config, seed=seed, step=step, place=place)
        return draws.noise_BMX

    assert torch.equal(noise(1, 0), noise(1, 0))
    others = [noise(2, 0), noise(1, 1), noise(1, 0, seed=1)]
    assert not any(torch.equal(noise(1, 0), other) for other in others)
    first, second = (recipe.valid_inputs(batch, counts, seed=0, place=place)[0] for place in (0, 1))
    assert torch.equal(first.noise_BMX, recipe.valid_inputs(batch, counts, seed=0, place=0)[0].noise_BMX)
    assert not torch.equal(first.noise_BMX, second.noise_BMX)
    # The voice speaks with its text, and chooses pitch and energy itself.
    assert not first.dropped_B.any()
    assert not first.prosody_known_B.any()
    assert not first.coded_B.any()


def test_a_new_voice_begins_at_the_scale_of_its_data(run: Run, recipe: FlowRecipe, dataset: AcousticDataset) -> None:
    model = FlowVoice(recipe.shape)
    init_acoustic_scale(model, dataset)
    items = [dataset.item(index, 0) for index in range(len(dataset))]
    rows = {
        "mel": np.concatenate([item.mel_TF for item in items]),
        "prosody": np.concatenate([item.prosody_P3 for item in items]),
        "noise": np.array([[item.noise] for item in items], dtype=np.float32),
    }
    for name, values in rows.items():
        standard = getattr(model, f"{name}_standard")
        brought = standard(torch.from_numpy(values)).double()
        width = values.shape[1]
        torch.testing.assert_close(brought.mean(0), torch.zeros(width).double(), atol=1e-4, rtol=0.0)
        deviation = brought.square().mean(0).sqrt()
        torch.testing.assert_close(deviation, torch.ones(width).double(), atol=1e-3, rtol=0.0)


def test_a_new_voice_expects_the_mean_duration(run: Run, dataset: AcousticDataset) -> None:
    model = fresh(run)
    init_acoustic_scale(model, dataset)
    item = dataset.item(0, 0)
    text = model.encode(
        torch.from_numpy(item.text_P)[None], torch.tensor([item.text_P.size]), torch.from_numpy(item.speaker_E)[None]
    )
    expected = (model.log_durations(text).detach().exp() - 1.0).mean().item()
    assert expected == pytest.approx(sum(dataset.lengths) / sum(dataset.text_lengths), rel=0.2)


def test_a_bin_that_hardly_moves_is_not_blown_up(
    recipe: FlowRecipe, dataset: AcousticDataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = AcousticDataset.item

    def without_treble(self: AcousticDataset, index: int, epoch: int) -> object:
        item = whole(self, index, epoch)
        item.mel_TF[:, 70:] = -11.5
        return item

    monkeypatch.setattr(AcousticDataset, "item", without_treble)
    model = FlowVoice(recipe.shape)
    init_acoustic_scale(model, dataset)
    deviation = model.mel_standard.deviation
    true_mean = float(deviation[:70].sum()) / 80
    assert deviation[70:].tolist() == pytest.approx([0.1 * true_mean] * 10, rel=1e-3)


def test_it_is_heard_whether_a_voice_tells_speakers_apart(
    run: Run, recipe: FlowRecipe, dataset: AcousticDataset
) -> None:
    model = waken(fresh(run))
    speaker_probe = recipe.probe_speakers(model, dataset)
    assert speaker_probe.fault == ""
    assert speaker_probe.spread is not None
    assert speaker_probe.spread > 0.02
    assert model.training
    assert recipe.find_collapsed_speakers(speaker_probe, dataset, "run") == ()
    assert recipe.probe_speakers(model.eval(), dataset) == speaker_probe
    assert not model.training


def test_a_voice_without_a_speaker_layer_is_deaf(run: Run, recipe: FlowRecipe, dataset: AcousticDataset) -> None:
    model = waken(fresh(run))
    torch.nn.init.zeros_(model.speaker.weight)
    speaker_probe = recipe.probe_speakers(model, dataset)
    assert speaker_probe.spread is not None
    assert speaker_probe.spread < 1e-6
    (finding,) = recipe.find_collapsed_speakers(speaker_probe, dataset, "run")
    assert (finding.code, finding.subject) == ("R012", "run")


def test_of_one_speaker_nothing_is_to_be_told_apart(
    run: Run, recipe: FlowRecipe, dataset: AcousticDataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = waken(fresh(run))
    torch.nn.init.zeros_(model.speaker.weight)
    alone = {"f01": dataset.speakers()["f01"]}
    monkeypatch.setattr(AcousticDataset, "speakers", lambda self: alone)
    speaker_probe = recipe.probe_speakers(model, dataset)
    assert speaker_probe.spread is None
    assert recipe.find_collapsed_speakers(speaker_probe, dataset, "run") == ()


def test_noise_of_training_is_drawn_where_the_batch_is_and_that_of_validation_alike_everywhere(
    run: Run, dataset: AcousticDataset, recipe: FlowRecipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def generator(seed: int, *keys: str | int, device: torch.device | str = "cpu") -> torch.Generator:
        asked.append(str(device))
        return generator_of(seed, *keys, device=device)

    monkeypatch.setattr(flow_recipe, "generator_of", generator)
    batch = recipe.collate([dataset.item(index, 0) for index in range(2)]).to("meta")
    counts = recipe.count(Lengths.of(dataset), ((0, 1),))
    draws, *_ = recipe.inputs(batch, counts, run.config, seed=0, step=1, place=0)
    assert draws.noise_BMX.device.type == "meta"
    recipe.valid_inputs(batch, counts, seed=0, place=0)
    assert asked == ["meta", "cpu"]
