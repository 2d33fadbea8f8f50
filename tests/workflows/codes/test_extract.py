import contextlib
import json
import multiprocessing
import os
import random
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile
from support.codecs import tiny_codec_folder, tiny_dac_folder
from support.extractions import extract_telling
from support.manifests import tiny_manifest
from support.oddaudio import odd_recordings
from support.semantic_codecs import semantic_file
from support.speech_encoders import tiny_encoder_folder
from support.speechlike import vowel_train

from amhctl.audio import acoustics, files
from amhctl.audio.augment import synthetic_room
from amhctl.codec import dac, mel_codec
from amhctl.codec.registry import load_codec
from amhctl.codes import preparation
from amhctl.codes.extraction import prepare_waveform
from amhctl.codes.failures import read_failures
from amhctl.codes.store import CodeStore
from amhctl.codes.verify import verify_store
from amhctl.codes.writer import StoreWriter
from amhctl.config.acoustics import AcousticsConfig
from amhctl.core.errors import AudioError, CodecError, ConfigError, DatasetError, OptionError
from amhctl.core.progress import SilentProgress
from amhctl.corpus.records import Record, read_records, write_records
from amhctl.encoders.speech import SpeechEncoder
from amhctl.workflows.codes import check as check_codes
from amhctl.workflows.codes import extract as extract_codes
from amhctl.workflows.codes import merge as merge_codes
from amhctl.workflows.codes.extract import ExtractCodesReport, ExtractCodesRequest, run

_VARIED = ("augment.speed=0.1", "augment.semitones=2", "augment.noise_share=0.5", "augment.room_share=0.5")


def _extract(manifest: Path, store: Path, codec: Path, **options: object) -> ExtractCodesReport:
    request = ExtractCodesRequest(manifest=manifest, output=store, codec=str(codec), **options)  # type: ignore[arg-type]
    return run(request, SilentProgress())


@pytest.mark.parametrize("options", [{"level": -20.0}, {"copies": 2, "shifts": 2, "sets": _VARIED}])
def test_odd_recordings_cost_nothing_but_themselves(tmp_path: Path, options: dict[str, object]) -> None:
    codec, manifest = tiny_codec_folder(tmp_path), tiny_manifest(tmp_path / "data")
    names = odd_recordings(tmp_path / "data" / "odd")
    odd = [
        Record(id=name, audio=f"odd/{name}", text="ሰላም", split="train", **values)
        for name, values in (
            *((name, {}) for name in names),
            ("far", {"offset": 1e308}),
            ("long", {"duration": 1e308}),
        )
    ]
    write_records(manifest, [*read_records(manifest), *odd], force=True)
    report = _extract(manifest, tmp_path / "store", codec, **options)
    assert report.ok
    store = CodeStore.open(tmp_path / "store")
    assert {"r0", "r1", "r2", "r3"} <= set(store.ids)
    assert all(name in store or report.failed[name] for name in (record.id for record in odd))
    bad = {name for name, code in names.items() if code in ("D010", "D011", "D012", "D090")}
    assert bad | {"far", "long", "short_1_44100.wav", "short_1_48000.wav"} <= set(report.failed)
    assert all(np.isfinite(store.features(id_).astype(np.float32)).all() for id_ in store.ids)


def test_a_long_recording_has_the_codes_and_features_of_a_whole_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest, codec = tiny_manifest(tmp_path, seconds=2.5), tiny_codec_folder(tmp_path)
    _extract(manifest, tmp_path / "whole", codec, level=-20.0, acoustics=True)
    monkeypatch.setattr(preparation, "LONG_SECONDS", 2.65)
    monkeypatch.setattr(mel_codec, "_WINDOW_SECONDS", 1.0)
    monkeypatch.setattr(acoustics, "_PIECE_SECONDS", 1)
    report = _extract(manifest, tmp_path / "long", codec, level=-20.0, acoustics=True)
    assert report.new == 4
    with StoreWriter.open(tmp_path / "whole") as whole, StoreWriter.open(tmp_path / "long") as cut:
        for id_ in whole.ids:
            assert cut.entry(id_).audio == whole.entry(id_).audio
            assert cut.entry(id_).record == whole.entry(id_).record
            assert (cut.codes(id_) == whole.codes(id_)).mean() > 0.99
            assert np.allclose(cut.features(id_), whole.features(id_), atol=0.02)
            one, other = cut.acoustics(id_), whole.acoustics(id_)
            assert np.allclose(one.mel_TF, other.mel_TF, atol=0.02)
            assert ((one.pitch_T > 0) == (other.pitch_T > 0)).mean() > 0.9
            assert cut.speaker(id_) @ whole.speaker(id_) > 0.99
    report = _extract(manifest, tmp_path / "varied", codec, level=-20.0, copies=1, sets=_VARIED)
    assert set(report.failed) == {"r2+1", "r3+1"}
    assert report.failed["r2+1"] == "3 s are too long to be varied"


