from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from support.codecs import tiny_codec_folder
from support.manifests import tiny_manifest
from support.stores import toy_store

from amhctl.audio.waveform import Waveform
from amhctl.codes.acoustic_checks import VoiceStatistics
from amhctl.codes.checks import CodeStatistics
from amhctl.codes.layout import ACOUSTICS
from amhctl.codes.store import CodeStore
from amhctl.codes.writer import StoreWriter
from amhctl.core.errors import FileExistsRefused
from amhctl.core.progress import SilentProgress
from amhctl.corpus.records import read_audio, read_records
from amhctl.pages.codes import DecodedSample
from amhctl.workflows.codes import extract as extract_codes
from amhctl.workflows.codes import verify as verify_codes
from amhctl.workflows.codes.check import (
    RULES,
    CheckCodesReport,
    CheckCodesRequest,
    _judge_intelligibility,
    _mel_distance,
    run,
)


def _store(folder: Path, codec: str | None = None, *, acoustic: bool = False) -> tuple[Path, str]:
    """Return a store of vowels and its codec: the one given, or one of noise."""
    codec = codec or str(tiny_codec_folder(folder))
    request = extract_codes.ExtractCodesRequest(tiny_manifest(folder), folder / "store", codec, acoustics=acoustic)
    extract_codes.run(request, SilentProgress())
    return folder / "store", codec


def _check(store: Path, codec: str) -> CheckCodesReport:
    return run(CheckCodesRequest(store, codec), SilentProgress())


def _errors(report: CheckCodesReport) -> set[str]:
    return {finding.code for finding in report.findings if finding.severity == "error"}


def test_extracted_codes_pass(tmp_path: Path) -> None:
    report = _check(*_store(tmp_path, "mel16k"))
    assert report.ok
    assert report.payload()["agreement"] == 1.0
    assert report.pesq is not None
    assert report.stoi is not None
    assert len(report.statistics.usage) == 8
    payload = report.payload()
    assert payload["duplicates"] == 0
    assert payload["mel_distance"] == pytest.approx(np.mean([sample.mel_distance for sample in report.samples]))
    ratio = payload["length_ratio"]
    assert isinstance(ratio, dict)
    # The last frame of 40 ms is seldom full, and never more than full.
    assert 1.0 <= ratio["lowest"] <= ratio["mean"] <= ratio["highest"] < 1.04
    assert any("mel distance" in line for line in report.lines())


def test_codes_that_decode_to_no_speech_are_an_error(tmp_path: Path) -> None:
    # The codec's weights are noise: its codes are those of the recordings, and no word can be understood.
    report = _check(*_store(tmp_path))
    assert report.payload()["agreement"] == 1.0
    assert not report.ok
    assert _errors(report) == {"X118"}


@pytest.mark.parametrize(
    ("scores", "refused"),
    [([0.4, 0.4, 0.0], False), ([0.39, 0.39, 0.9], True), ([0.1, None, 0.9], False), ([None], False), ([], False)],
)
def test_the_middle_sample_decides(tmp_path: Path, scores: list[float | None], refused: bool) -> None:
    samples = [DecodedSample(str(number), 1.0, 0.0, None, score) for number, score in enumerate(scores)]
    found = [finding.code for finding in _judge_intelligibility(toy_store(tmp_path / "store"), samples)]
    assert found == (["X118"] if refused else [])


def test_missing_and_impossible_codes_are_findings(tmp_path: Path) -> None:
    path, codec = _store(tmp_path)
    codes = path / "codes-1-of-1.bin"
    content = codes.read_bytes()
    codes.write_bytes(b"\xff\xff" + content[2:])
    assert ("X107", CodeStore.open(path).ids[0]) in {(item.code, item.subject) for item in _check(path, codec).findings}
    last = CodeStore.open(path).ids[-1]
    codes.write_bytes(content[:-2])
    assert ("X114", last) in {(item.code, item.subject) for item in _check(path, codec).findings}


