"""Protocol buffers on the wire: as the documentation of the encoding writes its examples."""

from amhctl.core import wire


def test_the_examples_of_the_documentation() -> None:
    assert wire.number(1, 150) == bytes.fromhex("089601")
    assert wire.text(2, "testing") == bytes.fromhex("120774657374696e67")
    assert wire.delimited(3, wire.number(1, 150)) == bytes.fromhex("1a03089601")
    assert wire.number(1, -2) == bytes.fromhex("08feffffffffffffffff01")


def test_small_numbers_take_a_byte_and_larger_ones_more() -> None:
    assert wire.encode_varint(0) == b"\x00"
    assert wire.encode_varint(0x7F) == b"\x7f"
    assert wire.encode_varint(0x80) == b"\x80\x01"
    assert wire.key(16, wire.VARINT) == b"\x80\x01"
