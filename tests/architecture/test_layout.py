"""One file, one noun, one twin; packages that only say what they are; names that say something."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "amhctl"
MODULES = sorted(path for path in SOURCE.rglob("*.py") if path.name != "__init__.py")
PACKAGES = sorted(path for path in SOURCE.rglob("__init__.py") if path.parent != SOURCE)
FORBIDDEN = {"utils", "util", "helpers", "common", "misc", "base", "manager"}


def name(path: Path) -> str:
    return str(path.relative_to(SOURCE))


@pytest.mark.parametrize("module", MODULES, ids=name)
def test_every_module_has_its_twin(module: Path) -> None:
    room = module.relative_to(SOURCE).parent
    assert (ROOT / "tests" / room / f"test_{module.name}").is_file()


@pytest.mark.parametrize("package", PACKAGES, ids=name)
def test_a_package_is_a_docstring(package: Path) -> None:
    tree = ast.parse(package.read_text(encoding="utf-8"))
    assert ast.get_docstring(tree)
    assert len(tree.body) == 1


@pytest.mark.parametrize("module", MODULES, ids=name)
def test_names_say_something(module: Path) -> None:
    parts = {*module.relative_to(SOURCE).parts[:-1], module.stem}
    assert parts.isdisjoint(FORBIDDEN)
    assert not module.stem.endswith(("_fast", "_new", "2"))


def test_a_test_that_mirrors_nothing_is_no_twin() -> None:
    rooms = {path.parent.relative_to(SOURCE) for path in MODULES}
    strays = [
        str(test.relative_to(ROOT))
        for room in rooms
        for test in (ROOT / "tests" / room).glob("test_*.py")
        if not (SOURCE / room / test.name.removeprefix("test_")).is_file()
    ]
    assert strays == []
