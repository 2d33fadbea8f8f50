"""Aliases: OpenAI's names in turn, an owner's own, and none that hides what is served."""

import pytest

from amhctl.core.errors import OptionError
from amhctl.service.aliases import OPENAI_MODELS, OPENAI_VOICES, Aliases

SERVED = {"m01": ("m01", "b", "c"), "m02": ("m02",)}


def test_openais_models_are_the_first_model_and_its_voices_the_speakers_in_turn() -> None:
    aliases = Aliases()
    assert aliases.models(tuple(SERVED)) == dict.fromkeys(OPENAI_MODELS, "m01")
    voices = aliases.voices("m01", SERVED["m01"])
    assert [voices[name] for name in OPENAI_VOICES[:4]] == ["m01", "b", "c", "m01"]
    assert set(aliases.voices("m02", SERVED["m02"]).values()) == {"m02"}
    assert Aliases(openai=False).models(("m01",)) == Aliases(openai=False).voices("m01", SERVED["m01"]) == {}


def test_an_owners_aliases_go_before_openais() -> None:
    aliases = Aliases({"alloy": "c", "tts-1": "m02", "narrator": "m01"})
    aliases.require_targets(SERVED)
    assert aliases.models(tuple(SERVED)) == {
        "tts-1": "m02",
        "tts-1-hd": "m01",
        "gpt-4o-mini-tts": "m01",
        "narrator": "m01",
    }
    voices = aliases.voices("m01", SERVED["m01"])
    assert (voices["alloy"], voices["ash"], voices["narrator"]) == ("c", "b", "m01")
    assert aliases.voices("m02", SERVED["m02"])["alloy"] == "m02"


def test_what_is_served_keeps_its_own_name() -> None:
    assert "alloy" not in Aliases().voices("m01", ("m01", "alloy"))
    assert "tts-1" not in Aliases().models(("m01", "tts-1"))


@pytest.mark.parametrize(
    ("name", "target", "fault"),
    [
        ("x", "nobody", "'nobody' is neither a model nor a speaker"),
        ("b", "c", "'b' is served under this name"),
        ("m02", "m01", "'m02' is served under this name"),
        (" ", "m01", "empty or longer than 200"),
        ("x" * 201, "m01", "empty or longer than 200"),
        ("x", "alloy", "'alloy' is neither"),
    ],
)
def test_aliases_of_nothing_are_refused(name: str, target: str, fault: str) -> None:
    with pytest.raises(OptionError, match=fault) as caught:
        Aliases({name: target}).require_targets(SERVED)
    assert caught.value.hint == "an alias is another name of one of: b, c, m01, m02"
