import pytest

from amhctl.checks.text import check_rate, check_text
from amhctl.config.text import TextConfig
from amhctl.corpus.records import Record
from amhctl.text.frontend import Frontend
from amhctl.tokenizer.tokenizer import Tokenizer
from amhctl.tokenizer.train import train_vocabulary

_FRONTEND = Frontend()


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("ሰላም ዓለም።", []),
        ("«ሰላም፣ ዓለም!» (እንዴት ነህ?)", []),
        ("", ["D030"]),
        ("  \n", ["D030"]),
        ("...", ["D031"]),
        ("hello", ["D031", "D033"]),
        ("ዛሬ 25 ቀን ነው።", ["D032"]),
        ("ዛሬ ፳፭ ቀን ነው።", ["D032"]),
        ("ይህ WHO ነው።", ["D033"]),
        ("ሰላም \u0645 ዓለም።", ["D034"]),
        ("ሰላም \ufffd ዓለም።", ["D034"]),
        ("ይህ World Health Organization ነው።", ["D033", "D037"]),
        ("ሰላም!!!! ዓለም።", ["D038"]),
        ("ግ/ክ ሄደ።", ["D039"]),
        ("ት/ቤት ሄደ።", []),
    ],
)
def test_each_fault_has_its_own_code(text: str, codes: list[str]) -> None:
    record = Record(id="a", audio="a.wav", text=text)
    assert [finding.code for finding in check_text(record, _FRONTEND, None).findings] == codes


def test_syllables_are_those_of_the_spoken_text() -> None:
    def syllables(text: str) -> int:
        return check_text(Record(id="a", audio="a.wav", text=text), _FRONTEND, None).syllables

    assert syllables("ሰላም ዓለም።") == 6
    assert syllables("5 ቀን") > 3


def test_unknown_pieces_are_found_with_a_vocabulary() -> None:
    vocabulary = train_vocabulary([_FRONTEND.units("ሰላም ዓለም።")], size=128, units="phones", model_type="char")
    record = Record(id="a", audio="a.wav", text="ሰላም ዓለም።")
    assert check_text(record, _FRONTEND, Tokenizer(vocabulary)).findings == ()
    # Fidel are strangers to a vocabulary of phones.
    fidel = Frontend(TextConfig(units="fidel"))
    assert [finding.code for finding in check_text(record, fidel, Tokenizer(vocabulary)).findings] == ["D036"]


def test_rates_out_of_reach() -> None:
    assert check_rate("a", 30, 5.0) == ()
    assert [finding.code for finding in check_rate("a", 30, 1.0)] == ["D040"]
    assert [finding.code for finding in check_rate("a", 3, 5.0)] == ["D041"]
