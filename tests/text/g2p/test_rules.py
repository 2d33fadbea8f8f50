"""Twin of ``text/g2p/rules.py``: a table of written | phones | rule."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from phone_scores.error_rate import PhoneErrors, count_errors

from amhctl.text.g2p.epitran_backend import EpitranBackend
from amhctl.text.g2p.gemination import Gemination, read_stems, read_verbs, read_weights, read_words
from amhctl.text.g2p.phones import PHONES, VOWELS, split_phones
from amhctl.text.g2p.rules import RulesBackend, find_stem
from amhctl.text.script import GEMINATION, LETTERS

TABLE = """
ሰላም | səlam | plain
ሀገር | haɡər | first order with a
ዓለም | aləm | first order with a
ኧረ | ərə | the real ə
ኸረ | hərə | the real ə
ትምህርት | tɨmhɨrt | two at most
ድንጋይ | dɨnɡaj | two at most
ወንድም | wəndɨm | final pair
ብርቱካን | bɨrtukan | no initial cluster
ክረምት | kɨrəmt | no initial cluster
እንጀራ | ɨnd͡ʒəra | initial glottal
በእርግጥ | bərɡɨtʼ | glottal after a vowel
ትዕዛዝ | tɨzaz | glottal after a consonant
ብአዴን | bɨaden | glottal after a consonant
ሰዓት | səat | hiatus
ማዕከል | makəl | glottal after a vowel
ቋንቋ | kʼʷankʼʷa | labialised
ጓደኛ | ɡʷadəɲa | labialised
ቧንቧ | bwanbwa | other labialised
ቍጥር | kʼʷɨtʼɨr | labialised sixth order
ገና፟ | ɡənna | written gemination
አለ፟ | allə | written gemination
ምክር | mɨkɨr | rising sonority
ሕዝብ | hɨzb | falling sonority
ወቅት | wəkʼt | final t
እቅድ | ɨkʼɨd | stops
ትልቅ | tɨlɨkʼ | l and kʼ
ግጭቶች | ɡɨt͡ʃʼɨtot͡ʃ | palatal and t
ያለውን | jaləwɨn | suffix
ወይም | wəjɨm | suffix
ክልል | kɨlɨl | like consonants
ስብስብ | sɨbsɨb | repeated pair
ዝርክርክ | zɨrɨkrɨk | repeated pair behind a consonant
ያለውንም | jaləwɨnɨm | accusative
ግልፍተኛ | ɡɨlɨftəɲa | base of -təɲɲa
ስምንተኛ | sɨmɨntəɲa | base of -təɲɲa
ውድነት | wɨdɨnət | -nnət
ማንኛውም | manɨɲawɨm | -ɲɲa
ሰምና | səmɨna | -nna
አህያ | ahɨja | -jja
እውነት | ɨwnət | not a suffix
የምርጫ | jəmɨrt͡ʃʼa | prefix
በትግራይ | bətɨɡraj | prefix
ለብዙ | ləbɨzu | prefix
ባለሥልጣን | baləsɨltʼan | prefix
ለውጥ | ləwtʼ | not a prefix
ከንቲባ | kəntiba | not a prefix
በርበሬ | bərbəre | not a prefix
የንግድ | jənɨɡd | exception behind a prefix
የዓይን | jəajn | exception behind a prefix
ጭንቅላት | t͡ʃʼɨnkʼɨlat | affricate ejective
ፖሊስ | polis | loan
ጴጥሮስ | pʼetʼros | loan
ብ | bɨ | a lone letter
"""


@pytest.mark.parametrize("row", TABLE.strip().splitlines())
def test_words(row: str) -> None:
    written, phones, _ = row.split(" | ")
    assert "".join(RulesBackend().phones(written)) == phones


@given(st.text(LETTERS + GEMINATION, min_size=1, max_size=12))
def test_every_word_has_phones_of_the_inventory(word: str) -> None:
    phones = RulesBackend().phones("ሰ" + word)
    assert set(phones) <= set(PHONES)
    assert set(phones) & set(VOWELS)
    assert RulesBackend().phones("ሰ" + word) == phones


@pytest.mark.parametrize("letter", LETTERS)
def test_every_letter_alone_has_phones(letter: str) -> None:
    assert RulesBackend().phones(letter)


def test_stems_and_own_exceptions() -> None:
    assert [find_stem(word) for word in ("የምርጫ", "ስለምርጫ", "ከተማ", "ከንቲባ")] == [1, 2, 0, 0]
    assert RulesBackend(exceptions={"ገና": "ɡənna"}).phones("የገና") == tuple("jəɡənna")


ROWS = [
    line.split("\t")
    for line in (Path(__file__).parent / "heldout.tsv").read_text(encoding="utf-8").splitlines()
    if not line.startswith("#")
]
HELD_OUT = [(word, tuple(split_phones(one) for one in said.split())) for word, said, *_ in ROWS]
UNLISTED = [row for row, (_, _, _, *unlisted) in zip(HELD_OUT, ROWS, strict=True) if unlisted]
CLASSES = [
    line.split("\t")
    for line in (Path(__file__).parent / "classes.tsv").read_text(encoding="utf-8").splitlines()
    if not line.startswith("#")
]
OURS = RulesBackend(gemination=Gemination(read_words(), read_weights(), read_stems(), read_verbs()))


def measure(
    backend: RulesBackend | EpitranBackend, rows: list[tuple[str, tuple[tuple[str, ...], ...]]], *, gemination: bool
) -> PhoneErrors:
    return count_errors(((backend.phones(word), said) for word, said in rows), gemination=gemination)


def test_pronunciations_held_out() -> None:
    """The figures of docs/text.md: phone error rates on words that no rule was tuned on, in parts of a hundred."""
    plain = RulesBackend()
    assert len(HELD_OUT) == 315
    assert measure(OURS, HELD_OUT, gemination=False).rate <= 0.013
    assert measure(OURS, HELD_OUT, gemination=True).rate <= 0.03
    assert measure(plain, HELD_OUT, gemination=True).rate > 0.095
    assert measure(EpitranBackend(), HELD_OUT, gemination=True).rate > 0.16


def test_pronunciations_of_words_in_no_table() -> None:
    """What verbs, affixes and the tagger make of words without any list of words, and the tagger alone."""
    tagger = RulesBackend(gemination=Gemination({}, read_weights()))
    without_words = RulesBackend(gemination=Gemination({}, read_weights(), {}, read_verbs()))
    assert len(UNLISTED) == 217
    assert measure(tagger, UNLISTED, gemination=False).rate <= 0.022
    assert measure(tagger, UNLISTED, gemination=True).rate <= 0.064
    assert measure(without_words, UNLISTED, gemination=False).rate <= 0.019
    assert measure(without_words, UNLISTED, gemination=True).rate <= 0.057


def test_words_of_each_class() -> None:
    """The figures of docs/text.md for verbs with objects, pronouns, numerals, nouns, names and loan words."""
    right = {word: "".join(OURS.phones(word)) in said.split("|") for word, said, _ in CLASSES}
    assert len(right) == 155
    assert sum(right.values()) >= 153
    for kind in {kind for _, _, kind in CLASSES}:
        own = [right[word] for word, _, one in CLASSES if one == kind]
        assert sum(own) >= 0.85 * len(own), kind


def test_frontends_of_an_earlier_state_read_by_their_own_tables() -> None:
    """Without stems and verbs a listed word takes few affixes, and the rest is left to the tagger."""
    earlier = RulesBackend(gemination=Gemination(read_words(), {}))
    assert "".join(earlier.phones("የድመትን")) == "jədɨmmətɨn"
    assert "".join(earlier.phones("ነገረችኝ")) == "nəɡərət͡ʃɨɲ"
    assert "".join(OURS.phones("ነገረችኝ")) == "nəɡɡərət͡ʃt͡ʃɨɲɲ"


@pytest.mark.parametrize(
    ("written", "phones"),
    [("ከፍተኛ", "kəffɨtəɲɲa"), ("አለ", "allə"), ("ችግር", "t͡ʃɨɡɡɨr"), ("ስምምነት", "sɨmɨmmɨnnət"), ("ገና", "ɡəna")],
)
def test_a_geminate_counts_as_two_consonants(written: str, phones: str) -> None:
    assert "".join(OURS.phones(written)) == phones


@pytest.mark.parametrize(
    ("written", "phones"),
    [
        ("ሰበርን", "səbbərn"),
        ("ላክኩ", "lakku"),
        ("ሀገርን", "haɡərɨn"),
        ("የምርጫ", "jəmɨrt͡ʃʼa"),
        ("በልቷል", "bəltwal"),
        ("ደህና", "dəhna"),
        ("ክርስቶስ", "kɨrɨstos"),
        ("ማርያም", "marjam"),
        ("ሐይቅ", "hajkʼ"),
        ("ችላ", "t͡ʃɨla"),
        ("አይችልም", "ajt͡ʃɨlɨm"),
    ],
)
def test_vowels_between_the_consonants_of_known_words(written: str, phones: str) -> None:
    assert "".join(OURS.phones(written)) == phones


@pytest.mark.parametrize(
    ("stem", "rest", "phones"),
    [("ɡənna", "ናን", "ɡənnan"), ("lɨbb", "ብን", "lɨbbɨn"), ("lɨbb", "ቤ", "lɨbbe"), ("səllam", "ሞች፟", "səllamot͡ʃt͡ʃ")],
)
def test_a_stem_is_extended_by_its_suffix(stem: str, rest: str, phones: str) -> None:
    assert "".join(OURS.extend(split_phones(stem), rest)) == phones
