"""Twin of ``training/acoustic_material.py``."""

from pathlib import Path

import numpy as np
import pytest
from support.flow_world import build_flow_world, gather_flow
from support.training_world import build_training_world

from amhctl.codes.store import CodeStore
from amhctl.config.flow import FlowVoiceConfig
from amhctl.core.errors import DatasetError


@pytest.mark.parametrize("codebooks", [0, 2])
def test_splits_are_kept_apart(tmp_path: Path, codebooks: int) -> None:
    material = gather_flow(build_flow_world(tmp_path), FlowVoiceConfig(codebooks=codebooks))
    assert (len(material.train), len(material.valid), material.findings) == (10, 4, ())
    assert {entry.record.split for entry in material.train.entries} == {"train"}
    assert {entry.record.split for entry in material.valid.entries} == {"valid"}
    assert material.train.item(0, 0).codes_QS.shape[0] == codebooks
    assert len(material.alignment) == 64


def test_an_utterance_without_durations_is_left_out_and_named(tmp_path: Path) -> None:
    world = build_flow_world(tmp_path)
    store = CodeStore.open(world.store)
    found = store.alignment()
    assert found is not None
    durations = {id_: found.acoustic_durations(id_) for id_ in found.ids if id_ != "clip03"}
    store.write_alignment(
        durations,
        vocabulary_fingerprint=found.vocabulary_fingerprint,
        text_hash=found.text_hash,
        acoustic=True,
    )
    material = gather_flow(world)
    assert [(finding.code, finding.subject) for finding in material.findings] == [("R006", "clip03")]
    assert "clip03" not in {entry.id for entry in material.train.entries}


def test_durations_in_frames_of_codes_are_refused(tmp_path: Path) -> None:
    world = build_flow_world(tmp_path)
    store = CodeStore.open(world.store)
    found = store.alignment()
    assert found is not None
    rounded = {id_: np.asarray(found.durations(id_)) for id_ in found.ids}
    store.write_alignment(rounded, vocabulary_fingerprint=found.vocabulary_fingerprint, text_hash=found.text_hash)
    with pytest.raises(DatasetError, match="no durations in acoustic frames"):
        gather_flow(world)
    (tmp_path / "plain").mkdir()
    with pytest.raises(DatasetError, match="has no durations"):
        gather_flow(build_training_world(tmp_path / "plain", aligned=False))
