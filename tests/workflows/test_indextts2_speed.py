"""How fast IndexTTS-2 speaks, on small networks of its kind."""

import json
import time
from collections.abc import Sequence
from dataclasses import replace

import pytest
import torch
from support.indextts2 import small_sizes

from amhctl.codec.indextts2 import acoustics
from amhctl.devices import compiler, precision
from amhctl.workflows import indextts2_speed
from amhctl.workflows.indextts2_speed import (
    PARTS,
    NetworkSizes,
    Times,
    Trial,
    build_gpt,
    build_parts,
    count_weights,
    measure_here,
)

SMALL = small_sizes()
TRIAL = Trial(sizes=SMALL, speech=0.4, prompt=1.0, steps=2)


def test_a_trial_is_the_same_after_a_journey_as_json() -> None:
    assert Trial.from_json(TRIAL.to_json()) == TRIAL
    assert Trial.from_json(Trial(precision="bf16").to_json()) == Trial(precision="bf16")


@pytest.mark.parametrize("chosen", ["fp32", "bf16"])
def test_every_part_is_timed(chosen: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (precision, acoustics):
        monkeypatch.setattr(module, "computes_in", lambda *_: True)
    times = measure_here(replace(TRIAL, precision=chosen))  # type: ignore[arg-type]
    for taken in (times.seconds, times.processor):
        assert tuple(taken) == PARTS
        assert all(seconds >= 0.0 for seconds in taken.values())
    assert min(times.seconds[name] for name in ("prompt", "codes", "second pass", "waveform")) > 0.0
    assert times.peak_bytes > 2**20


def test_what_several_sentences_take_together_is_told_for_one(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def write(_: object, passages: Sequence[object], *__: object) -> None:
        asked.append(len(passages))

    ticks = iter(float(tick) for tick in range(100))
    monkeypatch.setattr(indextts2_speed, "decode", write)
    monkeypatch.setattr(time, "perf_counter", lambda: next(ticks))
    assert measure_here(replace(TRIAL, sentences=4)).seconds["codes"] == 0.25
    assert asked == [4, 4]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_compiled_steps_are_timed_when_they_are_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiler, "BACKEND", "eager")
    monkeypatch.setattr(indextts2_speed, "_LONG", 0.0)
    torch._dynamo.reset()
    torch._dynamo.utils.counters.clear()
    times = measure_here(replace(TRIAL, compiled=True))
    assert torch._dynamo.utils.counters["stats"]["unique_graphs"]
    assert times.seconds["codes"] > 0.0


def test_what_it_took_is_a_line_of_json(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    times = Times({"codes": 1.0}, {"codes": 2.0}, 7)
    monkeypatch.setattr(indextts2_speed, "measure_here", lambda trial: times if trial == TRIAL else None)
    monkeypatch.setattr("sys.argv", ["", TRIAL.to_json()])
    indextts2_speed.main()
    assert Times(**json.loads(capsys.readouterr().out)) == times


def test_weights_are_counted_as_they_are_made() -> None:
    parts = build_parts(SMALL)
    others = (parts.projection, parts.regulator, parts.transformer, parts.style, parts.vocoder)
    beside = sum(each.nbytes for network in others for each in network.state_dict().values())
    for chosen in ("fp32", "bf16"):
        model = build_gpt(SMALL.gpt, chosen, torch.device("cpu"))
        made = sum(each.nbytes for each in model.state_dict().values())
        assert count_weights(SMALL, chosen) == made + beside


def test_the_networks_are_of_the_published_sizes() -> None:
    with torch.device("meta"):
        parts = build_parts(NetworkSizes())
    counts = [sum(each.numel() for each in part.parameters()) for part in (parts.projection, parts.vocoder)]
    assert counts[0] == 492_928
    assert 112_000_000 < counts[1] < 112_300_000
    assert 3.9 < count_weights(NetworkSizes(), "fp32") / 2**30 < 4.1
