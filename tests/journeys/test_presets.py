"""Presets state the memory they take; the statement is the estimate, and it fits the card."""

import re
from importlib.resources import files

import pytest
import torch

from amhctl.config.flow import FlowVoiceConfig
from amhctl.config.load import load_run_config
from amhctl.model.flow_voice import FlowVoice
from amhctl.model.unified_voice import UnifiedVoice
from amhctl.training.finetune import Base, tune
from amhctl.training.flow_recipe import FlowRecipe
from amhctl.training.memory import Need, estimate_memory
from amhctl.training.precision import Precision
from amhctl.training.unified_recipe import UnifiedRecipe
from amhctl.training.voice_recipe import BatchSize

_STATED = re.compile(r"^# Memory: ([0-9.]+) GiB of ([0-9.]+) ", re.MULTILINE)
_TEN_SECONDS = {"flow": BatchSize(0, 1_000, 120, 0), "official": BatchSize(0, 500, 120, 150)}
_TEN_SECONDS["cpu"] = BatchSize(0, 250, 120, 150)


def estimate(preset: str, precision: Precision, device: str) -> Need:
    """Return what a preset takes for batches of utterances of ten seconds."""
    config = load_run_config(preset=preset, project=None, sets=(), environment={}).config
    training, shape = config.training, config.model
    kind = "flow" if isinstance(shape, FlowVoiceConfig) else "cpu" if device == "cpu" else "official"
    if not isinstance(shape, FlowVoiceConfig) and kind == "official":
        # The base's own shape, its vocabulary grown.
        shape = shape.model_copy(update={"number_text_tokens": 24_000, "condition_norms": False})
    ten = _TEN_SECONDS[kind]
    size = BatchSize(training.batch_frames // ten.frames, ten.frames, ten.text, ten.prompt)
    with torch.device("meta"):
        model = FlowVoice(shape) if isinstance(shape, FlowVoiceConfig) else UnifiedVoice(shape)
        tune(model, training, kind=shape.kind, pieces=shape.number_text_tokens, base=Base("base", None), seed=0)
    recipe = FlowRecipe(shape) if isinstance(shape, FlowVoiceConfig) else UnifiedRecipe(shape)
    return estimate_memory(model, recipe, training, precision=precision, size=size, device=device)


@pytest.mark.parametrize(
    ("preset", "precision", "device"),
    [
        ("cpu", "fp32", "cpu"),
        ("flow-cpu", "fp32", "cpu"),
        ("flow-gpu", "fp16", "cuda"),
        pytest.param("t4", "fp16", "cuda", marks=pytest.mark.slow),
        pytest.param("rtx3090", "bf16", "cuda", marks=pytest.mark.slow),
        pytest.param("a100", "bf16", "cuda", marks=pytest.mark.slow),
        pytest.param("h100", "bf16", "cuda", marks=pytest.mark.slow),
    ],
)
def test_a_preset_takes_the_memory_it_states(preset: str, precision: Precision, device: str) -> None:
    found = _STATED.search((files("amhctl.config") / "presets" / f"{preset}.toml").read_text())
    assert found is not None
    stated, available = float(found[1]), float(found[2])
    needed = estimate(preset, precision, device).total / 2**30
    assert needed == pytest.approx(stated, rel=0.05)
    assert needed < 0.95 * available
