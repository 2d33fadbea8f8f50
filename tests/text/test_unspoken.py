"""Twin of ``text/unspoken.py``."""

import pytest

from amhctl.core.findings import Severity
from amhctl.text.frontend import Frontend
from amhctl.text.unspoken import find_unspoken, report_unspoken, unspoken_share


@pytest.mark.parametrize(
    ("written", "stretches", "share"),
    [
        ("ሰላም ዓለም", (), 0.0),
        ("ሰላም hello 3 $5, 50%!", (), 0.0),
        ("ሰላም 你好，世界 ሰላም", ("你好，世界",), 0.4),
        ("Привет мир ሰላም", ("Привет мир",), 0.75),
        ("שלום ሰላም", ("שלום",), 4 / 7),
        ("ሰላም 😀 ዓለም", ("😀",), 0.0),
        ("你 ሰላም 好", ("你", "好"), 0.4),
        ("ሰላም ʘ", ("ʘ",), 0.25),
    ],
)
def test_what_nobody_speaks_is_found_as_it_was_written(written: str, stretches: tuple[str, ...], share: float) -> None:
    spoken = Frontend().normalize(written)
    found = find_unspoken(spoken)
    assert tuple(item.text for item in found) == stretches
    assert all(written[item.start : item.end] == item.text for item in found)
    assert unspoken_share(spoken) == pytest.approx(share)


def test_letters_are_a_warning_and_signs_are_information() -> None:
    letters, sign = report_unspoken(Frontend().normalize("ሰላም 你好 ሰላም 😀"), "line 2", offset=10)
    assert (letters.code, letters.severity, letters.subject) == ("T002", Severity.WARNING, "line 2, characters 14-16")
    assert letters.message == "'你好' is not spoken"
    assert (sign.code, sign.severity, sign.subject) == ("T003", Severity.INFO, "line 2, characters 21-22")


def test_a_long_stretch_is_shown_in_part() -> None:
    (finding,) = report_unspoken(Frontend().normalize("ሰላም " + "好" * 100), "text")
    assert finding.message == f"'{'好' * 40}…' is not spoken"
