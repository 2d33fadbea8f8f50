"""From the rate of codes to that of mel frames: the published numbers."""

import pytest
import torch
from support.acoustics import far, numbers, official_numbers, official_tensors, tiny

from amhctl.codec.indextts2.length_regulator import LengthRegulator, read_length_regulator
from amhctl.codec.indextts2.weights import Tensors
from amhctl.core.errors import CodecError


@torch.inference_mode()
def test_numbers_are_the_published_ones() -> None:
    regulator = read_length_regulator(tiny("s2mel", "length_regulator."))
    prompt = regulator(numbers()["codec.quantised"], 68)
    assert far(prompt, numbers()["regulator.prompt_condition"]) < 1e-5
    assert far(regulator(numbers()["gpt.content"], 30), numbers()["regulator.target_condition"]) < 1e-5
    # The second item of the published batch is shorter: its norms saw the frames that are 0 after them.
    quantised_1SW = numbers()["codec.quantised"]
    batch_BTD = regulator(torch.cat([quantised_1SW, quantised_1SW.flip(1)]), 51)
    batch_BTD[1, 33:] = 0.0
    assert far(batch_BTD, numbers()["regulator.batch_out"]) < 1e-5


@pytest.mark.slow
@torch.inference_mode()
def test_numbers_of_the_official_size() -> None:
    regulator = read_length_regulator(official_tensors("s2mel", "length_regulator."))
    content_BSW = official_numbers()["codec.quantised"] + official_numbers()["gpt.layer_out"]
    assert far(regulator(content_BSW, 20), official_numbers()["regulator.out"]) < 2e-5


@torch.inference_mode()
def test_a_batch_equals_its_items_and_frames_come_from_the_code_at_their_place() -> None:
    torch.manual_seed(0)
    regulator = LengthRegulator(5, 4)
    content = torch.randn(3, 7, 5)
    torch.testing.assert_close(regulator(content, 12), torch.cat([regulator(each[None], 12) for each in content]))
    places = [frame * 7 // 12 for frame in range(12)]
    torch.testing.assert_close(regulator(content, 12), regulator(content[:, places], 12))
    assert places == [0, 0, 1, 1, 2, 2, 3, 4, 4, 5, 5, 6]


def test_what_other_settings_use_may_be_there_and_nothing_else() -> None:
    tensors = LengthRegulator(5, 4).state_dict()
    read_length_regulator(Tensors(tensors | {"mask_token": torch.ones(1, 4)}, subject="x"))
    with pytest.raises(CodecError, match="f0_embedding is unknown"):
        read_length_regulator(Tensors(tensors | {"f0_embedding": torch.ones(1, 4)}, subject="x"))
