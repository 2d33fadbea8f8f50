"""Twin of ``nn/sharding.py``: blocks in shards compute what whole ones do."""

import copy

import torch
from support.thread_processes import ThreadProcesses, together

from amhctl.nn.conformer import Conformer
from amhctl.nn.decoder import Decoder
from amhctl.nn.recompute import blocks_of
from amhctl.nn.sharding import shard_block, shard_of, sharding_of, whole_of


def test_shards_divide_a_tensor_and_make_it_again() -> None:
    for shape in ((7,), (4, 3), (1,), ()):
        whole = torch.arange(torch.Size(shape).numel(), dtype=torch.float32).reshape(shape) + 1.0

        def divide(peers: ThreadProcesses, whole: torch.Tensor = whole) -> tuple[torch.Tensor, torch.Tensor]:
            own = shard_of(whole, peers)
            return own, whole_of(own, whole.shape, peers)

        divided = together(3, divide)
        assert {len(own) for own, _ in divided} == {-(-whole.numel() // 3)}
        assert sum(float(own.sum()) for own, _ in divided) == float(whole.sum())
        assert all(torch.equal(again, whole) for _, again in divided)


def test_blocks_in_shards_have_the_gradients_of_whole_ones_summed_over_all_peers() -> None:
    torch.manual_seed(0)
    decoder = Decoder(width=12, heads=2, layers=3, dropout=0.0).train()
    decoder.h[1].requires_grad_(False)
    decoder.h[2].attn.requires_grad_(False)
    inputs = [torch.randn(2, 5, 12) for _ in range(2)]
    whole = copy.deepcopy(decoder)
    outputs = [whole(each) for each in inputs]
    sum((place + 1) * output.square().sum() for place, output in enumerate(outputs)).backward()

    def learn(peers: ThreadProcesses) -> tuple[torch.Tensor, dict[str, torch.Tensor | None]]:
        mine = copy.deepcopy(decoder)
        for _, block in blocks_of(mine):
            shard_block(block, peers)
        output = mine(inputs[peers.index])
        ((peers.index + 1) * output.square().sum()).backward()
        return output.detach(), {name: parameter.grad for name, parameter in mine.h.named_parameters()}

    learnt = together(2, learn)
    for (output, _), wanted in zip(learnt, outputs, strict=True):
        assert torch.equal(output, wanted)
    for name, parameter in whole.h.named_parameters():
        parts = [gradients[name] for _, gradients in learnt]
        if parameter.grad is None:
            assert parts == [None, None]
        else:
            found = torch.cat([part for part in parts if part is not None])[: parameter.numel()]
            torch.testing.assert_close(found.view(parameter.shape), parameter.grad)


def test_what_is_whole_for_a_moment_is_not_kept() -> None:
    """A block's parameters are its shards again when it has computed, and a copy of it has shards of its own."""

    def look(peers: ThreadProcesses) -> None:
        encoder = Conformer(features=8, width=8, heads=2, inner=16, blocks=1).eval()
        names = {name for name, _ in blocks_of(encoder)}
        assert names == {"embed", "encoders.0"}
        shapes = [shard_block(block, peers) for _, block in blocks_of(encoder)]
        copied = copy.deepcopy(encoder)
        with torch.no_grad():
            encoder(torch.zeros(1, 9, 8), torch.ones(1, 9, dtype=torch.bool))
        for (_, block), known in zip(blocks_of(encoder), shapes, strict=True):
            for name, parameter in block.named_parameters():
                assert parameter.shape == (-(-known[name].numel() // 2),)
        for (_, block), (_, original) in zip(blocks_of(copied), blocks_of(encoder), strict=True):
            assert sharding_of(block) is sharding_of(original)
            assert next(block.parameters()).data_ptr() != next(original.parameters()).data_ptr()

    together(2, look)
