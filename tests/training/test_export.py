"""Twin of ``training/export.py``."""

from dataclasses import asdict, replace
from pathlib import Path

import torch
from support.training_runs import CONDITIONS, build_run, clips_of

from amhctl import __version__
from amhctl.checkpoint.store import read_checkpoint
from amhctl.codes.store import CodeStore
from amhctl.model.soundness import REFERENCE_FILE
from amhctl.model.unified_voice import MODEL_VERSION
from amhctl.training.export import choose_reference, export_voice


def test_an_exported_voice_holds_all_it_needs(tmp_path: Path) -> None:
    run = build_run(tmp_path / "run")
    tensors = run.model.state_dict()
    export_voice(
        tmp_path / "voice", run.identity, tensors, step=7, metrics={"valid_code_loss": 1.5}, conditions=CONDITIONS
    )
    voice = read_checkpoint(tmp_path / "voice", kind="voice")
    assert {name: tensor.shape for name, tensor in voice.tensors.items()} == {n: t.shape for n, t in tensors.items()}
    assert voice.manifest.metrics == {"valid_code_loss": 1.5}
    assert voice.manifest.training["step"] == 7
    assert voice.read_bytes("vocabulary.model") == run.identity.vocabulary_bytes
    assert voice.read_bytes("text_state.json") == run.identity.text_state
    assert torch.equal(voice.read_tensors(REFERENCE_FILE)["features"], run.identity.reference_TF)  # type: ignore[arg-type]


def test_a_manifest_says_all_that_is_known_of_the_run(tmp_path: Path) -> None:
    identity = replace(
        build_run(tmp_path / "run").identity,
        parent="0" * 64,
        language="ti",
        level=-23.0,
        seed=5,
        alignment="a1",
        processing=("cleaned by a sieve",),
    )
    manifest = identity.manifest("training", step=3, metrics={"loss": 1.5}, conditions=CONDITIONS)
    same = (
        "name", "language", "sample_rate", "vocabulary", "text", "codec", "level", "data_fingerprint", "parent",
        "licences", "processing",
    )  # fmt: skip
    assert {name: getattr(manifest, name) for name in same} == {name: getattr(identity, name) for name in same}
    assert (manifest.kind, manifest.model_version, manifest.package_version) == ("training", MODEL_VERSION, __version__)
    assert manifest.config == identity.model.model_dump(mode="json")
    assert manifest.conditioning == identity.conditioning.model_dump(mode="json")  # type: ignore[union-attr]
    assert (manifest.metrics, manifest.files) == ({"loss": 1.5}, {})
    known = {"config": identity.training.model_dump(mode="json"), "seed": 5, "step": 3, "alignment": "a1"}
    assert manifest.training == {**known, **asdict(CONDITIONS)}
    alone = identity.manifest("voice", step=3, metrics={}, conditions=None)
    assert (alone.kind, alone.training) == ("voice", known)
    nothing = replace(identity, processing=()).manifest("voice", step=3, metrics={}, conditions=None)
    assert nothing.processing is None


def test_the_reference_is_a_piece_of_a_training_clip(tmp_path: Path) -> None:
    run = build_run(tmp_path / "run")
    store = CodeStore.open(tmp_path / "run-world" / "store")
    reference_TF = choose_reference(store, clips_of(run), 0.5)
    assert reference_TF.shape == (25, store.mel.bins)
    starts = [torch.from_numpy(store.features(entry.id)[:25]) for entry in run.train.entries]
    assert any(torch.equal(reference_TF, start_TF) for start_TF in starts)
