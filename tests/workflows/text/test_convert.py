"""Numbers, dates, Latin letters and homophones, line by line."""

from amhctl.core.progress import SilentProgress
from amhctl.workflows.text.convert import (
    Convert,
    ConvertTextRequest,
    convert_dates,
    convert_numbers,
    convert_script,
    fold_homophones,
    run,
)


def converted(convert: Convert, *lines: str) -> list[str]:
    return list(run(ConvertTextRequest(lines, convert), SilentProgress()).lines())


def test_one_line_in_one_line_out_and_what_cannot_be_converted_is_a_finding() -> None:
    report = run(ConvertTextRequest(["3\n", "\n", "x\r\n", "፲"], convert_numbers("words")), SilentProgress())
    assert report.ok
    assert list(report.lines()) == ["ሦስት", "", "", "አሥር"]
    assert [(finding.code, finding.subject) for finding in report.findings] == [("T005", "line 3")]
    assert not report.ok
    other = run(ConvertTextRequest(["3\n", "x"], convert_numbers("ethiopic")), SilentProgress())
    assert other.payload() == {"text": "3\nx", "converted": ["፫", ""]}


def test_each_conversion_converts() -> None:
    assert converted(convert_dates("ethiopian", words=False), "2024-09-11") == ["2017-01-01"]
    assert converted(convert_dates("gregorian", words=False), "1/1/2017") == ["2024-09-11"]
    assert converted(convert_dates("gregorian", words=True), "1/1/2017")[0].startswith("ሴፕቴምበር")
    assert converted(convert_script("bgn", back=False), "መንግሥት ቐ") == ["mengist ቐ"]
    assert converted(convert_script("sera", back=True), "selam") == ["ሰላም"]
    assert converted(fold_homophones, "ሠላም ፀሐይ ዓለም") == ["ሰላም ጸሀይ አለም"]
