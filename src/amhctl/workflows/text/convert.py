"""``text number``, ``date``, ``romanize`` and ``fold``: one form of writing to another, line by line."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Literal

from amhctl.core.errors import TextError
from amhctl.core.findings import Finding, Rule, Rules, Severity, has_errors
from amhctl.core.progress import Progress
from amhctl.core.report import Report
from amhctl.text.dates import EthiopianDate, parse_ethiopian, parse_gregorian, spell_date, to_ethiopian, to_gregorian
from amhctl.text.frontend import Frontend
from amhctl.text.romanisation import Scheme, deromanise, romanise
from amhctl.text.script import build_homophones
from amhctl.text.wordnumbers import read_number, write_number

RULES = Rules(
    Rule(
        "T005",
        Severity.ERROR,
        "line cannot be converted",
        "A line is not what the command converts, such as a number or a date. The output has an empty line in its "
        "place; the other lines are converted as usual.",
    ),
)
Convert = Callable[[str], str]
NumberForm = Literal["words", "ordinal", "digits", "ethiopic"]
Calendar = Literal["ethiopian", "gregorian"]


@dataclass(frozen=True, slots=True)
class ConvertTextRequest:
    """The text, line by line with the ends of lines, and what becomes of each line."""

    text: Iterable[str]
    convert: Convert


@dataclass(frozen=True, slots=True)
class ConvertTextReport(Report):
    """A line for each line, made when it is asked for; they can be asked for once.

    Attributes
    ----------
    made : Iterator[tuple[str, str]]
        Each line as it was and as it is.
    """

    made: Iterator[tuple[str, str]]
    _found: list[Finding] = field(default_factory=list)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Lines that could not be converted, up to now."""
        return tuple(self._found)

    @property
    def ok(self) -> bool:
        """Whether every line was converted."""
        return not has_errors(self.findings)

    def payload(self) -> dict[str, object]:
        """Return the lines as they were and as they are."""
        lines = list(self.made)
        return {"text": "\n".join(before for before, _ in lines), "converted": [after for _, after in lines]}

    def lines(self) -> Iterable[str]:
        """Yield the lines as they are."""
        for _, after in self.made:
            yield after


def run(request: ConvertTextRequest, progress: Progress) -> ConvertTextReport:
    """Convert a text, line by line as the report is read."""
    found: list[Finding] = []

    def make() -> Iterator[tuple[str, str]]:
        for number, line in enumerate(request.text, 1):
            written = line.removesuffix("\n").removesuffix("\r")
            try:
                yield written, request.convert(written) if written.strip() else ""
            except TextError as error:
                finding = RULES.finding("T005", f"line {number}", str(error), error.hint)
                found.append(finding)
                yield written, ""

    return ConvertTextReport(make(), found)


def convert_numbers(form: NumberForm) -> Convert:
    """Return what writes the number of a line in another form."""
    return lambda line: write_number(read_number(line), form)


def convert_dates(to: Calendar, *, words: bool) -> Convert:
    """Return what writes the date of a line in the other calendar, in figures or in words."""

    def convert(line: str) -> str:
        day = to_ethiopian(parse_gregorian(line)) if to == "ethiopian" else to_gregorian(parse_ethiopian(line))
        if words:
            return spell_date(day)
        return str(day) if isinstance(day, EthiopianDate) else day.isoformat()

    return convert


def convert_script(scheme: Scheme, *, back: bool) -> Convert:
    """Return what writes fidel in Latin letters, or Latin letters in fidel."""
    if back:
        return lambda line: deromanise(line, scheme)
    frontend = Frontend()

    def speak(word: str) -> tuple[str, ...]:
        try:
            return frontend.phones(word).words[0]
        except TextError:
            # Letters that no word has: the vowel of the sixth order is written then.
            return ()

    return lambda line: romanise(line, scheme, speak)


def fold_homophones(line: str) -> str:
    """Return a line with letters that sound alike in one spelling."""
    return line.translate(_FOLDING)


_FOLDING = str.maketrans(build_homophones())