_EXTRACT = """
import resource, sys
from pathlib import Path
from amhctl.core.progress import SilentProgress
from amhctl.workflows.codes.extract import ExtractCodesRequest, run
folder = Path(sys.argv[1])
request = lambda name: ExtractCodesRequest(folder / f"{name}.jsonl", folder / name, str(folder / "tiny"), level=-20.0)
assert run(request("short"), SilentProgress()).new == 1
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
assert run(request("long"), SilentProgress()).new == 1
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


def test_a_long_recording_takes_no_more_memory_than_its_windows(tmp_path: Path) -> None:
    tiny_codec_folder(tmp_path)
    piece = (vowel_train(seconds=20.0).samples * 32_767).astype(np.int16)
    # Half an hour: held whole it takes 1,200 MB.
    for name, count in (("short", 1), ("long", 90)):
        with soundfile.SoundFile(tmp_path / f"{name}.wav", "w", 16_000, 1, "PCM_16") as sound:
            for _ in range(count):
                sound.write(piece)
        write_records(tmp_path / f"{name}.jsonl", [Record(id="a", audio=f"{name}.wav", text="ሰላም")])
    done = subprocess.run([sys.executable, "-c", _EXTRACT, str(tmp_path)], capture_output=True, text=True, check=True)
    assert int(done.stdout) < 300, done.stdout


def test_codes_are_those_of_the_codec_at_true_length(tmp_path: Path) -> None:
    manifest, codec = tiny_manifest(tmp_path), tiny_codec_folder(tmp_path)
    report = _extract(manifest, tmp_path / "store", codec, level=-20.0)
    assert report.ok
    assert (report.utterances, report.new, report.failed) == (4, 4, {})
    store, loaded = CodeStore.open(tmp_path / "store"), load_codec(str(codec))
    assert store.level == -20.0
    for entry in store.entries:
        waveform = prepare_waveform(entry, store)
        assert entry.frames == loaded.spec.frames_of(waveform.samples.size)
        assert np.array_equal(store.codes(entry.id), loaded.encode([waveform.samples])[0])
        assert store.features(entry.id).shape == (1 + waveform.samples.size // store.mel.hop_samples, store.mel.bins)


def test_extraction_goes_on_where_it_stopped(tmp_path: Path) -> None:
    manifest, codec = tiny_manifest(tmp_path), tiny_codec_folder(tmp_path)
    _extract(manifest, tmp_path / "store", codec)
    whole = CodeStore.open(tmp_path / "store").fingerprint
    index = tmp_path / "store" / "index-1-of-1.jsonl"
    index.write_bytes(b"".join(index.read_bytes().splitlines(keepends=True)[:2]) + b'{"record": {"id"')
    report = _extract(manifest, tmp_path / "store", codec)
    assert (report.utterances, report.new) == (4, 2)
    assert CodeStore.open(tmp_path / "store").fingerprint == whole
    assert _extract(manifest, tmp_path / "store", codec).realtime_factor is None


def test_acoustics_go_on_where_they_stopped_in_shards_and_merged(tmp_path: Path) -> None:
    manifest, codec = tiny_manifest(tmp_path, count=5), tiny_codec_folder(tmp_path)
    report = _extract(manifest, tmp_path / "whole", codec, acoustics=True)
    assert (report.new, report.payload()["acoustics"]) == (5, True)
    whole = CodeStore.open(tmp_path / "whole")
    assert (whole.document.acoustics, whole.speaker("r0").shape) == (AcousticsConfig(), (256,))
    assert np.linalg.norm(whole.speaker("r0")) == pytest.approx(1.0, abs=1e-3)
    index = tmp_path / "whole" / "index-1-of-1.jsonl"
    index.write_bytes(b"".join(index.read_bytes().splitlines(keepends=True)[:2]) + b'{"record": {"id"')
    assert _extract(manifest, tmp_path / "whole", codec, acoustics=True).new == 3
    assert CodeStore.open(tmp_path / "whole").fingerprint == whole.fingerprint
    for shard in ("2/2", "1/2"):
        _extract(manifest, tmp_path / "parts", codec, acoustics=True, shard=shard)
    merge_codes.run(merge_codes.MergeCodesRequest((tmp_path / "parts",), tmp_path / "merged"), SilentProgress())
    for name in ("parts", "merged"):
        assert CodeStore.open(tmp_path / name).fingerprint == whole.fingerprint
        assert verify_store(tmp_path / name, SilentProgress()).findings == ()
    for name, wanted in (("whole", False), ("plain", True)):
        if name == "plain":
            _extract(manifest, tmp_path / name, codec)
        with pytest.raises(DatasetError, match="settings differ from those of the store: acoustics"):
            _extract(manifest, tmp_path / name, codec, acoustics=wanted)


def test_shards_fill_one_store(tmp_path: Path) -> None:
    manifest, codec = tiny_manifest(tmp_path, count=5), tiny_codec_folder(tmp_path)
    counts = [_extract(manifest, tmp_path / "store", codec, shard=f"{i}/2").utterances for i in (1, 2)]
    assert counts == [3, 2]
    assert len(CodeStore.open(tmp_path / "store")) == 5
    with pytest.raises(OptionError, match="i/n"):
        _extract(manifest, tmp_path / "store", codec, shard="3/2")


def test_bad_items_are_listed_and_not_fatal(tmp_path: Path) -> None:
    manifest, codec = tiny_manifest(tmp_path), tiny_codec_folder(tmp_path)
    (tmp_path / "wav" / "r1.wav").write_bytes((tmp_path / "wav" / "r1.wav").read_bytes()[:9_000])
    (tmp_path / "wav" / "r2.wav").unlink()
    report = _extract(manifest, tmp_path / "store", codec)
    assert set(report.failed) == {"r1", "r2"}
    assert report.ok
    assert set(read_failures(tmp_path / "store")) == {"r1", "r2"}
    assert {finding.code for finding in report.findings} == {"X001"}


def test_no_store_is_left_if_nothing_can_be_extracted(tmp_path: Path) -> None:
    manifest, codec = tiny_manifest(tmp_path), tiny_codec_folder(tmp_path)
    _extract(manifest, tmp_path / "store", codec)
    for recording in (tmp_path / "wav").iterdir():
        recording.unlink()
    report = _extract(manifest, tmp_path / "new", codec)
    assert (report.ok, report.store, report.payload()["store"], len(report.failed)) == (False, None, None, 4)
    assert list(report.lines()) == ["nothing could be extracted: no store was written"]
    assert not (tmp_path / "new").exists()
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / ".keep").touch()
    _extract(manifest, tmp_path / "empty", codec)
    assert [file.name for file in (tmp_path / "empty").iterdir()] == [".keep"]
    # Other shards may be writing into the store, and what it holds of an earlier run stays.
    assert _extract(manifest, tmp_path / "shared", codec, shard="1/2").store == tmp_path / "shared"
    _extract(manifest, tmp_path / "store", codec)
    assert len(CodeStore.open(tmp_path / "store")) == 4


def test_changed_descriptions_are_amended_without_encoding(tmp_path: Path) -> None:
    manifest, codec = tiny_manifest(tmp_path), tiny_codec_folder(tmp_path)
    _extract(manifest, tmp_path / "store", codec)
    records = read_records(manifest)
    write_records(manifest, [r.model_copy(update={"split": "test", "text": "ሌላ"}) for r in records], force=True)
    report = _extract(manifest, tmp_path / "store", codec)
    assert (report.new, report.amended) == (0, 4)
    assert {(e.record.split, e.record.text) for e in CodeStore.open(tmp_path / "store").entries} == {("test", "ሌላ")}


def test_another_codec_is_refused(tmp_path: Path) -> None:
    manifest = tiny_manifest(tmp_path)
    _extract(manifest, tmp_path / "store", tiny_codec_folder(tmp_path))
    with pytest.raises(DatasetError, match="fingerprint"):
        _extract(manifest, tmp_path / "store", tiny_codec_folder(tmp_path, seed=1, name="other"))
    with pytest.raises(DatasetError, match="level"):
        _extract(manifest, tmp_path / "store", tmp_path / "tiny", level=-26.0)


def test_speech_is_brought_to_one_level_unless_another_is_named(tmp_path: Path) -> None:
    manifest, codec = tiny_manifest(tmp_path), tiny_codec_folder(tmp_path)
    _extract(manifest, tmp_path / "usual", codec)
    _extract(manifest, tmp_path / "named", codec, level=-20.0)
    _extract(manifest, tmp_path / "lower", codec, level=-26.0)
    usual, named, lower = (CodeStore.open(tmp_path / name) for name in ("usual", "named", "lower"))
    assert (usual.level, lower.level) == (-20.0, -26.0)
    assert usual.fingerprint == named.fingerprint
    down = usual.features("r0") - lower.features("r0")
    assert float(np.median(down)) == pytest.approx(6.0 * np.log(10.0) / 20.0, abs=0.02)


def test_what_the_manifest_no_longer_names_is_counted(tmp_path: Path) -> None:
    manifest, codec = tiny_manifest(tmp_path), tiny_codec_folder(tmp_path)
    _extract(manifest, tmp_path / "store", codec, shifts=2)
    records = read_records(manifest)
    twin = records[0].model_copy(update={"id": "twin"})
    write_records(manifest, [*records[:3], twin], force=True)
    report = _extract(manifest, tmp_path / "store", codec, shifts=2)
    assert (report.new, report.shared, report.unlisted) == (0, 1, 2)
    assert any("not in the manifest" in line for line in report.lines())


def test_a_store_of_an_earlier_format_is_refused_with_a_command(tmp_path: Path) -> None:
    manifest, codec = tiny_manifest(tmp_path), tiny_codec_folder(tmp_path)
    _extract(manifest, tmp_path / "store", codec)
    document = tmp_path / "store" / "store.json"
    document.write_text(document.read_text().replace('"format_version": 2', '"format_version": 1'))
    with pytest.raises(DatasetError, match="old format 1") as caught:
        _extract(manifest, tmp_path / "store", codec)
    assert "codes extract" in caught.value.hint


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="needs processes that are forked from one that has loaded torch")
def test_ten_kills_at_random_moments_leave_a_store_that_ends_as_an_uninterrupted_one(tmp_path: Path) -> None:
    manifest, codec = tiny_manifest(tmp_path, count=60, seconds=0.6), tiny_codec_folder(tmp_path)
    # Each child is a process of its own, and so is its worker; forked, they need not load everything first.
    processes = multiprocessing.get_context("forkserver")
    processes.set_forkserver_preload([extract_codes.__name__])
    store = tmp_path / "store"
    moments = random.Random()
    held = []
    for kill in range(10):
        before = len(CodeStore.open(store)) if store.exists() else 0
        request = ExtractCodesRequest(manifest, store, str(codec), workers=kill % 2)
        ours, theirs = processes.Pipe(duplex=False)
        with ours:
            with theirs:
                process = processes.Process(target=extract_telling, args=(request, theirs))
                process.start()
            # Something for the comparison with the store, if it holds anything, and something for each batch.
            with contextlib.suppress(EOFError):
                for _ in range((before > 0) + moments.randrange(5)):
                    ours.recv_bytes()
            time.sleep(moments.random() * 0.03)
            process.kill()
            process.join()
        if not (store / "store.json").exists():
            held.append(0)
            continue
        assert [finding for finding in verify_store(store, SilentProgress()).findings if finding.code != "X115"] == []
        held.append(len(CodeStore.open(store)))
    assert held == sorted(held)
    assert 0 < held[-1] < 60
    report = _extract(manifest, store, codec)
    assert (report.utterances, report.failed) == (60, {})
    assert report.new == 60 - held[-1]
    _extract(manifest, tmp_path / "whole", codec)
    assert CodeStore.open(store).fingerprint == CodeStore.open(tmp_path / "whole").fingerprint


_ON_A_FULL_DISK = """
import resource, signal, sys
from amhctl.cli.main import main
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), resource.RLIM_INFINITY))
main(sys.argv[2:])
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs limits on the size of files")
@pytest.mark.parametrize("room", [200, 7_000])
def test_a_disk_without_room_is_an_error_and_leaves_a_readable_store(tmp_path: Path, room: int) -> None:
    manifest, codec, store = tiny_manifest(tmp_path), tiny_codec_folder(tmp_path), tmp_path / "store"
    words = ["codes", "extract", manifest, "-o", store, "--codec", codec, "--device", "cpu", "--json"]
    command = [sys.executable, "-c", _ON_A_FULL_DISK, str(room), *map(str, words)]
    done = subprocess.run(command, capture_output=True, check=False, text=True, env=dict(os.environ))
    assert done.returncode == 3, done.stderr
    error = json.loads(done.stdout)["error"]
    if room < 1_000:
        # Not even the description of the store could be written: there is none.
        assert not (store / "store.json").exists()
    else:
        assert error["type"] == "DatasetError"
        assert "again to resume" in error["hint"]
        assert verify_store(store, SilentProgress()).findings == ()
        assert 0 < len(CodeStore.open(store)) < 4
    assert _extract(manifest, store, codec).utterances == 4


