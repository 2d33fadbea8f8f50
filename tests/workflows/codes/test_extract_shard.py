"""Twin of ``workflows/codes/extract_shard.py``; more of what it does is tested through ``codes extract``."""

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from support.codecs import TINY_CODEC, tiny_codec_folder
from support.manifests import tiny_manifest
from support.speech_encoders import WIDTH, tiny_encoder_folder

from amhctl.audio import files
from amhctl.audio.levels import set_speech_level
from amhctl.codec.registry import load_codec
from amhctl.codes.index import StoredUtterance
from amhctl.codes.parts import hold_part
from amhctl.codes.shard import Shard
from amhctl.codes.store import CodeStore
from amhctl.codes.writer import StoreWriter
from amhctl.config.codec_spec import CodecSpec
from amhctl.config.mel import MelConfig
from amhctl.config.schema import RunConfig
from amhctl.core.errors import ConfigError, DatasetError, InUseError, ShortageError
from amhctl.core.progress import SilentProgress
from amhctl.corpus.records import read_audio, read_records, write_records
from amhctl.encoders.speech import load_encoder
from amhctl.workflows.codes.extract_shard import ShardRequest, mel_of, run


def _request(folder: Path, **changes: object) -> ShardRequest:
    request = ShardRequest(
        manifest=folder / "manifest.jsonl",
        output=folder / "store",
        codec=str(folder / "tiny"),
        shard=Shard(),
        level=-20.0,
        shifts=1,
        copies=0,
        precision="fp32",
        features="mel",
        features_model=None,
        acoustics=False,
        config=RunConfig(),
        device="cpu",
        workers=0,
    )
    return replace(request, **changes)  # type: ignore[arg-type]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    tiny_manifest(tmp_path)
    tiny_codec_folder(tmp_path)
    return tmp_path


def test_recordings_that_forbid_commercial_use_are_refused_where_it_is_asked_for(folder: Path) -> None:
    commercial = RunConfig.model_validate({"licence": {"commercial": True}})
    records = [record.model_copy(update={"licence": "CC0-1.0"}) for record in read_records(folder / "manifest.jsonl")]
    records[1] = records[1].model_copy(update={"licence": "CC-BY-NC-4.0", "source": "a corpus"})
    write_records(folder / "manifest.jsonl", records, force=True)
    with pytest.raises(ConfigError, match=r"forbid it: a corpus \(CC-BY-NC-4\.0\)$"):
        run(_request(folder, config=commercial), SilentProgress())
    assert not (folder / "store").exists()
    assert run(_request(folder), SilentProgress()).utterances == 4
    write_records(folder / "free.jsonl", [record for record in records if "NC" not in record.licence])
    free = _request(folder, config=commercial, manifest=folder / "free.jsonl", output=folder / "free")
    assert run(free, SilentProgress()).utterances == 3


def test_a_shard_is_told_of_in_full(folder: Path) -> None:
    (folder / "wav" / "r2.wav").unlink()
    report = run(_request(folder, shard=Shard(1, 2), copies=1), SilentProgress())
    # Of r0, r2 and the copy of r2, only the first can be read.
    assert (report.utterances, report.extraction.utterances, set(report.extraction.failed)) == (1, 1, {"r2", "r2+1"})
    assert report.seconds == pytest.approx(1.3)
    assert report.extraction.seconds == report.seconds
    assert report.elapsed > 0
    assert set(report.variations.values()) == {0}
    again = run(_request(folder, shard=Shard(2, 2), copies=1), SilentProgress())
    # r1 and r3, and their copies, which share their codes: nothing is varied.
    assert (again.utterances, again.copies, again.extraction.shared, again.unlisted) == (4, 2, 2, 0)


def test_the_features_of_a_speech_encoder_are_those_of_each_recording_alone(folder: Path) -> None:
    model = tiny_encoder_folder(folder / "encoder", normalised=True)
    report = run(_request(folder, features="w2v-bert", features_model=model, workers=1), SilentProgress())
    assert report.utterances == 4
    store, encoder = CodeStore.open(folder / "store"), load_encoder(model)
    assert store.conditioning_config == encoder.config
    for record in read_records(folder / "manifest.jsonl"):
        clip = set_speech_level(read_audio(record, folder), -20.0)
        expected = encoder.encode(clip.samples).astype(np.float16).astype(np.float32)
        assert np.array_equal(store.conditioning(record.id), expected)
        assert expected.shape[1] == WIDTH
    assert run(_request(folder, features="w2v-bert", features_model=model), SilentProgress()).extraction.utterances == 0
    with pytest.raises(DatasetError, match="features w2v-bert ≠ mel"):
        run(_request(folder), SilentProgress())
    other = tiny_encoder_folder(folder / "other", seed=1, normalised=True)
    with pytest.raises(DatasetError, match=r"encoder\.fingerprint"):
        run(_request(folder, features="w2v-bert", features_model=other), SilentProgress())


def test_what_the_speech_encoder_cannot_hear_is_listed(folder: Path) -> None:
    model = tiny_encoder_folder(folder / "encoder")
    record = read_records(folder / "manifest.jsonl")[1]
    clip = read_audio(record, folder)
    files.write(folder / "wav" / "r1.wav", replace(clip, samples=clip.samples[:500]))
    line = record.model_copy(update={"duration": None}).model_dump_json(exclude_none=True)
    (folder / "manifest.jsonl").write_text(line + "\n", encoding="utf-8")
    report = run(_request(folder, features="w2v-bert", features_model=model), SilentProgress())
    assert (report.utterances, list(report.extraction.failed)) == (0, ["r1"])
    assert "shorter than" in report.extraction.failed["r1"]


def test_log_mel_is_that_of_the_codec_or_the_default(folder: Path) -> None:
    spec = load_codec(str(folder / "tiny")).spec
    assert mel_of(str(folder / "tiny"), spec) == TINY_CODEC.mel
    assert mel_of("any.pth", spec.model_copy(update={"architecture": "dac"})) == MelConfig()
    assert isinstance(spec, CodecSpec)


def test_a_second_process_is_told_who_writes_the_part(folder: Path) -> None:
    """Not that an utterance is in the store already, whenever the first process began or ended."""
    run(_request(folder, shard=Shard(1, 2)), SilentProgress())
    with hold_part(folder / "store", "1-of-2"):
        with pytest.raises(InUseError, match=f"shard 1-of-2 of the store is in use: process {os.getpid()} on "):
            run(_request(folder, shard=Shard(1, 2)), SilentProgress())
        assert run(_request(folder, shard=Shard(2, 2)), SilentProgress()).utterances > 0
    assert run(_request(folder, shard=Shard(1, 2)), SilentProgress()).extraction.utterances == 0


def test_too_little_memory_keeps_what_is_in_the_store(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    append = StoreWriter.append

    def exhausted(self: StoreWriter, *arguments: object, **options: object) -> StoredUtterance:
        if len(self) == 2:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
        return append(self, *arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(StoreWriter, "append", exhausted)
    with pytest.raises(
        ShortageError, match=r"too little memory \(CUDA out of memory.*the data in the store are kept"
    ) as caught:
        run(_request(folder), SilentProgress())
    assert "--workers" in caught.value.hint
    monkeypatch.undo()
    assert len(CodeStore.open(folder / "store")) == 2
    assert run(_request(folder), SilentProgress()).utterances == len(read_records(folder / "manifest.jsonl"))
