"""One file, one noun, one test file; packages that only say what they are; names that say something."""

import ast
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "amhctl"
MODULES = sorted(path for path in SOURCE.rglob("*.py") if path.name != "__init__.py")
PACKAGES = sorted(path for path in SOURCE.rglob("__init__.py") if path.parent != SOURCE)
FORBIDDEN = {"utils", "util", "helpers", "common", "misc", "base", "manager"}


def test_every_module_has_its_test_file() -> None:
    missing = [
        name(module)
        for module in MODULES
        if not (ROOT / "tests" / module.relative_to(SOURCE).parent / f"test_{module.name}").is_file()
    ]
    assert missing == []


def test_packages_only_say_what_they_are_and_names_say_something() -> None:
    faults = []
    for package in PACKAGES:
        tree = ast.parse(package.read_text(encoding="utf-8"))
        if not ast.get_docstring(tree) or len(tree.body) != 1:
            faults.append(f"{name(package)} is more or less than a docstring")
    for module in MODULES:
        words = {*module.relative_to(SOURCE).parts[:-1], module.stem}
        if words & FORBIDDEN or module.stem.endswith(("_fast", "_new", "2")):
            faults.append(f"{name(module)} says nothing")
    assert faults == []


def name(path: Path) -> str:
    return str(path.relative_to(SOURCE))


def test_a_test_that_mirrors_nothing_is_left_nowhere() -> None:
    rooms = {path.parent.relative_to(SOURCE) for path in MODULES}
    strays = [
        str(test.relative_to(ROOT))
        for room in rooms
        for test in (ROOT / "tests" / room).glob("test_*.py")
        if not (SOURCE / room / test.name.removeprefix("test_")).is_file()
    ]
    assert strays == []
