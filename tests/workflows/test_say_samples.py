"""Samples of a run: sound files of what its best voice says; what it cannot say stops nothing."""

from dataclasses import replace
from itertools import cycle
from pathlib import Path

import pytest
from support.cloning import cloning_files
from support.flow_world import build_flow_run, build_flow_world, request_flow
from support.manifests import tiny_manifest
from support.official import TEXTS
from support.speaking_flow import flow_voice_folder
from support.training_runs import build_run
from support.training_world import read_measured
from support.voices import tiny_voice_folder

from amhctl.audio.files import read
from amhctl.audio.waveform import Waveform
from amhctl.checkpoint.indextts import CODEC
from amhctl.checkpoint.store import read_checkpoint
from amhctl.codec.indextts2.campplus import Campplus
from amhctl.codec.indextts2.prompt import Prompt
from amhctl.codec.vocoder import load_vocoder
from amhctl.config import schema
from amhctl.core.errors import CodecError, ConfigError
from amhctl.core.progress import SilentProgress
from amhctl.corpus.records import read_records, write_records
from amhctl.encoders.speech import SpeechEncoder
from amhctl.evaluation import textmatch
from amhctl.inference import code_voice
from amhctl.training.run import Said
from amhctl.workflows import say_samples as module
from amhctl.workflows.codes import extract
from amhctl.workflows.say_samples import SampleSentences, choose_samples
from amhctl.workflows.train import TrainRequest
from amhctl.workflows.train import run as run_training

SENTENCES = (("01", "ሰላም ዓለም"), ("02", "???"))


@pytest.mark.parametrize("kind", ["codes", "flow"])
def test_the_best_voice_says_its_sentences_and_what_cannot_be_said_is_counted(tmp_path: Path, kind: str) -> None:
    voice = tiny_voice_folder(tmp_path) if kind == "codes" else flow_voice_folder(tmp_path / "voice")
    samples = SampleSentences(tmp_path / "samples", SENTENCES, None, seed=3)
    said = Said(f"1 of 2 samples written: {tmp_path / 'samples' / 'step-00000020'}", None)
    assert samples(voice, 20) == said
    first = read(tmp_path / "samples" / "step-00000020" / "01.wav")
    assert first.duration > 0.1
    # The same voice says the same at another step, over what lies there.
    for _ in range(2):
        samples(voice, 40)
    assert (read(tmp_path / "samples" / "step-00000040" / "01.wav").samples == first.samples).all()


def test_a_voice_without_its_codec_says_nothing_and_why(tmp_path: Path) -> None:
    samples = SampleSentences(tmp_path / "samples", SENTENCES, None, seed=3)
    assert samples(tmp_path / "absent", 20).line.startswith("no samples: ")
    assert not (tmp_path / "samples").exists()


def test_the_first_sentences_of_the_validation_set_are_said(tmp_path: Path) -> None:
    run = build_run(tmp_path / "run")
    assert choose_samples(run, None) is None
    wanted = replace(run, config=run.config.model_copy(update={"samples": 2}))
    chosen = choose_samples(wanted, "codec")
    texts = [entry.record.text for entry in sorted(run.valid.entries, key=lambda entry: entry.record.id)]
    assert chosen == SampleSentences(run.folder.samples, (("01", texts[0]), ("02", texts[1])), "codec", run.seed)


def test_an_adapter_alone_says_nothing(tmp_path: Path) -> None:
    run = build_run(tmp_path / "run")
    adapter = run.config.adapter.model_copy(update={"keep": "adapter"})
    config = run.config.model_copy(update={"samples": 2, "adapter": adapter})
    identity = replace(run.identity, adapter=object(), training=config)  # type: ignore[arg-type]
    wanted = replace(run, config=config, identity=identity)
    with pytest.raises(ConfigError, match="adapter"):
        choose_samples(wanted, None)


def test_a_voice_of_semantic_codes_needs_the_files_that_make_speech(tmp_path: Path) -> None:
    run = build_run(tmp_path / "run", samples=2)
    semantic = replace(run, identity=replace(run.identity, codec=CODEC))
    for codec in (None, "mel16k"):
        with pytest.raises(ConfigError, match="need all files of IndexTTS-2") as caught:
            choose_samples(semantic, codec)
        assert caught.value.subject == "training.samples"
        assert "--codec FOLDER" in caught.value.hint
    assert choose_samples(run, None) is not None


