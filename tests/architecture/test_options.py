"""The interface that scripts rely on: no option vanishes or is renamed unseen.

``python tests/architecture/test_options.py`` writes the snapshot anew.
"""

from pathlib import Path

from support.commands import leaf_commands

SNAPSHOT = Path(__file__).parent / "options.txt"


def present() -> str:
    return "".join(f"{words}: {' '.join(options)}\n" for words, options in leaf_commands())


def test_commands_and_options_are_those_of_the_snapshot() -> None:
    assert present() == SNAPSHOT.read_text(encoding="utf-8")


def test_every_command_prints_json_and_can_be_quiet() -> None:
    for words, options in leaf_commands():
        assert {"--json", "--quiet", "--verbose"} <= set(options), words


def test_the_commands_of_the_contract_are_there() -> None:
    card = {"data check", "vocab extend", "codes extract", "train", "ckpt validate", "speak", "eval"}
    assert card <= {words for words, _ in leaf_commands()}


if __name__ == "__main__":
    SNAPSHOT.write_text(present(), encoding="utf-8")