def test_copies_are_counted_checked_and_kept(tmp_path: Path) -> None:
    manifest, codec, store = tiny_manifest(tmp_path), tiny_codec_folder(tmp_path), tmp_path / "store"
    sets = ("augment.speed=0.1", "augment.semitones=0.5", "augment.noise_share=1.0", "seed=3")
    report = _extract(manifest, store, codec, copies=2, shifts=2, sets=sets, workers=1)
    assert (report.utterances, report.new, report.copies, report.findings) == (13, 13, 6, ())
    assert report.payload()["variations"] == {"speed": 6, "pitch": 6, "noise": 6, "room": 0}
    assert any("6 are augmented copies" in line for line in report.lines())
    assert _extract(manifest, store, codec, copies=2, shifts=2, sets=sets).new == 0
    assert _extract(manifest, store, codec, copies=2, shifts=2, sets=sets[:3], seed=3).new == 0
    checked = check_codes.run(check_codes.CheckCodesRequest(store, str(codec)), SilentProgress())
    assert checked.payload()["agreement"] == 1.0
    assert [finding for finding in checked.findings if finding.code in {"X106", "X108", "X112"}] == []
    merge_codes.run(merge_codes.MergeCodesRequest((store,), tmp_path / "merged"), SilentProgress())
    merged = CodeStore.open(tmp_path / "merged")
    assert merged.fingerprint == CodeStore.open(store).fingerprint
    assert {e.id: e.audio for e in merged.entries} == {e.id: e.audio for e in CodeStore.open(store).entries}
    assert _extract(manifest, store, codec, copies=1, shifts=2, sets=sets).unlisted == 3


