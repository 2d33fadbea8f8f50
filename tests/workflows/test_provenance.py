"""What recordings and bases say of their origin is carried on, each thing once."""

from support.checkpoints import tiny_manifest

from amhctl.checkpoint.indextts import CODEC
from amhctl.checkpoint.manifest import Licence
from amhctl.corpus.records import Record
from amhctl.workflows.provenance import Provenance, gather_provenance, merge_provenance

_RECORD = Record(id="a", audio="a.wav", text="ሰላም", speaker="s1")
_CORPUS = Licence(work="a corpus", licence="CC0-1.0")


def _recorded(**values: str) -> Record:
    return _RECORD.model_copy(update=values)


def test_works_are_sources_and_where_none_is_named_speakers() -> None:
    records = [
        _recorded(licence="MIT", source="b"),
        _recorded(licence="MIT"),
        _recorded(licence="MIT", source="b", speaker="s2"),
        _recorded(source="c"),
    ]
    named = [Licence(work=work, licence="MIT") for work in ("b", "s1")]
    assert gather_provenance(records, None) == Provenance(tuple(named), ())


def test_what_was_done_to_recordings_is_said_once_and_in_order() -> None:
    records = [_recorded(processing=done) for done in ("cleaned by b", "", "cleaned by a", "cleaned by b")]
    assert gather_provenance(records, None).processing == ("cleaned by a", "cleaned by b")


def test_a_base_says_first_what_it_was_made_of() -> None:
    base = tiny_manifest().model_copy(update={"processing": ("cleaned by z",)})
    records = [_recorded(licence="CC0-1.0", source="a corpus", processing="cleaned by a"), _recorded(licence="MIT")]
    found = gather_provenance(records, base)
    assert found == Provenance((_CORPUS, Licence(work="s1", licence="MIT")), ("cleaned by z", "cleaned by a"))
    earlier = tiny_manifest()
    assert earlier.processing is None
    assert merge_provenance([earlier, base, earlier]) == Provenance((_CORPUS,), ("cleaned by z",))


def test_codes_of_published_weights_bring_their_licences() -> None:
    records = [_recorded(licence="CC0-1.0")]
    works = [(each.work, each.licence) for each in gather_provenance(records, None, CODEC).licences]
    assert works == [("s1", "CC0-1.0"), ("MaskGCT semantic codec", "CC-BY-NC-4.0"), ("w2v-bert 2.0", "MIT")]
    bundled = CODEC.model_copy(update={"architecture": "mel"})
    assert [each.work for each in gather_provenance(records, None, bundled).licences] == ["s1"]
