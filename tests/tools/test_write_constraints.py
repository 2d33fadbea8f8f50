"""``tools/write_constraints.py``: what is needed at any depth, under the names that pip knows, and nothing else."""

from pathlib import Path

from write_constraints import needed

ROOT = Path(__file__).parents[2]


def test_needs_are_followed_and_extras_are_asked_for() -> None:
    plain, more = needed("amhctl"), needed("amhctl", ("adapters",))
    assert {"numpy", "typer", "onnxruntime"} <= set(plain)
    # Of pydantic, not of amhctl.
    assert "pydantic-core" in plain
    assert "peft" in set(more) - set(plain)
    assert "pytest" not in more
    assert not any("+" in version for version in more.values())


def test_the_file_names_every_direct_need() -> None:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pinned = {line.partition("==")[0] for line in lines if not line.startswith("#")}
    assert set(needed("amhctl")) - pinned == set()
