"""A vocabulary is extended, and the voice that speaks it grows along."""

import json
from pathlib import Path

import pytest
import torch
from support.vocabularies import foreign_model
from support.voices import TEXTS, tiny_voice_folder

from amhctl.checkpoint.store import read_checkpoint, write_checkpoint
from amhctl.core.errors import FileExistsRefused, VocabularyError
from amhctl.core.progress import SilentProgress
from amhctl.tokenizer.vocabulary import Vocabulary
from amhctl.workflows.extend_vocabulary import ExtendVocabularyReport, ExtendVocabularyRequest, run


def _extend(base: Path, output: Path, size: int, **options: object) -> ExtendVocabularyReport:
    request = ExtendVocabularyRequest(
        base=base,
        corpus=(),
        standard_input=TEXTS * 3,
        output=output,
        size=size,
        **options,  # type: ignore[arg-type]
    )
    return run(request, SilentProgress())


def test_a_foreign_vocabulary_learns_fidel(tmp_path: Path) -> None:
    (tmp_path / "b.model").write_bytes(foreign_model())
    base = Vocabulary.read(tmp_path / "b.model")
    report = _extend(tmp_path / "b.model", tmp_path / "v.model", 450)
    extended = Vocabulary.read(tmp_path / "v.model")
    assert extended.pieces[: base.size] == base.pieces
    payload = json.loads(json.dumps(report.payload()))
    assert payload["added"] == extended.size - base.size == len(payload["plan"]["rows"])
    assert payload["plan"]["rows"][0]["id"] == base.size
    assert (payload["unknown_rate"], payload["fingerprint"]) == (0.0, extended.fingerprint)


def _voice_of_a_smaller_vocabulary(folder: Path) -> Path:
    """Return a voice whose vocabulary is foreign: what an imported official checkpoint looks like."""
    voice = read_checkpoint(tiny_voice_folder(folder / "made", alignment=False), kind="voice")
    vocabulary = Vocabulary.from_bytes(foreign_model())
    identity = voice.manifest.vocabulary
    assert identity is not None
    tensors = dict(voice.tensors)
    for name in ("text_embedding.weight", "text_head.weight", "text_head.bias"):
        shape = (vocabulary.size + 1, *tensors[name].shape[1:])
        tensors[name] = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    manifest = voice.manifest.model_copy(
        update={
            "config": {**voice.manifest.config, "number_text_tokens": vocabulary.size},
            "vocabulary": identity.model_copy(
                update={"fingerprint": vocabulary.fingerprint, "size": vocabulary.size, "units": "fidel"}
            ),
        }
    )
    kept = {name: voice.read_bytes(name) for name in voice.manifest.files if name != "model.safetensors"}
    files = {**kept, identity.file: vocabulary.model_bytes}
    write_checkpoint(folder / "voice", manifest=manifest, tensors=tensors, extra_files=files)
    (folder / "b.model").write_bytes(vocabulary.model_bytes)
    return folder / "voice"


def test_the_checkpoint_grows_along(tmp_path: Path) -> None:
    origin = _voice_of_a_smaller_vocabulary(tmp_path)
    report = _extend(
        tmp_path / "b.model", tmp_path / "v.model", 440, base_checkpoint=origin, checkpoint_output=tmp_path / "grown"
    )
    before, after = read_checkpoint(origin, kind="voice"), read_checkpoint(tmp_path / "grown", kind="voice")
    size = report.vocabulary.size
    assert after.manifest.config["number_text_tokens"] == size
    assert after.manifest.vocabulary is not None
    assert after.manifest.vocabulary.fingerprint == report.vocabulary.fingerprint
    assert after.read_bytes(after.manifest.vocabulary.file) == (tmp_path / "v.model").read_bytes()
    assert after.manifest.parent == before.manifest.files["model.safetensors"]
    assert set(after.manifest.files) == set(before.manifest.files)
    old, new = before.tensors["text_embedding.weight"], after.tensors["text_embedding.weight"]
    assert new.shape[0] == size + 1
    assert torch.equal(new[: report.plan.base.size], old[:-1])
    assert torch.equal(new[-1], old[-1])
    assert torch.equal(after.tensors["mel_head.weight"], before.tensors["mel_head.weight"])


def test_a_checkpoint_of_another_vocabulary_is_refused_and_nothing_written(tmp_path: Path) -> None:
    voice = tiny_voice_folder(tmp_path / "made", alignment=False)
    (tmp_path / "b.model").write_bytes(foreign_model())
    with pytest.raises(VocabularyError, match="another vocabulary"):
        _extend(
            tmp_path / "b.model", tmp_path / "v.model", 440, base_checkpoint=voice, checkpoint_output=tmp_path / "grown"
        )
    assert not (tmp_path / "v.model").exists()
    assert not (tmp_path / "v.plan.json").exists()
    assert not (tmp_path / "grown").exists()


def test_existing_outputs_are_refused_first(tmp_path: Path) -> None:
    (tmp_path / "v.model").write_text("mine")
    with pytest.raises(FileExistsRefused):
        _extend(tmp_path / "no.model", tmp_path / "v.model", 440)