def test_copies_in_shards_are_those_of_the_whole(tmp_path: Path) -> None:
    manifest, codec = tiny_manifest(tmp_path), tiny_codec_folder(tmp_path)
    sets = ("augment.speed=0.1", "augment.room_share=1.0")
    _extract(manifest, tmp_path / "whole", codec, copies=1, sets=sets)
    for shard in ("1/2", "2/2"):
        report = _extract(manifest, tmp_path / "parts", codec, copies=1, sets=sets, shard=shard)
        assert report.unlisted == 0
    assert CodeStore.open(tmp_path / "parts").fingerprint == CodeStore.open(tmp_path / "whole").fingerprint


def test_rooms_are_taken_from_a_folder(tmp_path: Path) -> None:
    manifest, codec = tiny_manifest(tmp_path), tiny_codec_folder(tmp_path)
    sets = ("augment.room_share=1.0", f"augment.rooms={tmp_path / 'rooms'}")
    with pytest.raises(AudioError, match="no impulse responses"):
        _extract(manifest, tmp_path / "store", codec, copies=1, sets=sets)
    files.write(tmp_path / "rooms" / "hall.wav", synthetic_room(16_000, decay=0.3, seed=0))
    report = _extract(manifest, tmp_path / "store", codec, copies=1, sets=sets)
    assert report.variations["room"] == 3
    rooms = {e.audio.variation.room for e in CodeStore.open(tmp_path / "store").entries if e.is_copy}
    assert rooms == {str(tmp_path / "rooms" / "hall.wav")}


