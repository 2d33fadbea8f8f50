"""descript-audio-codec with and without a torchaudio that can be loaded; weights files, never pickles."""

import pickle
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from support.codecs import TINY_DAC, tiny_dac

from amhctl.codec import dac
from amhctl.codec.dac import (
    DacCodec,
    _Snake,
    build_dac,
    dac_shapes,
    fill_dac,
    read_weights,
    require_precision,
)
from amhctl.codec.mel_codec import fingerprint_of
from amhctl.core.errors import CodecError
from amhctl.devices.precision import Precision  # type: ignore[attr-defined]

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
    path = tmp_path_factory.mktemp("dac") / "small.pth"
    tiny_dac().save(str(path), package=False)
    return path


def _noise(seconds: float, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 0.1, round(seconds * 24_000)).astype(np.float32)


@pytest.mark.parametrize(("program", "said"), [(IMPORT_WITHOUT, "refused"), (IMPORT_WITH, "kept True")])
def test_dac_imports_with_and_without_torchaudio(program: str, said: str) -> None:
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    assert said in result.stdout


def test_encode_and_decode_have_true_lengths(weights: Path) -> None:
    codec = DacCodec.load(weights)
    assert (codec.spec.sample_rate, codec.spec.frame_samples, codec.spec.codebooks) == (24_000, 320, 3)
    clip = np.random.default_rng(0).normal(0, 0.1, 5_000).astype(np.float32)
    codes = codec.encode([clip])[0]
    assert codes.shape == (3, 16)
    assert codes.dtype == np.uint16
    assert codec.decode([codes])[0].size == 16 * 320
    assert codec.spec.fingerprint == DacCodec.load(weights).spec.fingerprint


def test_codebooks_are_what_codes_add_to_the_latent(weights: Path) -> None:
    codec = DacCodec.load(weights)
    codes = codec.encode([np.random.default_rng(1).normal(0, 0.1, 5_000).astype(np.float32)])[0]
    vectors = codec.codebooks()
    assert vectors.shape[:2] == (codec.spec.codebooks, codec.spec.codebook_size)
    added = sum(vectors[book][codes[book]] for book in range(codec.spec.codebooks))
    with torch.inference_mode():
        latent = codec._model.quantizer.from_codes(torch.from_numpy(codes[None].astype(np.int64)))[0][0].T
    np.testing.assert_allclose(added, latent.numpy(), atol=1e-5)


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


def test_other_content_is_refused(tmp_path: Path) -> None:
    other = tmp_path / "other.pth"
    torch.save({"model": torch.zeros(1)}, other)
    for path in (other, tmp_path / "absent.pth", tmp_path):
        with pytest.raises(CodecError):
            DacCodec.load(path)


@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "older format"])
def test_a_truncated_file_is_refused_wherever_it_ends(tmp_path: Path, weights: Path, zipped: bool) -> None:
    path = tmp_path / "cut.pth"
    torch.save(torch.load(weights, weights_only=True), path, _use_new_zipfile_serialization=zipped)
    whole = path.read_bytes()
    assert read_weights(path)[0] == read_weights(weights)[0]
    for share in (0.0, 0.001, 0.01, 0.03, 0.1, 0.5, 0.9, 0.999):
        path.write_bytes(whole[: int(share * len(whole))])
        with pytest.raises(CodecError, match="not a readable weights file"):
            read_weights(path)


def test_a_damaged_file_is_read_or_refused_but_no_bug(tmp_path: Path, weights: Path) -> None:
    path = tmp_path / "damaged.pth"
    torch.save(torch.load(weights, weights_only=True), path, _use_new_zipfile_serialization=False)
    whole = path.read_bytes()
    chance = random.Random(0)
    refused = 0
    for _ in range(100):
        damaged = bytearray(whole)
        damaged[chance.randrange(4_000)] ^= 1 << chance.randrange(8)
        path.write_bytes(bytes(damaged))
        try:
            fill_dac(*read_weights(path), subject="damaged")
        except CodecError:
            refused += 1
    assert refused > 30


def test_weights_that_are_not_finite_are_refused(tmp_path: Path, weights: Path) -> None:
    document = torch.load(weights, weights_only=True)
    document["state_dict"]["decoder.model.0.bias"][3] = float("nan")
    path = tmp_path / "nan.pth"
    torch.save(document, path)
    with pytest.raises(CodecError, match=r"decoder\.model\.0\.bias holds values that are not finite"):
        read_weights(path)


