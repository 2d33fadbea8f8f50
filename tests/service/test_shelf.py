"""The shelf: voices by name, words of a request, one text at a time where a voice needs it."""

from dataclasses import replace

import pytest
from support.services import bundled_voice

from amhctl.core.errors import OptionError, TextError
from amhctl.service.aliases import Aliases
from amhctl.service.fault import RequestError
from amhctl.service.shelf import ServedVoice, Shelf


def test_a_voice_is_found_by_its_speaker_and_by_its_own_name() -> None:
    shelf = Shelf([bundled_voice()])
    assert shelf.require_voice("m01", "alffa-11") == ServedVoice("alffa-11", "m01", "alffa-11")
    assert shelf.require_voice("m01", "m01").person == "m01"
    for model, name, status in (("m01", "alffa-12", 400), ("m02", "m02", 404)):
        with pytest.raises(RequestError) as caught:
            shelf.require_voice(model, name)
        assert caught.value.refusal.status == status


def test_a_voice_without_speakers_has_its_own_name() -> None:
    voice = bundled_voice()
    alone = replace(voice, manifest=voice.manifest.model_copy(update={"speakers": None, "name": "alone"}))
    shelf = Shelf([voice, alone])
    assert [each.name for each in shelf.served] == ["m01", "alffa-11", "alffa-099", "alone"]
    assert shelf.require_voice("alone", "alone") == ServedVoice("alone", "alone", None)
    with pytest.raises(OptionError, match="the same name"):
        Shelf([voice, voice])


def test_markup_names_what_is_served_before_aliases_and_aliases_of_every_model() -> None:
    voice = bundled_voice()
    nova = replace(voice, manifest=voice.manifest.model_copy(update={"speakers": None, "name": "nova"}))
    shelf = Shelf([voice, nova], Aliases({"teller": "nova"}))
    cast = shelf.cast("m01", ["nova", "teller", "alloy", "alffa-11", "nobody"], {})
    # The speakers of the model that speaks need no cast.
    assert {name: (role.voice.manifest.name, role.person) for name, role in cast.items()} == {
        "nova": ("nova", None),
        "teller": ("nova", None),
        "alloy": ("m01", "m01"),
    }
    assert shelf.cast("nova", ["alffa-11", "m01"], {})["alffa-11"].person == "alffa-11"


def test_words_are_kept_for_a_few_requests_and_never_change_the_voice() -> None:
    shelf = Shelf([bundled_voice()])
    assert shelf.with_words("m01", {}) is bundled_voice()
    corrected = shelf.with_words("m01", {"ሰላም": "ሰላምታ"})
    assert shelf.with_words("m01", {"ሰላም": "ሰላምታ"}) is corrected
    assert corrected.frontend.normalize("ሰላም").text == "ሰላምታ"
    assert bundled_voice().frontend.normalize("ሰላም").text == "ሰላም"
    for number in range(8):
        shelf.with_words("m01", {"ሰላም": "ሰላ" + "ም" * number})
    assert shelf.with_words("m01", {"ሰላም": "ሰላምታ"}) is not corrected
    with pytest.raises(TextError, match="neither fidel nor phones"):
        shelf.with_words("m01", {"ሰላም": "xyz"})


def test_warming_speaks() -> None:
    Shelf([bundled_voice()]).warm()
