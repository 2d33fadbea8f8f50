"""A plan is written and read alike, holds for its own vocabularies only, and finds rows by string."""

import json
import random
from pathlib import Path

import pytest
from support.vocabularies import FIDEL_LINES, foreign_model, foreign_vocabulary, permuted

from amhctl.core.errors import FileExistsRefused, VocabularyError
from amhctl.tokenizer.extend import extend_vocabulary
from amhctl.tokenizer.plan import ExtensionPlan, plan_path
from amhctl.tokenizer.vocabulary import Vocabulary

BASE = foreign_vocabulary()
RESULT, PLAN = extend_vocabulary(BASE, FIDEL_LINES * 5, 460)


def test_written_and_read_is_the_same(tmp_path: Path) -> None:
    path = plan_path(tmp_path / "v.model")
    assert path == tmp_path / "v.plan.json"
    PLAN.write(path, RESULT)
    assert ExtensionPlan.read(path) == PLAN
    with pytest.raises(FileExistsRefused):
        PLAN.write(path, RESULT)


def test_the_document_names_ids_and_strings() -> None:
    document = json.loads(json.dumps(PLAN.document(RESULT)))
    assert document["base"] == {"size": BASE.size, "fingerprint": BASE.fingerprint}
    assert document["result"] == {"size": RESULT.size, "fingerprint": RESULT.fingerprint}
    for number, row in enumerate(document["rows"], start=BASE.size):
        assert (row["id"], row["piece"], row["score"]) == (number, RESULT.pieces[number], RESULT.scores[number])
        assert [RESULT.pieces[source] for source in row["sources"]] == row["source_pieces"]


def test_rows_of_the_base_itself_stay_where_they_are() -> None:
    placement = PLAN.place(BASE, RESULT)
    assert placement.moved == tuple(range(BASE.size))
    assert all(source < BASE.size + place for place, row in enumerate(placement.sources) for source in row)


@pytest.mark.parametrize("seed", range(5))
def test_rows_of_a_permuted_base_are_found_by_their_strings(seed: int) -> None:
    order = list(range(3, BASE.size))
    random.Random(seed).shuffle(order)
    theirs = permuted(BASE, [0, 1, 2, *order])
    assert theirs.fingerprint != BASE.fingerprint
    placement = PLAN.place(theirs, RESULT)
    assert tuple(theirs.pieces[row] for row in placement.moved) == BASE.pieces
    assert placement.sources == PLAN.place(BASE, RESULT).sources


def test_another_base_and_another_result_are_refused() -> None:
    other = Vocabulary.from_bytes(foreign_model(size=60))
    with pytest.raises(VocabularyError, match="another base"):
        PLAN.place(other, RESULT)
    with pytest.raises(VocabularyError, match="another base"):
        PLAN.place(RESULT, RESULT)
    with pytest.raises(VocabularyError, match="another vocabulary"):
        PLAN.place(BASE, extend_vocabulary(BASE, FIDEL_LINES * 5, 450)[0])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "not JSON"),
        ("[]", "version None"),
        ('{"format_version": 2}', "version 2"),
        ('{"format_version": 1}', "damaged"),
        ('{"format_version": 1, "base": 1, "result": 1, "rows": []}', "damaged"),
    ],
)
def test_what_is_no_plan_is_refused(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "v.plan.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(VocabularyError, match=message) as caught:
        ExtensionPlan.read(path)
    assert caught.value.subject == str(path)


def test_a_missing_plan_and_an_unknown_start_are_refused(tmp_path: Path) -> None:
    with pytest.raises(VocabularyError, match="cannot be read"):
        ExtensionPlan.read(tmp_path / "no.plan.json")
    document = PLAN.document(RESULT)
    document["rows"] = [{**row, "start": "random"} for row in document["rows"]]  # type: ignore[attr-defined]
    (tmp_path / "v.plan.json").write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(VocabularyError, match="unknown initialisation 'random'"):
        ExtensionPlan.read(tmp_path / "v.plan.json")
