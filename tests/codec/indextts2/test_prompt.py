"""A clip as it is heard: cut, at two rates, at its own level."""

import numpy as np
import pytest
from support.speechlike import vowel_train

from amhctl.audio.sinc_resample import sinc_resample
from amhctl.audio.waveform import Waveform
from amhctl.codec.indextts2.prompt import PromptClip
from amhctl.core.errors import CodecError


def test_a_clip_is_heard_at_two_rates_and_for_15_seconds() -> None:
    clip = vowel_train(seconds=16.0, seed=1)
    heard = PromptClip.of(clip)
    assert heard.at_22k.size == 15 * 22_050
    assert heard.at_16k.size == 15 * 16_000
    assert np.array_equal(heard.at_16k, sinc_resample(heard.at_22k, old_rate=22_050, new_rate=16_000))
    quiet = PromptClip.of(Waveform(clip.samples * np.float32(0.5), clip.sample_rate))
    np.testing.assert_allclose(quiet.at_22k, 0.5 * heard.at_22k, atol=1e-6)


def test_features_of_the_style_have_no_mean() -> None:
    features_1TF = PromptClip.of(vowel_train(seconds=1.0, seed=1)).style_features()
    assert features_1TF.shape == (1, 98, 80)
    assert float(features_1TF.mean(dim=1).abs().max()) < 1e-4


@pytest.mark.parametrize(("clip", "words"), [(np.zeros(32_000), "louder"), (None, "speech")])
def test_a_clip_that_says_nothing_of_a_voice_is_refused(clip: np.ndarray | None, words: str) -> None:
    samples = vowel_train(seconds=0.2, seed=1).samples if clip is None else clip
    with pytest.raises(CodecError, match=words) as caught:
        PromptClip.of(Waveform(samples.astype(np.float32), 16_000))
    assert caught.value.subject == "the prompt"