def test_a_file_named_as_official_weights_of_another_rate_is_refused(tmp_path: Path, weights: Path) -> None:
    right, wrong = tmp_path / "weights_24khz_8kbps_0.0.4.pth", tmp_path / "weights_44khz_8kbps_0.0.1.pth"
    for path in (right, wrong):
        path.write_bytes(weights.read_bytes())
    assert DacCodec.load(right).spec.name == "dac-24khz"
    with pytest.raises(CodecError, match="file name says dac-44khz, but the file holds a DAC of 24000 Hz") as caught:
        DacCodec.load(wrong)
    assert "python -m dac download --model_type 44khz" in caught.value.hint


def test_the_shape_of_a_weights_file_is_read_from_it(weights: Path) -> None:
    shape, tensors = read_weights(weights)
    assert shape == TINY_DAC.model_copy(update={"quantizer_dropout": shape.quantizer_dropout})
    assert {name: tuple(tensor.shape) for name, tensor in tensors.items()} == dac_shapes(shape)
    assert DacCodec.load(weights).spec.fingerprint == fingerprint_of(tensors)


def test_settings_of_an_older_package_are_passed_over(weights: Path, tmp_path: Path) -> None:
    document = torch.load(weights, weights_only=True)
    document["metadata"]["kwargs"] |= {"lstm_layers": 2, "latent_dim": None, "encoder_dim": 1}
    path = tmp_path / "older.pth"
    torch.save(document, path)
    shape, tensors = read_weights(path)
    assert shape.latent_dim == 16
    with pytest.raises(CodecError, match="do not fit"):
        fill_dac(shape, tensors, subject="older")


