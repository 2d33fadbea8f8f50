"""Twin of ``text/g2p/rules.py``: a table of written | phones | rule."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amhctl.text.g2p.phones import PHONES, VOWELS
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
