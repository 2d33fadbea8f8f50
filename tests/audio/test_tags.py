"""Tags of sound files, read back by libsndfile; the sound stays what it is."""

import io

import numpy as np
import pytest
import soundfile
from support.speechlike import vowel_train

from amhctl.audio.files import encode
from amhctl.audio.tags import Tags, id3_tag

TAGS = Tags("ሰላም ዓለም። " * 8, "m01", "amhctl 1", "synthetic speech", "MIT")
CLIP = vowel_train(seconds=1.2)


@pytest.mark.parametrize(
    ("encoding", "rights"), [("wav", "copyright"), ("flac", "license"), ("ogg", "license"), ("mp3", "copyright")]
)
def test_every_format_has_the_tags_in_full(encoding: str, rights: str) -> None:
    content = encode(CLIP, encoding, TAGS)
    with soundfile.SoundFile(io.BytesIO(content)) as sound:
        assert (sound.title, sound.artist, sound.comment) == (TAGS.title, TAGS.artist, TAGS.comment)
        assert sound.software.startswith(TAGS.software)
        assert getattr(sound, rights) == TAGS.licence
        assert "date" not in {name for name, value in sound.copy_metadata().items() if value}


@pytest.mark.parametrize("encoding", ["wav", "flac", "ogg", "mp3"])
def test_tags_do_not_change_the_sound_and_the_same_gives_the_same_bytes(encoding: str) -> None:
    plain, tagged = encode(CLIP, encoding), encode(CLIP, encoding, TAGS)
    assert tagged == encode(CLIP, encoding, TAGS)
    assert tagged != plain
    one, other = (soundfile.read(io.BytesIO(content), dtype="float32")[0] for content in (plain, tagged))
    # An MP3 decoder rounds otherwise where a tag stands before the sound.
    np.testing.assert_allclose(one, other, atol=1e-6 if encoding == "mp3" else 0.0)


def test_an_mp3_tag_has_the_bytes_of_the_standard() -> None:
    assert id3_tag(Tags()) == b""
    assert id3_tag(Tags(artist="m")) == b"ID3\x04\x00\x00\x00\x00\x00\x0cTPE1\x00\x00\x00\x02\x00\x00\x03m"
    long = id3_tag(Tags(comment="x" * 300))
    assert long[10:14] == b"COMM"
    # 300 letters, encoding, language and an empty description are 305 bytes: 2 times 128 and 49.
    assert long[14:18] == bytes((0, 0, 2, 49))
    assert len(long) == 10 + 10 + 305
