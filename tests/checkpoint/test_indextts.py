"""What is known of IndexTTS-2 as a work goes into manifests as it stands."""

from amhctl.checkpoint.indextts import CODEC, LICENCE, PUBLISHED_SHA256, TERMS


def test_its_codes_are_no_codec_that_amhctl_has() -> None:
    assert (CODEC.architecture, CODEC.codebooks, CODEC.codebook_size) == ("semantic", 1, 8_192)
    assert CODEC.sample_rate / CODEC.frame_samples == 50
    assert CODEC.fingerprint == ""


def test_the_terms_name_the_licence_and_where_it_is() -> None:
    assert LICENCE.licence in TERMS[0]
    assert LICENCE.url in TERMS[-1]
    assert len(bytes.fromhex(PUBLISHED_SHA256)) == 32
