import json
import re
from pathlib import Path
from typing import cast

import pytest

from amhctl.config.text import TextConfig
from amhctl.core.errors import TextError
from amhctl.core.files import canonical_json
from amhctl.text.frontend import Frontend
from amhctl.text.lexicon import Lexicon

ASSETS = Path(__file__).parents[2] / "src" / "amhctl" / "assets"


GOLDEN_HASH = "383a9e1754ac9e1a73460b39b060899a9f42b1be6e0fb0aebb377fbc941f660b"


fidel = TextConfig.model_validate({"units": "fidel"})


def test_the_state_is_json_and_its_hash_is_pinned() -> None:
    state = Frontend().state()
    assert json.loads(canonical_json(state)) == state
    # A change means that voices trained before read otherwise: raise CODE_VERSION if a rule changed, then pin again.
    assert Frontend().state_hash == GOLDEN_HASH
    assert Frontend(fidel).state_hash != GOLDEN_HASH


@pytest.mark.parametrize("version", [1, 2, 3])
def test_a_state_of_an_old_format_is_refused_with_its_file(version: int) -> None:
    with pytest.raises(TextError, match=f"old format {version}, this version of amhctl reads 4") as caught:
        Frontend.from_state({**Frontend().state(), "format": version}, place="m/text_state.json")
    assert caught.value.subject == "m/text_state.json: format"
    assert "train the voice again" in caught.value.hint


def test_a_state_names_its_backends() -> None:
    state = {key: value for key, value in Frontend().state().items() if key != "readers"}
    with pytest.raises(TextError, match="does not name its backends"):
        Frontend.from_state(state)


def test_gemination_belongs_to_the_state() -> None:
    assert Frontend().phones("አለ ከፍተኛ ይሰበራል").text == "allə kəffɨtəɲɲa jɨssəbbəral"
    state = Frontend().state()
    added = {"gemination.words", "gemination.weights", "gemination.stems", "verbs", "homographs"}
    tables = {name: table for name, table in cast("dict[str, object]", state["tables"]).items() if name not in added}
    none = Frontend.from_state({**state, "tables": {**tables, **{name: {} for name in added}}})
    assert none.phones("አለ ከፍተኛ ይሰበራል").text == "alə kəfɨtəɲa jɨsəbəral"
    with pytest.raises(TextError, match="lacks a table"):
        Frontend.from_state({**state, "tables": tables})


def test_verbs_and_stems_belong_to_the_state() -> None:
    state = Frontend().state()
    tables = dict(cast("dict[str, object]", state["tables"]))
    neither = Frontend.from_state({**state, "tables": {**tables, "verbs": {}, "gemination.stems": {}}})
    assert neither.phones("ስድስቱ ወሰዱት").text == "sɨdɨstu wəsədut"
    assert Frontend().phones("ስድስቱ ወሰዱት").text == "sɨddɨstu wəssədut"
    verbs = {**cast("dict[str, str]", cast("dict[str, object]", state["tables"])["verbs"]), "ወገደ": "A"}
    other = Frontend.from_state({**state, "tables": {**tables, "verbs": verbs, "gemination.stems": {}}})
    assert other.phones("ይወግዳል").text == "jɨwəɡdal"
    assert Frontend().phones("ይወግዳል").text == "jɨwəɡɡɨdal"


def test_books_and_romanised_names_belong_to_the_state() -> None:
    state = Frontend().state()
    tables = dict(cast("dict[str, dict[str, str]]", state["tables"]))
    assert Frontend().normalize("Tesfaye ዮሐ 3:16").text == "ተስፋዬ ዮሐንስ ሦስት፣ አሥራ ስድስት"
    # A table of books is also the list of the names after which digits are chapter and verse.
    other = Frontend.from_state({**state, "tables": {**tables, "books": {"ዮሐ": "ዮሐ"}, "romanised": {}}})
    assert other.normalize("ዮሐ 3:16").text == "ዮሐ ሦስት፣ አሥራ ስድስት"
    assert other.normalize("Tesfaye").text != "ተስፋዬ"
    older = {name: table for name, table in tables.items() if name not in {"books", "romanised"}}
    with pytest.raises(TextError, match="lacks a table"):
        Frontend.from_state({**state, "tables": older})


@pytest.mark.parametrize("path", sorted(ASSETS.rglob("text_state.json")), ids=lambda path: path.parent.name)
def test_the_state_of_a_bundled_voice_loads_and_reads(path: Path) -> None:
    old = Frontend.from_state(json.loads(path.read_text(encoding="utf-8")))
    for written, spoken in (
        ("ከ1 -2 ዓመት", "ከአንድ እስከ ሁለት ዓመት"),
        ("በ 45 ቀናት", "በአርባ አምስት ቀናት"),
        ("35 ብር/kg", "ሠላሳ አምስት ብር በኪሎ ግራም"),
        ("251911234567", "ሁለት አምስት አንድ ዘጠኝ አንድ አንድ ሁለት ሦስት አራት አምስት ስድስት ሰባት"),
    ):
        assert old.normalize(written).text == spoken


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        ({"format": 99}, "newer"),
        ({"code": 99}, "newer"),
        ({"format": None}, "no version"),
        ({"tables": None}, "lacks a table"),
        ({"tables": {"numerals": {"1": 1}}}, "lacks a table"),
        ({"options": {"units": "letters"}}, "options"),
    ],
)
def test_a_damaged_state_is_refused(damage: dict[str, object], message: str) -> None:
    with pytest.raises(TextError, match=message):
        Frontend.from_state({**Frontend().state(), **damage})


@pytest.mark.parametrize("table", ["numerals", "letters", "context"])
def test_a_state_without_an_entry_that_the_rules_need_is_refused(table: str) -> None:
    state = Frontend().state()
    tables = cast("dict[str, dict[str, str]]", state["tables"])
    lost = next(iter(tables[table]))
    del tables[table][lost]
    with pytest.raises(TextError, match=f"lacks entries that the rules need: {re.escape(lost)}") as caught:
        Frontend.from_state(state)
    assert caught.value.subject == f"tables.{table}"


def test_a_state_that_was_written_reads_as_the_frontend_that_wrote_it() -> None:
    frontend = Frontend(TextConfig(units="phones"))
    read = Frontend.from_state(json.loads(canonical_json(frontend.state())))
    assert read.state_hash == frontend.state_hash
    told = Frontend.from_state(json.loads(canonical_json(frontend.state())), known_hash=frontend.state_hash)
    assert told.state_hash == frontend.state_hash
    # What is told holds for the state, and not for what is made of it.
    lexicon = Lexicon({"CBE": "ሲ ቢ ኢ"})
    assert told.with_lexicon(lexicon).state_hash == frontend.with_lexicon(lexicon).state_hash != frontend.state_hash
    # Each may be a form of two verbs.
    for word in ("ያስባሉ", "ሳያስቡት", "አላሳልፍ", "እናመጣለን", "ባስብ", "በጥሩ", "አስቦ"):
        assert read.units(word) == frontend.units(word), word
    assert frontend.units("ያስባሉ") == "jassɨballu ።"
