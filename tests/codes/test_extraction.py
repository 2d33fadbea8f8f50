import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from support.codecs import tiny_codec_folder, tiny_dac
from support.manifests import tiny_manifest
from support.stores import ACOUSTICS, SPEAKER

from amhctl.audio import files
from amhctl.audio.acoustics import analyse
from amhctl.audio.waveform import Waveform
from amhctl.codec.codec import Codec
from amhctl.codec.dac import DacCodec
from amhctl.codec.registry import load_codec
from amhctl.codes import plan as extractionplan
from amhctl.codes.extraction import Extraction, Recognise, extract, prepare_acoustics, prepare_waveform
from amhctl.codes.plan import plan_extraction, vary_copies
from amhctl.codes.preparation import Preparation, Source
from amhctl.codes.store import CodeStore
from amhctl.codes.writer import StoreWriter
from amhctl.config.augmentation import AugmentConfig
from amhctl.config.codec_spec import CodecSpec
from amhctl.config.mel import MelConfig
from amhctl.core.errors import AudioError, CodecError
from amhctl.core.progress import SilentProgress
from amhctl.corpus.records import Record, read_audio, read_records
from amhctl.parallel.workers import open_pool

_MEL = MelConfig(bins=20)


class _Counting:
    """A codec that remembers what it was given, and refuses the waveforms of some lengths."""

    def __init__(self, codec: Codec, *, refused: tuple[int, ...] = ()) -> None:
        self._codec, self._refused = codec, refused
        self.batches: list[int] = []

    @property
    def spec(self) -> CodecSpec:
        return self._codec.spec

    def encode(self, waveforms: list[NDArray[np.float32]]) -> list[NDArray[np.uint16]]:
        self.batches.append(len(waveforms))
        if any(waveform.size in self._refused for waveform in waveforms):
            raise CodecError("refused")
        return self._codec.encode(waveforms)

    def decode(self, codes: list[NDArray[np.uint16]]) -> list[NDArray[np.float32]]:
        return self._codec.decode(codes)

    def codebooks(self) -> NDArray[np.float32]:
        return self._codec.codebooks()


def _extract(
    folder: Path,
    records: Sequence[Record | Source],
    codec: Codec | _Counting,
    *,
    workers: int = 0,
    to: str = "s",
    recognise: Recognise | None = None,
) -> Extraction:
    sources = [Source(record) if isinstance(record, Record) else record for record in records]
    acoustics, speaker = (None, None) if recognise is None else (ACOUSTICS, SPEAKER)
    how = Preparation(folder, codec.spec.sample_rate, _MEL, None, None, acoustics)
    path = folder / to
    if not (path / "store.json").exists():
        StoreWriter.create(path, codec.spec, _MEL, level=None, acoustics=acoustics, speaker=speaker).close()
    with StoreWriter.open(path, repair=True) as store, open_pool(workers) as pool:
        plan = plan_extraction(store, sources, folder, pool, SilentProgress())
        return extract(store, plan, how, codec, pool, SilentProgress(), recognise=recognise, ahead=workers + 1)  # type: ignore[arg-type]


def _recognise(pieces: Iterable[Waveform]) -> NDArray[np.float32]:
    """Return five sums over a recording in place of what a speaker encoder hears in it."""
    samples = np.concatenate([piece.samples for piece in pieces])
    if samples.size == 14_400:
        raise AudioError("nobody speaks")
    sums = np.array([np.abs(part).sum(dtype=np.float64) for part in np.array_split(samples, 5)])
    return (sums / np.linalg.norm(sums)).astype(np.float32)


def _codec(folder: Path, kind: str) -> Codec:
    return load_codec(str(tiny_codec_folder(folder))) if kind == "mel" else DacCodec(tiny_dac(), name="tiny")


@pytest.mark.parametrize("kind", ["mel", "dac"])
def test_a_batch_gives_the_codes_that_its_items_give_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    records, codec = read_records(tiny_manifest(tmp_path, count=5)), _codec(tmp_path, kind)
    counting = _Counting(codec)
    _extract(tmp_path, records, counting)
    monkeypatch.setattr(extractionplan, "_BATCH_SECONDS", 0.1)
    alone = _Counting(codec)
    _extract(tmp_path, records, alone, to="alone")
    assert (counting.batches, alone.batches) == ([5], [1] * 5)
    batched, single = CodeStore.open(tmp_path / "s"), CodeStore.open(tmp_path / "alone")
    for record in records:
        samples = read_audio(record, tmp_path, sample_rate=codec.spec.sample_rate).samples
        assert np.array_equal(batched.codes(record.id), codec.encode([samples])[0])
        assert batched.entry(record.id).frames == codec.spec.frames_of(samples.size)
    assert batched.fingerprint == single.fingerprint


