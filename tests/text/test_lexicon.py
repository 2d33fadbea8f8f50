"""Twin of ``text/lexicon.py``."""

import pytest

from amhctl.config.text import TextConfig
from amhctl.core.errors import TextError
from amhctl.text.draft import Draft
from amhctl.text.frontend import Frontend
from amhctl.text.lexicon import Given, Lexicon, LexiconReader, find_phones

TABLE = {"CBE": "ሲ ቢ ኢ", "3": "ሦስትዮሽ", "C++": "ሲ ፕላስ", "ኢትዮ": "ኢትዮጵያ", "ኢትዮ ቴሌኮም": "ኢቴ"}


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("CBE", "ሲ ቢ ኢ"),
        ("የCBE ሰራተኛ", "የሲ ቢ ኢ ሰራተኛ"),
        ("(CBE)፣ CBEን", "(ሲ ቢ ኢ)፣ ሲ ቢ ኢን"),
        ("የCBEዎች CBEታ", "የሲ ቢ ኢዎች CBEታ"),
        ("XCBE CBE2", "XCBE CBE2"),
        ("C++ እና C", "ሲ ፕላስ እና C"),
        ("ኢትዮ ቴሌኮም ኢትዮ", "ኢቴ ኢትዮጵያ"),
        ("ኢትዮ፟ መ፟ኢትዮ", "ኢትዮ፟ መ፟ኢትዮ"),
        ("3 3.5 5.3 13:3 3። 3.", "ሦስትዮሽ 3.5 5.3 13:3 ሦስትዮሽ። ሦስትዮሽ."),
    ],
)
def test_words_are_read_whole_the_longest_first(written: str, spoken: str) -> None:
    reader = LexiconReader(TABLE)
    draft = Draft(written)
    reader.apply(draft)
    assert draft.text.replace("\u00a0", " ") == spoken


def test_a_reading_that_would_be_read_again_is_refused() -> None:
    with pytest.raises(TextError, match="contains ቴሌ"):
        LexiconReader({"ኢቴ": "ኢትዮ ቴሌ", "ቴሌ": "ቴሌኮም"})
    LexiconReader({"ቴሌ": "ቴሌ"})


def test_a_word_can_be_given_its_gemination() -> None:
    marked = Frontend(lexicon=Lexicon({"ገና": "ገና\u135f"}))
    assert marked.normalize("የገና በዓል").text == "የገና\u135f በዓል"
    assert marked.normalize("የገና\u135f በዓል").text == "የገና\u135f በዓል"


@pytest.mark.parametrize(
    ("written", "text"), [("ቐለ", "ቐለ"), ("５Ｇ", "5G"), ("«CBE»", "CBE"), ("ኢትዮ፡ቴሌ", "ኢትዮ ቴሌ"), ("Cafe\u0301", "Café")]
)
def test_a_word_is_found_in_the_spelling_that_text_is_brought_into(written: str, text: str) -> None:
    ours = Frontend(lexicon=Lexicon({written: "ሐኪም"}))
    assert ours.normalize(f"{text} ነው").text == "ሐኪም ነው"
    assert ours.state()["tables"]["lexicon.spoken"] == {written: "ሐኪም"}  # type: ignore[index]


@pytest.mark.parametrize("fold", [False, True])
def test_phones_are_found_whichever_homophone_spells_the_word(fold: bool) -> None:
    ours = Frontend(TextConfig(fold_homophones=fold), Lexicon(phones={"ሠላም": "səlaam", "ቐለ": "lələ"}))
    assert ours.phones(ours.normalize("ሠላም ቀለ").text).text == "səlaam lələ"


@pytest.mark.parametrize("word", ["«»", ""])
def test_a_word_that_no_text_can_hold_is_refused(word: str) -> None:
    with pytest.raises(TextError, match="never occurs"):
        Frontend(lexicon=Lexicon({word: "ጥቅስ"}))


def test_a_lexicon_goes_before_every_rule_and_into_the_state() -> None:
    ours = Frontend(lexicon=Lexicon({"ዶ/ር": "ሐኪም", "5G": "አምስተኛ ትውልድ"}))
    spoken = ours.normalize("ዶ/ር አበበ 5G")
    assert spoken.text == "ሐኪም አበበ አምስተኛ ትውልድ"
    assert [(entry.rule, entry.start, entry.end) for entry in spoken.trace] == [("lexicon", 0, 3), ("lexicon", 8, 10)]
    again = Frontend.from_state(ours.state())
    assert again.normalize("ዶ/ር አበበ 5G").text == spoken.text
    assert again.state_hash == ours.state_hash != Frontend().state_hash