def test_a_long_signal_in_windows_has_the_codes_it_has_whole() -> None:
    clip = _noise(21.3)
    whole = DacCodec(tiny_dac(), name="d", window_seconds=None).encode([clip])[0]
    assert whole.shape[1] == -(-clip.size // 320)
    assert len(np.unique(whole)) > 16
    for seconds, batch in ((5.0, 1), (1.0, 1), (1.0, 4), (0.1, 3)):
        codec = DacCodec(tiny_dac(), name="d", window_seconds=seconds, batch_windows=batch)
        np.testing.assert_array_equal(codec.encode([clip])[0], whole)


def test_windows_of_codes_decode_to_what_all_of_them_decode_to() -> None:
    codes = np.random.default_rng(0).integers(0, 32, (3, 700)).astype(np.uint16)
    whole = DacCodec(tiny_dac(), name="d", window_seconds=None).decode([codes])[0]
    windowed = DacCodec(tiny_dac(), name="d", window_seconds=1.0, batch_windows=3).decode([codes])[0]
    assert whole.size == windowed.size == 700 * 320
    np.testing.assert_allclose(windowed, whole, atol=1e-6)


def test_the_mean_of_takes_is_decoded_from_the_mean_of_their_vectors() -> None:
    random = np.random.default_rng(2)
    takes = [random.integers(0, 32, (3, 700)).astype(np.uint16) for _ in range(3)]
    codec = DacCodec(tiny_dac(), name="d", window_seconds=1.0)
    vectors = codec.codebooks()
    latent = np.mean([sum(vectors[book][take[book]] for book in range(3)) for take in takes], axis=0)
    with torch.inference_mode():
        expected = codec._model.decoder(torch.from_numpy(latent.T[None]).float())[0, 0].numpy()
    np.testing.assert_allclose(codec.decode_mean(takes)[: expected.size], expected, atol=1e-5)
    np.testing.assert_array_equal(codec.decode_mean(takes[:1]), codec.decode(takes[:1])[0])


@pytest.mark.parametrize("batch", [1, 4])
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_a_batch_equals_its_items_one_by_one(batch: int, precision: Precision, monkeypatch: pytest.MonkeyPatch) -> None:
    # Whatever this machine computes in natively: the arithmetic is right, only slower.
    monkeypatch.setattr(dac, "require_precision", lambda *_: None)
    codec = DacCodec(tiny_dac(), name="d", window_seconds=1.0, batch_windows=batch, precision=precision)
    whole = DacCodec(tiny_dac(), name="d", window_seconds=None, precision=precision)
    clips = [_noise(seconds, seed) for seed, seconds in enumerate((0.5, 3.7, 0.013, 3.7, 6.0))]
    together = codec.encode(clips)
    decoded = codec.decode(together)
    for clip, codes, samples in zip(clips, together, decoded, strict=True):
        np.testing.assert_array_equal(codes, codec.encode([clip])[0])
        np.testing.assert_array_equal(codes, whole.encode([clip])[0])
        np.testing.assert_array_equal(samples, codec.decode([codes])[0])


def test_the_codec_computes_what_the_package_computes() -> None:
    model, clip = tiny_dac().eval(), _noise(2.0)
    with torch.inference_mode():
        latents, codes, *_ = model.encode(torch.from_numpy(clip)[None, None])
        samples = model.decode(latents)[0, 0].numpy()
    codec = DacCodec(tiny_dac(), name="d")
    np.testing.assert_array_equal(codec.encode([clip])[0], codes[0].numpy())
    decoded = codec.decode([codes[0].numpy().astype(np.uint16)])[0]
    np.testing.assert_allclose(decoded[: samples.size], samples, atol=1e-6)
    assert not decoded[samples.size :].any()


@pytest.mark.parametrize("precision", [torch.float32, torch.bfloat16])
def test_the_activations_have_the_bits_of_the_packages(precision: torch.dtype) -> None:
    hidden = torch.randn((2, 8, 500), generator=torch.Generator().manual_seed(0)).to(precision)
    theirs = [module for module in tiny_dac().modules() if type(module).__name__ == "Snake1d"]
    codec = DacCodec(tiny_dac(), name="d")
    for part in (codec._encoder, codec._decoder):
        assert any(isinstance(module, _Snake) for module in part.modules())
        assert not any(type(module).__name__ == "Snake1d" for module in part.modules())
    for number, module in enumerate(theirs):
        alpha = torch.linspace(0.1, 3.0, module.alpha.numel()).reshape(module.alpha.shape) + number
        module.alpha.data = alpha.to(precision)
        given = hidden[:, :1].expand(-1, module.alpha.numel(), -1)
        before = given.clone()
        with torch.inference_mode():
            assert torch.equal(_Snake(alpha.to(precision))(given), module(given))
        assert torch.equal(given, before)


def test_bf16_where_the_processor_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    cpu, clip = torch.device("cpu"), _noise(1.0)
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_bf16": True}, raising=False)
    codec = DacCodec(tiny_dac(), name="d", precision="bf16")
    exact = DacCodec(tiny_dac(), name="d")
    assert codec.spec == exact.spec
    codes, wanted = codec.encode([clip])[0], exact.encode([clip])[0]
    assert 0.5 < (codes[0] == wanted[0]).mean() < 1.0
    distance = np.abs(codec.decode([wanted])[0] - exact.decode([wanted])[0]).max()
    assert 0.0 < distance < 0.05
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_bf16": False}, raising=False)
    with pytest.raises(CodecError, match="does not support precision bf16"):
        require_precision("bf16", cpu)
    with pytest.raises(CodecError, match="does not support precision fp16"):
        DacCodec(tiny_dac(), name="d", precision="fp16")


def test_a_model_is_made_without_a_warning_and_by_its_seed() -> None:
    torch.manual_seed(5)
    one = fingerprint_of(build_dac(TINY_DAC).state_dict())
    torch.manual_seed(5)
    assert fingerprint_of(build_dac(TINY_DAC).state_dict()) == one


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")
@pytest.mark.parametrize("precision", ["fp32", "bf16", "fp16"])
def test_an_accelerator_encodes_windows_together(precision: Precision) -> None:
    clips = [_noise(seconds, seed) for seed, seconds in enumerate((12.0, 0.7, 31.0))]
    codec = DacCodec(tiny_dac(), name="d", device="cuda", precision=precision, window_seconds=1.0)
    together = codec.encode(clips)
    for clip, codes in zip(clips, together, strict=True):
        np.testing.assert_array_equal(codes, codec.encode([clip])[0])
    exact = DacCodec(tiny_dac(), name="d").encode(clips)
    shares = [(codes[0] == wanted[0]).mean() for codes, wanted in zip(together, exact, strict=True)]
    assert min(shares) > (0.99 if precision == "fp32" else 0.5)


class _Pieces:
    """A waveform that is only handed out in pieces."""

    def __init__(self, samples: np.ndarray) -> None:
        self.samples = samples
        self.size = samples.size

    def piece(self, start: int, stop: int) -> np.ndarray:
        assert 0 <= start < stop <= self.size
        return self.samples[start:stop]


def test_a_long_waveform_has_the_codes_of_the_whole() -> None:
    codec = DacCodec(tiny_dac(), name="tiny", window_seconds=1.0)
    noise = _noise(5.123)
    assert np.array_equal(codec.encode_long(_Pieces(noise)), codec.encode([noise])[0])
