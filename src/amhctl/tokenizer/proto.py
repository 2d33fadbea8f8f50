"""A SentencePiece ``.model`` file on the wire. Knows no language, no training and no encoding of text.

The file is one protobuf message (``sentencepiece_model.proto``)::

    ModelProto     1 pieces (repeated SentencePiece) · 2 trainer_spec · 3 normalizer_spec · 4, 5 not used here
    SentencePiece  1 piece (string) · 2 score (float) · 3 type (1 normal, 2 unknown, 3 control, 4 user-defined,
                   5 unused, 6 byte)
    TrainerSpec    3 model_type (1 unigram, 2 bpe, 3 word, 4 char) · 4 vocab_size · 52 treat_whitespace_as_suffix
    NormalizerSpec 1 name · 3 add_dummy_prefix · 4 remove_extra_whitespaces · 5 escape_whitespaces

It is read and edited here field by field, and not through ``sentencepiece_model_pb2``: that module needs a protobuf
runtime at least as new as the one that generated it, and g2p packages hold protobuf at 3.x. An edit on the wire has a
second virtue: every byte it does not mean to change stays as it was.
"""

import struct
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum

from amhctl.core.errors import VocabularyError
from amhctl.core.wire import BYTES, FIXED32, FIXED64, VARINT, delimited, encode_varint, key

_PIECES, _TRAINER, _NORMALIZER = 1, 2, 3
_MODEL_TYPES = {1: "unigram", 2: "bpe", 3: "word", 4: "char"}


class PieceKind(IntEnum):
    """The type of a piece in the file."""

    NORMAL = 1
    UNKNOWN = 2
    CONTROL = 3
    USER_DEFINED = 4
    UNUSED = 5
    BYTE = 6


@dataclass(frozen=True, slots=True)
class Piece:
    """One entry of the vocabulary; its id is its place in the file."""

    text: str
    score: float
    kind: PieceKind


@dataclass(frozen=True, slots=True)
class ModelFields:
    """What amhctl reads of a model file."""

    pieces: tuple[Piece, ...]
    model_type: str
    declared_size: int
    normalizer: str
    dummy_prefix: bool


@dataclass(frozen=True, slots=True)
class _Field:
    number: int
    wire: int
    start: int
    payload: int
    end: int
    value: int


def parse_model(content: bytes, *, subject: str = "") -> ModelFields:
    """Read the pieces and settings of a model file.

    Raises
    ------
    VocabularyError
        If the bytes are not a whole SentencePiece model; ``subject`` names the file in the message.
    """
    pieces: list[Piece] = []
    trainer: dict[int, int | bytes] = {}
    normalizer: dict[int, int | bytes] = {}
    seen: set[int] = set()
    try:
        for field in _fields(content, 0, len(content)):
            seen.add(field.number)
            if field.number == _PIECES:
                pieces.append(_parse_piece(content, field))
            elif field.number == _TRAINER:
                trainer.update(_values(content, field))
            elif field.number == _NORMALIZER:
                normalizer.update(_values(content, field))
    except (ValueError, struct.error) as error:
        raise _broken("the file is not a complete SentencePiece model", subject) from error
    missing = {_PIECES: "pieces", _TRAINER: "trainer_spec", _NORMALIZER: "normalizer_spec"}
    absent = [name for number, name in missing.items() if number not in seen]
    if absent:
        raise _broken(f"the SentencePiece model lacks {', '.join(absent)}", subject)
    declared = _number(trainer, 4, 8_000)
    if len(pieces) < declared:
        raise _broken(f"the SentencePiece model is truncated: {len(pieces)} of {declared} pieces", subject)
    name = normalizer.get(1, b"")
    return ModelFields(
        pieces=tuple(pieces),
        model_type=_MODEL_TYPES.get(_number(trainer, 3, 1), "unknown"),
        declared_size=declared,
        normalizer=name.decode("utf-8", "replace") if isinstance(name, bytes) else "",
        dummy_prefix=bool(_number(normalizer, 3, 1)),
    )


