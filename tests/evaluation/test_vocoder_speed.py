"""Timing a vocoder leaves the number of threads as it was."""

from pathlib import Path

import pytest
import torch
from support.vocoders import tiny_vocoder_folder

from amhctl.codec.vocoder import load_vocoder
from amhctl.core.units import Seconds
from amhctl.evaluation.vocoder_speed import time_synthesis


def test_threads_are_set_for_the_time_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    vocoder = load_vocoder(str(tiny_vocoder_folder(tmp_path)))
    before, seen = torch.get_num_threads(), []
    whole = vocoder.synthesise

    def watched(mels: list) -> list:  # type: ignore[type-arg]
        seen.append((torch.get_num_threads(), mels[0].shape))
        return whole(mels)

    monkeypatch.setattr(vocoder, "synthesise", watched)
    assert time_synthesis(vocoder, seconds=Seconds(0.5), threads=1, repetitions=3) > 0
    assert seen == [(1, (50, 20))] * 4
    assert torch.get_num_threads() == before