def test_copies_and_strengths_go_together(tmp_path: Path) -> None:
    manifest, codec = tiny_manifest(tmp_path), tiny_codec_folder(tmp_path)
    without_strength = _extract(manifest, tmp_path / "one", codec, copies=1)
    assert ([f.code for f in without_strength.findings], without_strength.shared) == (["X002"], 3)
    without_copies = _extract(manifest, tmp_path / "two", codec, sets=("augment.speed=0.1",))
    assert ([f.code for f in without_copies.findings], without_copies.copies) == (["X002"], 0)
    with pytest.raises(ConfigError, match=r"augment\.sped"):
        _extract(manifest, tmp_path / "three", codec, sets=("augment.sped=0.1",))
    records = read_records(manifest)
    write_records(manifest, [*records, records[1].model_copy(update={"id": "r1+1"})], force=True)
    with pytest.raises(DatasetError, match="the id of an augmented copy"):
        _extract(manifest, tmp_path / "four", codec, copies=1, sets=("augment.speed=0.1",))


def test_a_store_has_one_precision(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Whatever this machine computes in natively: the arithmetic is right, only slower.
    monkeypatch.setattr(dac, "require_precision", lambda *_: None)
    manifest, folder, store = tiny_manifest(tmp_path), tiny_dac_folder(tmp_path), tmp_path / "store"
    report = _extract(manifest, store, folder, precision="bf16")
    assert (report.utterances, report.payload()["precision"]) == (4, "bf16")
    held = CodeStore.open(store)
    half = load_codec(str(folder), precision="bf16")
    for entry in held.entries:
        assert np.array_equal(held.codes(entry.id), half.encode([prepare_waveform(entry, held).samples])[0])
    checked = check_codes.run(check_codes.CheckCodesRequest(store, str(folder)), SilentProgress())
    assert checked.payload()["agreement"] == 1.0
    with pytest.raises(DatasetError, match="precision bf16 ≠ fp32"):
        _extract(manifest, store, folder)
    with pytest.raises(CodecError, match="does not support precision bf16"):
        _extract(manifest, tmp_path / "mel", tiny_codec_folder(tmp_path), precision="bf16")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"engine": "ray", "shard": "1/2"}, "a cluster encodes all shards"),
        ({"tasks": 2}, "one process encodes one shard"),
        ({"features_model": Path("w2v-bert")}, "its features are not requested"),
    ],
)
def test_options_that_do_not_go_together_are_refused(tmp_path: Path, options: dict[str, object], said: str) -> None:
    with pytest.raises(OptionError, match=said):
        _extract(tmp_path / "none.jsonl", tmp_path / "store", tmp_path / "none", **options)