def test_more_readings_can_be_added_to_a_state() -> None:
    voice = Frontend.from_state(Frontend(lexicon=Lexicon({"CBE": "ሲ ቢ ኢ", "AU": "ኤ ዩ"})).state())
    mine = voice.with_lexicon(Lexicon({"AU": "አፍሪካ ኅብረት"}))
    assert mine.normalize("CBE AU").text == "ሲ ቢ ኢ አፍሪካ ኅብረት"
    assert voice.normalize("CBE AU").text == "ሲ ቢ ኢ ኤ ዩ"


def test_phones_are_found_alone_and_behind_a_prefix() -> None:
    table = {"ገና": "ɡənna", "በገና": "bəɡəna"}
    assert find_phones("ገና", table) == Given("", ("ɡ", "ə", "n", "n", "a"))
    assert find_phones("የገና", table) == Given("የ", ("ɡ", "ə", "n", "n", "a"))
    assert find_phones("በገና", table) == Given("", ("b", "ə", "ɡ", "ə", "n", "a"))
    assert find_phones("ገናታ", table) is None


PHONES = {"ገና": "ɡənna", "ሰላም": "səllam", "ልብ": "lɨbb"}


@pytest.mark.parametrize(
    ("word", "phones"),
    [
        ("ገናን", "ɡənnan"),
        ("የገናዎቹ", "jəɡənnawot͡ʃt͡ʃu"),
        ("ሰላሙ", "səllamu"),
        ("ሰላሞች", "səllamot͡ʃt͡ʃ"),
        ("ሰላማችን", "səllamat͡ʃt͡ʃɨn"),
        ("በሰላምና", "bəsəllamɨnna"),
        ("ልብን", "lɨbbɨn"),
        ("ልቤ", "lɨbbe"),
        ("አዲስገና", "addisɡənna"),
        ("ገናገና", "ɡənnaɡənna"),
        ("ገናቤት", "ɡənnabet"),
        ("ሰላምታ", "səlamta"),
        ("ገናዛ", "ɡənaza"),
    ],
)
def test_phones_are_kept_before_a_suffix_and_in_a_compound(word: str, phones: str) -> None:
    ours = Frontend(lexicon=Lexicon(phones=PHONES))
    assert "".join(ours.phones(word).words[0]) == phones


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("ኢቲቪን", "ኢ ቲ ቪን"),
        ("የኢቲቪዎችም", "የኢ ቲ ቪዎችም"),
        ("ኢቲቪታ", "ኢቲቪታ"),
        ("ኤምኤሞቹ", "ኤም ኤሞቹ"),
        ("ኤምኤምን", "ኤም ኤምን"),
    ],
)
def test_readings_are_kept_before_a_suffix(written: str, spoken: str) -> None:
    ours = Frontend(lexicon=Lexicon({"ኢቲቪ": "ኢ ቲ ቪ", "ኤምኤም": "ኤም ኤም"}))
    assert ours.normalize(written).text == spoken
    assert ours.normalize(spoken).text == spoken


def test_a_word_that_is_inflected_in_a_reading_takes_no_suffix() -> None:
    """Or else that reading would be read once more."""
    ours = Frontend(lexicon=Lexicon({"ባንክ": "ብሔራዊ ባንኮች", "ንብ": "ንብ"}))
    assert ours.normalize("ባንክ ባንኮች").text == "ብሔራዊ ባንኮች ባንኮች"


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("ነው.CBE", "ነው። ሲ ቢ ኢ"),
        ("CBE.ነው", "ሲ ቢ ኢ። ነው"),
        ("ሰላም.CBE.ነው", "ሰላም። ሲ ቢ ኢ። ነው"),
        ("ገና.ነው", "ገና። ነው"),
        ("ገና.", "ገና።"),
        ("እ.ኤ.አ. 2010", "እንደ አውሮፓ ሁለት ሺህ አሥር"),
        ("እ.ኤ.አ.", "እንደ አውሮፓ።"),
    ],
)
def test_a_full_stop_beside_a_word_of_the_lexicon_ends_a_sentence(written: str, spoken: str) -> None:
    ours = Frontend(lexicon=Lexicon({"CBE": "ሲ ቢ ኢ", "እ.ኤ.አ": "እንደ አውሮፓ"}, {"ገና": "ɡənna"}))
    assert ours.normalize(written).text == spoken
