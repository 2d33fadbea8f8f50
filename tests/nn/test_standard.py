"""Features at a common scale, and the statistics that go with the weights."""

import torch

from amhctl.nn.standard import FeatureStandard


def test_features_come_to_mean_0_and_deviation_1() -> None:
    features_BTF = torch.randn(2, 50, 3, generator=torch.Generator().manual_seed(0)) * 4.0 - 6.0
    standard = FeatureStandard(3)
    assert torch.equal(standard(features_BTF), features_BTF)
    standard.mean.copy_(features_BTF.mean(dim=(0, 1)))
    standard.deviation.copy_(features_BTF.std(dim=(0, 1), correction=0))
    result_BTF = standard(features_BTF)
    assert torch.allclose(result_BTF.mean(dim=(0, 1)), torch.zeros(3), atol=1e-5)
    assert torch.allclose(result_BTF.square().mean(dim=(0, 1)), torch.ones(3), atol=1e-5)


def test_the_statistics_are_stored_and_never_learnt() -> None:
    standard = FeatureStandard(3)
    assert set(standard.state_dict()) == {"mean", "deviation"}
    assert not list(standard.parameters())
