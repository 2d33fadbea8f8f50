"""Vocabularies are read whole, written as they are, and refused where ids would mean something else."""

import hashlib
from pathlib import Path

import pytest
from support.vocabularies import FIDEL_LINES, PHONE_LINES, foreign_model

from amhctl.core.errors import FileExistsRefused, VocabularyError
from amhctl.tokenizer.proto import Piece, PieceKind, append_pieces
from amhctl.tokenizer.train import train_vocabulary
from amhctl.tokenizer.vocabulary import Vocabulary


def test_written_and_read_is_the_same(tmp_path: Path) -> None:
    vocabulary = train_vocabulary(PHONE_LINES, size=100, units="phones")
    vocabulary.write(tmp_path / "v.model")
    assert Vocabulary.read(tmp_path / "v.model") == vocabulary
    assert (tmp_path / "v.model").read_bytes() == vocabulary.model_bytes
    with pytest.raises(FileExistsRefused):
        vocabulary.write(tmp_path / "v.model")


def test_the_fingerprint_is_that_of_the_ordered_pieces() -> None:
    vocabulary = train_vocabulary(PHONE_LINES, size=100, units="phones")
    assert vocabulary.fingerprint == hashlib.sha256("\n".join(vocabulary.pieces).encode()).hexdigest()
    assert vocabulary.pieces[:3] == ("<s>", "</s>", "<unk>")


def test_units_are_told_from_the_pieces() -> None:
    assert train_vocabulary(PHONE_LINES, size=100, units="phones").units == "phones"
    assert train_vocabulary(FIDEL_LINES, size=400, units="fidel").units == "fidel"
    assert Vocabulary.from_bytes(foreign_model()).units == "fidel"
    assert Vocabulary.from_bytes(foreign_model()).missing


@pytest.mark.parametrize(
    "options",
    [
        {"bos_id": 2, "unk_id": 0},
        {"pad_id": 0, "unk_id": 1, "bos_id": 2, "eos_id": 3},
        {"bos_id": -1, "eos_id": -1, "unk_id": 0},
        {"bos_piece": "<start>"},
    ],
)
def test_other_ids_of_the_specials_are_refused(options: dict[str, object]) -> None:
    with pytest.raises(VocabularyError, match="ids 0, 1 and 2 are") as caught:
        Vocabulary.from_bytes(foreign_model(**options), subject="other.model")  # type: ignore[arg-type]
    assert caught.value.subject == "other.model"


def test_a_padding_piece_is_refused_wherever_it_stands() -> None:
    padded = append_pieces(foreign_model(), [Piece("<pad>", 0.0, PieceKind.CONTROL)])
    place = Vocabulary.from_bytes(foreign_model()).size
    with pytest.raises(VocabularyError, match=f"id {place} is the padding piece <pad>"):
        Vocabulary.from_bytes(padded)


def test_a_piece_that_occurs_twice_is_refused() -> None:
    model = foreign_model()
    again = Piece(Vocabulary.from_bytes(model).pieces[5], -1.0, PieceKind.NORMAL)
    with pytest.raises(VocabularyError, match="more than once"):
        Vocabulary.from_bytes(append_pieces(model, [again]))


def test_a_missing_file_says_where(tmp_path: Path) -> None:
    with pytest.raises(VocabularyError) as caught:
        Vocabulary.read(tmp_path / "no.model")
    assert caught.value.subject == str(tmp_path / "no.model")


def test_half_a_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "half.model"
    path.write_bytes(foreign_model()[:400])
    with pytest.raises(VocabularyError, match="SentencePiece model"):
        Vocabulary.read(path)


def test_word_boundaries_and_marks_are_silent() -> None:
    vocabulary = train_vocabulary(["səlam aləm ።", "aləm ፣ səlam !"], size=128, units="phones", model_type="char")
    silent = {vocabulary.pieces[id_] for id_ in range(vocabulary.size) if vocabulary.is_silent(id_)}
    assert silent == {"▁", "።", "፣", "፧", "!"}
