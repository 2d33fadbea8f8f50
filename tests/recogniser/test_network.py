"""The recogniser's network: a clip alone is a clip among others; positions are Whisper's."""

import pytest
import torch
from safetensors.torch import load_file
from support.recognisers import TINY_RECOGNISER, pretrained_file, tiny_network

from amhctl.config.recogniser import RecogniserConfig
from amhctl.core.errors import CheckpointError
from amhctl.recogniser.features import BANDS
from amhctl.recogniser.labels import LABELS
from amhctl.recogniser.network import RecogniserNetwork, fill_network, network_shapes, sinusoids


def _clips(*lengths: int) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(1)
    return [torch.randn(length, BANDS, generator=generator) for length in lengths]


@torch.inference_mode()
def test_a_clip_has_the_same_logits_alone_and_among_longer_ones() -> None:
    network, lengths = tiny_network(), (1, 2, 7, 30, 31, 44)
    clips = _clips(*lengths)
    # What lies in the padding does not count.
    padded = torch.full((len(clips), 46, BANDS), 3.0)
    for place, clip in enumerate(clips):
        padded[place, : len(clip)] = clip
    logits_BEV, counts_B = network(padded, torch.tensor(lengths))
    assert logits_BEV.shape == (6, 23, len(LABELS))
    assert counts_B.tolist() == [(length + 1) // 2 for length in lengths]
    for place, clip in enumerate(clips):
        alone, counts = network(clip[None])
        assert alone.shape[1] == int(counts[0]) == int(counts_B[place])
        torch.testing.assert_close(logits_BEV[place, : alone.shape[1]], alone[0], atol=1e-5, rtol=0)


@torch.inference_mode()
def test_a_whole_batch_needs_no_lengths() -> None:
    network, batch = tiny_network(), torch.stack(_clips(20, 20))
    with_lengths, counts = network(batch, torch.tensor([20, 20]))
    without, same = network(batch)
    torch.testing.assert_close(with_lengths, without, atol=1e-5, rtol=0)
    assert counts.tolist() == same.tolist() == [10, 10]


def test_dropout_changes_training_and_nothing_else() -> None:
    network, batch = tiny_network(), torch.stack(_clips(20))
    assert torch.equal(network(batch, dropout=0.5)[0], network(batch)[0])
    network.train()
    assert torch.equal(network(batch)[0], network(batch)[0])
    assert not torch.equal(network(batch, dropout=0.5)[0], network(batch)[0])


def test_attention_has_the_heads_of_the_configuration() -> None:
    one, two = (RecogniserNetwork(TINY_RECOGNISER.model_copy(update={"heads": heads})).eval() for heads in (1, 2))
    two.load_state_dict(one.state_dict())
    batch = torch.stack(_clips(20))
    assert not torch.allclose(one(batch)[0], two(batch)[0])
    with pytest.raises(ValueError, match="width 16 is not a multiple of heads 3"):
        RecogniserNetwork(TINY_RECOGNISER.model_copy(update={"heads": 3}))


def test_a_frame_is_its_sines_and_then_its_cosines() -> None:
    places = sinusoids(50, 8)
    assert places.shape == (50, 8)
    # The shortest wave turns by one radian a frame, the longest by 1/10,000.
    turns = torch.arange(50.0)
    torch.testing.assert_close(places[:, 0], turns.sin())
    torch.testing.assert_close(places[:, 4], turns.cos())
    torch.testing.assert_close(places[:, 3], (turns / 10_000.0).sin())
    torch.testing.assert_close(places[:, 7], (turns / 10_000.0).cos())


def test_positions_are_those_of_the_published_model() -> None:
    stored = load_file(pretrained_file("whisper_tiny_en_encoder.safetensors"))
    positions = stored["encoder.position_encodings.encodings"].float()
    torch.testing.assert_close(positions, sinusoids(*positions.shape), atol=1e-3, rtol=0)


def test_shapes_are_those_of_the_network_and_take_no_memory() -> None:
    network = RecogniserNetwork(TINY_RECOGNISER)
    assert network_shapes(TINY_RECOGNISER) == {name: tuple(value.shape) for name, value in network.state_dict().items()}
    huge = network_shapes(RecogniserConfig(width=65_536, heads=2, blocks=1))
    assert huge["head.weight"] == (len(LABELS), 65_536)


def test_tensors_that_do_not_fit_are_refused() -> None:
    network, other = RecogniserNetwork(TINY_RECOGNISER), tiny_network(seed=3)
    halves = {name: value.half() for name, value in other.state_dict().items()}
    fill_network(network, halves, subject="x")
    assert all(torch.equal(value, halves[name].float()) for name, value in network.state_dict().items())
    for spoiled in (
        {name: value for name, value in halves.items() if name != "head.bias"},
        {**halves, "head.bias": torch.zeros(3)},
    ):
        with pytest.raises(CheckpointError, match=r"head\.bias") as caught:
            fill_network(network, spoiled, subject="x")
        assert caught.value.subject == "x"