def test_semantic_codes_and_the_features_they_are_of_are_computed_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoder = tiny_encoder_folder(tmp_path / "encoder", normalised=True)
    codec = semantic_file(tmp_path / "semantic.safetensors")
    computed: list[int] = []
    compute = SpeechEncoder._compute
    monkeypatch.setattr(
        SpeechEncoder, "_compute", lambda self, inputs: computed.extend(map(len, inputs)) or compute(self, inputs)
    )
    request = ExtractCodesRequest(
        tiny_manifest(tmp_path, count=3),
        tmp_path / "store",
        str(codec),
        features="w2v-bert",
        features_model=encoder,
    )
    assert run(request, SilentProgress()).utterances == 3
    assert len(computed) == 3
    store = CodeStore.open(tmp_path / "store")
    assert (store.spec.name, store.spec.codebook_size) == ("maskgct-semantic", 8_192)
    for entry in store.entries:
        assert entry.frames == entry.encoder_frames
    checked = check_codes.run(
        check_codes.CheckCodesRequest(tmp_path / "store", str(codec), features_model=encoder), SilentProgress()
    )
    assert [sample.agreement for sample in checked.samples] == [1.0, 1.0, 1.0]
    assert checked.mel_distance is None
    assert not [finding for finding in checked.findings if finding.code in ("X101", "X106", "X108", "X112")]
