import json
import os
from pathlib import Path

import numpy as np
import pytest
from support.stores import ACOUSTICS, MEL, SPEAKER, SPEC, fill, toy_acoustics, toy_speaker, toy_store

from amhctl.audio.acoustics import Acoustics
from amhctl.codes.document import StoreDocument
from amhctl.codes.index import AudioDigest
from amhctl.codes.merge import merge_stores
from amhctl.codes.store import CodeStore
from amhctl.codes.verify import verify_store
from amhctl.config.acoustics import AcousticsConfig
from amhctl.config.conditioning import SpeechEncoderConfig
from amhctl.core.errors import DatasetError, FileExistsRefused, InUseError
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


def test_an_existing_store_is_not_created_again(tmp_path: Path) -> None:
    toy_store(tmp_path / "store")
    with pytest.raises(FileExistsRefused):
        CodeStore.create(tmp_path / "store", SPEC, MEL)


def test_a_folder_of_something_else_becomes_no_store(tmp_path: Path) -> None:
    (tmp_path / "voice").mkdir()
    (tmp_path / "voice" / "model.safetensors").touch()
    (tmp_path / "file").touch()
    for name in ("voice", "file"):
        with pytest.raises(FileExistsRefused):
            CodeStore.create(tmp_path / name, SPEC, MEL)
    assert [path.name for path in (tmp_path / "voice").iterdir()] == ["model.safetensors"]


