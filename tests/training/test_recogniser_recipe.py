"""A recogniser's steps: determinism, what each setting changes, what is kept, and that it learns."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from support.recogniser_runs import QUICK, STILL, tone_clip, tone_material
from support.recognisers import TINY_RECOGNISER, tiny_network
from torch.nn import functional

from amhctl.config.recogniser import RecogniserTrainingConfig
from amhctl.core.errors import CheckpointError, TrainingError
from amhctl.core.progress import SilentProgress
from amhctl.nn.onnx_session import OnnxSession
from amhctl.recogniser.error_rate import count_errors
from amhctl.recogniser.features import speech_features
from amhctl.recogniser.graph import GRAPH_FILE
from amhctl.recogniser.labels import BORDER
from amhctl.recogniser.quantised import quantise, restore
from amhctl.training.codec_loop import train_codec
from amhctl.training.recogniser_recipe import RecogniserRecipe, RecogniserScores

PLAIN = QUICK.model_copy(update={"augment": STILL, "time_masks": 0, "band_masks": 0})


def _recipe(config: RecogniserTrainingConfig = QUICK, **options: object) -> RecogniserRecipe:
    values: dict[str, object] = {"seed": 1, "material": tone_material(), **options}
    return RecogniserRecipe(TINY_RECOGNISER, config, **values)  # type: ignore[arg-type]


def test_a_step_depends_on_seed_step_and_state_only() -> None:
    one, other = _recipe(), _recipe()
    torch.manual_seed(99)
    for step in range(4):
        assert one.advance(step).values == other.advance(step).values
        torch.rand(3)
    assert _recipe(seed=2).advance(0).values != _recipe().advance(0).values


@pytest.mark.parametrize(
    "option",
    [
        {"dropout": 0.0},
        {"augment": STILL},
        {"time_masks": 0},
        {"band_masks": 0},
        {"batch_seconds": 0.1},
        {"learning_rate": 1e-3},
        {"head_rate": 1e-3},
        {"weight_decay": 0.5},
        {"clip_norm": 1e-3},
    ],
)
def test_each_setting_changes_the_run(option: dict[str, object]) -> None:
    def norms(config: RecogniserTrainingConfig) -> list[float]:
        recipe = _recipe(config)
        return [recipe.advance(step).values["norm"] for step in range(3)]

    assert norms(QUICK) != norms(QUICK.model_copy(update=option))


def test_the_loss_is_that_of_ctc_for_each_label() -> None:
    config = PLAIN.model_copy(update={"dropout": 0.0, "batch_seconds": 99.0})
    recipe, material = _recipe(config), tone_material()
    network = recipe.networks["model"]
    total = 0.0
    with torch.no_grad():
        for clip in material.train:
            logits, counts = network(torch.from_numpy(speech_features(clip.waveform.samples))[None])
            values = logits.log_softmax(-1).transpose(0, 1)
            targets, length = torch.tensor([clip.labels]), torch.tensor([len(clip.labels)])
            total += float(functional.ctc_loss(values, targets, counts, length, reduction="sum"))
    labels = sum(len(clip.labels) for clip in material.train)
    assert recipe.advance(0).values["ctc"] == pytest.approx(total / labels, rel=1e-5)


def test_a_clip_too_short_for_its_text_teaches_nothing() -> None:
    material = tone_material(clips=1)
    short = tone_clip("short", (2,))
    spoiled = replace(material, train=[replace(short, labels=(2, 3) * 20)])
    config = QUICK.model_copy(update={"augment": STILL})
    values = _recipe(config, material=spoiled).advance(0).values
    assert values == {"ctc": 0.0, "norm": 0.0}


def test_every_clip_is_seen_in_each_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []

    def features(clip: object, config: object, *, seed: int, step: int) -> np.ndarray:
        seen.append(clip.id)  # type: ignore[attr-defined]
        return speech_features(clip.waveform.samples)  # type: ignore[attr-defined]

    monkeypatch.setattr("amhctl.training.recogniser_recipe.clip_features", features)
    recipe = _recipe(QUICK.model_copy(update={"batch_seconds": 0.1}))
    for step in range(12):
        recipe.advance(step)
    # One clip a step: two passes over six clips, in another order each.
    assert sorted(seen[:6]) == sorted(seen[6:]) == [f"c{number}" for number in range(6)]
    assert seen[:6] != seen[6:]
    # A run that continues at a step takes the clips of that step.
    later = _recipe(QUICK.model_copy(update={"batch_seconds": 0.1}))
    seen.append("then")
    later.advance(9)
    assert seen[-1] == seen[9]


def test_rates_of_encoder_and_output_layer_have_their_own_peaks() -> None:
    recipe = _recipe()
    recipe.advance(0)
    (optimizer,) = recipe.optimizers.values()
    rates = {
        name: (group["lr"], group["weight_decay"])
        for group in optimizer.param_groups
        for name, parameter in recipe.networks["model"].named_parameters()
        if any(parameter is each for each in group["params"])
    }
    assert set(rates) == set(recipe.stored()) - {name for name in recipe.stored() if name.endswith(".scale")}
    ratio = rates["head.weight"][0] / rates["conv1.weight"][0]
    assert ratio == pytest.approx(QUICK.head_rate / QUICK.learning_rate)
    assert rates["head.weight"][1] == rates["conv1.weight"][1] == QUICK.weight_decay
    assert rates["head.bias"][1] == rates["norm.weight"][1] == 0.0


def test_averaged_weights_are_kept_in_bytes() -> None:
    recipe = _recipe()
    for step in range(3):
        recipe.advance(step)
    model, average = (recipe.networks[name].state_dict() for name in ("model", "average"))
    stored, wanted = recipe.stored(), quantise(average)
    assert set(stored) == set(wanted)
    assert all(torch.equal(value, wanted[name]) for name, value in stored.items())
    assert any(not torch.equal(value, quantise(model)[name]) for name, value in stored.items())
    followed = _recipe(QUICK.model_copy(update={"ema_decay": 0.0}))
    followed.advance(0)
    now, then = (followed.networks[name].state_dict() for name in ("model", "average"))
    assert all(torch.equal(value, then[name]) for name, value in now.items())


def test_it_learns_what_tones_are_called() -> None:
    config = PLAIN.model_copy(
        update={"steps": 200, "batch_seconds": 6.0, "head_rate": 0.02, "learning_rate": 0.01, "dropout": 0.0}
    )
    recipe = _recipe(config, material=tone_material(clips=8, kinds=3))
    before = recipe.measure()
    losses = [recipe.advance(step).values["ctc"] for step in range(200)]
    assert np.mean(losses[-10:]) < 0.1 * np.mean(losses[:10])
    after = recipe.measure()
    assert after.phone_error_rate < 0.3 < 0.9 < before.phone_error_rate
    # It is measured as it will be loaded, and measuring changes nothing.
    stored = recipe.stored()
    recipe.restore(stored)
    assert recipe.measure().phone_error_rate == pytest.approx(after.phone_error_rate, abs=0.1)
    restored = recipe.networks["average"].state_dict()
    assert all(torch.equal(value, restored[name]) for name, value in restore(stored).items())


def test_errors_are_those_of_the_phones_of_all_clips_that_are_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    material = tone_material()
    found = (2, BORDER, 3)
    monkeypatch.setattr("amhctl.training.recogniser_recipe.best_path", lambda values: found)
    recipe = _recipe(material=material)
    wanted = [tuple(label for label in clip.labels if label != BORDER) for clip in material.valid]
    errors = [count_errors(labels, (2, 3)) for labels in wanted]
    assert recipe.measure() == RecogniserScores(sum(errors[1:], errors[0]).rate, 2)
    assert recipe.measure(1) == RecogniserScores(errors[0].rate, 1)
    silent = replace(material, valid=[replace(clip, labels=()) for clip in material.valid])
    with pytest.raises(TrainingError, match="no validation clip has a phone"):
        _recipe(material=silent).measure()


def test_scores_say_what_they_are() -> None:
    scores = RecogniserScores(0.25, 7)
    assert scores.distance == 0.25
    assert scores.entry() == {"valid_phone_error_rate": 0.25}
    assert scores.metrics() == {"phone_error_rate": 0.25, "clips": 7}
    assert scores.describe(" (best)") == "held-out phone error rate 0.250 (best)"


def test_it_starts_from_the_weights_of_another_or_of_an_encoder() -> None:
    base = tiny_network(seed=5).state_dict()
    whole = _recipe(base=base, base_fingerprint="abc")
    for network in whole.networks.values():
        assert all(torch.equal(value, base[name]) for name, value in network.state_dict().items())
    assert whole.plan.base == "abc"
    assert whole.plan.identity != _recipe().plan.identity
    encoder = {name: value for name, value in base.items() if not name.startswith("head.")}
    begun, fresh = _recipe(base=encoder).networks["model"].state_dict(), _recipe().networks["model"].state_dict()
    for name, value in begun.items():
        assert torch.equal(value, base[name] if name in encoder else fresh[name])
    with pytest.raises(CheckpointError, match=r"conv1\.weight"):
        _recipe(base={**base, "conv1.weight": torch.zeros(3)})


def test_the_graph_and_the_language_lie_beside_the_weights(tmp_path: Path) -> None:
    material = replace(tone_material(), language={"words": b"some", "phones": b"others"})
    recipe = _recipe(material=material)
    recipe.advance(0)
    save_file(recipe.stored(), tmp_path / "model.safetensors")
    files = recipe.further_files(tmp_path / "model.safetensors")
    assert {**files, GRAPH_FILE: b""} == {GRAPH_FILE: b"", "words": b"some", "phones": b"others"}
    (tmp_path / GRAPH_FILE).write_bytes(files[GRAPH_FILE])
    features = speech_features(material.valid[0].waveform.samples)[None]
    (found,) = OnnxSession(tmp_path / GRAPH_FILE, threads=1).run({"features": features})
    recipe.restore(recipe.stored())
    with torch.inference_mode():
        wanted = recipe.networks["average"](torch.from_numpy(features))[0].log_softmax(-1).numpy()
    np.testing.assert_allclose(found, wanted, atol=1e-4)


def test_a_step_that_is_no_number_ends_the_run() -> None:
    recipe = _recipe()
    with torch.no_grad():
        recipe.networks["model"].norm.weight.fill_(float("nan"))  # type: ignore[operator,union-attr]
    with pytest.raises(TrainingError, match="step 0"):
        recipe.advance(0)


class _Interrupt(SilentProgress):
    def __init__(self, after: int) -> None:
        self.left = after

    def advance(self, amount: int = 1, note: str = "") -> None:
        if note:
            self.left -= 1
            if self.left < 0:
                raise KeyboardInterrupt


@pytest.mark.parametrize("after", [4, 8])
def test_an_interrupted_run_continues_as_if_it_had_not_been(tmp_path: Path, after: int) -> None:
    def train(folder: Path, *, resume: bool = False, progress: SilentProgress | None = None) -> object:
        return train_codec(
            _recipe(),
            tone_material(),
            name="t",
            folder=folder,
            resume=resume,
            progress=progress or SilentProgress(),
        )

    whole = train(tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path / "cut", progress=_Interrupt(after))
    cut = train(tmp_path / "cut", resume=True)
    assert cut.scores == whole.scores  # type: ignore[attr-defined]
    for name in ("recogniser", "checkpoints/step-00000012"):
        one, other = tmp_path / "whole" / name, tmp_path / "cut" / name
        assert {file.name for file in one.iterdir()} == {file.name for file in other.iterdir()}
        assert all(file.read_bytes() == (other / file.name).read_bytes() for file in one.iterdir())
    assert (tmp_path / "whole/journal.jsonl").read_bytes() == (tmp_path / "cut/journal.jsonl").read_bytes()