def test_any_number_of_workers_writes_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extractionplan, "_BATCH_SECONDS", 2.5)
    records, codec = read_records(tiny_manifest(tmp_path, count=6)), _codec(tmp_path, "mel")
    (tmp_path / records[2].audio).write_bytes(b"RIFF nonsense")
    failed = [_extract(tmp_path, records, codec, workers=n, to=f"s{n}").failed for n in (0, 1, 2)]
    assert [set(reasons) for reasons in failed] == [{"r2"}] * 3
    contents = [{file.name: file.read_bytes() for file in (tmp_path / f"s{n}").iterdir()} for n in (0, 1, 2)]
    assert contents[0] == contents[1] == contents[2]


def test_the_same_audio_is_encoded_once(tmp_path: Path) -> None:
    records, codec = read_records(tiny_manifest(tmp_path, count=2)), _Counting(_codec(tmp_path, "mel"))
    files.write(tmp_path / "copy.flac", read_audio(records[0], tmp_path))
    copy = records[0].model_copy(update={"id": "copy", "audio": "copy.flac"})
    late = records[0].model_copy(update={"id": "late", "offset": 0.02, "duration": (records[0].duration or 0) - 0.02})
    first = _extract(tmp_path, [*records, copy, late], codec)
    assert (first.utterances, first.shared, codec.batches) == (3, 1, [3])
    again = records[1].model_copy(update={"id": "again"})
    second = _extract(tmp_path, [*records, copy, late, again], codec)
    assert (second.utterances, second.shared, codec.batches) == (0, 1, [3, 0])
    store = CodeStore.open(tmp_path / "s")
    for one, other in (("r0", "copy"), ("r1", "again")):
        assert store.entry(one).codes_offset == store.entry(other).codes_offset
        assert np.array_equal(store.codes(one), store.codes(other))
    assert not np.array_equal(store.codes("r0"), store.codes("late"))


def test_only_what_changed_is_encoded_again(tmp_path: Path) -> None:
    records, codec = read_records(tiny_manifest(tmp_path, count=4)), _Counting(_codec(tmp_path, "mel"))
    _extract(tmp_path, records, codec)
    before = {record.id: CodeStore.open(tmp_path / "s").codes(record.id) for record in records}
    # Another recording in place of the first, the second one in another format, another cut out of the third.
    original = read_audio(records[1], tmp_path)
    shutil.copy(tmp_path / records[3].audio, tmp_path / records[0].audio)
    files.write(tmp_path / "r1.flac", original)
    edited = [
        records[0].model_copy(update={"duration": None}),
        records[1].model_copy(update={"audio": "r1.flac"}),
        records[2].model_copy(update={"offset": 0.25, "duration": 1.0}),
        records[3].model_copy(update={"text": "ሌላ"}),
    ]
    codec.batches.clear()
    done = _extract(tmp_path, edited, codec)
    # The second holds the same samples as before: nothing of it is replaced.
    assert (done.utterances, done.shared, done.replaced, codec.batches) == (1, 1, 2, [1])
    store = CodeStore.open(tmp_path / "s")
    assert np.array_equal(store.codes("r0"), before["r3"])
    assert np.array_equal(store.codes("r1"), before["r1"])
    assert store.entry("r1").record.audio.endswith("r1.flac")
    assert store.entry("r2").frames == codec.spec.frames_of(codec.spec.sample_rate)
    assert store.entry("r3").record.text == "ሌላ"
    size = sum(file.stat().st_size for file in (tmp_path / "s").iterdir())
    assert _extract(tmp_path, edited, codec).utterances == 0
    assert sum(file.stat().st_size for file in (tmp_path / "s").iterdir()) == size


