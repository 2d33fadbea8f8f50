"""Protocol buffers on the wire: how numbers and fields are written. Knows no message.

Source: "Encoding", in the documentation of Protocol Buffers. The package's own runtime is not used: g2p and codec
packages hold it at 3.x, below what newer message modules need.
"""

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
"""Wire types."""


def encode_varint(value: int) -> bytes:
    """Return a number that is not negative, seven bits a byte."""
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)


def key(number: int, wire: int) -> bytes:
    """Return what comes before the content of a field."""
    return encode_varint(number << 3 | wire)


def number(field: int, value: int) -> bytes:
    """Return a field that holds a whole number; a negative one as its two's complement of 64 bits."""
    return key(field, VARINT) + encode_varint(value & 0xFFFF_FFFF_FFFF_FFFF)


def delimited(field: int, payload: bytes) -> bytes:
    """Return a field that holds bytes, a text or a message."""
    return key(field, BYTES) + encode_varint(len(payload)) + payload


def text(field: int, value: str) -> bytes:
    """Return a field that holds a text."""
    return delimited(field, value.encode("utf-8"))
