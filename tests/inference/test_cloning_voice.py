"""IndexTTS-2 speaks: codes, second pass, and a waveform in the voice of a reference."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from support.cloning import CloningFiles, cloning_files
from support.speechlike import vowel_train
from support.voices import any_speech

from amhctl.audio.resample import bring_to
from amhctl.audio.waveform import Waveform
from amhctl.checkpoint.indextts import LICENCE
from amhctl.codec.indextts2 import acoustics
from amhctl.codec.indextts2.acoustics import FlowOptions
from amhctl.core.errors import CheckpointError, CodecError, SynthesisError
from amhctl.devices import precision
from amhctl.inference.assemble import load_voice
from amhctl.inference.cloning_voice import ClonedSpeaker, CloningVoice
from amhctl.inference.decode import Passage, decode
from amhctl.inference.options import SpeakOptions
from amhctl.inference.sampling import Sampling
from amhctl.inference.speaker import Speaker
from amhctl.inference.speech import Job

OPTIONS = replace(any_speech(seed=3), steps=2)
TEXT = "ሰላም ለዓለም"


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CloningFiles]:
    with pytest.MonkeyPatch.context() as patch:
        yield cloning_files(tmp_path_factory.mktemp("cloning"), patch)


@pytest.fixture(scope="module")
def voice(files: CloningFiles) -> CloningVoice:
    loaded = load_voice(str(files.voice), codec=str(files.codec))
    assert isinstance(loaded, CloningVoice)
    return loaded


@pytest.fixture(scope="module")
def speaker(voice: CloningVoice) -> ClonedSpeaker:
    return voice.imitate(vowel_train(seconds=1.5, seed=4))


def test_a_text_is_codes_then_states_then_a_waveform(voice: CloningVoice, speaker: ClonedSpeaker) -> None:
    ids = (5, 6, 7, 8)
    job = Job(0, TEXT, pause=0.0, syllables=4, ids=ids, durations=None)  # type: ignore[arg-type]
    (codes,) = decode(voice.model, [Passage(ids, None, 30, seed=9)], speaker, Sampling(0.8, 30, 0.8, 10.0))
    latent_1SH = voice.model.latent(
        torch.tensor([ids]), torch.from_numpy(codes.codes_QS.astype(np.int64)), speaker.latents_1LD, speaker.emotion_1D
    )
    wanted = voice.codec.speak(
        codes.codes_QS, speaker.prompt, latent_1SH=latent_1SH, options=FlowOptions(steps=2, guidance=0.7), seed=9
    )
    assert np.array_equal(voice._samples(job, [codes], speaker, OPTIONS, 9), wanted)
    without = voice.codec.speak(codes.codes_QS, speaker.prompt, options=FlowOptions(steps=2), seed=9)
    assert not np.array_equal(without, wanted), "the second pass is heard"
    assert voice.sampling(1) == Sampling(0.8, 30, 0.8, 10.0)


def test_the_same_request_gives_the_same_samples_and_options_are_heard(
    voice: CloningVoice, speaker: ClonedSpeaker
) -> None:
    def say(options: SpeakOptions, whom: ClonedSpeaker = speaker) -> Waveform:
        return voice.speak(TEXT, options, speaker=whom).waveform

    first = say(OPTIONS)
    assert first.sample_rate == voice.sample_rate == 22_050
    assert first.samples.size
    assert np.array_equal(say(OPTIONS).samples, first.samples)
    others = [
        say(replace(OPTIONS, steps=3)),
        say(replace(OPTIONS, guidance=0.0)),
        say(replace(OPTIONS, seed=4)),
        say(OPTIONS, voice.imitate(vowel_train(seconds=1.5, seed=9))),
    ]
    assert not any(np.array_equal(each.samples, first.samples) for each in others)


def test_without_a_reference_it_says_that_it_needs_one(voice: CloningVoice, speaker: ClonedSpeaker) -> None:
    with pytest.raises(SynthesisError, match="no speaker of its own and no reference") as caught:
        voice.speak(TEXT, OPTIONS)
    assert "--reference" in caught.value.hint
    fine_tuned = replace(voice, speaker=speaker)
    assert fine_tuned.speak(TEXT, OPTIONS).waveform.samples.size
    # As a voice has it from its training data: what the GPT hears, and no sound.
    heard = Speaker(speaker.latents_1LD, speaker.emotion_1D)
    with pytest.raises(SynthesisError, match="speaks in the voice of a reference"):
        replace(voice, speaker=heard).speak(TEXT, OPTIONS)


def test_a_copy_is_the_recording_in_the_voice_of_the_reference(voice: CloningVoice, speaker: ClonedSpeaker) -> None:
    recording = vowel_train(seconds=0.8, seed=2)
    copied = voice.copy(recording, speaker)
    assert copied.sample_rate == 22_050
    assert abs(copied.duration - recording.duration) < 0.05
    (codes_QS,) = voice.codec.encode([bring_to(recording, level=voice.level, sample_rate=16_000).samples])
    assert np.array_equal(copied.samples, voice.codec.speak(codes_QS, speaker.prompt)[: copied.samples.size])
    with pytest.raises(SynthesisError, match="no reference is given"):
        voice.copy(recording)


def test_an_emotion_leaves_the_prompt(voice: CloningVoice, speaker: ClonedSpeaker) -> None:
    clip = vowel_train(seconds=1.5, seed=11)
    moved = voice.feel(speaker, clip, voice.speech_encoder, strength=0.5)
    assert isinstance(moved, ClonedSpeaker)
    assert moved.prompt is speaker.prompt
    assert not torch.equal(moved.emotion_1D, speaker.emotion_1D)
    assert torch.equal(moved.latents_1LD, speaker.latents_1LD)


def test_emotions_as_numbers_are_mixed_into_the_references_own(
    voice: CloningVoice, speaker: ClonedSpeaker, files: CloningFiles, tmp_path: Path
) -> None:
    with pytest.raises(CodecError, match=r"missing for emotions: feat1\.pt, feat2\.pt"):
        voice.weigh_emotions(speaker, (1.0, *(0.0,) * 7))
    with_tables = Path(shutil.copytree(files.codec, tmp_path / "with-tables"))
    rows = sum(yaml.safe_load((with_tables / "config.yaml").read_text())["emo_num"])
    width = speaker.emotion_1D.shape[1]
    torch.save(torch.randn(rows, speaker.prompt.style_1S.shape[1]), with_tables / "feat1.pt")
    torch.save(torch.arange(rows)[:, None] * torch.ones(1, width), with_tables / "feat2.pt")
    moved = load_voice(str(files.voice), codec=str(with_tables))
    assert isinstance(moved, CloningVoice)
    sad = moved.weigh_emotions(speaker, (0.0, 0.0, 0.5, *(0.0,) * 5))
    assert isinstance(sad, ClonedSpeaker)
    assert sad.prompt is speaker.prompt
    # Rows 20 and 21 are those of sadness: three are of joy, 17 of anger.
    row = float((2.0 * sad.emotion_1D - speaker.emotion_1D)[0, 0])
    assert min(abs(row - 20.0), abs(row - 21.0)) < 1e-4
    assert not np.array_equal(
        moved.speak(TEXT, OPTIONS, speaker=sad).waveform.samples,
        moved.speak(TEXT, OPTIONS, speaker=speaker).waveform.samples,
    )
    with pytest.raises(SynthesisError, match="no reference is given"):
        moved.weigh_emotions(None, (0.0,) * 8)


def test_options_of_other_voices_are_refused(voice: CloningVoice, speaker: ClonedSpeaker) -> None:
    for change, flag in (({"pitch": 2.0}, "--pitch"), ({"energy": 1.0}, "--energy"), ({"person": "a"}, "--speaker")):
        with pytest.raises(SynthesisError, match=f"{flag} cannot be used"):
            voice.speak(TEXT, replace(OPTIONS, **change), speaker=speaker)
    with pytest.raises(SynthesisError, match="samples differ in length"):
        voice.speak(TEXT, replace(OPTIONS, takes=2), speaker=speaker)
    with pytest.raises(SynthesisError, match="speed 1 only"):
        voice.speak(TEXT, replace(OPTIONS, speed=1.5), speaker=speaker)


def test_the_encoder_is_the_codecs_if_it_is_the_one_of_the_voice(voice: CloningVoice) -> None:
    assert voice.speech_encoder == voice.codec.encoder.encode
    conditioning = dict(voice.manifest.conditioning or {})
    other = voice.manifest.model_copy(update={"conditioning": {**conditioning, "fingerprint": "f" * 64}})
    assert replace(voice, manifest=other).speech_encoder is None


def test_the_codec_without_its_other_files_makes_no_voice(files: CloningFiles, tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="the codec alone makes no speech") as caught:
        load_voice(
            str(files.voice),
            codec=str(files.codec / "semantic_codec.safetensors"),
            features_model=files.codec / "w2v-bert-2.0",
        )
    assert "codec show" in caught.value.hint
    partial = Path(shutil.copytree(files.codec, tmp_path / "partial"))
    (partial / "s2mel.pth").unlink()
    loaded = load_voice(str(files.voice), codec=str(partial))
    assert isinstance(loaded, CloningVoice)
    with pytest.raises(CodecError, match=r"missing for decoding: s2mel\.pth"):
        loaded.imitate(vowel_train(seconds=1.5))


def test_its_licences_are_those_of_its_files_too(voice: CloningVoice) -> None:
    assert voice.manifest.licences == (LICENCE,)
    assert [each.work for each in voice.licences] == [
        "IndexTTS-2", "MaskGCT semantic codec", "w2v-bert 2.0", "CAM++", "BigVGAN v2"
    ]  # fmt: skip


def test_in_half_precision_codes_second_pass_and_mel_frames_are_computed_so(
    files: CloningFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(precision, "computes_in", lambda *_: True)
    monkeypatch.setattr(acoustics, "computes_in", lambda *_: True)
    loaded = load_voice(str(files.voice), codec=str(files.codec), precision="bf16")
    assert isinstance(loaded, CloningVoice)
    assert loaded.precision == "bf16"
    assert loaded._flow_options(OPTIONS) == FlowOptions(steps=2, precision="bf16")
    whom = loaded.imitate(vowel_train(seconds=1.5, seed=4))
    first, second = (loaded.speak(TEXT, OPTIONS, speaker=whom).waveform.samples for _ in range(2))
    assert np.array_equal(first, second)
    exact = replace(loaded, precision="fp32")
    assert not np.array_equal(exact.speak(TEXT, OPTIONS, speaker=whom).waveform.samples, first)