def test_damaged_codes_are_made_anew_and_not_shared(tmp_path: Path) -> None:
    records, codec = list(read_records(tiny_manifest(tmp_path, count=2))), _codec(tmp_path, "mel")
    records.append(records[0].model_copy(update={"id": "twin"}))
    _extract(tmp_path, records, codec)
    whole = CodeStore.open(tmp_path / "s").fingerprint
    entry = CodeStore.open(tmp_path / "s").entry("r0")
    file = tmp_path / "s" / "codes-1-of-1.bin"
    content = bytearray(file.read_bytes())
    content[entry.codes_offset] ^= 1
    file.write_bytes(bytes(content))
    done = _extract(tmp_path, records, codec)
    assert (done.utterances, done.shared, done.replaced) == (1, 1, 2)
    # All that are damaged are made anew at once.
    file.write_bytes(bytes(len(file.read_bytes())))
    done = _extract(tmp_path, records, codec)
    assert (done.utterances, done.shared, done.replaced) == (2, 1, 3)
    store = CodeStore.open(tmp_path / "s")
    assert store.fingerprint == whole
    assert all(store.is_intact(entry.id) for entry in store.entries)
    index = tmp_path / "s" / "index-1-of-1.jsonl"
    lines = index.read_bytes().splitlines(keepends=True)
    index.write_bytes(b"".join([lines[0].replace(b"{", b"[", 1), *lines[1:]]))
    _extract(tmp_path, records, codec)
    assert CodeStore.open(tmp_path / "s").fingerprint == whole


def test_one_item_does_not_spoil_its_batch(tmp_path: Path) -> None:
    records, codec = list(read_records(tiny_manifest(tmp_path, count=3))), _codec(tmp_path, "mel")
    records.append(records[1].model_copy(update={"id": "twin"}))
    refused = read_audio(records[1], tmp_path).samples.size
    done = _extract(tmp_path, records, _Counting(codec, refused=(refused,)))
    assert (done.utterances, done.failed) == (2, {"r1": "refused", "twin": "refused"})


def test_a_stored_recording_is_prepared_as_it_was(tmp_path: Path) -> None:
    records, codec = read_records(tiny_manifest(tmp_path, count=1)), _codec(tmp_path, "mel")
    _extract(tmp_path, records, codec)
    store = CodeStore.open(tmp_path / "s")
    waveform = prepare_waveform(store.entry("r0"), store)
    assert np.array_equal(codec.encode([waveform.samples])[0], store.codes("r0"))


_STRONG = AugmentConfig(speed=0.1, semitones=1.0, noise_share=0.5, room_share=0.5)


def test_varied_copies_are_prepared_as_they_were(tmp_path: Path) -> None:
    records, codec = read_records(tiny_manifest(tmp_path)), _codec(tmp_path, "mel")
    sources = [*map(Source, records), *vary_copies(records, 2, _STRONG, seed=1)]
    done = _extract(tmp_path, sources, codec)
    assert (done.utterances, done.failed) == (10, {})
    store = CodeStore.open(tmp_path / "s")
    for entry in store.entries:
        waveform = prepare_waveform(entry, store)
        assert np.array_equal(codec.encode([waveform.samples])[0], store.codes(entry.id))
        assert entry.record.duration == pytest.approx(waveform.duration)
        assert entry.is_copy == ("+" in entry.id)
    lengths = {entry.id: entry.record.duration for entry in store.entries}
    assert lengths["r1+1"] != lengths["r1"] == CodeStore.open(tmp_path / "s").entry("r1+1").audio.cut


def test_copies_have_the_same_bytes_for_any_number_of_workers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extractionplan, "_BATCH_SECONDS", 2.5)
    records, codec = read_records(tiny_manifest(tmp_path)), _codec(tmp_path, "mel")
    sources = [*map(Source, records), *vary_copies(records, 2, _STRONG, seed=1)]
    for workers in (0, 2):
        _extract(tmp_path, sources, codec, workers=workers, to=f"s{workers}")
    contents = [{file.name: file.read_bytes() for file in (tmp_path / f"s{n}").iterdir()} for n in (0, 2)]
    assert contents[0] == contents[1]


def test_only_copies_that_are_varied_otherwise_are_encoded_again(tmp_path: Path) -> None:
    records, codec = read_records(tiny_manifest(tmp_path)), _codec(tmp_path, "mel")
    once = [*map(Source, records), *vary_copies(records, 1, _STRONG, seed=1)]
    _extract(tmp_path, once, codec)
    again = _extract(tmp_path, once, codec)
    assert (again.utterances, again.shared, again.replaced) == (0, 0, 0)
    more = _extract(tmp_path, [*map(Source, records), *vary_copies(records, 2, _STRONG, seed=1)], codec)
    assert (more.utterances, more.replaced) == (3, 0)
    other = _extract(tmp_path, [*map(Source, records), *vary_copies(records, 1, _STRONG, seed=2)], codec)
    assert (other.utterances, other.replaced) == (3, 3)


