"""Twin of ``tools/phone_scores/minimal_pairs.py``."""

from collections import Counter

import pytest
from phone_scores.minimal_pairs import MinimalPair, find_contrast, read_minimal_pairs

from amhctl.text.g2p.phones import PHONES, split_phones
from amhctl.text.g2p.rules import RulesBackend
from amhctl.text.script import GEMINATION

PAIRS = read_minimal_pairs()


@pytest.mark.parametrize(
    ("first", "second", "contrast"),
    [
        ("ɡəna", "ɡənna", "gemination"),
        ("mətta", "mətʼtʼa", "ejective"),
        ("kas", "kʷas", "labialised"),
        ("dəkkəmə", "dəɡɡəmə", "voicing"),
        ("kʼal", "kʼɨl", "vowel"),
        ("lam", "ram", "consonant"),
        ("lam", "lam", None),
        ("lam", "ramo", None),
        ("lamal", "ramar", None),
        ("mətta", "mətʼtʼu", None),
        ("la", "ls", None),
    ],
)
def test_contrasts(first: str, second: str, contrast: str | None) -> None:
    assert find_contrast(split_phones(first), split_phones(second)) == contrast
    assert find_contrast(split_phones(second), split_phones(first)) == contrast


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: f"{pair.first.word}-{pair.second.word}")
def test_each_pair_differs_in_its_contrast_and_spells_its_phones(pair: MinimalPair) -> None:
    assert find_contrast(pair.first.phones, pair.second.phones) == pair.contrast
    for spoken in (pair.first, pair.second):
        assert RulesBackend().phones(spoken.word) == spoken.phones
        assert set(spoken.phones) <= set(PHONES)
        assert spoken.gloss
    if pair.contrast == "gemination":
        assert pair.first.word.replace(GEMINATION, "") == pair.second.word.replace(GEMINATION, "")
    assert pair.source in ("common word", "verb pattern")


def test_there_are_pairs_enough() -> None:
    counts = Counter(pair.contrast for pair in PAIRS)
    assert len({(pair.first, pair.second) for pair in PAIRS}) == len(PAIRS) >= 200
    assert counts["gemination"] >= 100
    assert counts["ejective"] >= 40
    assert counts["labialised"] >= 20
