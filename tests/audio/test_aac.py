"""AAC: decodes to what went in, in pieces of any size, with tags and chapters, and the same bytes each time."""

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest
from support.ffmpeg import decode_aac, read_chapters, read_tags
from support.speechlike import vowel_train

from amhctl.audio.aac import AdtsEncoder, require_aac, write_aac
from amhctl.audio.chapters import Chapter
from amhctl.audio.files import SOUND
from amhctl.audio.tags import Tags, id3_tag
from amhctl.core.errors import AudioError, MissingExtra
from amhctl.core.units import Seconds

VOICE = vowel_train(seconds=2.3)
TAGS = Tags(title="ሰላም", artist="m01", software="amhctl 1", comment="synthetic speech", licence="MIT")
# The encoder's delay.
DELAY = 1_024


def adts(cuts: tuple[int, ...]) -> list[bytes]:
    encoder = AdtsEncoder(VOICE.sample_rate, TAGS)
    return [*map(encoder.push, np.split(VOICE.samples, cuts)), encoder.finish()]


def likeness(decoded: np.ndarray[tuple[int], np.dtype[np.float32]]) -> float:
    size = min(decoded.size, VOICE.samples.size)
    return float(np.corrcoef(decoded[:size], VOICE.samples[:size])[0, 1])


def test_frames_come_out_while_samples_go_in_and_pieces_change_nothing() -> None:
    parts = adts((0, 999, 1_000, 9_000, 20_000))
    assert parts[0] == id3_tag(TAGS)
    assert parts[3]
    content = b"".join(parts)
    assert content == b"".join(adts(()))
    assert content.startswith(id3_tag(TAGS) + b"\xff\xf1")
    decoded = decode_aac(content)
    assert decoded.sample_rate == VOICE.sample_rate
    assert likeness(decoded.samples[DELAY:]) > 0.99


def test_an_mpeg4_file_has_tags_chapters_and_no_delay(tmp_path: Path) -> None:
    blocks = np.split((VOICE.samples * 32_767).astype(np.int16), (5_000, 16_000))
    marks = (Chapter("መግቢያ", Seconds(0.0), Seconds(1.0)), Chapter("ሁለት", Seconds(1.0), Seconds(2.3)))
    paths = [tmp_path / "ሀ.m4a", tmp_path / "b.m4b"]
    for path in paths:
        write_aac(blocks, path, VOICE.sample_rate, TAGS, is_mpeg4=True, chapters=marks)
    content = paths[0].read_bytes()
    assert content == paths[1].read_bytes()
    assert SOUND.recognises(paths[0])
    named = read_tags(content)
    told = [named[name] for name in ("title", "artist", "comment", "copyright", "description")]
    assert told == ["ሰላም", "m01", "synthetic speech", "MIT", "amhctl 1"]
    assert read_chapters(content) == [("መግቢያ", 0), ("ሁለት", 1)]
    # What the index says comes first, so that a player may begin before it has all.
    assert content.index(b"moov") < content.index(b"mdat")
    decoded = decode_aac(content)
    # The last frame is filled up.
    assert 0 <= decoded.samples.size - VOICE.samples.size < DELAY
    assert likeness(decoded.samples) > 0.99


def test_what_cannot_be_written_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(AudioError, match="aac cannot be written at 44000 Hz"):
        AdtsEncoder(44_000, TAGS)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingExtra, match="AAC needs av") as caught:
        require_aac()
    assert caught.value.hint == "pip install 'amhctl[aac]'"
    with pytest.raises(MissingExtra):
        write_aac([], tmp_path / "a.aac", 16_000, TAGS, is_mpeg4=False)


def test_a_library_that_cannot_be_loaded_is_refused_before_anything_is_spoken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in sys.modules if name == "av" or name.startswith("av.")]:
        monkeypatch.delitem(sys.modules, name)
    (tmp_path / "av.py").write_text("raise ImportError('libavcodec.so.62: no such file')", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(MissingExtra, match=r"AAC needs av, which cannot be loaded \(libavcodec.so.62: no such file\)"):
        require_aac()
