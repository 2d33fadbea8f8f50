"""Score the frontend on written forms or words with accepted answers: ``python tools/score_readings.py FILE``.

FILE has a form a line, in three columns set apart by tabs: what is written, what is accepted as its answer (several
between ``|``), and its class; lines that begin with ``#`` and empty lines are passed over. An answer in fidel is a
reading, any other is phones. Homophones are folded and marks left out on both sides of readings; of phones, the spaces.
Prints a line for each class and one for all, then what was missed.
"""

import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from amhctl.core.errors import TextError
from amhctl.text.frontend import Frontend
from amhctl.text.g2p.phones import MARKS as PHONE_MARKS
from amhctl.text.script import GEMINATION, MARKS, SYLLABLES, build_homophones

_FOLDED = str.maketrans(build_homophones() | dict.fromkeys(MARKS + GEMINATION, " "))


@dataclass(frozen=True, slots=True)
class Form:
    """One line of the file."""

    written: str
    accepted: tuple[str, ...]
    kind: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What the frontend made of a form, and whether that is accepted."""

    form: Form
    given: str
    right: bool


def read_forms(path: Path) -> list[Form]:
    """Return the forms of a file.

    Raises
    ------
    ValueError
        With the number of the first line that does not have three columns.
    """
    forms: list[Form] = []
    for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), start=1):
        if not line or line.startswith("#"):
            continue
        cells = line.split("\t")
        if len(cells) != 3:
            raise ValueError(f"{path}:{number} has {len(cells)} columns instead of three")
        forms.append(Form(cells[0], tuple(cells[1].split("|")), cells[2]))
    return forms


def answer(frontend: Frontend, form: Form) -> Answer:
    """Read a form and compare it with what is accepted."""
    spoken_wanted = any(letter in SYLLABLES for letter in form.accepted[0])
    try:
        spoken = frontend.normalize(form.written).text
        given = spoken if spoken_wanted else frontend.phones(spoken).text
    except TextError as error:
        return Answer(form, f"({error})", right=False)
    fold = fold_reading if spoken_wanted else fold_phones
    return Answer(form, given, right=fold(given) in map(fold, form.accepted))


def fold_reading(text: str) -> str:
    """Return a reading with its homophones in one spelling, without marks."""
    return " ".join(text.translate(_FOLDED).split())


def fold_phones(text: str) -> str:
    """Return phones run together, without marks; a labialised consonant is written with w (tʷ tw)."""
    return "".join(letter for letter in text if letter not in PHONE_MARKS and not letter.isspace()).replace("ʷ", "w")


def tell(answers: list[Answer]) -> str:
    """Return the table by class, and what was missed."""
    total = Counter(one.form.kind for one in answers)
    right = Counter(one.form.kind for one in answers if one.right)
    rows = [(kind, right[kind], count) for kind, count in total.items()]
    rows.append(("all", right.total(), total.total()))
    table = [f"{kind:12} {good:5} of {count:5}  {good / count:6.1%}" for kind, good, count in rows]
    missed = [
        f"{one.form.kind}\t{one.form.written}\t{one.given}\t(accepted: {' | '.join(one.form.accepted)})"
        for one in answers
        if not one.right
    ]
    return "\n".join((*table, "", *missed)) + "\n"


def main(path: Path) -> None:
    """Score a file and print the figures."""
    forms = read_forms(path)
    if not forms:
        sys.exit(f"{path} has no forms")
    frontend = Frontend()
    sys.stdout.write(tell([answer(frontend, form) for form in forms]))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))
