"""The tree of errors: every message has its parts, every branch its built-in."""

import pytest

from amhctl.core import errors
from amhctl.core.errors import AmhctlError

BRANCHES = [value for value in vars(errors).values() if isinstance(value, type) and issubclass(value, AmhctlError)]


def test_subject_and_message_make_one_line() -> None:
    assert str(AmhctlError("it broke", subject="a.wav")) == "a.wav: it broke"
    assert str(AmhctlError("it broke")) == "it broke"


@pytest.mark.parametrize("branch", BRANCHES, ids=lambda branch: branch.__name__)
def test_every_branch_carries_subject_and_hint(branch: type[AmhctlError]) -> None:
    error = branch("it broke", subject="here", hint="mend it")
    assert (error.message, error.subject, error.hint) == ("it broke", "here", "mend it")
    assert branch.__doc__


@pytest.mark.parametrize(
    ("branch", "builtin"),
    [
        ("ConfigError", ValueError),
        ("TextError", ValueError),
        ("CheckpointError", ValueError),
        ("FileExistsRefused", FileExistsError),
        ("MissingExtra", ImportError),
    ],
)
def test_a_branch_is_also_the_builtin_that_fits(branch: str, builtin: type[Exception]) -> None:
    with pytest.raises(builtin):
        raise getattr(errors, branch)("it broke")


def test_the_tree_in_the_docstring_names_every_branch() -> None:
    assert errors.__doc__ is not None
    assert [branch.__name__ for branch in BRANCHES if branch.__name__ not in errors.__doc__] == []
