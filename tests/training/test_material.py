"""Twin of ``training/material.py``."""

from pathlib import Path

import numpy as np
import pytest
from support.training_world import TrainingWorld, align_evenly, build_training_world

from amhctl.codes.store import CodeStore
from amhctl.codes.writer import StoreWriter
from amhctl.config.schema import TrainingConfig
from amhctl.config.text import TextConfig
from amhctl.config.unified import AlignmentConfig, ModelConfig
from amhctl.core.errors import DatasetError, VocabularyError
from amhctl.core.progress import SilentProgress
from amhctl.corpus.records import Record
from amhctl.text.frontend import Frontend
from amhctl.tokenizer.tokenizer import Tokenizer
from amhctl.tokenizer.train import train_vocabulary
from amhctl.tokenizer.vocabulary import Vocabulary
from amhctl.training.material import Material, gather, tokenize

FRONTEND = Frontend(TextConfig(units="fidel"))


def gather_from(
    world: TrainingWorld,
    *,
    frontend: Frontend = FRONTEND,
    vocabulary: Vocabulary | None = None,
    training: TrainingConfig = TrainingConfig(),  # noqa: B008  (frozen)
    **model: object,
) -> Material:  # type: ignore[type-arg]
    vocabulary = vocabulary or Vocabulary.read(world.vocabulary)
    return gather(
        CodeStore.open(world.store),
        frontend,
        Tokenizer(vocabulary),
        vocabulary_fingerprint=vocabulary.fingerprint,
        model=ModelConfig.model_validate({"max_text_tokens": 60, "max_mel_tokens": 80, **model}),
        training=training,
        seed=0,
        progress=SilentProgress(),
    )


def append(world: TrainingWorld, identifier: str, *, text: str = "ሰላም", frames: int = 40, **record: str) -> None:
    with StoreWriter.open(world.store) as store:
        store.append(
            Record(id=identifier, audio="x.wav", text=text, **{"speaker": "f01", "split": "train", **record}),
            np.zeros((2, frames), dtype=np.uint16),
            np.zeros((2 * frames, store.mel.bins), dtype=np.float32),
        )


def test_splits_are_kept_apart(tmp_path: Path) -> None:
    material = gather_from(build_training_world(tmp_path))
    assert (len(material.train), len(material.valid), material.findings) == (11, 3, ())


def test_what_does_not_fit_is_left_out_and_named(tmp_path: Path) -> None:
    world = build_training_world(tmp_path)
    append(world, "long-text", text="ሰላም " * 30)
    append(world, "long-speech", frames=90)
    append(world, "unspeakable", text="…")
    append(world, "alone", speaker="m02")
    material = gather_from(world)
    found = {finding.subject: finding.code for finding in material.findings}
    assert found == {"long-text": "R001", "long-speech": "R002", "unspeakable": "R003", "alone": "R004"}
    used = {entry.id for entry in material.train.entries}
    assert used & set(found) == {"alone"}


def test_a_vocabulary_that_covers_too_few_texts_is_refused(tmp_path: Path) -> None:
    world = build_training_world(tmp_path)
    phones = train_vocabulary(["səlam ።"], size=128, units="phones", model_type="char")
    with pytest.raises(VocabularyError, match="does not cover 14 of 14"):
        gather_from(world, vocabulary=phones)


def test_a_store_without_a_split_is_refused(tmp_path: Path) -> None:
    world = build_training_world(tmp_path, clips=3)
    with pytest.raises(DatasetError, match="'train'") as caught:
        gather_from(world)
    assert "data split" in caught.value.hint


def test_durations_must_be_there_and_of_these_texts(tmp_path: Path) -> None:
    world = build_training_world(tmp_path)
    alignment = AlignmentConfig()
    with pytest.raises(DatasetError, match="no durations") as caught:
        gather_from(world, alignment=alignment)
    assert "codes align" in caught.value.hint
    align_evenly(world, Vocabulary.read(world.vocabulary), FRONTEND)
    append(world, "unaligned")
    material = gather_from(world, alignment=alignment)
    assert [(finding.code, finding.subject) for finding in material.findings] == [("R006", "unaligned")]
    assert material.train.item(0, 0).durations_T is not None
    with pytest.raises(DatasetError, match="text state"):
        gather_from(world, alignment=alignment, frontend=Frontend(TextConfig(units="fidel", fold_homophones=True)))


