from pathlib import Path

import pytest
from support.codecs import tiny_codec_folder
from support.indextts2 import indextts2_folder
from support.manifests import tiny_manifest
from support.vocoders import tiny_vocoder_folder

from amhctl.core.progress import SilentProgress
from amhctl.evaluation.process_cost import Cost
from amhctl.evaluation.thread_speed import ThreadTiming
from amhctl.workflows import bench as benchmark
from amhctl.workflows import bench_sections
from amhctl.workflows.bench import BenchmarkRequest
from amhctl.workflows.codes import extract
from amhctl.workflows.codes.extract import ExtractCodesRequest


def test_codes_and_checks_are_timed_on_generated_recordings(tmp_path: Path) -> None:
    codec = tiny_codec_folder(tmp_path)
    request = BenchmarkRequest(only=("codes", "data"), codec=str(codec), repetitions=1)
    report = benchmark.run(request, SilentProgress())
    results = report.payload()["results"]
    assert isinstance(results, dict)
    assert set(results) == {
        "codes_encode",
        "codes_encode_batches",
        "codes_decode",
        "codes_extract",
        "codes_extract_peak_memory",
        "data_check",
    }
    assert all(item["value"] > 0 for item in results.values())
    assert next(iter(report.lines())) == report.machine.line()


def test_codes_of_indextts2_are_timed_with_their_features_and_spoken_by_a_prompt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, manifest = indextts2_folder(tmp_path / "indextts2"), tiny_manifest(tmp_path, count=2)

    def extracted(*words: str) -> Cost:
        assert words[-3:] == ("--features", "w2v-bert", "--quiet")
        request = ExtractCodesRequest(Path(words[2]), Path(words[4]), words[6], features="w2v-bert")
        extract.run(request, SilentProgress())
        return Cost(peak_bytes=2**30, wall=0.5, processor=0.4)

    monkeypatch.setattr(bench_sections, "run_apart", extracted)
    request = BenchmarkRequest(only=("codes",), codec=str(folder), manifest=manifest, repetitions=1)
    results = {item.name: item for item in benchmark.run(request, SilentProgress()).measurements}
    assert results["codes_decode"].note == "maskgct-semantic, 1 s of recordings"
    assert results["codes_encode"].note == "maskgct-semantic, 3 s of recordings"
    assert results["codes_encode_batches"].note.endswith(", 1 batches")
    # Two clips of 1.3 and 1.4 s in half a second.
    assert results["codes_extract"].value == pytest.approx(5.4)
    assert results["codes_extract_peak_memory"].value == 1.0


def test_a_vocoder_is_timed_by_one_thread_and_by_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench_sections, "available_processors", lambda: 2)
    request = BenchmarkRequest(only=("vocoder",), vocoder=str(tiny_vocoder_folder(tmp_path)), repetitions=1)
    one, every = benchmark.run(request, SilentProgress()).measurements
    assert (one.name, every.name) == ("vocoder_one_thread", "vocoder_all_threads")
    assert one.value > 0
    assert every.value > 0
    assert "tiny-vocoder, 6 s at 16000 Hz, 1 thread(s)" in one.note
    assert "2 thread(s)" in every.note


def test_startup_is_timed_in_processes_of_its_own() -> None:
    report = benchmark.run(BenchmarkRequest(only=("startup",)), SilentProgress())
    help_time, bare = report.measurements
    assert help_time.value > bare.value > 0


def test_text_is_timed_on_generated_lines_or_a_corpus_of_ones_own(tmp_path: Path) -> None:
    report = benchmark.run(BenchmarkRequest(only=("text",)), SilentProgress())
    assert {item.name for item in report.measurements} == {"text_normalize", "text_normalize_speed", "text_phones"}
    corpus = tmp_path / "news.txt"
    corpus.write_text("በ1990 ዓ.ም. 5 ሰዎች መጡ።\n!!\nሰላም ዓለም።\n", encoding="utf-8")
    report = benchmark.run(BenchmarkRequest(only=("text",), corpus=corpus), SilentProgress())
    figures = {item.name: item for item in report.measurements}
    assert "3 lines" in figures["text_normalize"].note
    assert figures["vocab_train"].value > 0
    assert 0 < figures["vocab_train_peak_memory"].value < 1


def test_threads_are_timed_one_and_all_alone_and_beside_other_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[int, bool, int]] = []

    def timed(codec: str, *, threads: int, sleeping: bool, beside: int, repetitions: int) -> ThreadTiming:
        asked.append((threads, sleeping, beside))
        return ThreadTiming(wall=1.0 / len(asked), processor=0.25)

    monkeypatch.setattr(bench_sections, "time_encoding", timed)
    monkeypatch.setattr(bench_sections, "available_processors", lambda: 4)
    report = benchmark.run(BenchmarkRequest(only=("threads",)), SilentProgress())
    assert asked == [(1, True, 0), (1, True, 4), (4, True, 0), (4, True, 4), (4, False, 0), (4, False, 4)]
    figures = {item.name: item for item in report.measurements}
    assert [item.value for item in report.measurements] == [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]
    assert list(figures)[-1] == "threads_all_spinning_beside"
    assert "4 threads" in figures["threads_all_beside"].note
    assert "beside 4 busy" in figures["threads_all_beside"].note
    assert "250 ms of processor time" in figures["threads_one"].note
