"""Twin of ``text/frontend.py``."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amhctl.config.text import TextConfig
from amhctl.core.errors import TextError
from amhctl.core.files import canonical_json
from amhctl.text.frontend import Frontend
from amhctl.text.g2p.phones import MARKS as PHONE_MARKS
from amhctl.text.g2p.phones import PHONES, split_phones
from amhctl.text.lexicon import Lexicon
from amhctl.text.script import GEMINATION, MARKS, SYLLABLES

SHARED = Path(__file__).parents[3] / "shared" / "data"


fidel = TextConfig.model_validate({"units": "fidel"})


allowed = set(SYLLABLES) | set(MARKS) | {" ", GEMINATION}


known = set(PHONES) | set(PHONE_MARKS)


written_texts = st.one_of(
    st.text(max_size=40),
    st.text("ሰላምእሥሺብርዓ.ም/ 0123456789፲፻፼%$-:,?!።፣«»()፟ BbCaE&@½", max_size=40),
)


def test_units_are_what_the_tokenizer_sees() -> None:
    assert Frontend().units("ሰላም ዓለም") == "səlam aləm ።"
    assert Frontend().units("ምን፤ እሺ?") == "mɨn ፣ ɨʃʃi ፧"
    assert Frontend().units("ሰላም፣") == "səlam ።"
    assert Frontend(fidel).units("ገና፟፣ 3!") == "ገና ፣ ሦስት !"


@given(written_texts)
def test_any_text_is_spoken_or_refused(written: str) -> None:
    frontend = Frontend()
    try:
        spoken = frontend.normalize(written)
    except TextError:
        assert not set(written) & set(SYLLABLES)
        return
    assert set(spoken.text) <= allowed
    assert frontend.normalize(spoken.text).text == spoken.text
    assert frontend.normalize(written) == spoken
    assert all(0 <= entry.start <= entry.end <= len(written) for entry in spoken.trace)
    assert bool(spoken.trace) == (spoken.text != written)
    units = frontend.units(written)
    assert {unit for word in units.split(" ") for unit in split_phones(word)} <= known
    assert units[-1] in "።፧!"
    assert frontend.units(spoken.text) == units
    assert " ".join(segment.text for segment in frontend.split(written)) == spoken.text


@pytest.mark.parametrize("written", ["", " \n", "!?", "😀", "مرحبا", "\u135f", "..."])
def test_text_without_a_speakable_letter_is_refused(written: str) -> None:
    for method in (Frontend().normalize, Frontend().units, Frontend().split):
        with pytest.raises(TextError, match="nothing speakable"):
            method(written)


def test_options_change_what_is_read() -> None:
    folding = Frontend(TextConfig.model_validate({"fold_homophones": True, "hundred": "አንድ መቶ"}))
    assert folding.normalize("ሠላም ዓለም ፀሐይ 100").text == "ሰላም አለም ጸሀይ አንድ መቶ"
    assert folding.units("ሠላም ዓለም") == Frontend().units("ሰላም አለም")


def test_numbers_stay_in_one_breath() -> None:
    short = Frontend(TextConfig.model_validate({"breath_syllables": 8}))
    segments = [segment.text for segment in short.split("ለአበበ 1,250,345 ሰዎች መጡ")]
    assert segments == ["ለአበበ", "አንድ ሚሊዮን ሁለት መቶ ሃምሳ ሺህ ሦስት መቶ አርባ አምስት", "ሰዎች መጡ"]


def test_a_state_speaks_by_its_own_tables() -> None:
    state = json.loads(canonical_json(Frontend(fidel).state()))
    state["tables"]["abbreviations"]["ሰ.ዓ"] = "ሰላም ዓለም"
    state["tables"]["numerals"]["1"] = "እንድ"
    state["tables"]["exceptions"]["ቤት"] = "bət"
    old = Frontend.from_state(state)
    assert old.normalize("ሰ.ዓ 1").text == "ሰላም ዓለም እንድ"
    assert old.phones("ቤት").text == "bət"
    assert old.state() == state
    assert old.config == fidel
    assert old.state_hash != Frontend(fidel).state_hash
    assert Frontend().normalize("1").text == "አንድ"


def test_one_reading_gives_text_and_breath_groups() -> None:
    written = "በ2010 ዓ.ም. ገና[[ɡənna]] ነው፣ 你好። ሰላም!"
    frontend = Frontend()
    assert frontend.read(written) == (frontend.normalize(written), frontend.split(written))


@pytest.mark.skipif(not SHARED.is_dir(), reason="the speech data is not beside the repository")
def test_every_transcript_of_the_data_is_spoken() -> None:
    frontend = Frontend()
    for manifest in sorted(SHARED.glob("speech/*/manifest.jsonl")):
        for line in manifest.read_text(encoding="utf-8").splitlines():
            spoken = frontend.normalize(json.loads(line)["text"]).text
            assert set(spoken) <= allowed
            assert frontend.normalize(spoken).text == spoken
            found = frontend.phones(spoken)
            assert found.fallbacks == ()
            assert {phone for word in found.words for phone in word} <= known


def test_a_frontend_gives_back_its_lexicon() -> None:
    lexicon = Lexicon({"CBE": "ሲ ቢ ኢ"}, {"ገና": "ɡənna"})
    assert Frontend.from_state(Frontend(lexicon=lexicon).state()).lexicon == lexicon
    assert Frontend().lexicon == Lexicon()
