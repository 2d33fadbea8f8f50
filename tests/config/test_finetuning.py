"""Twin of ``config/finetuning.py``."""

import pytest
from pydantic import ValidationError

from amhctl.config.finetuning import AdapterConfig, ParameterGroup
from amhctl.config.load import load_run_config


def test_the_ranks_are_those_that_fine_tunes_use() -> None:
    config = AdapterConfig()
    assert (config.method, config.attention_rank, config.mlp_rank) == ("none", 32, 16)


def test_adalora_ends_with_less_rank_than_it_begins_with() -> None:
    with pytest.raises(ValidationError, match="must be smaller than attention_rank 8"):
        AdapterConfig(method="adalora", attention_rank=8, target_rank=8)
    AdapterConfig(method="lora", attention_rank=8, target_rank=8)


def test_groups_are_a_list_of_tables() -> None:
    sets = ('training.groups=[{parameters = ["text"], rate = 0.1, weight_decay = 0.0}]', "training.adapter.method=lora")
    config = load_run_config(preset="tiny", project=None, sets=sets, environment={}).config.training
    assert config.groups == (ParameterGroup(parameters=("text",), rate=0.1, weight_decay=0.0),)
    assert config.adapter.method == "lora"


def test_a_group_of_nothing_is_refused() -> None:
    with pytest.raises(ValidationError):
        ParameterGroup(parameters=())
