from pathlib import Path

import numpy as np
from support.codecs import tiny_codec_folder
from support.manifests import tiny_manifest

from amhctl.core.progress import SilentProgress
from amhctl.data.codestore import CodeStore
from amhctl.workflows import extract_codes
from amhctl.workflows.check_codes import RULES, CheckCodesReport, CheckCodesRequest, run


def _store(folder: Path) -> tuple[Path, Path]:
    codec = tiny_codec_folder(folder)
    request = extract_codes.ExtractCodesRequest(tiny_manifest(folder), folder / "store", str(codec))
    extract_codes.run(request, SilentProgress())
    return folder / "store", codec


def _check(store: Path, codec: Path) -> CheckCodesReport:
    return run(CheckCodesRequest(store, str(codec)), SilentProgress())


def _errors(report: CheckCodesReport) -> set[str]:
    return {finding.code for finding in report.findings if finding.severity == "error"}


def test_extracted_codes_pass(tmp_path: Path) -> None:
    report = _check(*_store(tmp_path))
    assert report.ok
    assert report.payload()["agreement"] == 1.0
    assert report.pesq is not None
    assert report.stoi is not None
    assert len(report.statistics.usage) == 2
    assert list(report.lines())


def test_codes_of_other_recordings_are_refused(tmp_path: Path) -> None:
    path, codec = _store(tmp_path)
    store = CodeStore.open(path)
    with CodeStore.create(tmp_path / "fake", store.spec, store.mel) as fake:
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
    report = _check(store, other)
    assert _errors(report) == {"X101"}
    assert "fingerprint" in report.findings[0].message
    assert report.stoi is None


def test_a_missing_recording_is_a_warning(tmp_path: Path) -> None:
    store, codec = _store(tmp_path)
    (tmp_path / "wav" / "r1.wav").unlink()
    report = _check(store, codec)
    assert report.ok
    assert ("X112", "r1") in {(finding.code, finding.subject) for finding in report.findings}


def test_codes_are_documented_once() -> None:
    codes = [rule.code for rule in (*RULES, *extract_codes.RULES)]
    assert len(set(codes)) == len(codes)