def test_copies_without_strength_have_the_codes_of_their_utterance(tmp_path: Path) -> None:
    records, codec = read_records(tiny_manifest(tmp_path)), _codec(tmp_path, "mel")
    done = _extract(tmp_path, [*map(Source, records), *vary_copies(records, 1, AugmentConfig(), seed=1)], codec)
    assert (done.utterances, done.shared) == (4, 3)
    store = CodeStore.open(tmp_path / "s")
    assert store.entry("r1+1").sha256 == store.entry("r1").sha256
    assert store.entry("r1+1").is_copy


def test_acoustics_are_those_of_the_varied_recording_at_the_level_of_the_store(tmp_path: Path) -> None:
    records, codec = read_records(tiny_manifest(tmp_path)), _codec(tmp_path, "mel")
    sources = [*map(Source, records), *vary_copies(records, 1, _STRONG, seed=1)]
    done = _extract(tmp_path, sources, codec, recognise=_recognise)
    assert (done.utterances, done.failed) == (7, {})
    store = CodeStore.open(tmp_path / "s")
    for entry in store.entries:
        heard = prepare_waveform(entry, store)
        wanted = analyse(heard.samples, ACOUSTICS)
        np.testing.assert_array_equal(store.acoustics(entry.id).pack(), wanted.pack())
        np.testing.assert_array_equal(prepare_acoustics(entry, store).pack(), wanted.pack())
        np.testing.assert_array_equal(store.speaker(entry.id), _recognise([heard]).astype(np.float16))
        assert entry.acoustic_frames == ACOUSTICS.frames_of(heard.samples.size)


def test_any_number_of_workers_writes_the_same_acoustics(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extractionplan, "_BATCH_SECONDS", 2.5)
    records, codec = read_records(tiny_manifest(tmp_path)), _codec(tmp_path, "mel")
    for workers in (0, 2):
        _extract(tmp_path, records, codec, workers=workers, to=f"s{workers}", recognise=_recognise)
    contents = [{file.name: file.read_bytes() for file in (tmp_path / f"s{n}").iterdir()} for n in (0, 2)]
    assert contents[0] == contents[1]
    assert {"acoustics-1-of-1.bin", "speaker-1-of-1.bin"} <= set(contents[0])


def test_damaged_acoustics_are_made_anew_and_not_shared(tmp_path: Path) -> None:
    records, codec = list(read_records(tiny_manifest(tmp_path, count=2))), _codec(tmp_path, "mel")
    records.append(records[0].model_copy(update={"id": "twin"}))
    _extract(tmp_path, records, codec, recognise=_recognise)
    whole = CodeStore.open(tmp_path / "s").fingerprint
    for name in ("acoustics", "speaker"):
        file, entry = tmp_path / "s" / f"{name}-1-of-1.bin", CodeStore.open(tmp_path / "s").entry("r0")
        content = bytearray(file.read_bytes())
        content[entry.acoustics_offset if name == "acoustics" else entry.speaker_offset] ^= 1
        file.write_bytes(bytes(content))
        done = _extract(tmp_path, records, codec, recognise=_recognise)
        assert (done.utterances, done.shared, done.replaced) == (1, 1, 2)
        store = CodeStore.open(tmp_path / "s")
        assert store.fingerprint == whole
        assert all(store.is_intact(entry.id) for entry in store.entries)


def test_a_recording_without_a_speaker_is_listed(tmp_path: Path) -> None:
    records, codec = list(read_records(tiny_manifest(tmp_path, count=2))), _codec(tmp_path, "mel")
    files.write(tmp_path / "mute.wav", Waveform(np.zeros(14_400, dtype=np.float32), 16_000))
    records.append(Record(id="mute", audio="mute.wav", text="ሰላም"))
    done = _extract(tmp_path, records, codec, recognise=_recognise)
    assert (done.utterances, done.failed) == (2, {"mute": "nobody speaks"})
    assert CodeStore.open(tmp_path / "s").ids == ("r0", "r1")
