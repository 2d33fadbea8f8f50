"""Codec training: it learns, it resumes bit for bit, it refuses another run's state."""

import json
from pathlib import Path

import numpy as np
import pytest
from support.codecs import TINY_CODEC

from amhctl.codec.registry import load_codec
from amhctl.config.schema import CodecTrainingConfig
from amhctl.core.errors import TrainingError
from amhctl.core.progress import SilentProgress
from amhctl.training.codec_loop import CodecMaterial, CodecRun, train_codec

CONFIG = CodecTrainingConfig(
    steps=12,
    batch_size=2,
    segment_seconds=0.32,
    unquantised_steps=4,
    warmup_steps=2,
    valid_every=6,
    valid_clips=1,
    save_every=3,
    precision="fp32",
)


def _material() -> CodecMaterial:
    time = np.arange(16_000) / 16_000
    clips = [
        (0.2 * np.sin(2 * np.pi * hertz * time) * (1 + np.sin(2 * np.pi * 3 * time))).astype(np.float32)
        for hertz in (150, 220, 330)
    ]
    return CodecMaterial(train=clips[:2], valid=clips[2:], fingerprint="f")


def _train(
    folder: Path, *, resume: bool = False, config: CodecTrainingConfig = CONFIG, progress: SilentProgress | None = None
) -> CodecRun:
    return train_codec(
        shape=TINY_CODEC,
        config=config,
        material=_material(),
        name="t",
        seed=1,
        folder=folder,
        resume=resume,
        progress=progress or SilentProgress(),
    )


def _journal(folder: Path) -> dict[int, dict[str, object]]:
    rows = [json.loads(line) for line in (folder / "journal.jsonl").read_text().splitlines()]
    return {row["step"]: row for row in rows}


class _Interrupt(SilentProgress):
    def __init__(self, after: int) -> None:
        self.left = after

    def advance(self, amount: int = 1, note: str = "") -> None:
        if note:
            self.left -= 1
            if self.left < 0:
                raise KeyboardInterrupt


def test_an_interrupted_run_continues_as_if_it_had_not_been(tmp_path: Path) -> None:
    _train(tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        _train(tmp_path / "cut", progress=_Interrupt(7))
    _train(tmp_path / "cut", resume=True)
    whole, cut = _journal(tmp_path / "whole"), _journal(tmp_path / "cut")
    for step in range(9, 13):
        assert cut[step] == whole[step]
    one = load_codec(str(tmp_path / "whole" / "codec")).spec
    assert one == load_codec(str(tmp_path / "cut" / "codec")).spec


def test_training_lowers_the_loss(tmp_path: Path) -> None:
    config = CONFIG.model_copy(update={"steps": 60, "unquantised_steps": 60, "save_every": 60})
    _train(tmp_path, config=config)
    rows = _journal(tmp_path)
    first = np.mean([float(str(rows[step]["mel"])) for step in range(1, 6)])
    last = np.mean([float(str(rows[step]["mel"])) for step in range(56, 61)])
    assert last < 0.8 * first


def test_another_configuration_is_refused(tmp_path: Path) -> None:
    _train(tmp_path)
    with pytest.raises(TrainingError, match="another configuration"):
        _train(tmp_path, resume=True, config=CONFIG.model_copy(update={"learning_rate": 1e-5}))
