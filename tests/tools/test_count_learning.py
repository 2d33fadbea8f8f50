"""The table of ways to fine-tune: ``tools/count_learning.py``."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

TOOL = Path(__file__).parents[2] / "tools" / "count_learning.py"
GUIDE = Path(__file__).parents[2] / "docs" / "training.md"


@pytest.fixture
def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("count_learning", TOOL)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.slow
def test_the_guide_has_the_table_as_it_is_counted(tool: ModuleType) -> None:
    table = list(tool.lines(24_000))
    assert table[2] == "| everything | 896,712,639 | 0 | 0 | 17.9 GB |"
    assert "\n".join(table) in GUIDE.read_text(encoding="utf-8")


def test_lora_counts_what_its_ranks_say(tool: ModuleType) -> None:
    found = tool.count({"text_rows": "new", "adapter": {"method": "lora"}}, 24_000)
    attention = 32 * ((1280 + 3840) + (1280 + 1280))
    mlp = 16 * ((1280 + 5120) + (5120 + 1280))
    assert found.adapter == 24 * (attention + mlp)
