"""Vocabularies of other makers, to extend and to refuse: small ones, and one of the size and settings of IndexTTS-2."""

import io
import pydoc_data.topics
import random
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import product
from typing import Any

import sentencepiece

from amhctl.tokenizer.proto import Piece, append_pieces, drop_pieces
from amhctl.tokenizer.vocabulary import Vocabulary

FIDEL_LINES = ("ሰላም ዓለም።", "ዛሬ ጥሩ ቀን ነው፣ ነገም እንዲሁ።", "አዲስ አበባ ትልቅ ከተማ ናት።", "ሰላም ለዓለም ሁሉ!")
PHONE_LINES = ("səlam aləm ።", "t͡ʃʼəw tʼɨru nəw ፣ kʼən !", "ɡʷaddəɲɲa mət͡ʃʼe mətʼa ፧")
LATIN_LINES = ("THE QUICK BROWN FOX JUMPS OVER THE LAZY DOG!", "HELLO WORLD, THIS IS A BASE MODEL.", "1234 你好 世界")


def foreign_model(
    model_type: str = "bpe", *, size: int = 64, lines: Iterable[str] = LATIN_LINES, **options: Any
) -> bytes:
    """Return a SentencePiece model that knows no Ethiopic, by default with the ids 0, 1 and 2 that amhctl wants."""
    output = io.BytesIO()
    settings: dict[str, Any] = {
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


def index_like_lines(seed: int = 0) -> Iterator[str]:
    """Yield English in capitals, Chinese with its characters apart and pinyin with tones, as IndexTTS-2 sees them.

    English is the manual that comes with Python; the Chinese characters are all 6,763 of GB 2312, the first ones the
    most often (Zipf), and the syllables are every initial before every final, possible or not.
    """
    for text in pydoc_data.topics.topics.values():
        yield from (" ".join(line.split()).upper() for line in text.splitlines() if line.strip())
    draw = random.Random(seed)
    hanzi = [bytes(pair).decode("gb2312", "ignore") for pair in product(range(0xB0, 0xF8), range(0xA1, 0xFF))]
    hanzi = [char for char in hanzi if char]
    yield from hanzi
    weights = [1.0 / rank for rank in range(1, len(hanzi) + 1)]
    initials = ("", *"BPMFDTNLGKHJQXRZCSYW", "ZH", "CH", "SH")
    ends = "A O E I U AI EI AO OU AN EN ANG ENG ONG IA IE IAO IU IAN IN IANG ING IONG UA UO UAI UI UAN UN UANG UE"
    finals = ends.split()
    syllables = [f"{initial}{final}{tone}" for initial, final, tone in product(initials, finals, "12345")]
    for _ in range(6_000):
        yield " ".join(draw.choices(hanzi, weights, k=24)) + " ,"
        yield " ".join(draw.choices(syllables, k=12)) + " ."


@cache
def index_like_model(size: int = 12_000) -> bytes:
    """Return a byte-pair model with the published settings of IndexTTS-2's ``bpe.model``.

    These are 12,000 pieces, start, stop and unknown at 0, 1 and 2, no padding, no byte fallback, coverage 0.9995 and
    SentencePiece's own normaliser.
    """
    lines = [*index_like_lines()]
    return foreign_model(size=size, lines=lines, character_coverage=0.9995, max_sentence_length=1 << 16)
