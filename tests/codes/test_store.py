import json
from pathlib import Path

import numpy as np
import pytest
from support.stores import ACOUSTICS, MEL, SPEAKER, SPEC, fill, toy_acoustics, toy_speaker, toy_store

from amhctl.audio.acoustics import Acoustics
from amhctl.codes.document import StoreDocument
from amhctl.codes.failures import read_failures
from amhctl.codes.merge import merge_stores
from amhctl.codes.store import CodeStore
from amhctl.codes.verify import verify_store
from amhctl.codes.writer import StoreWriter
from amhctl.config.acoustics import AcousticsConfig
from amhctl.config.conditioning import SpeechEncoderConfig
from amhctl.core.errors import DatasetError
from amhctl.core.files import sha256_of_json
from amhctl.core.progress import SilentProgress
from amhctl.core.units import SPEECH_LEVEL
from amhctl.corpus.records import Record


def test_what_was_appended_is_read_back(tmp_path: Path) -> None:
    toy_store(tmp_path / "store")
    store = CodeStore.open(tmp_path / "store")
    random = np.random.default_rng(3)
    assert [entry.id for entry in store.entries] == [f"u{n}" for n in range(6)]
    assert np.array_equal(store.codes("u3"), random.integers(0, 16, (2, 8)))
    assert np.array_equal(store.features("u3"), random.normal(size=(17, 8)).astype(np.float16).astype(np.float32))
    assert store.features("u3").dtype == np.float32
    assert store.spec == SPEC
    assert store.mel == MEL
    assert all(store.is_intact(entry.id) for entry in store.entries)


def test_alignment_round_trip(tmp_path: Path) -> None:
    store = toy_store(tmp_path / "store", 2)
    assert store.alignment() is None
    durations = {"u0": np.array([2, 3], dtype=np.uint16), "u1": np.array([1, 0, 5], dtype=np.uint16)}
    store.write_alignment(durations, vocabulary_fingerprint="v", text_hash="t")
    alignment = CodeStore.open(tmp_path / "store").alignment()
    assert alignment is not None
    assert (alignment.vocabulary_fingerprint, alignment.text_hash, alignment.ids) == ("v", "t", ("u0", "u1"))
    assert alignment.durations("u1").tolist() == [1, 0, 5]
    with pytest.raises(DatasetError, match="add up to 4"):
        store.write_alignment({"u0": np.array([4], dtype=np.uint16)}, vocabulary_fingerprint="v", text_hash="t")
    (tmp_path / "store" / "alignment.npz").write_bytes(b"PK nonsense")
    with pytest.raises(DatasetError, match="damaged"):
        store.alignment()


def test_failures_and_missing_stores(tmp_path: Path) -> None:
    store = toy_store(tmp_path / "store", 1)
    store.write_failures({"x": "no such file"})
    assert read_failures(store.path) == {"x": "no such file"}
    with pytest.raises(DatasetError, match="no code store"):
        CodeStore.open(tmp_path / "nowhere")
    with pytest.raises(DatasetError, match="no utterance"):
        store.codes("nobody")


def test_the_fingerprint_covers_the_document_and_each_utterance_in_the_order_of_ids(tmp_path: Path) -> None:
    with StoreWriter.create(tmp_path / "store", SPEC, MEL) as store:
        assert store.fingerprint == sha256_of_json([json.loads(store.document.to_json()), []])
        fill(store, 8, 12)
        fill(store, 0, 3)
        store.amend(store.entry("u9").record.model_copy(update={"text": '"ሌላ"\n', "split": "test"}))
    opened = CodeStore.open(tmp_path / "store")
    rows = [[e.id, e.record.text, e.record.speaker, e.record.split, e.sha256] for e in opened.entries]
    assert [row[0] for row in rows] == ["u8", "u9", "u10", "u11", "u0", "u1", "u2"]
    assert opened.fingerprint == sha256_of_json([json.loads(opened.document.to_json()), sorted(rows)])


_ENCODER = SpeechEncoderConfig(
    layer=17, width=5, sample_rate=16_000, hop_samples=320, normalised=True, fingerprint="e" * 64
)


def _append_heard(store: StoreWriter, number: int) -> np.ndarray:
    random = np.random.default_rng(number)
    encoder_EW = random.normal(size=(4 + number, 5)).astype(np.float32)
    store.append(
        Record(id=f"u{number}", audio=f"{number}.wav", text="ሰላም"),
        random.integers(0, 16, (2, 3 + number)).astype(np.uint16),
        random.normal(size=(7 + number, 8)).astype(np.float32),
        encoder_EW,
    )
    return encoder_EW.astype(np.float16).astype(np.float32)


def test_the_features_of_a_speech_encoder_stand_beside_the_others(tmp_path: Path) -> None:
    with StoreWriter.create(tmp_path / "store", SPEC, MEL, encoder=_ENCODER) as store:
        heard = [_append_heard(store, number) for number in range(3)]
    opened = CodeStore.open(tmp_path / "store")
    assert opened.conditioning_config == _ENCODER
    for number, encoder_EW in enumerate(heard):
        assert np.array_equal(opened.conditioning(f"u{number}"), encoder_EW)
        assert opened.features(f"u{number}").shape == (7 + number, 8)
        assert opened.is_intact(f"u{number}")
    whole = opened.fingerprint
    # What a killed writer leaves of the third column is cut off like the rest.
    with (tmp_path / "store" / "encoder-1-of-1.bin").open("ab") as stream:
        stream.write(b"abc")
    assert {finding.code for finding in verify_store(tmp_path / "store", SilentProgress()).findings} == {"X115"}
    with StoreWriter.open(tmp_path / "store") as store:
        _append_heard(store, 3)
    assert verify_store(tmp_path / "store", SilentProgress()).findings == ()
    merge_stores([CodeStore.open(tmp_path / "store")], tmp_path / "merged", SilentProgress())
    merged = CodeStore.open(tmp_path / "merged")
    assert merged.conditioning_config == _ENCODER
    assert merged.fingerprint == CodeStore.open(tmp_path / "store").fingerprint != whole
    file = tmp_path / "merged" / "encoder-1-of-1.bin"
    file.write_bytes(file.read_bytes()[:-2] + b"\0\1")
    assert [finding.code for finding in verify_store(tmp_path / "merged", SilentProgress()).findings] == ["X107"]


