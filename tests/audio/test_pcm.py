"""Samples as bytes: the numbers of a WAV file, piece by piece, after a header that does not know the length."""

import io

import numpy as np
import soundfile
from support.speechlike import vowel_train

from amhctl.audio.files import encode
from amhctl.audio.pcm import encode_pcm, wav_header
from amhctl.audio.tags import Tags
from amhctl.audio.waveform import Waveform

TAGS = Tags(title="ሰላም", artist="m01", software="amhctl", comment="synthetic speech", licence="made from x (MIT)")


def test_pieces_are_the_numbers_of_a_wav_file() -> None:
    samples = np.concatenate([vowel_train(seconds=0.5).samples, np.array([1.5, -1.5, 1.0, -1.0, 0.0], np.float32)])
    pieces = [Waveform(part.copy(), 16_000) for part in np.array_split(samples, 7)]
    content = encode(Waveform(samples, 16_000), "wav", TAGS)
    assert content.endswith(b"".join(map(encode_pcm, pieces)))
    assert len(b"".join(map(encode_pcm, pieces))) == 2 * samples.size


def test_a_stream_is_read_as_the_file_would_be() -> None:
    waveform = vowel_train(seconds=0.5)
    stream = wav_header(16_000, TAGS) + encode_pcm(waveform)
    samples, rate = soundfile.read(io.BytesIO(stream), dtype="int16")
    wanted, _ = soundfile.read(io.BytesIO(encode(waveform, "wav", TAGS)), dtype="int16")
    assert rate == 16_000
    np.testing.assert_array_equal(samples, wanted)


def test_the_header_says_what_the_speech_is_and_no_length() -> None:
    header = wav_header(16_000, TAGS)
    assert header[4:8] == header[-4:] == b"\xff" * 4
    assert "ሰላም".encode() in header
    assert b"synthetic speech" in header
