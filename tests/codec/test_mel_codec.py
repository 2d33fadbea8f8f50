"""The mel codec: true lengths, singles equal batches, codes decode to whole frames."""

from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from support.codecs import TINY_CODEC, tiny_codec_folder

from amhctl.codec import mel_codec
from amhctl.codec.mel_codec import (
    MelCodec,
    MelCodecNetwork,
    codes_fingerprint,
    fingerprint_of,
    is_stored,
    stored_shapes,
)
from amhctl.codec.registry import load_codec
from amhctl.nn.residual_codebooks import embeddings
from amhctl.training.learning_quantizer import learning_quantizer


def test_a_batch_equals_its_items_and_lengths_are_true(tmp_path: Path) -> None:
    codec = load_codec(str(tiny_codec_folder(tmp_path)))
    random = np.random.default_rng(0)
    clips = [random.normal(0, 0.1, size).astype(np.float32) for size in (100, 640, 1_000, 16_000)]
    together = codec.encode(clips)
    for clip, codes in zip(clips, together, strict=True):
        assert codes.dtype == np.uint16
        assert codes.shape == (2, codec.spec.frames_of(clip.size))
        assert np.array_equal(codes, codec.encode([clip])[0])
    for codes, samples in zip(together, codec.decode(together), strict=True):
        assert samples.size == codes.shape[1] * codec.spec.frame_samples
        assert samples.dtype == np.float32


def test_codes_decode_to_what_the_network_reconstructs(tmp_path: Path) -> None:
    torch.manual_seed(3)
    network = MelCodecNetwork(TINY_CODEC, learning_quantizer(TINY_CODEC))
    network.train()
    samples = torch.randn(2, 32 * 640) * 0.1
    with torch.no_grad():
        network(samples)
        network.eval()
        output = network(samples)
        assert output.codes_BSQ is not None
        latents = network.quantised(output.codes_BSQ, torch.tensor([2, 2]))
        assert torch.allclose(network.synthesise(latents), output.samples_BN, atol=1e-5)


def test_the_mean_of_takes_is_decoded_from_the_mean_of_their_vectors(tmp_path: Path) -> None:
    codec = load_codec(str(tiny_codec_folder(tmp_path)))
    assert isinstance(codec, MelCodec)
    random = np.random.default_rng(5)
    takes = [random.integers(0, codec.spec.codebook_size, (2, 9)).astype(np.uint16) for _ in range(3)]
    books = codec.codebooks()
    latents = np.mean([sum(books[book, take[book]] for book in range(2)) for take in takes], axis=0)
    with torch.no_grad():
        expected = codec._network.synthesise(torch.from_numpy(latents[None]).float())[0].numpy()
    np.testing.assert_allclose(codec.decode_mean(takes), expected, atol=1e-5)
    np.testing.assert_array_equal(codec.decode_mean(takes[:1]), codec.decode(takes[:1])[0])


def test_the_unquantised_pass_has_gradients_everywhere_but_the_codebooks() -> None:
    network = MelCodecNetwork(TINY_CODEC)
    network(torch.randn(1, 6_400) * 0.1, quantised=False).samples_BN.square().mean().backward()
    assert all(p.grad is not None and bool(p.grad.isfinite().all()) for p in network.parameters() if p.requires_grad)


def test_fingerprint_follows_names_shapes_and_bytes() -> None:
    one = {"a": torch.zeros(4), "b": torch.ones(2)}
    assert fingerprint_of(one) == fingerprint_of(dict(reversed(one.items())))
    assert len({fingerprint_of(t) for t in (one, {"a": torch.zeros(2, 2), "b": one["b"]}, {"c": one["a"]})}) == 3


def test_a_decoder_does_not_change_what_codes_mean() -> None:
    tensors = dict(MelCodecNetwork(TINY_CODEC).state_dict())
    before = codes_fingerprint(tensors)
    for name, same in (("head.weight", True), ("enter.weight", False), ("from_latent.bias", True)):
        (key,) = (key for key in tensors if key.startswith(name.split(".")[0]) and key.endswith(name.split(".")[-1]))
        changed = codes_fingerprint(tensors | {key: tensors[key] + 1})
        assert (changed == before) == same


def test_each_item_is_decoded_from_as_many_codebooks_as_asked() -> None:
    torch.manual_seed(5)
    network = MelCodecNetwork(TINY_CODEC, learning_quantizer(TINY_CODEC))
    with torch.no_grad():
        codes_BSQ = network(torch.randn(2, 32 * 640) * 0.1).codes_BSQ
    assert codes_BSQ is not None
    network.eval()
    vectors = [embed_1VZ[0] for embed_1VZ in embeddings(network.quantizer)]
    one, both = network.quantised(codes_BSQ, torch.tensor([1, 2]))
    torch.testing.assert_close(one, vectors[0][codes_BSQ[0, :, 0]])
    torch.testing.assert_close(both, vectors[0][codes_BSQ[1, :, 0]] + vectors[1][codes_BSQ[1, :, 1]])


def test_codebooks_are_what_codes_add_to_the_latent(tmp_path: Path) -> None:
    codec = load_codec(str(tiny_codec_folder(tmp_path)))
    assert isinstance(codec, MelCodec)
    codes = codec.encode([np.random.default_rng(1).normal(0, 0.1, 6_400).astype(np.float32)])[0]
    vectors = codec.codebooks()
    assert vectors.shape[:2] == (codec.spec.codebooks, codec.spec.codebook_size)
    added = sum(vectors[book][codes[book]] for book in range(codec.spec.codebooks))
    indices = torch.from_numpy(codes.T.astype(np.int64))[None]
    quantised = codec._network.quantised(indices, torch.tensor([2]))[0].numpy()
    np.testing.assert_allclose(added, quantised, atol=1e-5)


def test_the_shapes_of_a_training_state_are_those_of_a_learning_network() -> None:
    learning = MelCodecNetwork(TINY_CODEC, learning_quantizer(TINY_CODEC)).state_dict()
    assert stored_shapes(TINY_CODEC, whole=True) == {name: tuple(tensor.shape) for name, tensor in learning.items()}
    used = MelCodecNetwork(TINY_CODEC).state_dict()
    assert stored_shapes(TINY_CODEC) == {name: tuple(tensor.shape) for name, tensor in used.items()}
    assert set(used) == {name for name in learning if is_stored(name)}


class _Pieces:
    """A waveform that is only handed out in pieces; the largest is remembered."""

    def __init__(self, samples: NDArray[np.float32]) -> None:
        self.samples = samples
        self.largest = 0

    @property
    def size(self) -> int:
        return self.samples.size

    def piece(self, start: int, stop: int) -> NDArray[np.float32]:
        assert 0 <= start < stop <= self.size
        self.largest = max(self.largest, stop - start)
        return self.samples[start:stop]


@pytest.mark.parametrize("size", [16_000, 160_000, 160_333])
def test_a_long_waveform_has_the_codes_of_the_whole(tmp_path: Path, size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    codec = load_codec(str(tiny_codec_folder(tmp_path)))
    whole = np.random.default_rng(0).normal(0, 0.1, size).astype(np.float32)
    monkeypatch.setattr(mel_codec, "_WINDOW_SECONDS", 1.0)
    pieces = _Pieces(whole)
    codes_QS, wanted_QS = codec.encode_long(pieces), codec.encode([whole])[0]
    assert codes_QS.shape == wanted_QS.shape
    # A matrix product of another size may round otherwise, and so choose another of two near codes.
    assert (codes_QS == wanted_QS).mean() > 0.999
    assert pieces.largest < 2.0 * 16_000 + 1
