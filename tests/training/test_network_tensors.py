"""Twin of ``training/network_tensors.py``."""

import pytest
import torch
from support.training_runs import build_run

from amhctl.checkpoint.manifest import VocabularyGrowth
from amhctl.core.errors import CheckpointError
from amhctl.model.shapes import parameter_shapes
from amhctl.training.finetune import Base
from amhctl.training.network_tensors import kept_tensors, merged_weights, read_network, stored_name, write_network
from amhctl.training.run import Run

BASE = Base("base", VocabularyGrowth(base_size=20, base_fingerprint="0" * 64))


@pytest.fixture(scope="module")
def tuned(tmp_path_factory: pytest.TempPathFactory) -> Run:
    adapter = {"method": "lora", "attention_rank": 4, "mlp_rank": 2}
    folder = tmp_path_factory.mktemp("runs") / "run"
    return build_run(folder, aligned=False, base=BASE, text_rows="new", adapter=adapter)


def test_names_and_shapes_are_those_of_the_voice(tuned: Run) -> None:
    tensors = read_network(tuned.model)
    shapes = parameter_shapes(tuned.identity.model)  # type: ignore[arg-type]
    for weights in (tensors.weights, merged_weights(tuned.model)):
        assert {name: tuple(tensor.shape) for name, tensor in weights.items()} == shapes
    assert all(".lora_" in name for name in tensors.terms)


def test_the_terms_begin_by_adding_nothing(tuned: Run) -> None:
    weights = read_network(tuned.model).weights
    assert all(torch.equal(tensor, weights[name]) for name, tensor in merged_weights(tuned.model).items())


def test_what_is_written_is_what_is_read(tuned: Run) -> None:
    read = read_network(tuned.model)
    doubled = [{name: 2 * tensor for name, tensor in part.items()} for part in (read.weights, read.terms)]
    before = [{name: tensor.clone() for name, tensor in part.items()} for part in (read.weights, read.terms)]
    write_network(tuned.model, *doubled, subject="")
    again = read_network(tuned.model)
    for part, wanted in zip((again.weights, again.terms), doubled, strict=True):
        assert all(torch.equal(part[name], wanted[name]) for name in wanted)
    write_network(tuned.model, *before, subject="")


def test_an_adapter_keeps_what_learns_and_no_more(tuned: Run) -> None:
    kept = kept_tensors(tuned.model, tuned.identity.adapter, whole_voice=False)
    learns = {
        stored_name(name).removesuffix(".rows") for name, each in tuned.model.named_parameters() if each.requires_grad
    }
    assert set(kept) == learns
    assert kept["text_embedding.weight"].shape == read_network(tuned.model).weights["text_embedding.weight"].shape
    assert set(kept_tensors(tuned.model, tuned.identity.adapter, whole_voice=True)) == set(merged_weights(tuned.model))


def test_a_missing_a_strange_and_a_misshapen_tensor_are_refused(tuned: Run) -> None:
    read = read_network(tuned.model)
    with pytest.raises(CheckpointError, match=r"1 tensors exist in only one of the two: gpt\.h\.0"):
        write_network(tuned.model, read.weights, dict(list(read.terms.items())[1:]), subject="s")
    with pytest.raises(CheckpointError, match="other"):
        write_network(tuned.model, {**read.weights, "other": torch.zeros(1)}, read.terms, subject="s")
    with pytest.raises(CheckpointError, match="size mismatch"):
        write_network(tuned.model, {**read.weights, "mel_head.bias": torch.zeros(1)}, read.terms, subject="s")
