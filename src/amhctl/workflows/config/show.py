"""``config show``: every setting, its value and where the value comes from."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel

from amhctl.config.load import DEFAULT_PRESET, leaves, load_run_config
from amhctl.core.progress import Progress
from amhctl.core.report import PlainReport


@dataclass(frozen=True, slots=True)
class ShowConfigRequest:
    """Which configuration to resolve."""

    preset: str | None = None
    project: Path | None = None
    sets: tuple[str, ...] = ()
    changed_only: bool = False


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting."""

    key: str
    value: object
    source: str


@dataclass(frozen=True, slots=True)
class ShowConfigReport(PlainReport):
    """The resolved settings."""

    settings: tuple[Setting, ...]

    def payload(self) -> dict[str, object]:
        """Return ``values``: key to value and source."""
        return {
            "values": {setting.key: {"value": setting.value, "source": setting.source} for setting in self.settings}
        }

    def lines(self) -> Iterable[str]:
        """Return a line for each setting."""
        wide = max((len(setting.key) for setting in self.settings), default=0)
        for setting in self.settings:
            yield f"{setting.key:<{wide}}  {setting.value!s:<24}  {setting.source}"


def run(request: ShowConfigRequest, progress: Progress) -> ShowConfigReport:
    """Resolve a configuration.

    Raises
    ------
    ConfigError
        If it has faults.
    """
    progress.say("later layers win: preset, amhctl.toml, AMHCTL_* environment, --set, flags")
    resolved = load_run_config(preset=request.preset, project=request.project, sets=request.sets)
    unchanged = ("default", f"preset {request.preset or DEFAULT_PRESET}")
    settings = tuple(
        Setting(key, _plain(value), resolved.sources[key])
        for key, value in leaves(resolved.config)
        if not request.changed_only or resolved.sources[key] not in unchanged
    )
    return ShowConfigReport(settings)


def _plain(value: object) -> object:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, Path):
        return str(value)
    return list(value) if isinstance(value, tuple) else value
