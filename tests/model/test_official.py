"""The official layout: its 665 tensors and 865,980,639 parameters, and what does not fit into it."""

from math import prod

import pytest
import torch
from support.official import official_shape, official_tensors

from amhctl.config.unified import AlignmentConfig
from amhctl.model.official import (
    OFFICIAL,
    TEXT_TABLES,
    find_foreign_tables,
    find_unofficial,
    sinusoid_tables,
    text_rows,
)
from amhctl.model.shapes import parameter_shapes
from amhctl.model.unified_voice import UnifiedVoice


def test_the_official_file_has_665_tensors() -> None:
    """Counted on a network of the full size, made without memory."""
    with torch.device("meta"):
        parameters = dict(UnifiedVoice(OFFICIAL).named_parameters())
    tables = sinusoid_tables(OFFICIAL)
    assert len(parameters) + len(tables) == 665
    assert sum(tensor.numel() for tensor in parameters.values()) == 865_980_639
    assert {name: tuple(table.shape) for name, table in tables.items()} == {
        "conditioning_encoder.embed.pos_enc.pe": (1, 5_000, 512),
        "emo_conditioning_encoder.embed.pos_enc.pe": (1, 5_000, 512),
    }
    assert sum(prod(shape) for shape in parameter_shapes(OFFICIAL).values()) == 865_980_639
    assert all(parameters[name].shape[0] == 12_001 for name in TEXT_TABLES)


def test_text_rows_are_read_from_the_embedding() -> None:
    assert text_rows(official_tensors(official_shape(64))) == 65
    assert text_rows({}) is None
    assert text_rows({TEXT_TABLES[0]: torch.zeros(3)}) is None


def test_tables_of_sinusoids_are_told_from_others() -> None:
    shape = official_shape(64)
    tables = sinusoid_tables(shape)
    one, other = tables
    assert list(find_foreign_tables({}, shape)) == []
    # Another machine rounds otherwise, and a table may have fewer positions.
    assert list(find_foreign_tables({one: tables[one][:, :100] + 1e-5}, shape)) == []
    assert list(find_foreign_tables({**tables, other: tables[other] + 0.01}, shape)) == [other]
    assert list(find_foreign_tables({one: tables[one][..., :4], "text.pos_enc.pe": tables[other]}, shape)) == [
        one,
        "text.pos_enc.pe",
    ]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"codebooks": 2}, "codebooks = 2"),
        ({"alignment": AlignmentConfig()}, "alignment (explicit durations)"),
        ({"condition_norms": True}, "condition_norms"),
        ({"emo_condition_module": None}, "no emo_condition_module"),
        ({"condition_dim": 100}, "condition_dim = 100"),
        ({"emo_dim": 512}, "emo_dim = 512"),
        ({"start_text_token": 2}, "start_text_token = 2"),
        ({"stop_text_token": 12_000}, "stop_text_token = 12000"),
    ],
)
def test_what_the_layout_does_not_have_is_named(change: dict[str, object], reason: str) -> None:
    assert list(find_unofficial(OFFICIAL)) == []
    assert list(find_unofficial(OFFICIAL.model_copy(update=change))) == [reason]
