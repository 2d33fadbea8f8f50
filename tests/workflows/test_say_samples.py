"""Samples of a run: sound files of what its best voice says; what it cannot say stops nothing."""

from dataclasses import replace
from pathlib import Path

import pytest
from support.speaking_flow import flow_voice_folder
from support.training_runs import build_run
from support.voices import tiny_voice_folder

from amhctl.audio.files import read
from amhctl.core.errors import ConfigError
from amhctl.workflows.say_samples import SampleSentences, choose_samples

SENTENCES = (("01", "ሰላም ዓለም"), ("02", "???"))


@pytest.mark.parametrize("kind", ["codes", "flow"])
def test_the_best_voice_says_its_sentences_and_what_cannot_be_said_is_counted(tmp_path: Path, kind: str) -> None:
    voice = tiny_voice_folder(tmp_path) if kind == "codes" else flow_voice_folder(tmp_path / "voice")
    samples = SampleSentences(tmp_path / "samples", SENTENCES, None, seed=3)
    assert samples(voice, 20) == f"1 of 2 samples said: {tmp_path / 'samples' / 'step-00000020'}"
    first = read(tmp_path / "samples" / "step-00000020" / "01.wav")
    assert first.duration > 0.1
    # The same voice says the same at another step, over what lies there.
    for _ in range(2):
        samples(voice, 40)
    assert (read(tmp_path / "samples" / "step-00000040" / "01.wav").samples == first.samples).all()


def test_a_voice_without_its_codec_says_nothing_and_why(tmp_path: Path) -> None:
    samples = SampleSentences(tmp_path / "samples", SENTENCES, None, seed=3)
    assert samples(tmp_path / "absent", 20).startswith("no samples: ")
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
