"""Chapter marks, read back by the letter of their formats."""

import io
import struct
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import soundfile
from support.ffmpeg import read_chapters
from support.speechlike import vowel_train

from amhctl.audio import chapters as module
from amhctl.audio import files
from amhctl.audio.chapters import Chapter, id3_chapters, mark_flac, mark_vorbis, mark_wav
from amhctl.audio.tags import Tags
from amhctl.core.errors import AudioError
from amhctl.core.units import Seconds

MARKS = (Chapter("መግቢያ", Seconds(0.0), Seconds(0.5)), Chapter("ምዕራፍ ሁለት", Seconds(0.5), Seconds(1.2)))


def test_frames_of_id3_hold_the_times_and_titles() -> None:
    (toc, contents), (name, body), _ = id3_chapters(MARKS)
    assert (toc, contents) == (b"CTOC", b"toc\x00\x03\x02chp0\x00chp1\x00")
    assert name == b"CHAP"
    assert struct.unpack(">IIII", body[5:21]) == (0, 500, 0xFFFFFFFF, 0xFFFFFFFF)
    assert body[21:25] == b"TIT2"
    assert body[31:] == b"\x03" + "መግቢያ".encode()
    assert id3_chapters(()) == []
    with pytest.raises(AudioError, match="300 chapters"):
        id3_chapters(MARKS * 150)


def test_cue_points_stand_after_the_samples_of_a_wav(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    sound = vowel_train(seconds=1.2)
    files.write(path, sound)
    before = files.read(path)
    mark_wav(path, MARKS, sound.sample_rate)
    assert (files.read(path).samples == before.samples).all()
    content = path.read_bytes()
    assert struct.unpack_from("<I", content, 4)[0] == len(content) - 8
    place = content.rindex(b"cue ")
    assert struct.unpack_from("<I", content, place + 8)[0] == 2
    number, position, chunk, _, _, start = struct.unpack_from("<II4sIII", content, place + 12 + 24)
    assert (number, position, chunk, start) == (2, sound.sample_rate // 2, b"data", sound.sample_rate // 2)
    assert content[content.rindex(b"adtl") :].count(b"labl") == 2
    assert "ምዕራፍ ሁለት".encode() + b"\x00" in content
    path.write_bytes(b"RF64" + content[4:])
    with pytest.raises(AudioError, match="too long"):
        mark_wav(path, MARKS, sound.sample_rate)


def test_comments_of_a_flac_hold_the_chapters(tmp_path: Path) -> None:
    source, target = tmp_path / "a.flac", tmp_path / "b.flac"
    with soundfile.SoundFile(source, "w", 16_000, 1, "PCM_16") as sound:
        sound.title = "ርዕስ"
        sound.write(vowel_train(seconds=1.2).samples)
    mark_flac(source, target, MARKS)
    assert (files.read(source).samples == files.read(target).samples).all()
    with soundfile.SoundFile(target) as sound:
        assert sound.title == "ርዕስ"
    content = target.read_bytes()
    for comment in ("CHAPTER000=00:00:00.000", "CHAPTER001=00:00:00.500", "CHAPTER001NAME=ምዕራፍ ሁለት"):
        assert struct.pack("<I", len(comment.encode())) + comment.encode() in content
    source.write_bytes(b"RIFF")
    with pytest.raises(AudioError, match="not a FLAC file"):
        mark_flac(source, target, MARKS)


@pytest.mark.parametrize("count", [2, 1_000])
def test_comments_of_an_ogg_hold_the_chapters_and_the_sound_stays(count: int) -> None:
    """A thousand chapters are a comment on several pages."""
    sound = vowel_train(seconds=1.2)
    source = io.BytesIO(files.encode(sound, "ogg", Tags(title="ርዕስ")))
    marks = tuple(
        Chapter(f"ምዕራፍ {number}", Seconds(number / 1000), Seconds((number + 1) / 1000)) for number in range(count)
    )
    target = io.BytesIO()
    mark_vorbis(source, target, marks)
    target.seek(0)
    with soundfile.SoundFile(target) as read:
        assert read.title == "ርዕስ"
        samples = read.read(dtype="float32")
    source.seek(0)
    np.testing.assert_array_equal(samples, soundfile.read(source, dtype="float32")[0])
    assert read_chapters(target.getvalue()) == [
        (mark.title, Fraction(number, 1000)) for number, mark in enumerate(marks)
    ]


def test_what_is_no_vorbis_is_refused() -> None:
    opus = io.BytesIO()
    with soundfile.SoundFile(opus, "w", 16_000, 1, "OPUS", format="OGG") as sound:
        sound.write(vowel_train(seconds=0.2).samples)
    opus.seek(0)
    with pytest.raises(AudioError, match=r"no comment of Vorbis|headers on pages of their own"):
        mark_vorbis(opus, io.BytesIO(), MARKS)
    with pytest.raises(AudioError, match="headers on pages of their own"):
        mark_vorbis(io.BytesIO(), io.BytesIO(), MARKS)
    with pytest.raises(AudioError, match="1002 chapters are more than comments can number"):
        mark_vorbis(io.BytesIO(), io.BytesIO(), MARKS * 501)


def test_titles_that_do_not_fit_into_a_flac_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = tmp_path / "a.flac"
    files.write(source, vowel_train(seconds=0.2))
    monkeypatch.setattr(module, "_FLAC_MOST", 64)
    with pytest.raises(AudioError, match="too long for a FLAC"):
        mark_flac(source, tmp_path / "b.flac", MARKS)
