"""``bench`` measures what it is asked for, on generated recordings, and names the machine."""

from pathlib import Path

from support.codecs import tiny_codec_folder

from amhctl.core.progress import SilentProgress
from amhctl.workflows import benchmark
from amhctl.workflows.benchmark import BenchmarkRequest


def test_codes_and_checks_are_timed_on_generated_recordings(tmp_path: Path) -> None:
    codec = tiny_codec_folder(tmp_path)
    request = BenchmarkRequest(only=("codes", "data"), codec=str(codec), repetitions=1)
    report = benchmark.run(request, SilentProgress())
    results = report.payload()["results"]
    assert isinstance(results, dict)
    assert set(results) == {"codes_encode", "codes_decode", "codes_extract", "data_check"}
    assert all(item["value"] > 0 for item in results.values())
    assert next(iter(report.lines())) == report.machine.line()


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