def test_the_mel_distance_is_zero_for_the_same_clip_and_grows_with_noise(tmp_path: Path) -> None:
    clip = read_audio(read_records(tiny_manifest(tmp_path))[0], tmp_path)
    noise = np.random.default_rng(0).normal(size=clip.samples.size).astype(np.float32)
    distances = [
        _mel_distance(clip, Waveform(clip.samples + share * noise, clip.sample_rate)) for share in (0.0, 0.01, 0.1)
    ]
    assert distances[0] == 0.0
    assert 0.0 < distances[1] < distances[2]


def test_a_page_is_written_once(tmp_path: Path) -> None:
    store, codec = _store(tmp_path)
    page = tmp_path / "r.html"
    request = CheckCodesRequest(store, codec, sample=2, report=page)
    report = run(request, SilentProgress())
    assert report.payload()["report"] == str(page)
    text = page.read_text(encoding="utf-8")
    assert all(sample.id in text for sample in report.samples)
    with pytest.raises(FileExistsRefused):
        run(request, SilentProgress())
    page.write_text(text.replace("<body", "<body class=old", 1))
    run(replace(request, force=True), SilentProgress())
    assert page.read_text(encoding="utf-8") == text


def test_codes_of_other_recordings_are_refused(tmp_path: Path) -> None:
    path, codec = _store(tmp_path)
    store = CodeStore.open(path)
    with StoreWriter.create(tmp_path / "fake", store.spec, store.mel) as fake:
        for number, entry in enumerate(store.entries):
            codes = np.random.default_rng(number).integers(0, 16, (2, entry.frames)).astype(np.uint16)
            fake.append(
                entry.record.model_copy(update={"audio": str(path / entry.record.audio)}),
                codes,
                store.features(entry.id),
            )
    report = _check(tmp_path / "fake", codec)
    assert not report.ok
    assert "X108" in _errors(report)


def test_another_codec_is_named(tmp_path: Path) -> None:
    store, _ = _store(tmp_path)
    other = tiny_codec_folder(tmp_path, seed=1, name="other")
    report = _check(store, str(other))
    assert _errors(report) == {"X101"}
    assert "fingerprint" in report.findings[0].message
    assert report.stoi is None


def test_a_missing_recording_is_a_warning(tmp_path: Path) -> None:
    store, codec = _store(tmp_path, "mel16k")
    (tmp_path / "wav" / "r1.wav").unlink()
    report = _check(store, codec)
    assert report.ok
    assert ("X112", "r1") in {(finding.code, finding.subject) for finding in report.findings}


def test_codes_are_documented_once() -> None:
    codes = [rule.code for rule in (*RULES, *extract_codes.RULES, *verify_codes.RULES)]
    assert len(set(codes)) == len(codes)


def test_acoustics_of_another_recording_are_found(tmp_path: Path) -> None:
    path, codec = _store(tmp_path, acoustic=True)
    report = _check(path, codec)
    assert not {finding.code for finding in report.findings} & {"X106", "X107", "X119", "X120"}
    voices = report.payload()["voices"]
    assert isinstance(voices, list)
    assert [voice["speaker"] for voice in voices] == ["s0", "s1"]
    assert 95.0 < voices[0]["pitch"] < 105.0 < 110.0 < voices[1]["pitch"] < 120.0
    assert any(line.startswith("s1: 2 clips, ") and "Hz" in line for line in report.lines())
    with StoreWriter.open(path) as store:
        columns = {
            **store.columns("r1"),
            ACOUSTICS: store.columns("r2")[ACOUSTICS][: store.entry("r1").acoustic_frames],
        }
        store.append_columns(store.entry("r1").record, columns, audio=store.entry("r1").audio, replace=True)
    (finding,) = [finding for finding in _check(path, codec).findings if finding.code in {"X106", "X107", "X120"}]
    assert (finding.code, finding.subject) == ("X120", "r1")


def test_of_very_many_speakers_some_are_shown() -> None:
    voices = tuple(VoiceStatistics(f"s{number}", 1, 0.5, 100.0, 1.0, 1.0) for number in range(33))
    statistics = CodeStatistics((1.0,), (1.0,), 0.0, 9, 0, (), np.ones((1, 2), dtype=np.int64))
    report = CheckCodesReport(33, statistics, (), (), None, voices)
    assert list(report.lines())[-2:] == [
        "s29: 1 clips, 50% voiced, 100 Hz ± 1.0 semitones, similarity 1.00",
        "… and 3 speakers more",
    ]
