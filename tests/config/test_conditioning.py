import pytest
from pydantic import ValidationError

from amhctl.config.conditioning import SpeechEncoderConfig, frames_of, read_conditioning, width_of
from amhctl.config.mel import MelConfig

ENCODER = SpeechEncoderConfig(
    layer=17, width=1_024, sample_rate=16_000, hop_samples=320, normalised=True, fingerprint="a" * 64
)


@pytest.mark.parametrize("conditioning", [MelConfig(bins=20), ENCODER])
def test_what_is_written_is_read_as_the_same_kind(conditioning: MelConfig | SpeechEncoderConfig) -> None:
    assert read_conditioning(conditioning.model_dump(mode="json")) == conditioning


def test_widths_and_lengths() -> None:
    assert (width_of(MelConfig(bins=20)), width_of(ENCODER)) == (20, 1_024)
    assert (frames_of(MelConfig(hop_samples=160), 3.0), frames_of(ENCODER, 3.0), frames_of(ENCODER, 0.0)) == (
        300,
        150,
        1,
    )


def test_values_of_neither_kind_are_refused() -> None:
    with pytest.raises(ValidationError):
        read_conditioning({"encoder": "hubert", "width": 4})
    with pytest.raises(ValidationError):
        read_conditioning({"width": 4})
