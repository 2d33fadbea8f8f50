"""Twin of ``workflows/bench_speaking.py``: variants side by side, and clear errors where the machine has no room."""

import subprocess
from dataclasses import replace

import pytest
import torch
from support.indextts2 import small_sizes

from amhctl.core.errors import EvaluationError, OptionError, ShortageError
from amhctl.core.progress import SilentProgress
from amhctl.workflows import bench_speaking
from amhctl.workflows.bench_speaking import (
    SPEAKING_VARIANTS,
    SpeakingFigures,
    SpeakingRequest,
    choose_speaking,
    head,
    require_memory,
    time_speaking,
)
from amhctl.workflows.indextts2_speed import PARTS, Times

REQUEST = SpeakingRequest(speech=0.4, prompt=1.0, steps=2, layers=2, sizes=small_sizes())
TIMES = Times(dict.fromkeys(PARTS, 0.5), dict.fromkeys(PARTS, 0.25), 2**30)


@pytest.fixture
def native(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Let the processor compute in these precisions only, and measure nothing."""
    wanted = ["fp32"]
    monkeypatch.setattr(bench_speaking, "computes_in", lambda precision, _: precision in wanted)
    monkeypatch.setattr(bench_speaking, "_measure_apart", lambda *_: TIMES)
    return wanted


def test_each_variant_has_a_row_and_its_lines(native: list[str]) -> None:
    exact, half, _ = figures = time_speaking(REQUEST, SilentProgress())
    assert [each.variant.name for each in figures] == ["fp32", "bf16", "fp16"]
    row = exact.row()
    assert row["realtime_factor"] == exact.factor == pytest.approx(4 * 0.5 / 0.4), "the prompt is not counted"
    assert (row["layers"], row["steps"], row["speech"], row["device"]) == (2, 2, 0.4, "cpu")
    assert (row["peak_bytes"], row["processor_seconds"], row["missing"]) == (2**30, TIMES.processor, None)
    assert half.row().keys() == row.keys()
    assert (half.row()["missing"], half.row()["realtime_factor"]) == ("native bf16 on the device cpu", None)
    assert list(half.lines()) == ["bf16           not measured: native bf16 on the device cpu is missing"]
    what, columns = head(exact.trial)
    assert "2 layers, on cpu: 0.4 s of speech after a prompt of 1 s, 2 steps, 1 sentence(s) decoded together" in what
    first, second = exact.lines()
    assert len(first) == len(columns)
    assert first.split()[:3] == ["fp32", "0.50", "0.50"]
    assert second.split()[:2] == ["cpu", "0.25"]
    assert [each.name for each in choose_speaking(REQUEST)] == ["fp32", "bf16", "fp16"]
    assert all(each.is_usual(torch.device("cuda")) for each in SPEAKING_VARIANTS)
    native.append("bf16")
    assert [each.missing == "" for each in time_speaking(REQUEST, SilentProgress())] == [True, True, False]


@pytest.mark.usefixtures("native")
def test_what_is_named_must_be_possible(monkeypatch: pytest.MonkeyPatch) -> None:
    named = SpeakingRequest(variants=("fp16",), sizes=small_sizes(), layers=2)
    with pytest.raises(OptionError, match="fp16 needs native fp16 on the device cpu"):
        time_speaking(named, SilentProgress())
    monkeypatch.setattr(bench_speaking, "find_missing", lambda _: "a compiler")
    with pytest.raises(OptionError, match="the variant compile needs a compiler"):
        time_speaking(replace(named, variants=("compile",)), SilentProgress())
    monkeypatch.setattr(bench_speaking, "find_missing", lambda _: "")
    (found,) = time_speaking(replace(named, variants=("compile",)), SilentProgress())
    assert (found.trial.compiled, found.trial.precision) == (True, "fp32")
    with pytest.raises(OptionError, match="no variant 'int8'") as caught:
        choose_speaking(SpeakingRequest(variants=("int8",)))
    assert "fp32, bf16, fp16, compile, compile-bf16" in caught.value.hint


def test_too_little_memory_is_an_error_that_says_how_much_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench_speaking, "available_memory", lambda: 2**30)
    with pytest.raises(ShortageError, match=r"in fp32 needs \d\.\d GiB of memory, 1\.0 are free") as caught:
        require_memory(SpeakingRequest().trial(SPEAKING_VARIANTS[0]))
    assert "--layers" in caught.value.hint
    monkeypatch.setattr(bench_speaking, "available_memory", lambda: None)
    weights = [require_memory(SpeakingRequest().trial(each)) for each in SPEAKING_VARIANTS[:2]]
    assert weights[0] - weights[1] == 24 * (12 * 1280**2 + 9 * 1280) * 2
    few = require_memory(SpeakingRequest(layers=4).trial(SPEAKING_VARIANTS[0]))
    assert few < weights[0] / 1.5


def test_a_process_measures_and_one_that_fails_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    (found,) = time_speaking(
        SpeakingRequest(speech=0.2, prompt=1.0, steps=1, layers=1, variants=("fp32",), sizes=small_sizes()),
        SilentProgress(),
    )
    assert found.times is not None
    assert tuple(found.times.seconds) == PARTS
    assert found.trial.sizes.gpt.layers == 1
    torch.manual_seed(0)

    def fail(*_: object, **__: object) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess([], 1, "", "Traceback\nMemoryError: no more\n")

    monkeypatch.setattr(subprocess, "run", fail)
    with pytest.raises(EvaluationError, match="failed: MemoryError: no more") as caught:
        time_speaking(SpeakingRequest(layers=1, variants=("fp32",), sizes=small_sizes()), SilentProgress())
    assert caught.value.subject == "fp32"
    assert SpeakingFigures(SPEAKING_VARIANTS[0], found.trial).factor is None
