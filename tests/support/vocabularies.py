"""Small vocabularies of other makers, to extend and to refuse."""

import io
from collections.abc import Iterable, Sequence

import sentencepiece

from amhctl.tokenizer.proto import Piece, append_pieces, drop_pieces
from amhctl.tokenizer.vocabulary import Vocabulary

FIDEL_LINES = ("ሰላም ዓለም።", "ዛሬ ጥሩ ቀን ነው፣ ነገም እንዲሁ።", "አዲስ አበባ ትልቅ ከተማ ናት።", "ሰላም ለዓለም ሁሉ!")
PHONE_LINES = ("səlam aləm ።", "t͡ʃʼəw tʼɨru nəw ፣ kʼən !", "ɡʷaddəɲɲa mət͡ʃʼe mətʼa ፧")
LATIN_LINES = ("THE QUICK BROWN FOX JUMPS OVER THE LAZY DOG!", "HELLO WORLD, THIS IS A BASE MODEL.", "1234 你好 世界")


def foreign_model(
    model_type: str = "bpe", *, size: int = 64, lines: Iterable[str] = LATIN_LINES, **options: object
) -> bytes:
    """Return a SentencePiece model that knows no Ethiopic, by default with the ids 0, 1 and 2 that amhctl wants."""
    output = io.BytesIO()
    settings: dict[str, object] = {
        "bos_id": 0,
        "eos_id": 1,
        "unk_id": 2,
        "pad_id": -1,
        "normalization_rule_name": "nmt_nfkc",
        **options,
    }
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter([*lines] * 10),
        model_writer=output,
        vocab_size=size,
        model_type=model_type,
        hard_vocab_limit=False,
        minloglevel=2,
        **settings,
    )
    return output.getvalue()


def foreign_vocabulary(model_type: str = "bpe") -> Vocabulary:
    """Return such a model as a vocabulary."""
    return Vocabulary.from_bytes(foreign_model(model_type))


def permuted(vocabulary: Vocabulary, order: Sequence[int]) -> Vocabulary:
    """Return a vocabulary with the same pieces, that of id ``order[i]`` at id ``i``."""
    pieces = [Piece(vocabulary.pieces[number], vocabulary.scores[number], vocabulary.kinds[number]) for number in order]
    kept = drop_pieces(vocabulary.model_bytes, range(3, vocabulary.size))
    return Vocabulary.from_bytes(append_pieces(kept, pieces[3:]))
