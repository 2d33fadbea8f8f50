"""Every workflow's report is one, and its values are JSON."""

import importlib
import pkgutil

import amhctl.workflows

# How workflows read text, one shard of an extraction, the parts of a run, where weights come from, ways of training:
# parts of commands, and none themselves.
NO_COMMANDS = {
    "bench_train",
    "ckpt.compare_base",
    "ckpt.export_official",
    "codes.extract_cluster",
    "codes.extract_shard",
    "former_data",
    "prepare_run",
    "provenance",
    "reading",
    "say_samples",
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
            assert {"ok", "findings", "payload", "lines"} <= set(dir(report)) | set(report.__annotations__)
            assert report.__dataclass_params__.frozen  # type: ignore[attr-defined]
