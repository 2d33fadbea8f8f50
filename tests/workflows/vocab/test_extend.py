"""A vocabulary is extended, and the voice that speaks it grows along."""

import json
import random
from collections.abc import Sequence
from pathlib import Path

import pytest
import torch
from support.official import official_files, semantic_store
from support.realdata import real_corpus
from support.vocabularies import foreign_model, index_like_lines, index_like_model
from support.voices import TEXTS, tiny_voice_folder

from amhctl.checkpoint.store import read_checkpoint, write_checkpoint
from amhctl.config.unified import ModelConfig
from amhctl.core.errors import FileExistsRefused, VocabularyError
from amhctl.core.progress import SilentProgress
from amhctl.model.shapes import parameter_count
from amhctl.tokenizer.proto import PieceKind
from amhctl.tokenizer.tokenizer import Tokenizer
from amhctl.tokenizer.vocabulary import Vocabulary
from amhctl.workflows import train
from amhctl.workflows.ckpt import import_ as import_checkpoint
from amhctl.workflows.vocab.extend import ExtendVocabularyReport, ExtendVocabularyRequest, run


def _extend(
    base: Path, output: Path, size: int, *, lines: Sequence[str] = TEXTS * 3, **options: object
) -> ExtendVocabularyReport:
    request = ExtendVocabularyRequest(
        base=base,
        corpus=(),
        standard_input=lines,
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


def test_an_extension_that_appends_nothing_or_less_than_asked_says_so(tmp_path: Path) -> None:
    (tmp_path / "b.model").write_bytes(foreign_model())
    first = _extend(tmp_path / "b.model", tmp_path / "v.model", 10_000)
    assert [finding.code for finding in first.findings] == ["V006"]
    assert first.findings[0].message == f"{first.vocabulary.size} pieces, 10000 were requested"
    again = _extend(tmp_path / "v.model", tmp_path / "w.model", first.vocabulary.size)
    assert [finding.code for finding in again.findings] == ["V007"]
    assert again.vocabulary.size == first.vocabulary.size


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


@pytest.mark.slow
def test_a_model_like_that_of_indextts2_learns_a_corpus(tmp_path: Path) -> None:
    """12,000 pieces of English, Chinese and pinyin, extended by real lines: what was known stays, bit for bit."""
    lines = real_corpus()[::3]
    (tmp_path / "bpe.model").write_bytes(index_like_model())
    # Other text than the model was made of, as the network sees it.
    (tmp_path / "proof.txt").write_text("\n".join([*index_like_lines(seed=1)][::3]), encoding="utf-8")
    request = ExtendVocabularyRequest(
        base=tmp_path / "bpe.model",
        corpus=(),
        standard_input=lines,
        output=tmp_path / "v.model",
        size=20_480,
        proof=tmp_path / "proof.txt",
    )
    report = run(request, SilentProgress())
    base, extended = Vocabulary.read(tmp_path / "bpe.model"), Vocabulary.read(tmp_path / "v.model")
    assert (base.size, extended.size) == (12_000, 20_480)
    for name in ("pieces", "scores", "kinds"):
        assert getattr(extended, name)[:12_000] == getattr(base, name)
    assert extended.pieces[:3] == ("<s>", "</s>", "<unk>")
    assert extended.missing == ()
    # New merges rank below every merge of the base, so that none of the base's is undone.
    appended = zip(extended.scores[12_000:], extended.kinds[12_000:], strict=True)
    assert max(score for score, kind in appended if kind is PieceKind.NORMAL) < min(base.scores)
    assert (report.measured.unknown_rate, report.measured.lines) == (0.0, len([line for line in lines if line.strip()]))
    assert report.before.unknown_rate > 0.99
    assert report.payload()["added_used"] > 8_000  # type: ignore[operator]
    assert report.proven is not None
    assert report.proven.lines > 8_000
    old, new = Tokenizer(base), Tokenizer(extended)
    for line in ("THE NEXT WORLD", "你 好 世 界", "NI3 HAO3 , ZHONG1 GUO2 .", "2026"):
        assert new.pieces(line) == old.pieces(line)


@pytest.mark.slow
def test_the_official_layout_grows_to_24_000_and_only_the_new_rows_learn(tmp_path: Path) -> None:
    """12,000 rows and the one of no piece become 24,000 and that one, along the plan; then a run with decay."""
    files = official_files(tmp_path / "official", bpe=index_like_model())
    import_checkpoint.run(files.request(tmp_path / "base"), SilentProgress())
    draw = random.Random(0)
    letters = [letter for letter in map(chr, range(0x1200, 0x1357)) if letter.isalpha()][:200]
    words = ["".join(draw.choices(letters, k=draw.randint(2, 5))) for _ in range(12_000)]
    report = _extend(
        files.bpe,
        tmp_path / "v.model",
        24_000,
        lines=[" ".join(draw.choices(words, k=12)) for _ in range(5_000)],
        base_checkpoint=tmp_path / "base",
        checkpoint_output=tmp_path / "grown",
    )
    assert (report.plan.base.size, report.vocabulary.size, len(report.plan.rows)) == (12_000, 24_000, 12_000)
    request = train.TrainRequest(
        preset="t4",
        base=tmp_path / "grown",
        data=semantic_store(tmp_path / "store"),
        run=tmp_path / "run",
        sets=(
            "training.text_rows=new",
            "training.weight_decay=0.1",
            "training.learning_rate=0.01",
            "training.steps=3",
            "training.accumulation=1",
            "training.adapter.method=none",
        ),
        device="cpu",
    )
    counts = train.run(request, SilentProgress()).payload()["parameters"]
    assert isinstance(counts, dict)
    assert counts["text_rows"] == {"base": 12_000, "new": 12_000, "base_frozen": True}
    before, grown, after = (
        read_checkpoint(tmp_path / place, kind="voice").tensors for place in ("base", "grown", "run/best")
    )
    for name in ("text_embedding.weight", "text_head.weight", "text_head.bias"):
        assert len(grown[name]) == len(after[name]) == 24_001
        assert torch.equal(grown[name][:12_000], before[name][:12_000])
        assert torch.equal(grown[name][24_000:], before[name][12_000:])
        assert torch.equal(after[name][:12_000], before[name][:12_000])
        assert torch.equal(after[name][24_000:], before[name][12_000:])
        assert (after[name][12_000:24_000] != grown[name][12_000:24_000]).any()
    # At the official width that is 30,732,000 parameters more.
    sizes = [parameter_count(ModelConfig(number_text_tokens=pieces)) for pieces in (12_000, 24_000)]
    assert (sizes[0], sizes[1] - sizes[0]) == (865_980_639, 30_732_000)
