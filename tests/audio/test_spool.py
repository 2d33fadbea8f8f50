"""Samples on the disk become files of every format."""

from pathlib import Path

import numpy as np
import pytest
from support.speechlike import vowel_train

from amhctl.audio import files, spool
from amhctl.audio.aac import AAC_FORMATS
from amhctl.audio.chapters import Chapter
from amhctl.audio.files import encode
from amhctl.audio.pcm import encode_pcm
from amhctl.audio.spool import FORMATS, encode_spool
from amhctl.audio.tags import Tags
from amhctl.core.errors import AudioError
from amhctl.core.units import Seconds

SOUND = vowel_train(seconds=2.3)
RATE = SOUND.sample_rate
TAGS = Tags(title="ሰላም", artist="m01")


@pytest.fixture
def samples(tmp_path: Path) -> Path:
    path = tmp_path / "samples.pcm"
    path.write_bytes(encode_pcm(SOUND))
    return path


@pytest.mark.parametrize("encoding", FORMATS)
def test_every_format_holds_the_samples_and_the_same_samples_give_the_same_bytes(samples: Path, encoding: str) -> None:
    one, two = samples.with_name(f"1.{encoding}"), samples.with_name(f"2.{encoding}")
    for target in (one, two):
        encode_spool(samples, target, encoding, RATE, TAGS)
    assert one.read_bytes() == two.read_bytes()
    assert sorted(path.name for path in samples.parent.iterdir()) == [one.name, two.name, samples.name]
    if encoding == "pcm":
        assert one.read_bytes() == samples.read_bytes()
        return
    if encoding in AAC_FORMATS:
        return
    assert files.read(one).duration == pytest.approx(SOUND.duration, abs=0.15)
    if encoding in ("wav", "flac"):
        np.testing.assert_allclose(files.read(one).samples, SOUND.samples, atol=1 / 32_000)


def test_a_wav_is_the_file_that_is_written_in_one_go(samples: Path) -> None:
    target = samples.with_name("a.wav")
    encode_spool(samples, target, "wav", RATE, TAGS)
    assert target.read_bytes() == encode(SOUND, "wav", TAGS)


def test_a_part_is_a_part(samples: Path) -> None:
    target = samples.with_name("a.pcm")
    encode_spool(samples, target, "pcm", RATE, TAGS, begin=100, end=RATE + 200)
    assert target.read_bytes() == samples.read_bytes()[200 : 2 * (RATE + 200)]
    encode_spool(samples, target, "pcm", RATE, TAGS, begin=RATE)
    assert target.read_bytes() == samples.read_bytes()[2 * RATE :]


@pytest.mark.parametrize("encoding", ["wav", "flac", "ogg", "mp3"])
def test_chapters_go_into_the_formats_that_have_them(samples: Path, encoding: str) -> None:
    target = samples.with_name(f"a.{encoding}")
    encode_spool(samples, target, encoding, RATE, TAGS, chapters=(Chapter("ምዕራፍ", Seconds(0.0), SOUND.duration),))
    assert "ምዕራፍ".encode() in target.read_bytes()
    assert files.read(target).duration == pytest.approx(SOUND.duration, abs=0.15)


def test_what_32_bits_cannot_count_is_written_with_64(samples: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool, "_MOST_WAV_BYTES", 1000)
    target = samples.with_name("a.wav")
    encode_spool(samples, target, "wav", RATE, TAGS)
    assert target.read_bytes()[:4] == b"RF64"
    assert files.read(target).samples.size == SOUND.samples.size


def test_what_is_no_format_or_no_rate_is_refused(samples: Path) -> None:
    with pytest.raises(AudioError, match="unknown audio format"):
        encode_spool(samples, samples.with_name("a.xyz"), "xyz", RATE, TAGS)
    for encoding in ("mp3", "aac"):
        with pytest.raises(AudioError, match=f"{encoding} cannot be written at 12345 Hz"):
            encode_spool(samples, samples.with_name(f"a.{encoding}"), encoding, 12_345, TAGS)