def append_pieces(content: bytes, pieces: Sequence[Piece]) -> bytes:
    """Return the model with pieces appended after its last one and the declared size set to the new count.

    The bytes of the pieces that were there stay untouched.
    """
    fields = list(_fields(content, 0, len(content)))
    present = [field for field in fields if field.number == _PIECES]
    count = len(present) + len(pieces)
    last = present[-1]
    added = b"".join(delimited(_PIECES, _piece_bytes(piece)) for piece in pieces)
    parts: list[bytes] = []
    for field in fields:
        if field.number == _TRAINER:
            parts.append(delimited(_TRAINER, _with_size(content[field.payload : field.end], count)))
        else:
            parts.append(content[field.start : field.end])
        if field is last:
            parts.append(added)
    return b"".join(parts)


def drop_pieces(content: bytes, ids: Collection[int]) -> bytes:
    """Return the model without the pieces of some ids and the declared size set to what is left."""
    fields = list(_fields(content, 0, len(content)))
    places = [index for index, field in enumerate(fields) if field.number == _PIECES]
    dropped = {places[number] for number in ids}
    parts: list[bytes] = []
    for index, field in enumerate(fields):
        if field.number == _TRAINER:
            size = len(places) - len(dropped)
            parts.append(delimited(_TRAINER, _with_size(content[field.payload : field.end], size)))
        elif index not in dropped:
            parts.append(content[field.start : field.end])
    return b"".join(parts)


def _broken(message: str, subject: str) -> VocabularyError:
    return VocabularyError(message, subject=subject, hint="copy the file again, or make one with amhctl vocab train")


def _fields(content: bytes, start: int, end: int) -> Iterator[_Field]:
    position = start
    while position < end:
        begin = position
        tag, position = _varint(content, position, end)
        number, wire = tag >> 3, tag & 7
        payload, value = position, 0
        if wire == VARINT:
            value, position = _varint(content, position, end)
        elif wire == BYTES:
            length, payload = _varint(content, position, end)
            position = payload + length
        elif wire in (FIXED32, FIXED64):
            position += 4 if wire == FIXED32 else 8
        else:
            raise ValueError(f"wire type {wire}")
        if position > end or number == 0:
            raise ValueError("field runs past the end")
        yield _Field(number, wire, begin, payload, position, value)


def _varint(content: bytes, position: int, end: int) -> tuple[int, int]:
    result = shift = 0
    while position < end and shift < 70:
        byte = content[position]
        position += 1
        result |= (byte & 0x7F) << shift
        if byte < 0x80:
            return result, position
        shift += 7
    raise ValueError("number runs past the end")


def _values(content: bytes, field: _Field) -> dict[int, int | bytes]:
    if field.wire != BYTES:
        raise ValueError("a message was expected")
    return {
        inner.number: inner.value if inner.wire == VARINT else content[inner.payload : inner.end]
        for inner in _fields(content, field.payload, field.end)
    }


def _number(values: dict[int, int | bytes], number: int, default: int) -> int:
    value = values.get(number, default)
    return value if isinstance(value, int) else default


def _parse_piece(content: bytes, field: _Field) -> Piece:
    values = _values(content, field)
    text, score = values.get(1, b""), values.get(2, b"\0\0\0\0")
    if not isinstance(text, bytes) or not isinstance(score, bytes):
        raise ValueError("a piece is no text and score")
    return Piece(text.decode("utf-8"), struct.unpack("<f", score)[0], PieceKind(_number(values, 3, 1)))


def _piece_bytes(piece: Piece) -> bytes:
    body = delimited(1, piece.text.encode("utf-8")) + key(2, FIXED32) + struct.pack("<f", piece.score)
    return body if piece.kind is PieceKind.NORMAL else body + key(3, VARINT) + encode_varint(piece.kind)


def _with_size(trainer: bytes, size: int) -> bytes:
    declared = key(4, VARINT) + encode_varint(size)
    parts, replaced = [], False
    for field in _fields(trainer, 0, len(trainer)):
        parts.append(declared if field.number == 4 else trainer[field.start : field.end])
        replaced = replaced or field.number == 4
    return b"".join(parts if replaced else [*parts, declared])
