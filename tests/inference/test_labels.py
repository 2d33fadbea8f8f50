"""Twin of ``inference/labels.py``."""

import pytest

from amhctl import __version__
from amhctl.checkpoint.manifest import Licence, Manifest
from amhctl.inference.labels import label


def manifest(**changes: object) -> Manifest:
    values = {"kind": "voice", "name": "duet", "model_version": "flow-voice-1", "package_version": "1"} | changes
    return Manifest(sample_rate=16_000, config={}, files={}, **values)


def test_a_label_says_what_is_said_and_by_whom() -> None:
    works = (Licence(work="one", licence="MIT"), Licence(work="two", licence="CC0"))
    tags = label(manifest(licences=works), "ሰላም\n ዓለም።")
    assert (tags.title, tags.artist) == ("ሰላም ዓለም።", "duet")
    assert tags.software == f"amhctl {__version__}"
    assert tags.comment == "synthetic speech"
    assert tags.licence == "voice made from one (MIT), two (CC0)"
    assert label(manifest(), "ሰላም").licence == ""


@pytest.mark.parametrize(
    ("person", "imitates", "artist"),
    [
        (None, False, "duet (f01)"),
        ("m02", False, "duet (m02)"),
        ("duet", False, "duet"),
        (None, True, "duet (like the speaker of a clip)"),
    ],
)
def test_of_several_speakers_the_one_who_spoke_is_named(person: str | None, imitates: bool, artist: str) -> None:
    assert label(manifest(speakers=("f01", "m02")), "ሰላም", person=person, imitates=imitates).artist == artist


def test_a_long_text_is_cut_between_words() -> None:
    title = label(manifest(), "ሰላም " * 100).title
    assert title == "ሰላም " * 19 + "ሰላም…"
    assert len(title) <= 80
    assert label(manifest(), "ሀ" * 100).title == "ሀ" * 79 + "…"
    assert label(manifest(), "ሀ" * 80).title == "ሀ" * 80
