"""Every workflow's report is one, and its values are JSON."""

import importlib
import pkgutil
from dataclasses import dataclass

import amhctl.workflows
from amhctl.core.findings import Finding, Severity
from amhctl.core.report import PlainReport, Report, Verdict

# How workflows read text, one shard of an extraction, the parts of a run, where weights come from, ways of training:
# parts of commands, and none themselves.
NO_COMMANDS = {
    "bench_speaking",
    "bench_material",
    "bench_sections",
    "bench_train",
    "ckpt.compare_base",
    "ckpt.export_official",
    "ckpt.written",
    "codes.extract_cluster",
    "codes.extract_shard",
    "network_run",
    "eval_clip",
    "fit_durations",
    "indextts2_speed",
    "eval_judges",
    "eval_lineage",
    "eval_pairs",
    "former_data",
    "listen.systems",
    "prepare_flow",
    "prepare_unified",
    "provenance",
    "reading",
    "run_parts",
    "run_settings",
    "say_samples",
    # Its reports are those of speak_report.
    "speak",
    "speak_items",
    "speak_journal",
    "speak_opening",
    "speak_output",
    "speak_playing",
    "speak_request",
    "speak_settings",
    "speak_source",
    "text.lines",
}


def test_every_workflow_returns_a_frozen_report() -> None:
    prefix = "amhctl.workflows."
    for module in pkgutil.walk_packages(amhctl.workflows.__path__, prefix):
        if module.ispkg or module.name.removeprefix(prefix) in NO_COMMANDS:
            continue
        names = vars(importlib.import_module(module.name))
        reports = [value for name, value in names.items() if name.endswith("Report") and isinstance(value, type)]
        own = [report for report in reports if report.__module__ == module.name]
        assert own, module.name
        for report in own:
            assert issubclass(report, Report)
            assert "findings" in set(dir(report)) | set(report.__annotations__)
            assert report.__dataclass_params__.frozen  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class _Judged(Verdict):
    findings: tuple[Finding, ...]

    def payload(self) -> dict[str, object]:
        return {}

    def lines(self) -> list[str]:
        return []


class _Plain(PlainReport):
    def payload(self) -> dict[str, object]:
        return {}

    def lines(self) -> list[str]:
        return []


def test_what_is_judged_is_negative_by_an_error_alone() -> None:
    found = [Finding("T001", severity, "subject", "message") for severity in (Severity.WARNING, Severity.ERROR)]
    assert _Judged(()).ok
    assert _Judged((found[0],)).ok
    assert not _Judged(tuple(found)).ok


def test_what_inspects_nothing_is_done_without_findings() -> None:
    assert _Plain().ok
    assert _Plain().findings == ()
