"""Twin of ``text/g2p/rules.py``: a table of written | phones | rule."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amhctl.text.g2p.epitran_backend import EpitranBackend
from amhctl.text.g2p.error_rate import PhoneErrors, count_errors
from amhctl.text.g2p.gemination import Gemination, read_weights, read_words
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


HELD_OUT = [
    (word, tuple(split_phones(one) for one in said.split()))
    for word, said, _ in (
        line.split("\t")
        for line in (Path(__file__).parent / "heldout.tsv").read_text(encoding="utf-8").splitlines()
        if not line.startswith("#")
    )
]
UNLISTED = [row for row in HELD_OUT if row[0] not in read_words()]


def measure(
    backend: RulesBackend | EpitranBackend, rows: list[tuple[str, tuple[tuple[str, ...], ...]]], *, gemination: bool
) -> PhoneErrors:
    return count_errors(((backend.phones(word), said) for word, said in rows), gemination=gemination)


def test_pronunciations_held_out() -> None:
    """The figures of docs/text.md: phone error rates on words that no rule was tuned on, in parts of a hundred."""
    ours, plain = RulesBackend(gemination=Gemination(read_words(), read_weights())), RulesBackend()
    assert len(HELD_OUT) == 315
    assert measure(ours, HELD_OUT, gemination=False).rate <= 0.021
    assert measure(ours, HELD_OUT, gemination=True).rate <= 0.060
    assert measure(plain, HELD_OUT, gemination=True).rate > 0.095
    assert measure(EpitranBackend(), HELD_OUT, gemination=True).rate > 0.16


def test_pronunciations_of_words_in_no_table() -> None:
    tagger = RulesBackend(gemination=Gemination({}, read_weights()))
    assert len(UNLISTED) >= 200
    assert measure(tagger, UNLISTED, gemination=False).rate <= 0.028
    assert measure(tagger, UNLISTED, gemination=True).rate <= 0.077


@pytest.mark.parametrize(
    ("written", "phones"),
    [("ከፍተኛ", "kəffɨtəɲɲa"), ("አለ", "allə"), ("ችግር", "t͡ʃɨɡɡɨr"), ("ስምምነት", "sɨmɨmmɨnnət"), ("ገና", "ɡəna")],
)
def test_a_geminate_counts_as_two_consonants(written: str, phones: str) -> None:
    assert "".join(RulesBackend(gemination=Gemination(read_words(), read_weights())).phones(written)) == phones
