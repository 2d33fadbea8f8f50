"""Twin of ``text/quantities.py``: a table of written | spoken | rule."""

import pytest

from amhctl.text.calendar import CONTEXT
from amhctl.text.draft import TIE, Draft
from amhctl.text.frontend import Frontend
from amhctl.text.numbers import NUMERALS, NumberWords
from amhctl.text.quantities import CENTS, CURRENCIES, UNITS, VULGAR, Quantities  # type: ignore[attr-defined]

FRONTEND = Frontend()
RULES = Quantities(NumberWords(NUMERALS), UNITS, CURRENCIES, CENTS, CONTEXT).rules()
TABLE = """
10.50 ብር | አሥር ብር ከሃምሳ ሳንቲም | money
$10 | አሥር ዶላር | money
$1.5 ሚሊዮን | አንድ ነጥብ አምስት ሚሊዮን ዶላር | money
€3.20 | ሦስት ዩሮ ከሃያ ሳንቲም | money
500 ETB | አምስት መቶ ብር | money
25% | ሃያ አምስት በመቶ | percent
0.5 % | ዜሮ ነጥብ አምስት በመቶ | percent
5 km | አምስት ኪሎ ሜትር | unit
3m ካሬ | ሦስት ካሬ ሜትር | unit
-5°C | ከዜሮ በታች አምስት ዲግሪ ሴልሺየስ | unit
½ | ግማሽ | fraction
2½ | ሁለት ተኩል | fraction
1¾ | አንድ ከሦስት አራተኛ | fraction
1/3 | አንድ ሦስተኛ | fraction
"""


def read(written: str) -> str:
    draft = Draft(written)
    for rule in RULES:
        rule.apply(draft)
    return draft.text.replace(TIE, " ")


@pytest.mark.parametrize("row", TABLE.strip().splitlines())
def test_quantities(row: str) -> None:
    written, spoken, _ = row.split(" | ")
    assert read(written) == spoken


@pytest.mark.parametrize("sign", sorted(VULGAR))
def test_every_fraction_of_one_character_is_read_as_it_is_written_out(sign: str) -> None:
    above, below = VULGAR[sign]
    assert read(sign) == read(f"{above}/{below}")


@pytest.mark.parametrize("unit", sorted(UNITS))
def test_every_unit_is_read_behind_a_number(unit: str) -> None:
    assert FRONTEND.normalize(f"በ5 {unit} ላይ").text == f"በአምስት {UNITS[unit]} ላይ"


@pytest.mark.parametrize("coin", sorted(CURRENCIES))
def test_every_currency_is_read_on_both_sides_of_a_number(coin: str) -> None:
    for written in (f"{coin} 5", f"5 {coin}", f"{coin}5"):
        assert FRONTEND.normalize(f"ዋጋው {written} ነው").text == f"ዋጋው አምስት {CURRENCIES[coin]} ነው"


def test_text_without_digits_is_left_alone() -> None:
    draft = Draft("ሰላም $ km % ዓለም")
    for rule in RULES:
        rule.apply(draft)
    assert draft.trace == []
