"""A vocoder by its graph: what PyTorch makes of a spectrogram; folders without a graph are refused."""

from pathlib import Path

import numpy as np
import pytest
from support.vocoders import TINY_VOCODER, tiny_vocoder_folder

from amhctl.codec.vocoder import load_vocoder
from amhctl.codec.vocoder_session import VocoderOnOnnx
from amhctl.codec.vocoder_spec import VOCODER_GRAPH, open_vocoder
from amhctl.core.errors import CheckpointError, CodecError
from amhctl.core.progress import SilentProgress
from amhctl.workflows.ckpt.export import ExportCheckpointRequest, run


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    request = ExportCheckpointRequest(tiny_vocoder_folder(tmp_path), tmp_path / "graph", format="onnx")
    run(request, SilentProgress())
    return tmp_path / "graph"


def test_it_makes_what_pytorch_makes(folder: Path) -> None:
    vocoder, other = VocoderOnOnnx(open_vocoder(str(folder)), threads=1), load_vocoder(str(folder))
    assert vocoder.mel == other.mel == TINY_VOCODER.mel
    random = np.random.default_rng(0)
    mels = [random.normal(-5, 2, (frames, 20)).astype(np.float32) for frames in (1, 30)]
    for found, wanted in zip(vocoder.synthesise(mels), other.synthesise(mels), strict=True):
        assert (found.shape, found.dtype) == (wanted.shape, np.float32)
        np.testing.assert_allclose(found, wanted, atol=1e-3 * np.abs(wanted).max())


def test_what_is_no_spectrogram_is_refused(folder: Path) -> None:
    with pytest.raises(CodecError, match="not finite"):
        VocoderOnOnnx(open_vocoder(str(folder)), threads=1).synthesise([np.full((3, 20), np.nan, dtype=np.float32)])


def test_a_folder_without_a_graph_or_with_another_one_is_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="has no graph"):
        VocoderOnOnnx(open_vocoder(str(tiny_vocoder_folder(tmp_path / "other"))))
    content = bytearray((folder / VOCODER_GRAPH).read_bytes())
    content[-1] ^= 1
    (folder / VOCODER_GRAPH).write_bytes(bytes(content))
    with pytest.raises(CheckpointError, match=r"vocoder\.onnx: expected sha256"):
        VocoderOnOnnx(open_vocoder(str(folder)))
