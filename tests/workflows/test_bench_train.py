"""Twin of ``workflows/bench_train.py``: each variant is what it says, and all learn from as many frames."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from support.training_world import TINY_SETS, TrainingWorld, build_training_world

from amhctl.codes.store import CodeStore
from amhctl.config.load import load_run_config
from amhctl.core.errors import EvaluationError, OptionError
from amhctl.core.progress import SilentProgress
from amhctl.training import variants
from amhctl.training.huggingface_decoder import HuggingFaceDecoder
from amhctl.training.run import Run
from amhctl.training.variant_figures import Unmeasured, VariantFigures, measured, yardstick_of
from amhctl.training.variant_speed import VariantTiming
from amhctl.training.variants import FINE_TUNING, VARIANTS
from amhctl.workflows import bench_train as train_variants
from amhctl.workflows.bench_train import VariantsRequest, choose_variants, measure_here, time_variants

TIMING = VariantTiming(steps=4, frames=300, padded=400, seconds=2.0, processor=1.5, loss=3.0, total=3.5, trainable=7)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> TrainingWorld:
    return build_training_world(tmp_path_factory.mktemp("world"))


def request(world: TrainingWorld, **values: object) -> VariantsRequest:
    sets = tuple(each for each in TINY_SETS if not each.startswith("training.precision"))
    whole: dict[str, object] = {"preset": "tiny", "data": world.store, "vocabulary": world.vocabulary, "sets": sets}
    return VariantsRequest(**{**whole, "frames": 60, **values})  # type: ignore[arg-type]


@pytest.fixture
def specs(monkeypatch: pytest.MonkeyPatch) -> list[Mapping[str, object]]:
    """Return the specifications of the variants that are asked for; none is trained."""
    asked: list[Mapping[str, object]] = []

    def answer(spec: Mapping[str, object], name: str) -> tuple[VariantTiming, int]:
        asked.append(json.loads(json.dumps(spec)))
        return TIMING, 1024

    monkeypatch.setattr(train_variants, "_measure_apart", answer)
    return asked


def test_each_variant_differs_from_the_baseline_in_what_it_says(
    world: TrainingWorld, specs: list[dict[str, object]], tmp_path: Path
) -> None:
    figures = time_variants(request(world), tmp_path, SilentProgress())
    assert [each.variant for each in figures] == list(VARIANTS)

    def settled(spec: dict[str, object]) -> dict[str, object]:
        sets = tuple(str(each) for each in spec["sets"])  # type: ignore[attr-defined]
        config = load_run_config(preset="tiny", project=None, sets=sets, environment={}).config
        training = {f"training.{key}": value for key, value in config.training.model_dump(mode="json").items()}
        return {**training, "eager": spec["eager"], "huggingface": spec["huggingface"]}

    by_name = {variant.name: settled(spec) for variant, spec in zip(VARIANTS, specs, strict=True)}
    baseline = by_name["baseline"]
    unlike = {name: {key for key in baseline if values[key] != baseline[key]} for name, values in by_name.items()}
    assert unlike == {
        "huggingface": {"huggingface"},
        "baseline": set(),
        "sdpa": {"eager"},
        "bf16": {"training.precision"},
        "checkpointing": {"training.checkpointing"},
        "bucketing": {"training.bucketing"},
        "compile": {"eager", "training.compile"},
        "ema": {"training.ema_decay"},
        "all": {"eager", "training.precision", "training.bucketing", "training.ema_decay"},
    }
    assert baseline["eager"]
    assert not baseline["training.bucketing"]
    assert baseline["training.ema_decay"] == 0
    assert baseline["training.precision"] == "fp32"
    assert {spec["frames"] for spec in specs} == {60}
    assert {spec["base"] for spec in specs} == {""}


def test_a_base_is_fine_tuned_in_full_and_by_adapters(
    world: TrainingWorld, specs: list[dict[str, object]], tmp_path: Path
) -> None:
    names = ("lora", "full", "all")
    figures = time_variants(request(world, base=tmp_path / "base", variants=names), tmp_path, SilentProgress())
    assert [each.variant.name for each in figures] == ["all", "full", "lora"]
    assert [bool(spec["base"]) for spec in specs] == [False, True, True]
    assert "training.adapter.method=lora" in specs[2]["sets"]  # type: ignore[operator]
    # The base's shape is its own.
    shapes = [any(str(each).startswith("model.") for each in spec["sets"]) for spec in specs]  # type: ignore[attr-defined]
    assert shapes == [True, False, False]


def test_unknown_variants_and_half_of_the_data_are_refused(world: TrainingWorld) -> None:
    with pytest.raises(OptionError, match="'fast'"):
        choose_variants(request(world, variants=("fast",)))
    with pytest.raises(OptionError, match="'lora'"):
        choose_variants(request(world, variants=("lora",)))
    with pytest.raises(OptionError, match="must be given together"):
        choose_variants(request(world, vocabulary=None))
    assert {each.name for each in FINE_TUNING} == {"full", "lora", "dora"}
    with pytest.raises(OptionError, match="need a base"):
        choose_variants(request(world, compare="adapters"))


def test_one_comparison_is_measured_where_one_is_asked_for(world: TrainingWorld, tmp_path: Path) -> None:
    base = tmp_path / "base"
    assert choose_variants(request(world, base=base, compare="adapters")) == FINE_TUNING
    assert choose_variants(request(world, base=base, compare="training")) == VARIANTS
    assert choose_variants(request(world, base=base)) == (*VARIANTS, *FINE_TUNING)
    assert choose_variants(request(world, base=base, compare="adapters", variants=("ema",)))[0].name == "ema"


def test_what_the_machine_lacks_something_for_is_told_in_its_row_unless_it_is_named(
    world: TrainingWorld, specs: list[dict[str, object]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(variants, "find_spec", lambda name: None)
    monkeypatch.setattr(variants, "find_missing", lambda device: f"a compiler for {device.type}")
    figures = time_variants(request(world, base=tmp_path / "base"), tmp_path, SilentProgress())
    lacking = {each.variant.name: each.missing for each in figures if isinstance(each, Unmeasured)}
    assert list(lacking) == ["huggingface", "compile", "lora", "dora"]
    assert lacking["compile"] == "a compiler for cpu"
    assert len(specs) == len(figures) - 4 == len(measured(figures))
    first = figures[0]
    assert first.row()["missing"] == "the package transformers"
    assert first.line(1.0).endswith("not measured: the package transformers is missing")
    assert yardstick_of(figures) == measured(figures)[0].frames_per_processor_second
    assert yardstick_of(figures[:1]) == 1.0
    # Who names it gets the error of its process.
    named = time_variants(request(world, variants=("huggingface",)), tmp_path, SilentProgress())
    assert [type(each) for each in named] == [VariantFigures]


def test_codes_are_made_up_where_there_are_none(specs: list[dict[str, object]], tmp_path: Path) -> None:
    time_variants(VariantsRequest(variants=("baseline",)), tmp_path, SilentProgress())
    store = CodeStore.open(Path(str(specs[0]["data"])))
    frames = [entry.frames for entry in store]
    assert len(frames) == 96
    assert min(frames) >= 25
    assert max(frames) > 2 * sorted(frames)[48]
    assert {entry.record.split for entry in store} == {"train", "valid"}


def test_a_variant_is_trained_in_this_process_with_the_decoder_that_is_asked_for(
    world: TrainingWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    bodies: list[type] = []

    def timed(run: Run, *, frames: int, device: str, eager: bool, before: bool) -> VariantTiming:
        assert not before
        bodies.append(type(run.model.gpt))
        return TIMING

    monkeypatch.setattr(train_variants, "time_variant", timed)
    sets = [*train_variants._shared_sets(request(world), VARIANTS[1])]
    for huggingface in (False, True):
        spec: dict[str, object] = {"preset": "tiny", "data": str(world.store), "vocabulary": str(world.vocabulary)}
        spec |= {"base": "", "sets": sets, "frames": 60, "device": "cpu", "eager": True, "huggingface": huggingface}
        timing, peak = measure_here(spec)
        assert timing == TIMING
        assert peak >= 0
    assert [body is HuggingFaceDecoder for body in bodies] == [False, True]


def test_a_process_of_its_own_answers(world: TrainingWorld, tmp_path: Path) -> None:
    figures = time_variants(request(world, variants=("all",)), tmp_path, SilentProgress())
    (one,) = measured(figures)
    assert one.timing.frames >= 60
    assert one.peak_bytes > 0
    assert one.timing.warmup > 0
    assert one.timing.before is None
    with pytest.raises(EvaluationError, match="measured training failed"):
        time_variants(request(world, variants=("all",), sets=("training.no_such=1",)), tmp_path, SilentProgress())
