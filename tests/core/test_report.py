"""Every workflow's report is one, and its values are JSON."""

import importlib
import pkgutil

import amhctl.workflows

# How workflows read text, one share of an extraction, the parts of a run, where weights come from, ways of training:
# parts of commands, and none themselves.
NO_COMMANDS = {
    "compare_base",
    "export_official",
    "extract_share",
    "former_data",
    "line_reading",
    "prepare_run",
    "provenance",
    "reading",
    "say_samples",
    "train_variants",
}


def test_every_workflow_returns_a_frozen_report() -> None:
    for module in pkgutil.iter_modules(amhctl.workflows.__path__):
        if module.name in NO_COMMANDS:
            continue
        names = vars(importlib.import_module(f"amhctl.workflows.{module.name}"))
        reports = [value for name, value in names.items() if name.endswith("Report") and isinstance(value, type)]
        own = [report for report in reports if report.__module__.endswith(module.name)]
        assert own or module.name == "__init__", module.name
        for report in own:
            assert {"ok", "findings", "payload", "lines"} <= set(dir(report)) | set(report.__annotations__)
            assert report.__dataclass_params__.frozen  # type: ignore[attr-defined]
