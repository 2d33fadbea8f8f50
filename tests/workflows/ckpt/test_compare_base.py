"""What a fine-tune changed of its base, counted row by row and tensor by tensor."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from support.official import OfficialFiles, official_files
from support.vocabularies import foreign_vocabulary, permuted

from amhctl.core.errors import CheckpointError
from amhctl.tokenizer.extend import extend_vocabulary
from amhctl.tokenizer.vocabulary import Vocabulary
from amhctl.workflows.ckpt.compare_base import Base, find_changes, read_base


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> OfficialFiles:
    return official_files(tmp_path_factory.mktemp("published"))


@pytest.fixture(scope="module")
def base(files: OfficialFiles) -> Base:
    return Base(Path("BASE"), files.tensors, foreign_vocabulary(), "")


def changes(files: OfficialFiles, base: Base, vocabulary: Vocabulary, **changed: torch.Tensor) -> list[str]:
    tensors = files.tensors | {name.replace("__", "."): tensor for name, tensor in changed.items()}
    return [finding.message for finding in find_changes(tensors, vocabulary, base)]


def test_what_is_the_same_has_no_findings(files: OfficialFiles, base: Base) -> None:
    assert changes(files, base, foreign_vocabulary()) == []
    assert changes(files, read_base(files.weights), foreign_vocabulary()) == []


def test_rows_that_moved_are_counted(files: OfficialFiles, base: Base) -> None:
    table = files.tensors["text_embedding.weight"].clone()
    rows = len(table) - 1
    table[[3, 7]] += 0.5
    # The last row belongs to no piece.
    table[-1] += 9.0
    bias = files.tensors["text_head.bias"].clone()
    bias[0] -= 0.25
    assert changes(files, base, foreign_vocabulary(), text_embedding__weight=table, text_head__bias=bias) == [
        f"2 of the base's {rows} rows of text_embedding.weight changed, by up to 0.5",
        f"1 of the base's {rows} rows of text_head.bias changed, by up to 0.25",
    ]


def test_other_tensors_are_counted_and_the_furthest_named(files: OfficialFiles, base: Base) -> None:
    others = len(files.tensors) - 3
    found = changes(
        files,
        base,
        foreign_vocabulary(),
        final_norm__bias=files.tensors["final_norm.bias"] + 0.125,
        mel_head__bias=files.tensors["mel_head.bias"] + 0.5,
    )
    assert found == [f"2 of {others} other tensors changed, by up to 0.5 (mel_head.bias)"]
    assert changes(files, base, foreign_vocabulary(), mel_head__bias=torch.ones(3), strange=torch.ones(1)) == [
        "2 tensors are in only one of the two or have different shapes, such as strange"
    ]


def test_pieces_with_other_ids_are_counted(files: OfficialFiles, base: Base) -> None:
    vocabulary = foreign_vocabulary()
    order = [*range(vocabulary.size)]
    order[5], order[6] = 6, 5
    assert changes(files, base, permuted(vocabulary, order)) == [
        f"2 of the base's {vocabulary.size} pieces have other ids or none: embeddings now belong to other pieces"
    ]


def test_what_is_no_base_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"no manifest\.json"):
        read_base(tmp_path)


def test_how_a_vocabulary_grew_is_known_where_the_base_begins_it(base: Base) -> None:
    vocabulary = foreign_vocabulary()
    lines = [" ".join(word) for word in ("ሰላምዓለም", "ቡናጠጣ")] * 9
    longer, _ = extend_vocabulary(vocabulary, lines, vocabulary.size + 370)
    growth = base.growth_to(longer)
    assert growth is not None
    assert (growth.base_size, growth.base_fingerprint) == (vocabulary.size, vocabulary.fingerprint)
    assert base.growth_to(vocabulary) is None
    assert replace(base, vocabulary=None).growth_to(longer) is None
    assert replace(base, growth=growth, vocabulary=longer).growth_to(longer) == growth
    order = [*range(vocabulary.size)]
    order[5], order[6] = 6, 5
    assert replace(base, vocabulary=permuted(vocabulary, order)).growth_to(longer) is None
