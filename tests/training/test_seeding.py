"""Twin of ``training/seeding.py``."""

import pytest
import torch

from amhctl.training.seeding import derive_seed, generator_of, seed_batch


def test_every_use_has_its_own_seed() -> None:
    seeds = {derive_seed(seed, use, step) for seed in range(3) for use in ("step", "noise") for step in range(50)}
    assert len(seeds) == 300
    assert all(0 <= seed < 2**63 for seed in seeds)


def test_keys_do_not_run_together() -> None:
    assert derive_seed(1, "a", "b") != derive_seed(1, "ab")
    assert derive_seed(1, 11) != derive_seed(11, 1)


def test_a_batch_draws_the_same_whatever_came_before() -> None:
    seed_batch(0, 7, 0)
    first = torch.rand(4)
    torch.rand(100)
    seed_batch(0, 7, 0)
    assert torch.equal(first, torch.rand(4))
    seed_batch(0, 7, 1)
    assert not torch.equal(first, torch.rand(4))


def test_a_generator_leaves_the_global_one_alone() -> None:
    state = torch.get_rng_state()
    torch.rand(3, generator=generator_of(0, "noise"))
    assert torch.equal(state, torch.get_rng_state())


def test_a_generator_draws_on_its_device_and_for_none_on_the_processor() -> None:
    assert generator_of(3, "noise").device.type == "cpu"
    assert generator_of(3, "noise", device="meta").device.type == "cpu"
    drawn = [torch.rand(4, generator=generator_of(3, "noise", device=device)) for device in ("cpu", "meta")]
    assert torch.equal(*drawn)
    # Another kind of device is asked for its own generator, by its name.
    with pytest.raises(RuntimeError, match="VULKAN"):
        generator_of(3, "noise", device="vulkan")
