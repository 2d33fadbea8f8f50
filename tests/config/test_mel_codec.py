"""The numbers of the bundled codec."""

import pytest
from pydantic import ValidationError

from amhctl.config.mel_codec import CodecTrainingConfig, MelCodecConfig


def test_the_codec_has_twenty_five_frames_a_second_by_default() -> None:
    codec = MelCodecConfig()
    assert codec.mel.sample_rate / codec.frame_samples == 25
    assert (codec.codebooks, codec.codebook_size) == (8, 1024)


def test_stages_that_take_longer_than_the_run_are_refused() -> None:
    with pytest.raises(ValidationError, match="more than steps"):
        CodecTrainingConfig(steps=100, unquantised_steps=60, adversarial_steps=50)


@pytest.mark.parametrize("document", [MelCodecConfig, CodecTrainingConfig])
def test_every_setting_says_what_it_is(document: type[MelCodecConfig]) -> None:
    assert set(document.model_fields) == set(document.describe())
