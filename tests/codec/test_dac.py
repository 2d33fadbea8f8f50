"""descript-audio-codec with and without a torchaudio that can be loaded; weights files, never pickles."""

import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from amhctl.codec.dac import DacCodec, import_dac
from amhctl.core.errors import CodecError

SHAPE = {
    "encoder_dim": 4,
    "encoder_rates": [2, 4, 5, 8],
    "latent_dim": 16,
    "decoder_dim": 32,
    "decoder_rates": [8, 5, 4, 2],
    "n_codebooks": 3,
    "codebook_size": 32,
    "codebook_dim": 4,
    "sample_rate": 24_000,
}

# Each runs in a fresh interpreter, since an import happens once in a process.
IMPORT_WITHOUT = """
import sys, warnings
warnings.simplefilter("ignore")
class Broken:
    def find_spec(self, name, path=None, target=None):
        if name == "torchaudio":
            raise OSError("libcudart.so: cannot open shared object file")
sys.meta_path.insert(0, Broken())
from amhctl.codec.dac import import_dac
assert import_dac().DAC
assert "torchaudio" not in sys.modules
import audiotools.core.loudness as loudness
try:
    loudness.torchaudio.functional
except ImportError as error:
    print("refused", error)
"""
IMPORT_WITH = """
import sys, types, warnings
warnings.simplefilter("ignore")
real = types.ModuleType("torchaudio")
real.functional = types.ModuleType("torchaudio.functional")
sys.modules["torchaudio"] = real
from amhctl.codec.dac import import_dac
assert import_dac().DAC
assert sys.modules["torchaudio"] is real
import audiotools.core.loudness as loudness
print("kept", loudness.torchaudio is real)
"""


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a weights file as the package writes it."""
    torch.manual_seed(0)
    with pytest.warns(FutureWarning):
        model = import_dac().DAC(**SHAPE)
    path = tmp_path_factory.mktemp("dac") / "small.pth"
    torch.save({"state_dict": model.state_dict(), "metadata": {"kwargs": SHAPE}}, path)
    return path


@pytest.mark.parametrize(("program", "said"), [(IMPORT_WITHOUT, "refused"), (IMPORT_WITH, "kept True")])
def test_dac_imports_with_and_without_torchaudio(program: str, said: str) -> None:
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    assert said in result.stdout


@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_encode_and_decode_have_true_lengths(weights: Path) -> None:
    codec = DacCodec.load(weights)
    assert (codec.spec.sample_rate, codec.spec.frame_samples, codec.spec.codebooks) == (24_000, 320, 3)
    clip = np.random.default_rng(0).normal(0, 0.1, 5_000).astype(np.float32)
    codes = codec.encode([clip])[0]
    assert codes.shape == (3, 16)
    assert codes.dtype == np.uint16
    assert codec.decode([codes])[0].size == 16 * 320
    assert codec.spec.fingerprint == DacCodec.load(weights).spec.fingerprint


@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_codebooks_are_what_codes_add_to_the_latent(weights: Path) -> None:
    codec = DacCodec.load(weights)
    codes = codec.encode([np.random.default_rng(1).normal(0, 0.1, 5_000).astype(np.float32)])[0]
    vectors = codec.codebooks()
    assert vectors.shape[:2] == (codec.spec.codebooks, codec.spec.codebook_size)
    added = sum(vectors[book][codes[book]] for book in range(codec.spec.codebooks))
    with torch.inference_mode():
        latent = codec._model.quantizer.from_codes(torch.from_numpy(codes[None].astype(np.int64)))[0][0].T
    np.testing.assert_allclose(added, latent.numpy(), atol=1e-5)


@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_a_pickle_is_refused_and_never_run(tmp_path: Path) -> None:
    marker = tmp_path / "ran"
    path = tmp_path / "evil.pth"

    class Evil:
        def __reduce__(self) -> tuple[object, ...]:
            return (Path.touch, (marker,))

    torch.save({"state_dict": Evil(), "metadata": {}}, path)
    with pytest.raises(CodecError):
        DacCodec.load(path)
    path.write_bytes(pickle.dumps(Evil(), protocol=2))
    with pytest.raises(CodecError):
        DacCodec.load(path)
    assert not marker.exists()


@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_other_content_is_refused(tmp_path: Path, weights: Path) -> None:
    cut = tmp_path / "cut.pth"
    cut.write_bytes(weights.read_bytes()[:1_000])
    other = tmp_path / "other.pth"
    torch.save({"model": torch.zeros(1)}, other)
    for path in (cut, other, tmp_path / "absent.pth"):
        with pytest.raises(CodecError):
            DacCodec.load(path)
