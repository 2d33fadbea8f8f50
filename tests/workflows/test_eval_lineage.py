"""Twin of ``workflows/eval_lineage.py``: what was learnt is found, by sound and by text."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.checkpoints import tiny_checkpoint
from support.speechlike import vowel_train
from support.stores import create_store

from amhctl.audio.waveform import Waveform
from amhctl.checkpoint.folder import read_manifest
from amhctl.checkpoint.manifest import Manifest
from amhctl.codes.index import AudioDigest, digest_samples
from amhctl.codes.store import CodeStore
from amhctl.core.errors import DatasetError
from amhctl.corpus.records import Record
from amhctl.workflows.eval_clip import Clip
from amhctl.workflows.eval_lineage import find_trained


@dataclass(frozen=True)
class World:
    store: Path
    manifest: Manifest


def sound(seed: int) -> Waveform:
    return vowel_train(seconds=0.2, seed=seed)


def clip(name: str, text: str, seed: int) -> Clip:
    nothing: Any = np.zeros(1)
    return Clip(Record(id=name, audio="x.wav", text=text), sound(seed), nothing, nothing)


@pytest.fixture
def world(tmp_path: Path) -> World:
    store = create_store(tmp_path / "store")
    for number, split in enumerate(("train", "valid", "test", "train")):
        record = Record(id=f"u{number}", audio="a.wav", text=f"ሰላም  {number}", split=split)
        natural = sound(number)
        audio = AudioDigest(samples=digest_samples(natural.samples, natural.sample_rate))
        store.append(record, np.zeros((2, 5), dtype=np.uint16), np.zeros((11, 8), dtype=np.float16), audio=audio)
    store.close()
    manifest = read_manifest(tiny_checkpoint(tmp_path / "voice"))
    fingerprint = CodeStore.open(tmp_path / "store").fingerprint
    return World(tmp_path / "store", manifest.model_copy(update={"data_fingerprint": fingerprint}))


def test_recordings_and_texts_that_were_learnt_are_named(world: World) -> None:
    clips = [
        clip("same sound", "another text", 0),
        clip("same text", "ሰላም 1 ", 9),
        clip("held out", "ሰላም 2", 2),
        clip("new", "ዓለም", 8),
    ]
    found = find_trained(world.store, world.manifest, clips)
    assert [(finding.code, finding.subject, finding.message) for finding in found] == [
        ("E010", "same sound", "the recording is u0 of the training data"),
        ("E010", "same text", "the text is that of u1 of the training data"),
    ]


def test_another_store_is_named(world: World) -> None:
    for fingerprint, message in (("f" * 64, "names other data"), ("", "names no data")):
        other = world.manifest.model_copy(update={"data_fingerprint": fingerprint})
        (finding,) = find_trained(world.store, other, [clip("new", "ዓለም", 8)])
        assert finding.code == "E011"
        assert message in finding.message
    with pytest.raises(DatasetError):
        find_trained(world.store / "missing", world.manifest, [])


def test_many_are_summed_up(world: World) -> None:
    found = find_trained(world.store, world.manifest, [clip(f"c{n}", "ሰላም 3", 9) for n in range(50)])
    assert len(found) == 21
    assert found[-1].message == "30 more clips are in the training data"