def test_a_voice_of_semantic_codes_says_its_sentences_by_a_prompt_that_is_computed_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = cloning_files(tmp_path, monkeypatch)
    # Random weights make noise, which no check would pass.
    monkeypatch.setattr(code_voice, "judge", lambda *_args, **_kwargs: ())
    manifest, store = tiny_manifest(tmp_path, count=8, seconds=1.5), tmp_path / "store"
    records = zip(read_records(manifest), cycle(TEXTS), strict=False)
    write_records(manifest, [record.model_copy(update={"text": text}) for record, text in records], force=True)
    extract.run(extract.ExtractCodesRequest(manifest, store, str(files.codec), features="w2v-bert"), SilentProgress())
    sets = ("samples=2", "steps=1", "valid_every=1", "batch_frames=400", "precision=fp32", "prompt_seconds=0.5")
    request = TrainRequest(
        data=store,
        base=files.voice,
        run=tmp_path / "run",
        codec=str(files.codec),
        device="cpu",
        sets=tuple(f"training.{each}" for each in sets),
    )
    run_training(request, SilentProgress())
    (folder,) = (tmp_path / "run" / "samples").iterdir()
    spoken = {file.name: read(file) for file in folder.iterdir()}
    assert sorted(spoken) == ["01.wav", "02.wav"]
    assert {each.sample_rate for each in spoken.values()} == {22_050}
    (prompt,) = store.glob(".prompt-*.safetensors")
    content = prompt.read_bytes()

    def fail(*_: object) -> None:
        raise AssertionError("the speech encoder was run again")

    # From now on the frozen parts that listen are not run: a second run reads the prompt and says the same.
    monkeypatch.setattr(SpeechEncoder, "encode_batch", fail)
    monkeypatch.setattr(Campplus, "forward", fail)
    run_training(replace(request, run=tmp_path / "again"), SilentProgress())
    for name, speech in spoken.items():
        assert (read(tmp_path / "again" / "samples" / folder.name / name).samples == speech.samples).all()
    # What is damaged is computed again.
    prompt.write_bytes(content[:100])
    monkeypatch.undo()
    assert Prompt.read(prompt) is None


def test_sentences_are_counted_that_are_nearest_to_their_own_recordings(tmp_path: Path) -> None:
    voice = flow_voice_folder(tmp_path / "voice")
    sentences = (("01", "ሰላም ዓለም"), ("02", "ቡና ጠጣ አዲስ አበባ"), ("03", "ዛሬ ሰኞ ነው"), ("04", "???"))
    samples = SampleSentences(tmp_path / "samples", sentences, None, seed=3)
    samples(voice, 1)
    first, second, third = (
        textmatch.cepstra(read(tmp_path / "samples" / "step-00000001" / f"{name}.wav")) for name, _ in sentences[:3]
    )
    matched = replace(samples, recordings=(first, second, third, third + 1.0))(voice, 2)
    assert matched.text_match == 0.75
    assert matched.line.endswith("; 3 of 4 closest to their own recording")
    assert replace(samples, recordings=(second, first, third, third + 1.0))(voice, 3).text_match == 0.25
    assert replace(samples, recordings=(first, second))(tmp_path / "absent", 4).text_match == 0.0


def test_recordings_are_those_of_the_store_and_enough_of_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = build_flow_run(tmp_path / "run", build_flow_world(tmp_path / "world"))
    wanted = replace(run, config=run.config.model_copy(update={"samples": 3, "best_by": "text_match"}))
    with pytest.raises(ConfigError, match=r"needs 8 different sentences .* the validation set has 3") as caught:
        choose_samples(wanted, None)
    assert "training.best_by=loss" in caught.value.hint
    monkeypatch.setattr(module, "FEWEST_SAMPLES", 3)
    chosen = choose_samples(wanted, None)
    assert chosen is not None
    vocoder = load_vocoder("vocoder16k")
    by_id = sorted(range(len(run.valid)), key=lambda index: run.valid.entries[index].record.id)[:3]
    for index, cepstra, (_, text) in zip(by_id, chosen.recordings, chosen.sentences, strict=True):
        (samples,) = vocoder.synthesise([run.valid.item(index, 0).mel_TF])
        assert text == run.valid.entries[index].record.text
        assert (cepstra == textmatch.cepstra(Waveform(samples, 16_000))).all()
    with pytest.raises(CodecError):
        choose_samples(wanted, str(tmp_path / "absent"))


def test_a_run_chooses_its_best_voice_by_what_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The whole way: recordings given back, the averaged voice loaded, its speech compared, state and manifest."""
    for place in (module, schema):
        monkeypatch.setattr(place, "FEWEST_SAMPLES", 3)
    world = build_flow_world(tmp_path / "world")
    sets = ("training.samples=3", "training.best_by=text_match", "training.steps=2", "training.valid_every=1")
    report = run_training(request_flow(world, tmp_path / "run", *sets), SilentProgress())
    measured = [entry for entry in read_measured(tmp_path / "run") if entry["kind"] == "valid"]
    assert len(measured) == 2
    assert all(round(3 * float(str(entry["text_match"]))) in range(4) for entry in measured)
    assert report.best is not None
    assert report.best.text_match == max(entry["text_match"] for entry in measured)  # type: ignore[type-var]
    assert "% of its sentences closest to their own recordings" in " ".join(report.lines())
    manifest = read_checkpoint(tmp_path / "run" / "best", kind="voice").manifest
    assert manifest.metrics["valid_text_match"] == report.best.text_match
    said = {path.name: sorted(file.name for file in path.iterdir()) for path in (tmp_path / "run/samples").iterdir()}
    assert said == {f"step-0000000{step}": ["01.wav", "02.wav", "03.wav"] for step in (1, 2)}
