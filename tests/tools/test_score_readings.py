"""The scoring tool counts what it should: ``tools/score_readings.py``."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

from amhctl.text.frontend import Frontend

TOOL = Path(__file__).parents[2] / "tools" / "score_readings.py"


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("score_readings", TOOL)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["score_readings"] = module
    spec.loader.exec_module(module)
    return module


def test_readings_and_phones_are_scored_by_class(tool: ModuleType, tmp_path: Path) -> None:
    file = tmp_path / "forms.tsv"
    file.write_text(
        "# written\taccepted\tclass\n"
        "5 ሠላም!\tአራት|አምስት ሰላም\tnumber\n6\tአምስት\tnumber\n\nሰላም\tsəlam\tword\n?!\tሰላም\tmark\n",
        encoding="utf-8",
    )
    frontend = Frontend()
    answers = [tool.answer(frontend, form) for form in tool.read_forms(file)]
    assert [one.right for one in answers] == [True, False, True, False]
    told = tool.tell(answers).split("\n")
    assert told[:4] == [
        "number           1 of     2   50.0%",
        "word             1 of     1  100.0%",
        "mark             0 of     1    0.0%",
        "all              2 of     4   50.0%",
    ]
    assert told[5] == "number\t6\tስድስት\t(accepted: አምስት)"


def test_gemination_counts_in_phones(tool: ModuleType) -> None:
    frontend = Frontend()
    given = frontend.phones("አለ").text
    assert tool.answer(frontend, tool.Form("አለ", (given,), "verb")).right
    assert not tool.answer(frontend, tool.Form("አለ", (given.replace("ll", "l"),), "verb")).right


def test_a_line_without_three_columns_is_named(tool: ModuleType, tmp_path: Path) -> None:
    file = tmp_path / "forms.tsv"
    file.write_text("5\tአምስት\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"forms\.tsv:1 has 2 columns"):
        tool.read_forms(file)
