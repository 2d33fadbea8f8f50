"""Twin of ``audio/oggpages.py``."""

import io

import numpy as np
import pytest
import soundfile
from support.speechlike import vowel_train

from amhctl.audio.files import encode
from amhctl.audio.oggpages import checksum, renumber_pages
from amhctl.core.errors import AudioError


def raw_ogg(seconds: float) -> bytes:
    target, samples = io.BytesIO(), vowel_train(seconds=seconds).samples
    with soundfile.SoundFile(target, "w", 16_000, 1, "VORBIS", format="OGG") as sound:
        for start in range(0, samples.size, 16_000):
            sound.write(samples[start : start + 16_000])
    return target.getvalue()


def test_the_checksum_is_the_one_of_the_standard() -> None:
    """Bit by bit, as RFC 3533 has it, and as libsndfile has written it."""
    page = raw_ogg(0.5)[:58]
    blank = page[:22] + bytes(4) + page[26:]
    crc = 0
    for byte in blank:
        crc ^= byte << 24
        for _ in range(8):
            crc = ((crc << 1) ^ 0x04C11DB7 if crc & 0x80000000 else crc << 1) & 0xFFFFFFFF
    assert checksum(blank) == crc == int.from_bytes(page[22:26], "little")


def test_chance_is_taken_out_and_nothing_else_changes() -> None:
    one, other = raw_ogg(3.0), raw_ogg(3.0)
    assert renumber_pages(one) == renumber_pages(other)
    assert renumber_pages(one).count(b"OggS") == one.count(b"OggS") > 2
    heard = [soundfile.read(io.BytesIO(content))[0] for content in (one, renumber_pages(one))]
    np.testing.assert_array_equal(*heard)
    assert encode(vowel_train(), "ogg") == encode(vowel_train(), "ogg")


@pytest.mark.parametrize("content", [b"RIFF" + bytes(60), b"OggS"])
def test_what_is_no_ogg_is_refused(content: bytes) -> None:
    with pytest.raises(AudioError):
        renumber_pages(content)
