"""The numbers of a codec, and how many frames a waveform has."""

import pytest
from pydantic import ValidationError

from amhctl.config.codec_spec import CodecSpec

SPEC = CodecSpec(
    name="c", architecture="mel", sample_rate=16_000, frame_samples=640, codebooks=2, codebook_size=16, fingerprint="f"
)


def test_frame_rate() -> None:
    assert SPEC.frame_rate == 25.0


@pytest.mark.parametrize(("samples", "frames"), [(1, 1), (640, 1), (641, 2), (16_000, 25)])
def test_a_last_partial_frame_counts(samples: int, frames: int) -> None:
    assert SPEC.frames_of(samples) == frames


@pytest.mark.parametrize(
    ("samples", "frames"), [(399, 0), (400, 0), (559, 0), (560, 1), (879, 1), (880, 2), (16_000, 49)]
)
def test_a_semantic_codec_has_the_frames_of_its_encoder(samples: int, frames: int) -> None:
    semantic = SPEC.model_copy(update={"architecture": "semantic", "frame_samples": 320})
    windows = max(0, 1 + (samples - 400) // 160)
    assert semantic.frames_of(samples) == windows // 2 == frames


@pytest.mark.parametrize(
    ("field", "value"),
    [("sample_rate", "16000"), ("sample_rate", 0), ("codebooks", 2.5), ("codebook_size", 1), ("frame_samples", -640)],
)
def test_impossible_numbers_are_refused(field: str, value: object) -> None:
    with pytest.raises(ValidationError, match=field):
        CodecSpec.model_validate({**SPEC.model_dump(), field: value})


def test_what_is_written_is_read_again() -> None:
    assert CodecSpec.model_validate_json(SPEC.model_dump_json()) == SPEC
