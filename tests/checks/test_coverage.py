"""Twin of ``checks/coverage.py``."""

from amhctl.checks.coverage import CorpusCoverage, CoverageCounter
from amhctl.text.frontend import Frontend


def _count(*texts: str) -> CorpusCoverage:
    frontend = Frontend()
    counter = CoverageCounter(frontend)
    for text in texts:
        counter.add(text, frontend.normalize(text).text)
    return counter.finish()


def test_sounds_and_letters_are_counted() -> None:
    coverage = _count("ሰላም ሰላም።")
    assert (coverage.texts, coverage.fidel) == (1, {"ሰ": 2, "ላ": 2, "ም": 2})
    assert coverage.phones["l"] == 2
    assert coverage.diphones["s-ə"] == 2
    assert "m" not in coverage.missing_phones
    assert "pʼ" in coverage.missing_phones
    assert "ላ" not in coverage.missing_fidel
    assert "ሠ" not in coverage.missing_fidel


def test_spellings_of_one_word_are_found() -> None:
    coverage = _count("ሥራ ሥራ ቡና", "ስራ ቡና")
    assert tuple(coverage.variants.values()) == (("ሥራ", "ስራ"),)
    assert [finding.code for finding in coverage.findings()] == ["D072"]


def test_what_is_never_doubled_is_not_missed() -> None:
    # Marks of gemination are read: the m of ለመ፟ነ is doubled, the two vowels of ንኢኢ are not one.
    coverage = _count("ለመ፟ነ", "ንኢኢ")
    assert coverage.geminates == {"m": 1}
    assert coverage.diphones["i-i"] == 1
    assert {"l", "n", "v"} < set(coverage.missing_geminates)
    assert not {"m", "h", "hʷ"} & set(coverage.missing_geminates)


def test_each_lack_says_how_rare_it_is() -> None:
    messages = [finding.message for finding in _count(*["ሰላም ዓለም"] * 200, "ቤት").findings()]
    beginnings = [
        "30 of 38 do not occur: u i ɨ",
        "3 fewer than 5 times: e b t",
        "29 never doubled: l m s",
        "230 never: ሀ",
    ]
    assert [message[: len(wanted)] for message, wanted in zip(messages, beginnings, strict=True)] == beginnings


def test_a_whole_corpus_is_asked_for_every_phone() -> None:
    assert list(_count(*["ሰላም ዓለም"] * 199).findings()) == []
    codes = [finding.code for finding in _count(*["ሰላም ዓለም"] * 200).findings()]
    assert codes == ["D073", "D074", "D074"]
