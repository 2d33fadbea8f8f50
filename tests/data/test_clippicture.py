"""Twin of ``data/clippicture.py``."""

import base64
import io
import re
from pathlib import Path

import numpy as np
import soundfile
from support.manifests import tiny_manifest
from support.speechlike import vowel_train

from amhctl.audio import files
from amhctl.audio.waveform import Waveform
from amhctl.data.clippicture import clip_picture, outline
from amhctl.data.records import read_records


def test_the_player_holds_the_beginning_of_a_long_clip(tmp_path: Path) -> None:
    manifest = tiny_manifest(tmp_path)
    record = read_records(manifest)[0].model_copy(update={"duration": None})
    files.write(tmp_path / record.audio, vowel_train(seconds=20.0, sample_rate=24_000))
    page = clip_picture(record, tmp_path)
    found = re.search(r"base64,([^\"]+)", page)
    assert found is not None
    samples, rate = soundfile.read(io.BytesIO(base64.b64decode(found[1])))
    assert rate == 16_000
    assert 14.9 < samples.size / rate < 15.2
    assert "the first 15 s" in page
    (tmp_path / record.audio).unlink()
    assert "cannot be read" in clip_picture(record, tmp_path)


def test_the_outline_reaches_as_far_as_the_samples() -> None:
    samples = np.concatenate([np.zeros(1_000), np.full(1_000, 0.5), np.full(1_000, -1.0)]).astype(np.float32)
    heights = [float(value) for value in re.findall(r",([\d.]+)", outline(Waveform(samples, 16_000)))]
    assert min(heights) == 12.0
    assert max(heights) == 48.5
