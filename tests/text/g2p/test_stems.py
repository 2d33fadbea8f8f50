"""Twin of ``text/g2p/stems.py``: what is worked out for a word is what all words and verbs together would give."""

import random

from hypothesis import given
from hypothesis import strategies as st

from amhctl.text.g2p.gemination import read_stems, read_verbs, split_marks
from amhctl.text.g2p.segments import spell
from amhctl.text.g2p.stems import NounStems, Stems, VerbStems
from amhctl.text.g2p.verbstems import PALATALS, list_stems, share_radicals
from amhctl.text.script import LETTERS

NOUNS = {word: split_marks(marked)[1] for word, marked in read_stems().items()}
VERBS = tuple(read_verbs().items())
NOUN_STEMS, VERB_STEMS = NounStems(NOUNS), VerbStems(VERBS)


def all_of_nouns() -> dict[str, Stems]:
    found: dict[str, Stems] = {}
    for word, doubled in NOUNS.items():
        spelt = spell(word)
        if len(word) > 1:
            kind = "NC" if spelt[-1] == "5" else "N" + spelt[-1]
            marks = tuple(place for place, one in enumerate(doubled) if one)
            found.setdefault(spelt[:-1], {}).setdefault((kind, marks), 0)
    return found


def all_of_verbs() -> dict[str, Stems]:
    found: dict[str, Stems] = {}
    for kind, plain, marks, rare in list_stems(dict(VERBS)):
        aspect = kind[-2]
        for one in {"I": "IXD", "J": "Jj"}.get(aspect, aspect):
            rank = 3 if one in "Jj" else 1 + rare
            found.setdefault(plain, {}).setdefault((kind.replace(aspect, one), marks), rank)
    return found


ALL_NOUNS, ALL_VERBS = all_of_nouns(), all_of_verbs()


def inside(spelt: str) -> list[str]:
    """Return every string of a word's segments that ends with a consonant."""
    return [spelt[begin:end] for begin in range(0, len(spelt), 2) for end in range(begin + 1, len(spelt), 2)]


def require_equal(spelt: str, nouns: NounStems, verbs: VerbStems) -> None:
    for stem in inside(spelt):
        for near, whole in ((nouns.list_near(spelt), ALL_NOUNS), (verbs.list_near(spelt), ALL_VERBS)):
            # The order counts: of readings that are equally good, the first one is meant.
            assert list(near.get(stem, {}).items()) == list(whole.get(stem, {}).items()), (spelt, stem)


@given(st.text(LETTERS, min_size=1, max_size=10))
def test_any_word_has_the_stems_that_it_holds(word: str) -> None:
    require_equal(spell(word), NOUN_STEMS, VERB_STEMS)


def test_every_verb_has_all_of_its_stems_whichever_came_before() -> None:
    stems = sorted(ALL_VERBS)
    random.Random(7).shuffle(stems)
    verbs = VerbStems(VERBS)
    for stem in stems[::20]:
        spelt = f"የ0{stem}5"
        require_equal(spelt, NOUN_STEMS, verbs)
    for stem in stems:
        assert list(VERB_STEMS.list_near(stem + "5")[stem].items()) == list(ALL_VERBS[stem].items())


def test_every_noun_is_found_first_or_last() -> None:
    for word in [*NOUNS][::10]:
        require_equal(spell(word), NounStems(NOUNS), VERB_STEMS)
    for word in NOUNS:
        require_equal(spell(word), NOUN_STEMS, VERB_STEMS)


def test_only_what_a_word_may_hold_is_worked_out() -> None:
    verbs = VerbStems(VERBS)
    assert len(verbs.list_near(spell("ሰላም"))) < len(ALL_VERBS) / 20
    nouns = NounStems(NOUNS)
    assert len(nouns.list_near(spell("ሰላም"))) < len(ALL_NOUNS) / 20
    assert not VerbStems(VERBS).list_near("")


def test_all_stems_of_a_verb_have_the_radicals_that_they_share() -> None:
    for perfect, types in VERBS:
        radicals = share_radicals(perfect, types)
        assert radicals
        for _, plain, _, _ in list_stems({perfect: types}):
            rest = iter(plain[::2])
            assert all(any(one in (radical, PALATALS.get(radical)) for one in rest) for radical in radicals), plain
