"""Foreign weights: renamed as the table says; pickles of anything but tensors stay shut."""

import os
import pickle
from pathlib import Path

import pytest
import torch
from torch import Tensor

from amhctl.checkpoint.keymap import is_transposed, name_foreign, read_foreign, rename_foreign
from amhctl.core.errors import CheckpointError


def write(path: Path, document: object) -> Path:
    torch.save(document, path)
    return path


def test_what_is_no_parameter_is_left_out(tmp_path: Path) -> None:
    tensors = {
        "text_head.weight": torch.ones(2, 2),
        "gpt.wte.weight": torch.zeros(1),
        "inference_model.lm_head.weight": torch.zeros(1),
        "conditioning_encoder.embed.pos_enc.pe": torch.zeros(1),
    }
    found = read_foreign(write(tmp_path / "gpt.pth", tensors))
    assert found.tensors.keys() == {"text_head.weight"}
    assert set(found.left_out) == {*tensors} - {"text_head.weight"}
    assert found.tables.keys() == {"conditioning_encoder.embed.pos_enc.pe"}
    assert found.unlike == ()


def test_copies_that_are_not_what_they_repeat_are_named(tmp_path: Path) -> None:
    block, norm, codes = torch.ones(2, 2), torch.ones(2), torch.full((3, 2), 4.0)
    tensors = {
        "gpt.h.0.mlp.c_fc.weight": block,
        "final_norm.weight": norm,
        "mel_embedding.weight": codes,
        "mel_head.weight": codes * 2,
        "gpt.wte.weight": codes,
        "inference_model.transformer.h.0.mlp.c_fc.weight": block.clone(),
        "inference_model.embeddings.weight": codes + 1,
        "inference_model.lm_head.0.weight": norm,
        "inference_model.lm_head.1.weight": codes,
        "inference_model.unheard_of": norm,
    }
    found = read_foreign(write(tmp_path / "gpt.pth", tensors))
    assert len(found.tensors) == 4
    assert found.unlike == ("inference_model.embeddings.weight", "inference_model.lm_head.1.weight")


def test_what_is_named_back_has_storage_of_its_own() -> None:
    whole = torch.arange(6.0)
    named = name_foreign({"part": whole[2:4], "whole": whole}, {"table": torch.ones(1, 2, 2)})
    assert named.keys() == {"part", "whole", "table"}
    assert named["part"].untyped_storage().nbytes() == 8
    assert named["whole"].data_ptr() == whole.data_ptr()
    assert torch.equal(named["part"], torch.tensor([2.0, 3.0]))


@pytest.mark.parametrize(
    ("name", "transposed"),
    [
        ("gpt.h.0.attn.c_attn.weight", True),
        ("gpt.h.23.mlp.c_proj.weight", True),
        ("gpt.h.0.attn.c_attn.bias", False),
        ("gpt.h.0.ln_1.weight", False),
        ("text_head.weight", False),
        ("conditioning_encoder.encoders.0.self_attn.linear_q.weight", False),
    ],
)
def test_the_matrices_of_gpt2_lie_the_other_way_round(name: str, transposed: bool) -> None:
    assert is_transposed(name) is transposed


def test_weights_below_model_and_peft_names_are_understood(tmp_path: Path) -> None:
    weight = torch.arange(4.0)
    plain = read_foreign(write(tmp_path / "plain.pth", {"gpt.h.0.attn.c_attn.weight": weight}))
    nested = {"model": {"gpt.h.0.attn.c_attn.base_layer.weight": weight}}
    wrapped = read_foreign(write(tmp_path / "nested.pth", nested))
    assert plain.tensors.keys() == wrapped.tensors.keys()
    assert all(torch.equal(plain.tensors[name], wrapped.tensors[name]) for name in plain.tensors)


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (["a.lora_A.weight"], "adapter that is not merged"),
        (["a.weight", "a.base_layer.weight"], "two tensors are named a.weight"),
    ],
)
def test_names_that_cannot_be_resolved_are_refused(names: list[str], words: str) -> None:
    tensors: dict[str, Tensor] = {name: torch.zeros(1) for name in names}
    with pytest.raises(CheckpointError, match=words):
        rename_foreign(tensors, subject="gpt.pth")


class Malicious:
    """Runs a command when it is unpickled."""

    def __init__(self, witness: Path) -> None:
        self.witness = witness

    def __reduce__(self) -> tuple[object, ...]:
        return (os.mkdir, (str(self.witness),))


@pytest.mark.parametrize("content", [b"", b"noise" * 100])
def test_what_is_no_archive_is_said_in_plain_words(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "gpt.pth"
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match="not a PyTorch file in the current format"):
        read_foreign(path)
    torch.save({"a": torch.zeros(1)}, path, _use_new_zipfile_serialization=False)
    with pytest.raises(CheckpointError, match="not a PyTorch file in the current format") as caught:
        read_foreign(path)
    assert "saving it with a new one" in caught.value.hint


def test_code_in_a_pickle_is_never_run(tmp_path: Path) -> None:
    witness = tmp_path / "ran"
    path = write(tmp_path / "gpt.pth", {"model": Malicious(witness)})
    with pytest.raises(CheckpointError, match="not a readable tensor file"):
        read_foreign(path)
    assert not witness.exists()
    bare = tmp_path / "bare.pth"
    bare.write_bytes(pickle.dumps(Malicious(witness)))
    with pytest.raises(CheckpointError):
        read_foreign(bare)
    assert not witness.exists()


@pytest.mark.parametrize("content", [b"", b"not a pickle", b"PK\x03\x04 broken"])
def test_what_is_no_such_file_is_an_error_of_one_line(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "gpt.pth"
    path.write_bytes(content)
    with pytest.raises(CheckpointError) as caught:
        read_foreign(path)
    assert "\n" not in caught.value.message


@pytest.mark.parametrize("document", [[torch.zeros(1)], {"steps": 3}, {}])
def test_a_file_without_a_state_dictionary_is_refused(tmp_path: Path, document: object) -> None:
    with pytest.raises(CheckpointError, match=r"no tensors|no state dictionary"):
        read_foreign(write(tmp_path / "gpt.pth", document))
