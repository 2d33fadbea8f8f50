"""WaveNet layers: names, lengths and what they see. Their numbers are tested with the network that they end."""

import torch

from amhctl.codec.indextts2.wavenet import WaveNet, published_name


def test_names_are_those_of_the_file() -> None:
    names = {published_name(f"wavenet.{name}") for name in WaveNet(4, 2, 5).state_dict()}
    assert names == {
        f"wavenet.{part}.conv.conv.{kind}"
        for part in ("cond_layer", "in_layers.0", "in_layers.1", "res_skip_layers.0", "res_skip_layers.1")
        for kind in ("weight", "bias")
    }


@torch.inference_mode()
def test_a_batch_equals_its_items_and_what_is_masked_is_zero() -> None:
    torch.manual_seed(0)
    network = WaveNet(4, 3, 5)
    signal, condition = torch.randn(2, 4, 12), torch.randn(2, 4)
    output = network(signal, condition)
    assert output.shape == signal.shape
    singles = [network(signal[item : item + 1], condition[item : item + 1]) for item in range(2)]
    torch.testing.assert_close(output, torch.cat(singles))
    keep_B1T = (torch.arange(12) < torch.tensor([[12], [9]]))[:, None].float()
    masked = network(signal, condition, keep_B1T)
    torch.testing.assert_close(masked[0], output[0])
    assert not masked[1, :, 9:].any()


@torch.inference_mode()
def test_edges_are_reflected() -> None:
    """One layer that adds up what it sees sees the neighbours of the edge twice."""
    network = WaveNet(1, 1, 3)
    for parameter in network.parameters():
        parameter.zero_()
    network.in_layers[0].weight[0] = 1.0  # type: ignore[operator]
    network.in_layers[0].bias[1] = 100.0  # type: ignore[operator]
    network.res_skip_layers[0].weight.fill_(1.0)  # type: ignore[operator]
    output = network(torch.tensor([[[0.1, 0.02, 0.003]]]), torch.zeros(1, 1))
    torch.testing.assert_close(output, torch.tanh(torch.tensor([[[0.14, 0.123, 0.043]]])))
