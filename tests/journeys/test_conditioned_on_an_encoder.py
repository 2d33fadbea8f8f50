"""A voice conditioned on a speech encoder: extract, train, speak, and speak like another clip."""

from pathlib import Path

import pytest
import torch
from support.codecs import tiny_codec_folder
from support.manifests import SENTENCES, tiny_manifest
from support.speech_encoders import WIDTH, tiny_encoder_folder
from support.speechlike import vowel_train
from support.training_world import TINY_SETS, UNALIGNED_SETS

from amhctl.audio import files
from amhctl.audio.levels import set_speech_level
from amhctl.checkpoint.store import read_checkpoint
from amhctl.core.errors import CheckpointError, MissingExtra
from amhctl.core.progress import SilentProgress
from amhctl.encoders.speech import load_encoder
from amhctl.inference import code_voice as voice_module
from amhctl.inference.assemble import load_speech_encoder, load_voice
from amhctl.inference.speaker import encode_speaker
from amhctl.workflows import speak, train
from amhctl.workflows.codes import extract as extract_codes
from amhctl.workflows.vocab import train as train_vocabulary


@pytest.mark.journey
def test_from_recordings_to_a_voice_that_hears_with_an_encoder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HOME", str(tmp_path / "nothing"))
    monkeypatch.delenv("HF_HUB_CACHE", raising=False)
    monkeypatch.setattr(voice_module, "judge", lambda *_arguments, **_options: ())
    quiet = SilentProgress()
    manifest, codec = tiny_manifest(tmp_path, count=10), tiny_codec_folder(tmp_path)
    encoder = tiny_encoder_folder(tmp_path / "encoder", normalised=True)
    extracted = extract_codes.run(
        extract_codes.ExtractCodesRequest(
            manifest, tmp_path / "store", str(codec), level=-20.0, features="w2v-bert", features_model=encoder
        ),
        quiet,
    )
    assert (extracted.utterances, extracted.payload()["features"]) == (10, "w2v-bert")
    corpus = tmp_path / "corpus.txt"
    corpus.write_text("\n".join(SENTENCES), encoding="utf-8")
    train_vocabulary.run(
        train_vocabulary.TrainVocabularyRequest(corpus=(corpus,), output=tmp_path / "v.model", units="fidel"), quiet
    )
    request = train.TrainRequest(
        preset="tiny",
        data=tmp_path / "store",
        vocabulary=tmp_path / "v.model",
        codec=str(codec),
        run=tmp_path / "run",
        sets=(*TINY_SETS, *UNALIGNED_SETS),
        device="cpu",
    )
    voice = train.run(request, quiet).checkpoint
    assert voice is not None
    checkpoint = read_checkpoint(voice, kind="voice")
    assert checkpoint.manifest.config["condition_dim"] == WIDTH
    assert checkpoint.manifest.conditioning is not None
    assert checkpoint.manifest.conditioning["encoder"] == "w2v-bert"

    def say(name: str, **options: object) -> Path:
        output = tmp_path / f"{name}.wav"
        request = speak.SpeakRequest(
            output=output,
            text="ሰላም ዓለም",
            voice=str(voice),
            codec=str(codec),
            device="cpu",
            clips=speak.Clips(**options),  # type: ignore[arg-type]
        )
        speak.run(request, quiet)
        return output

    # Its own prompt is in the checkpoint: that needs no encoder.
    assert say("own").exists()
    clip = tmp_path / "clip.wav"
    files.write(clip, vowel_train(seconds=1.2, seed=9, pitch=180.0))
    assert say("imitated", reference=clip, features_model=encoder).exists()
    # After so few steps the two sound alike; what the voice is conditioned on tells them apart.
    ready, reference = load_voice(str(voice), codec=str(codec)), files.read(clip)
    heard = load_encoder(encoder).encode(set_speech_level(reference, -20.0).samples)
    imitated = ready.imitate(reference, load_speech_encoder(ready.manifest, encoder)).latents_1LD  # type: ignore[union-attr]
    assert torch.equal(imitated, encode_speaker(ready.model, torch.from_numpy(heard)).latents_1LD)  # type: ignore[union-attr]
    assert not torch.equal(imitated, ready.speaker.latents_1LD)  # type: ignore[union-attr]
    with pytest.raises(MissingExtra, match="not on this machine"):
        say("nowhere", reference=clip)
    other = tiny_encoder_folder(tmp_path / "other", seed=1, normalised=True)
    with pytest.raises(CheckpointError, match="fingerprint"):
        say("other", reference=clip, features_model=other)
    assert not (tmp_path / "other.wav").exists()
