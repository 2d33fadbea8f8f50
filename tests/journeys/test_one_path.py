"""Training, explaining and speaking see the same ids for the same written text."""

from pathlib import Path

import numpy as np
import pytest
from support.voices import any_speech, tiny_voice_folder

from amhctl.codes.store import CodeStore
from amhctl.codes.writer import StoreWriter
from amhctl.config.codec_spec import CodecSpec
from amhctl.config.mel import MelConfig
from amhctl.config.schema import TrainingConfig
from amhctl.config.unified import ModelConfig
from amhctl.core.progress import SilentProgress
from amhctl.corpus.records import Record
from amhctl.inference import code_voice as voice_module
from amhctl.inference.assemble import load_voice
from amhctl.inference.decode import Passage
from amhctl.text.frontend import Frontend
from amhctl.tokenizer.tokenizer import Tokenizer
from amhctl.training.material import gather
from amhctl.workflows.text.explain import ExplainTextRequest
from amhctl.workflows.text.explain import run as explain

WRITTEN = ("በ3ኛው ቀን 5 ብር ከፈለ።", "ዶ/ር አበበ በ1990 ዓ.ም. መጣ", "የBBC ዜና - 25%!", "ገና[[ɡənna]] ነው።")


@pytest.mark.journey
def test_a_manifests_text_and_the_same_text_spoken_have_the_same_ids(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    voice = load_voice(str(tiny_voice_folder(tmp_path)))
    trained = _ids_of_training(tmp_path / "store", voice.tokenizer, voice.frontend)
    spoken: list[tuple[int, ...]] = []
    decode = voice_module.decode  # type: ignore[attr-defined]

    def encode_speech(model: object, passages: list[Passage], *rest: object) -> object:
        spoken.extend(passage.ids for passage in passages)
        return decode(model, passages, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(voice_module, "decode", encode_speech)
    for number, written in enumerate(WRITTEN):
        spoken.clear()
        voice.speak(written, any_speech())
        explained = explain(ExplainTextRequest(written, voice=str(tmp_path / "tiny")), SilentProgress())
        assert set(spoken) == {explained.ids} == {trained[f"u{number}"]}


def _ids_of_training(folder: Path, tokenizer: Tokenizer, frontend: Frontend) -> dict[str, tuple[int, ...]]:
    spec = CodecSpec(
        name="noise",
        architecture="mel",
        sample_rate=16_000,
        frame_samples=640,
        codebooks=2,
        codebook_size=16,
        fingerprint="f" * 64,
    )
    with StoreWriter.create(folder, spec, MelConfig()) as store:
        for number, written in enumerate(WRITTEN):
            split = "valid" if number == 0 else "train"
            record = Record(id=f"u{number}", audio=f"u{number}.wav", text=written, speaker="s", split=split)
            store.append(record, np.zeros((2, 60), np.uint16), np.zeros((120, 100), np.float32))
    material = gather(
        CodeStore.open(folder),
        frontend,
        tokenizer,
        vocabulary_fingerprint="",
        model=ModelConfig(alignment=None),
        training=TrainingConfig(),
        seed=0,
        progress=SilentProgress(),
    )
    sets = (material.train, material.valid)
    items = [dataset.item(index, epoch=0) for dataset in sets for index in range(len(dataset))]
    return {item.id: tuple(item.text_T.tolist()) for item in items}