@pytest.mark.parametrize(("axis", "share"), [(0, "mask_time_share"), (1, "mask_bin_share")])
def test_each_share_masks_training_prompts_along_its_own_axis(tmp_path: Path, axis: int, share: str) -> None:
    world = build_training_world(tmp_path)
    plain, masked = (gather_from(world, training=TrainingConfig.model_validate({share: part})) for part in (0.0, 0.5))
    widest = 0
    for index in range(len(plain.train)):
        one_TF, other_TF = plain.train.item(index, 0).prompt_TF, masked.train.item(index, 0).prompt_TF
        hidden = (one_TF != other_TF).all(axis=1 - axis)
        # What is masked is masked across the whole other axis, and nothing else is touched.
        assert np.array_equal(np.compress(~hidden, one_TF, axis), np.compress(~hidden, other_TF, axis))
        widest = max(widest, int(hidden.sum()))
        assert hidden.sum() <= 2 * int(0.5 * hidden.size)
    assert widest > 0
    assert all(
        np.array_equal(plain.valid.item(index, 0).prompt_TF, masked.valid.item(index, 0).prompt_TF)
        for index in range(len(plain.valid))
    )


def test_a_split_that_is_left_out_as_a_whole_says_why_and_keeps_the_findings(tmp_path: Path) -> None:
    world = build_training_world(tmp_path)
    append(world, "unspeakable", text="…")
    with pytest.raises(
        DatasetError, match=r"all 3 utterances of the split 'valid' were left out \(R002: 3\)"
    ) as caught:
        gather_from(world, max_mel_tokens=_shortest_train(world))
    codes = [finding.code for finding in caught.value.findings]
    assert codes.count("R003") == 1
    assert codes.count("R002") >= 3
    assert "frames, more than" in caught.value.hint


def _shortest_train(world: TrainingWorld) -> int:
    """Return the speech limit that the shortest training clip meets and no validation clip, which are made longer."""
    with StoreWriter.open(world.store) as store:
        frames = {split: [e.frames for e in store if e.record.split == split] for split in ("train", "valid")}
    assert min(frames["train"]) < min(frames["valid"])
    return min(frames["train"]) + 1


def test_a_sole_validation_clip_is_told(tmp_path: Path) -> None:
    world = build_training_world(tmp_path)
    append(world, "alone", speaker="m02", split="valid")
    append(world, "elsewhere", speaker="m02")
    append(world, "too", speaker="m02")
    assert [(finding.code, finding.subject) for finding in gather_from(world).findings] == [("R004", "alone")]


def test_a_store_without_validation_says_what_to_do(tmp_path: Path) -> None:
    world = build_training_world(tmp_path, clips=0)
    append(world, "one")
    with pytest.raises(DatasetError, match="'valid'") as caught:
        gather_from(world)
    assert "--valid 0.02" in caught.value.hint


def test_of_base_data_texts_of_other_languages_are_taken_as_they_stand(tmp_path: Path) -> None:
    """The frontend reads a numeral as an Amharic word; a text of another language means something else by it."""
    world = build_training_world(tmp_path)
    append(world, "amharic", text="7", speaker="f01", split="train")
    append(world, "other", text="7", speaker="f01", split="train", language="ti")
    append(world, "same", text="ሰላም", speaker="f01", split="train", language="ti")
    entries = [entry for entry in CodeStore.open(world.store) if entry.id in {"amharic", "other", "same"}]
    frontend, vocabulary = Frontend(TextConfig(units="fidel")), Vocabulary.read(world.vocabulary)
    tokenizer = Tokenizer(vocabulary)
    store = CodeStore.open(world.store)
    own, findings = tokenize(store, entries, frontend, tokenizer, SilentProgress())
    assert set(own) == {"amharic", "other", "same"}
    assert not findings
    assert own["amharic"] == own["other"]
    pair = [entry for entry in entries if entry.id != "other"]
    read, _ = tokenize(store, pair, frontend, tokenizer, SilentProgress(), of_base=True)
    assert read == {"amharic": own["amharic"], "same": tokenizer.encode("ሰላም")}
    # As it stands, the vocabulary of fidel has no piece for it.
    with pytest.raises(VocabularyError, match="1 of 3 texts"):
        tokenize(store, entries, frontend, tokenizer, SilentProgress(), of_base=True)


def test_training_is_told_speeds_and_validation_hears_what_a_voice_does_that_speaks(tmp_path: Path) -> None:
    world = build_training_world(tmp_path)
    material = gather_from(world, training=TrainingConfig(speed_share=1.0))
    assert material.train.speed_range is not None
    assert material.valid.speed_range is None
    assert {material.valid.item(index, 0).speed for index in range(len(material.valid))} == {1.0}
    assert gather_from(world).train.speed_range is None
