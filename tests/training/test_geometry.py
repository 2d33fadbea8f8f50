"""Code rows that begin from a codec: distances kept, scale kept, start and stop untouched."""

import numpy as np
import pytest
import torch
from support.training_runs import build_run, network_of

from amhctl.training.geometry import init_code_embeddings


def test_near_codes_begin_as_near_rows_at_the_old_scale(tmp_path_factory: pytest.TempPathFactory) -> None:
    model = network_of(build_run(tmp_path_factory.mktemp("run")))
    config = model.config
    codes = config.number_mel_codes - 2
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    vectors = np.random.default_rng(0).normal(size=(config.codebooks + 1, codes, 24)).astype(np.float32)
    vectors[:, 1] = vectors[:, 0] + 0.01
    init_code_embeddings(model, vectors, seed=3)
    for name in ("mel_embedding.weight", "mel_head.weight"):
        table, old = model.state_dict()[name], before[name]
        for book in range(config.codebooks):
            first = book * config.number_mel_codes
            rows = table[first : first + codes]
            distances = torch.cdist(rows, rows)
            assert distances[0, 1] < 0.1 * distances[0, 2:].min()
            torch.testing.assert_close(rows.std(), old[first : first + codes].std(), rtol=0.3, atol=0.0)
            fixed = slice(first + codes, first + config.number_mel_codes)
            assert torch.equal(table[fixed], old[fixed])
    changed = {name for name, tensor in model.state_dict().items() if not torch.equal(tensor, before[name])}
    assert changed == {"mel_embedding.weight", "mel_head.weight"}


def test_the_same_seed_gives_the_same_rows(tmp_path_factory: pytest.TempPathFactory) -> None:
    tables = []
    for seed in (1, 1, 2):
        model = network_of(build_run(tmp_path_factory.mktemp("run")))
        vectors = np.random.default_rng(0).normal(size=(2, model.config.number_mel_codes - 2, 24)).astype(np.float32)
        init_code_embeddings(model, vectors, seed=seed)
        tables.append(model.mel_embedding.weight.detach().clone())
    assert torch.equal(tables[0], tables[1])
    assert not torch.equal(tables[0], tables[2])
