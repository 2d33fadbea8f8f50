"""Licences that forbid commercial use are known by their names."""

import pytest

from amhctl.checkpoint.licences import forbids_commercial_use, require_commercial
from amhctl.checkpoint.manifest import Licence
from amhctl.core.errors import ConfigError


@pytest.mark.parametrize(
    ("name", "forbids"),
    [
        ("CC-BY-NC-4.0", True),
        ("CC BY-NC-SA 4.0", True),
        ("cc-by-nc-nd-3.0", True),
        ("Non-Commercial licence of a university", True),
        ("noncommercial", True),
        ("CC-BY-4.0", False),
        ("MIT", False),
        ("bilibili Model Use License Agreement", False),
        ("NCSA", False),
    ],
)
def test_names_say_it(name: str, forbids: bool) -> None:
    assert forbids_commercial_use(Licence(work="a", licence=name)) == forbids


def test_works_that_forbid_it_are_named_once() -> None:
    works = [Licence(work=name, licence=licence) for name, licence in (("a", "CC-BY-NC-4.0"), ("b", "MIT"))]
    require_commercial(works[1:], "x")
    with pytest.raises(ConfigError, match=r"forbid it: a \(CC-BY-NC-4\.0\)$") as caught:
        require_commercial([*works, works[0]], "run/a1")
    assert caught.value.subject == "run/a1"
    assert "licence.commercial" in caught.value.hint
