"""Sound that goes out while more is made: every encoding, in pieces of any size, decodes to what went in."""

import io

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray
from support.speechlike import vowel_train

from amhctl.audio.encoder import MEDIA_TYPES, PCM_RATE, Encoding, SoundEncoder
from amhctl.audio.files import encode
from amhctl.audio.tags import Tags
from amhctl.audio.waveform import Waveform

TAGS = Tags(title="ሰላም", comment="synthetic speech")


CUTS = (0, 999, 1_000, 1_000, 9_000)


def encoded(encoding: Encoding, waveform: Waveform, cuts: tuple[int, ...] = CUTS) -> list[bytes]:
    encoder = SoundEncoder(encoding, waveform.sample_rate, TAGS)
    parts = np.split(waveform.samples, cuts)
    return [*(encoder.push(Waveform(part, waveform.sample_rate)) for part in parts), encoder.finish()]


def decoded(content: bytes) -> tuple[NDArray[np.float32], int]:
    samples, rate = soundfile.read(io.BytesIO(content), dtype="float32")
    return samples, rate


@pytest.fixture(scope="module")
def waveform() -> Waveform:
    sound = vowel_train()
    assert sound.sample_rate == 16_000
    return Waveform((sound.samples * 0.5).astype(np.float32), 16_000)


def test_wav_has_the_samples_of_the_file(waveform: Waveform) -> None:
    content = b"".join(encoded("wav", waveform))
    whole = encode(waveform, "wav", TAGS)
    assert content[-2 * waveform.samples.size :] == whole[whole.rindex(b"data") + 8 :][: 2 * waveform.samples.size]
    assert content[4:8] == b"\xff\xff\xff\xff"


def test_flac_is_the_file_itself_at_the_end(waveform: Waveform) -> None:
    parts = encoded("flac", waveform)
    assert parts[:-1] == [b""] * (len(parts) - 1)
    assert parts[-1] == encode(waveform, "flac", TAGS)


def test_pcm_has_the_rate_that_readers_expect(waveform: Waveform) -> None:
    samples = np.frombuffer(b"".join(encoded("pcm", waveform)), "<i2").astype(np.float32) / 32768
    assert samples.size == pytest.approx(waveform.samples.size * PCM_RATE / 16_000, abs=2)
    together = np.frombuffer(b"".join(encoded("pcm", waveform, cuts=())), "<i2") / 32768
    assert np.abs(samples[: together.size] - together[: samples.size]).max() < 1e-3


@pytest.mark.parametrize("encoding", ["mp3", "opus"])
def test_lossy_encodings_come_in_pieces_that_decode_to_the_sound(waveform: Waveform, encoding: Encoding) -> None:
    parts = encoded(encoding, waveform)
    assert sum(bool(part) for part in parts) > 2
    samples, rate = decoded(b"".join(parts))
    assert rate == 16_000
    assert abs(samples.size - waveform.samples.size) < 0.2 * rate
    lag = int(np.argmax(np.correlate(samples[:8_000], waveform.samples[:4_000], "valid")))
    size = min(samples.size - lag, waveform.samples.size)
    assert np.corrcoef(samples[lag : lag + size], waveform.samples[:size])[0, 1] > 0.9


@pytest.mark.parametrize("encoding", [*MEDIA_TYPES])
def test_what_is_spoken_is_not_held_back(waveform: Waveform, encoding: Encoding) -> None:
    """A sink keeps nothing of what was taken from it, so memory does not grow with a long text; FLAC is kept coded."""
    encoder = SoundEncoder(encoding, waveform.sample_rate, TAGS)
    for number in range(3):
        encoder.push(waveform)
        most = 2 * (number + 1) * waveform.samples.size if encoding == "flac" else 0
        assert len(encoder._sink._waiting) <= most
    assert encoder.finish() is not None


def test_opus_is_resampled_where_it_does_not_have_the_rate() -> None:
    tone = Waveform(np.sin(np.arange(22_050) * 0.06).astype(np.float32), 22_050)
    samples, rate = decoded(b"".join(encoded("opus", tone)))
    assert rate == PCM_RATE
    assert samples.size == pytest.approx(PCM_RATE, abs=2_000)


def test_a_file_says_what_it_is(waveform: Waveform) -> None:
    content = b"".join(encoded("mp3", waveform))
    assert content.startswith(b"ID3")
    assert "ሰላም".encode() in content[:200]
    assert "ሰላም".encode() in b"".join(encoded("opus", waveform))[:1_000]