def test_a_store_without_a_speech_encoder_is_described_as_ever(tmp_path: Path) -> None:
    store = toy_store(tmp_path / "plain")
    assert store.conditioning_config == MEL
    assert np.array_equal(store.conditioning("u0"), store.features("u0"))
    assert "encoder" not in (tmp_path / "plain" / "store.json").read_text()
    assert "encoder" not in (tmp_path / "plain" / "index-1-of-1.jsonl").read_text()
    with StoreWriter.create(tmp_path / "heard", SPEC, MEL, encoder=_ENCODER) as heard:
        assert store.document.differences(heard.document)[0] == "features mel ≠ w2v-bert"
        other = StoreDocument.of(SPEC, MEL, SPEECH_LEVEL, encoder=_ENCODER.model_copy(update={"fingerprint": "f" * 64}))
        assert heard.document.differences(other) == (f"encoder.fingerprint {'e' * 64} ≠ {'f' * 64}",)
        with pytest.raises(DatasetError, match="codes, features are given, expected codes, features, encoder"):
            fill(heard, 0, 1)


def test_acoustics_and_speaker_stand_beside_the_rest(tmp_path: Path) -> None:
    path = tmp_path / "store"
    store = toy_store(path, 3, acoustic=True)
    assert (store.document.acoustics, store.document.speaker) == (ACOUSTICS, SPEAKER)
    opened = CodeStore.open(path)
    for number in range(3):
        packed = toy_acoustics(number, 4 * (5 + number)).pack()
        found, wanted = opened.acoustics(f"u{number}"), Acoustics.unpack(packed)
        np.testing.assert_array_equal(found.mel_TF, wanted.mel_TF)
        np.testing.assert_array_equal(found.pitch_T, wanted.pitch_T)
        np.testing.assert_array_equal(found.pack(), packed)
        assert (found.mel_TF.dtype, found.pitch_T[-2:].tolist()) == (np.float32, [0.0, 0.0])
        assert opened.entry(f"u{number}").acoustic_frames == 4 * (5 + number)
        kept = toy_speaker(number).astype(np.float16).astype(np.float32)
        np.testing.assert_array_equal(opened.speaker(f"u{number}"), kept)
    with pytest.raises(DatasetError, match="no utterance"):
        opened.acoustics("nobody")
    assert {file.name for file in opened.files} == {
        f"{name}-1-of-1.{'jsonl' if name == 'index' else 'bin'}"
        for name in ("index", "codes", "features", "acoustics", "speaker")
    }


def test_a_store_without_acoustics_is_described_as_ever_and_says_how_to_get_them(tmp_path: Path) -> None:
    plain, acoustic = toy_store(tmp_path / "plain"), toy_store(tmp_path / "acoustic", acoustic=True)
    for name in ("store.json", "index-1-of-1.jsonl"):
        written = (tmp_path / "plain" / name).read_text()
        assert "acoustic" not in written
        assert '"speaker": {' not in written
        assert "speaker_offset" not in written
    for read in (plain.acoustics, plain.speaker):
        with pytest.raises(DatasetError, match="no acoustics") as caught:
            read("u0")
        assert "--acoustics" in caught.value.hint
    assert plain.document.differences(acoustic.document) == ("acoustics no ≠ yes",)
    assert acoustic.document.differences(plain.document) == ("acoustics yes ≠ no",)
    assert plain.fingerprint != acoustic.fingerprint
    other = acoustic.document.model_copy(
        update={"acoustics": AcousticsConfig(pitch_floor=70.0), "speaker": SPEAKER.model_copy(update={"width": 6})}
    )
    assert acoustic.document.differences(other) == (
        "acoustics.mel.bins 6 ≠ 80", "acoustics.pitch_floor 60.0 ≠ 70.0", "speaker.width 5 ≠ 6",
    )  # fmt: skip
    with pytest.raises(DatasetError, match="codes, features are given, expected codes, features, acoustics, speaker"):
        acoustic.append(Record(id="n", audio="a.wav", text="ሰላም"), plain.codes("u0"), plain.features("u0"))
    acoustic.close()


def test_durations_in_acoustic_frames_add_up_and_those_of_codes_follow(tmp_path: Path) -> None:
    store = toy_store(tmp_path / "store", 2, acoustic=True)
    given = {"u0": np.array([3, 0, 17], dtype=np.uint16), "u1": np.array([1, 23], dtype=np.uint16)}
    store.write_alignment(given, vocabulary_fingerprint="v", text_hash="t", acoustic=True)
    alignment = CodeStore.open(tmp_path / "store").alignment()
    assert alignment is not None
    assert alignment.is_acoustic
    for id_, durations in given.items():
        assert alignment.acoustic_durations(id_).tolist() == durations.tolist()
        assert alignment.durations(id_).sum() == store.entry(id_).frames
    assert alignment.durations("u0").tolist() == [1, 0, 4]
    with pytest.raises(DatasetError, match="add up to 5, not to 20"):
        store.write_alignment(
            {"u0": np.array([5], dtype=np.uint16)}, vocabulary_fingerprint="v", text_hash="t", acoustic=True
        )
