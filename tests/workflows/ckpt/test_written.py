from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pytest
from support.checkpoints import tiny_manifest

from amhctl.core.findings import Finding
from amhctl.workflows.ckpt.written import WrittenCheckpoint


@dataclass(frozen=True, slots=True)
class _Report(WrittenCheckpoint):
    count: int
    findings: tuple[Finding, ...] = ()

    def figures(self) -> dict[str, object]:
        return {"count": self.count}

    def lines(self) -> Iterable[str]:
        yield self.manifest.name


def test_figures_stand_between_the_place_and_the_manifest() -> None:
    manifest = tiny_manifest()
    report = _Report(Path("voice"), manifest, 3)
    assert list(report.payload().items()) == [
        ("checkpoint", "voice"),
        ("count", 3),
        ("manifest", manifest.model_dump(mode="json")),
    ]
    assert (report.ok, list(report.lines())) == (True, [manifest.name])


def test_a_report_without_figures_of_its_own_is_none() -> None:
    with pytest.raises(TypeError, match="abstract"):
        WrittenCheckpoint(Path("voice"), tiny_manifest())  # type: ignore[abstract]