@pytest.mark.parametrize("acoustic", [False, True])
@pytest.mark.parametrize("cut", [1, 7, 40, 200, 600])
def test_a_store_cut_anywhere_opens_and_goes_on(tmp_path: Path, cut: int, *, acoustic: bool) -> None:
    path = tmp_path / "store"
    store = toy_store(path, acoustic=acoustic)
    whole = store.fingerprint
    for name in ("index-1-of-1.jsonl", *(file.name for file in store.document.layout.files(path, "1-of-1"))):
        file = path / name
        content = file.read_bytes()
        file.write_bytes(content[: max(0, len(content) - (cut if "index" in name else cut // 8))])
    store = CodeStore.open(path)
    kept = len(store)
    assert kept < 6
    fill(store, kept, 6)
    store.close()
    again = CodeStore.open(path)
    assert again.fingerprint == whole
    assert all(again.is_intact(entry.id) for entry in again.entries)


def test_data_behind_the_last_index_line_is_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "store"
    toy_store(path)
    size = (path / "codes-1-of-1.bin").stat().st_size
    with (path / "codes-1-of-1.bin").open("ab") as stream:
        stream.write(b"12345")
    with CodeStore.open(path) as store:
        fill(store, 6, 7)
    assert (path / "codes-1-of-1.bin").stat().st_size == size + 2 * 2 * (5 + 6)
    assert CodeStore.open(path).is_intact("u6")


def test_parts_are_written_side_by_side_and_read_as_one(tmp_path: Path) -> None:
    path = tmp_path / "store"
    CodeStore.create(path, SPEC, MEL)
    with CodeStore.open(path, part="1-of-2") as first, CodeStore.open(path, part="2-of-2") as second:
        fill(first, 0, 3)
        fill(second, 3, 6)
    assert {entry.id for entry in CodeStore.open(path).entries} == {f"u{n}" for n in range(6)}


def test_one_part_has_one_writer(tmp_path: Path) -> None:
    path = tmp_path / "store"
    store = toy_store(path)
    fill(store, 6, 7)
    with pytest.raises(InUseError, match=f"shard 1-of-1 of the store is in use: process {os.getpid()} "):
        fill(CodeStore.open(path), 7, 8)
    store.close()
    with CodeStore.open(path) as other:
        fill(other, 7, 8)
    # The first one's view is old by now; it looks again before it writes.
    fill(store, 8, 9)
    store.close()
    assert len(CodeStore.open(path)) == 9


def test_bad_items_are_refused(tmp_path: Path) -> None:
    store = toy_store(tmp_path / "store")
    record = Record(id="new", audio="a.wav", text="ሰላም")
    codes = np.zeros((2, 4), dtype=np.uint16)
    features = np.zeros((9, 8), dtype=np.float16)
    for bad_codes, bad_features in (
        (codes + 16, features),
        (codes[:1], features),
        (codes.astype(np.int64), features),
        (codes[:, :0], features),
        (codes, features[:, :4]),
        (codes, features * np.nan),
    ):
        with pytest.raises(DatasetError):
            store.append(record, bad_codes, bad_features)
    with pytest.raises(DatasetError, match="already"):
        store.append(record.model_copy(update={"id": "u0"}), codes, features)
    store.close()
    assert len(CodeStore.open(tmp_path / "store")) == 6


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
    assert store.failures() == {"x": "no such file"}
    with pytest.raises(DatasetError, match="no code store"):
        CodeStore.open(tmp_path / "nowhere")
    with pytest.raises(DatasetError, match="no utterance"):
        store.codes("nobody")


def test_utterances_of_the_same_audio_share_data(tmp_path: Path) -> None:
    path = tmp_path / "store"
    codes, features = np.ones((2, 5), dtype=np.uint16), np.ones((11, 8), dtype=np.float16)
    audio = AudioDigest("f", "samples")
    first, second = (Record(id=id_, audio="a.wav", text="ሰላም") for id_ in ("a", "b"))
    with CodeStore.create(path, SPEC, MEL) as store:
        assert store.twin("samples") is None
        store.append(first, codes, features, audio=audio)
    with CodeStore.open(path) as store:
        twin = store.twin("samples")
        assert twin is not None
        store.point(second, twin, audio)
        store.distrust("b")
        assert store.twin("samples") is None
    store = CodeStore.open(path)
    assert (path / "codes-1-of-1.bin").stat().st_size == codes.nbytes
    assert np.array_equal(store.codes("b"), codes)
    assert store.entry("b").audio == audio
    # Another part has files of its own: what lies there cannot be pointed to.
    assert CodeStore.open(path, part="2-of-2").twin("samples") is None


def test_the_fingerprint_covers_the_document_and_each_utterance_in_the_order_of_ids(tmp_path: Path) -> None:
    with CodeStore.create(tmp_path / "store", SPEC, MEL) as store:
        assert store.fingerprint == sha256_of_json([json.loads(store.document.to_json()), []])
        fill(store, 8, 12)
        fill(store, 0, 3)
        store.amend(store.entry("u9").record.model_copy(update={"text": '"ሌላ"\n', "split": "test"}))
    store = CodeStore.open(tmp_path / "store")
    rows = [[e.id, e.record.text, e.record.speaker, e.record.split, e.sha256] for e in store.entries]
    assert [row[0] for row in rows] == ["u8", "u9", "u10", "u11", "u0", "u1", "u2"]
    assert store.fingerprint == sha256_of_json([json.loads(store.document.to_json()), sorted(rows)])


def test_what_is_written_is_read_at_once_and_in_any_order(tmp_path: Path) -> None:
    path = tmp_path / "store"
    CodeStore.create(path, SPEC, MEL)
    for number in (1, 2):
        with CodeStore.open(path, part=f"{number}-of-2") as store:
            fill(store, 3 * number, 3 * number + 3)
            assert list(store) == list(store.entries) == list(CodeStore.open(path))
    store = CodeStore.open(path)
    assert store.ids == ("u3", "u4", "u5", "u6", "u7", "u8")
    chosen = ("u8", "u3", "u7", "u3")
    assert list(store.read(chosen)) == [store.entry(id_) for id_ in chosen]
    assert [entry.part for entry in store.read(chosen)] == ["2-of-2", "1-of-2", "2-of-2", "1-of-2"]


def test_data_that_are_distrusted_stay_so_when_others_are_written(tmp_path: Path) -> None:
    path = tmp_path / "store"
    features = np.ones((11, 8), dtype=np.float16)
    records = {id_: Record(id=id_, audio="a.wav", text="ሰላም") for id_ in ("a", "b")}

    def append(store: CodeStore, id_: str, *, replace: bool = False) -> None:
        codes = np.full((2, 5), len(id_) + (id_ == "b"), dtype=np.uint16)
        store.append(records[id_], codes, features, audio=AudioDigest("f", id_), replace=replace)

    with CodeStore.create(path, SPEC, MEL) as store:
        append(store, "a")
        append(store, "b")
    with CodeStore.open(path) as store:
        for id_ in records:
            store.distrust(id_)
        append(store, "a", replace=True)
        assert store.twin("b") is None
        twin = store.twin("a")
        assert twin is not None
        assert twin == store.entry("a")


def test_an_utterance_is_replaced_only_where_that_is_meant(tmp_path: Path) -> None:
    path = tmp_path / "store"
    toy_store(path, 2)
    codes, features = np.ones((2, 9), dtype=np.uint16), np.ones((11, 8), dtype=np.float16)
    with CodeStore.open(path) as store:
        record = store.entry("u0").record
        with pytest.raises(DatasetError, match="already"):
            store.append(record, codes, features)
        store.append(record, codes, features, replace=True)
    store = CodeStore.open(path)
    assert len(store) == 2
    assert np.array_equal(store.codes("u0"), codes)
    assert store.is_intact("u1")
    with CodeStore.open(path, part="2-of-2") as other, pytest.raises(DatasetError, match="shard 1-of-1"):
        other.append(record, codes, features, replace=True)


def test_a_store_of_format_1_is_read_and_not_written(tmp_path: Path) -> None:
    path = tmp_path / "store"
    toy_store(path)
    fingerprint = CodeStore.open(path).fingerprint
    (path / "store.json").write_text(
        (path / "store.json").read_text().replace('"format_version": 2', '"format_version": 1')
    )
    rows = [json.loads(row) for row in (path / "index-1-of-1.jsonl").read_text().splitlines()]
    kept = [{key: value for key, value in row.items() if key not in {"file_sha256", "samples_sha256"}} for row in rows]
    (path / "index-1-of-1.jsonl").write_text("".join(json.dumps(row) + "\n" for row in kept))
    store = CodeStore.open(path)
    assert len(store) == 6
    assert all(store.is_intact(entry.id) for entry in store.entries)
    assert store.fingerprint != fingerprint
    before = (path / "index-1-of-1.jsonl").read_bytes()
    for write in (lambda: fill(store, 6, 7), lambda: CodeStore.open(path, mend=True)):
        with pytest.raises(DatasetError, match="format 1") as caught:
            write()
        assert "codes merge" in caught.value.hint
    assert (path / "index-1-of-1.jsonl").read_bytes() == before


_ENCODER = SpeechEncoderConfig(
    layer=17, width=5, sample_rate=16_000, hop_samples=320, normalised=True, fingerprint="e" * 64
)


def _append_heard(store: CodeStore, number: int) -> np.ndarray:
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
    with CodeStore.create(tmp_path / "store", SPEC, MEL, encoder=_ENCODER) as store:
        heard = [_append_heard(store, number) for number in range(3)]
    store = CodeStore.open(tmp_path / "store")
    assert store.conditioning_config == _ENCODER
    for number, encoder_EW in enumerate(heard):
        assert np.array_equal(store.conditioning(f"u{number}"), encoder_EW)
        assert store.features(f"u{number}").shape == (7 + number, 8)
        assert store.is_intact(f"u{number}")
    whole = store.fingerprint
    # What a killed writer leaves of the third column is cut off like the rest.
    with (tmp_path / "store" / "encoder-1-of-1.bin").open("ab") as stream:
        stream.write(b"abc")
    assert {finding.code for finding in verify_store(tmp_path / "store", SilentProgress()).findings} == {"X115"}
    with CodeStore.open(tmp_path / "store") as store:
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
    with CodeStore.create(tmp_path / "heard", SPEC, MEL, encoder=_ENCODER) as heard:
        assert store.document.differences(heard.document)[0] == "features mel ≠ w2v-bert"
        other = StoreDocument.of(SPEC, MEL, SPEECH_LEVEL, encoder=_ENCODER.model_copy(update={"fingerprint": "f" * 64}))
        assert heard.document.differences(other) == (f"encoder.fingerprint {'e' * 64} ≠ {'f' * 64}",)
        with pytest.raises(DatasetError, match="codes, features are given, expected codes, features, encoder"):
            fill(heard, 0, 1)


def test_acoustics_and_speaker_stand_beside_the_rest(tmp_path: Path) -> None:
    path = tmp_path / "store"
    store = toy_store(path, 3, acoustic=True)
    assert (store.document.acoustics, store.document.speaker) == (ACOUSTICS, SPEAKER)
    store = CodeStore.open(path)
    for number in range(3):
        packed = toy_acoustics(number, 4 * (5 + number)).pack()
        found, wanted = store.acoustics(f"u{number}"), Acoustics.unpack(packed)
        np.testing.assert_array_equal(found.mel_TF, wanted.mel_TF)
        np.testing.assert_array_equal(found.pitch_T, wanted.pitch_T)
        np.testing.assert_array_equal(found.pack(), packed)
        assert (found.mel_TF.dtype, found.pitch_T[-2:].tolist()) == (np.float32, [0.0, 0.0])
        assert store.entry(f"u{number}").acoustic_frames == 4 * (5 + number)
        kept = toy_speaker(number).astype(np.float16).astype(np.float32)
        np.testing.assert_array_equal(store.speaker(f"u{number}"), kept)
    with pytest.raises(DatasetError, match="no utterance"):
        store.acoustics("nobody")
    assert {file.name for file in store.files} == {
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


def test_an_utterance_given_the_data_of_another_has_its_acoustics(tmp_path: Path) -> None:
    with toy_store(tmp_path / "store", 2, acoustic=True) as store:
        record = store.entry("u1").record
        store.point(record.model_copy(update={"id": "twin"}), store.entry("u1"), AudioDigest("f", "s"))
        store.amend(record.model_copy(update={"text": "ሌላ"}))
    store = CodeStore.open(tmp_path / "store")
    for id_ in ("twin", "u1"):
        np.testing.assert_array_equal(store.acoustics(id_).pack(), toy_acoustics(1, 24).pack())
        assert store.is_intact(id_)


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
