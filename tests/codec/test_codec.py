"""The arithmetic and the refusals that every codec shares."""

import numpy as np
import pytest

from amhctl.codec.codec import padded_waveform, require_codes, stacked_takes
from amhctl.config.codec_spec import CodecSpec
from amhctl.core.errors import CodecError

SPEC = CodecSpec(
    name="c",
    architecture="mel",
    sample_rate=16_000,
    frame_samples=640,
    codebooks=2,
    codebook_size=16,
    fingerprint="f",
)


@pytest.mark.parametrize(("samples", "frames"), [(1, 1), (640, 1), (641, 2), (16_000, 25)])
def test_a_waveform_is_padded_to_a_whole_number_of_frames(samples: int, frames: int) -> None:
    assert padded_waveform(np.ones(samples, np.float32), SPEC).size == frames * 640


@pytest.mark.parametrize(
    "waveform", [np.zeros(0, np.float32), np.zeros((2, 9), np.float32), np.array([0.0, np.nan], np.float32)]
)
def test_unusable_waveforms_are_refused(waveform: np.ndarray) -> None:
    with pytest.raises(CodecError):
        padded_waveform(waveform, SPEC)


@pytest.mark.parametrize(
    "codes", [np.zeros((3, 4), np.uint16), np.zeros((2, 0), np.uint16), np.full((2, 4), 16, np.uint16)]
)
def test_unusable_codes_are_refused(codes: np.ndarray) -> None:
    with pytest.raises(CodecError, match=r"codes have shape|outside the codebook"):
        require_codes(codes, SPEC)


@pytest.mark.parametrize(
    ("takes", "said"),
    [
        ([], "the same shape"),
        ([np.zeros((2, 4), np.uint16), np.zeros((2, 5), np.uint16)], "the same shape"),
        ([np.zeros((2, 4), np.uint16), np.full((2, 4), 16, np.uint16)], "outside the codebook"),
    ],
)
def test_codings_without_a_mean_are_refused(takes: list[np.ndarray], said: str) -> None:
    with pytest.raises(CodecError, match=said):
        stacked_takes(takes, SPEC)
    assert stacked_takes([np.zeros((2, 4), np.uint16)] * 2, SPEC).shape == (2, 2, 4)
