from pathlib import Path

from support.stores import toy_store

from amhctl.core.progress import SilentProgress
from amhctl.workflows.codes.verify import RULES, VerifyCodesRequest, run


def test_the_verdict_follows_the_bytes(tmp_path: Path) -> None:
    path = toy_store(tmp_path / "store").path
    report = run(VerifyCodesRequest(path), SilentProgress())
    assert report.ok
    assert report.payload() == {
        "store": str(path),
        "parts": ["1-of-1"],
        "utterances": 6,
        "shared": 0,
        "bytes": sum(file.stat().st_size for file in path.glob("*.bin")),
    }
    file = path / "codes-1-of-1.bin"
    file.write_bytes(b"\x07" + file.read_bytes()[1:])
    report = run(VerifyCodesRequest(path), SilentProgress())
    assert not report.ok
    assert [(finding.code, finding.subject) for finding in report.findings] == [("X107", "u0")]
    assert list(report.lines())[-1].startswith("some data are damaged")


def test_an_interrupted_end_is_no_error(tmp_path: Path) -> None:
    path = toy_store(tmp_path / "store").path
    with (path / "codes-1-of-1.bin").open("ab") as stream:
        stream.write(b"half")
    report = run(VerifyCodesRequest(path), SilentProgress())
    assert report.ok
    assert {finding.code for finding in report.findings} == {"X115"} < {rule.code for rule in RULES}
