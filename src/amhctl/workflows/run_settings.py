"""The configuration of a run of training with its sources; of a run that is resumed, the saved one."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from amhctl.config.schema import RunConfig
from amhctl.core.documents import parse_toml_value, read_json
from amhctl.core.errors import ConfigError, DocumentError
from amhctl.training.state import RunFolder

_FREE = frozenset(
    f"training.{name}"
    for name in ("steps", "valid_every", "save_every", "keep_checkpoints", "patience", "samples", "workers", "sharding")
)
"""Values that may change when a run continues; any other would make it another run."""
_WORDS = frozenset({"training.sharding"})
"""Of those, what is no number."""


@dataclass(frozen=True, slots=True)
class Settings:
    """A configuration and where each value comes from."""

    config: RunConfig
    sources: Mapping[str, str]

    def explicit(self, key: str) -> bool:
        """Return whether someone chose the value, or one inside it, rather than a preset or a default."""
        return any(
            (name == key or name.startswith(f"{key}.")) and not source.startswith(("preset", "default"))
            for name, source in self.sources.items()
        )

    def document(self) -> str:
        """Return the text of ``config.json``."""
        values = {"config": self.config.model_dump(mode="json"), "sources": dict(self.sources)}
        return json.dumps(values, ensure_ascii=False, indent=2) + "\n"

    def lines(self) -> Iterator[str]:
        """Yield what someone chose, a line a value, and where."""
        values = self.config.model_dump(mode="json")
        for key, source in sorted(self.sources.items()):
            if self.explicit(key):
                value: object = values
                for part in key.split("."):
                    value = value.get(part) if isinstance(value, dict) else None
                yield f"{key} = {value} ({source})"


def resume_settings(folder: RunFolder, sets: Sequence[str], *, data: Path | None) -> Settings:
    """Return the settings of a run that is resumed: those it has, but for what may change.

    Parameters
    ----------
    folder : RunFolder
        Of the run.
    sets : Sequence[str]
        ``KEY=VALUE`` of values that may change.
    data : Path | None
        Where its store is now; None is where it was. What it holds is checked against the checkpoint.

    Raises
    ------
    ConfigError
        If there is no run, its configuration is damaged, or a value cannot change.
    """
    try:
        saved = cast("dict[str, Any]", read_json(folder.config))
        values, sources = saved["config"], dict(saved["sources"])
        for assignment in sets:
            _change(values["training"], sources, assignment)
        if data is not None:
            values["paths"]["data"] = str(data)
            sources["paths.data"] = "--data"
        return Settings(RunConfig.model_validate(values), {key: str(source) for key, source in sources.items()})
    except ConfigError:
        raise
    except OSError as error:
        raise ConfigError(
            "there is no run to resume", subject=str(folder.config), hint="give the run folder of `amhctl train -o RUN`"
        ) from error
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigError(f"the run's configuration cannot be read: {error}", subject=str(folder.config)) from error


def _change(training: dict[str, Any], sources: dict[str, Any], assignment: str) -> None:
    """Change one value of a saved configuration."""
    key, value = _parse_free_value(assignment)
    if key == "training.steps" and not training.get("decay_steps"):
        # The rate continues falling as it began to, rather than jump to another curve.
        training["decay_steps"] = training["steps"]
        sources["training.decay_steps"] = "run"
    if key == "training.samples" and training.get("best_by", "loss") != "loss":
        raise ConfigError(
            "the run chooses its best voice by this number of samples, which cannot change",
            subject=key,
            hint="start a new run with --base RUN/best to change it",
        )
    training[key.partition(".")[2]] = value
    sources[key] = "--set"


def _parse_free_value(assignment: str) -> tuple[str, object]:
    key, _, text = assignment.partition("=")
    key = key.strip()
    if key not in _FREE:
        raise ConfigError(
            "the value cannot change in a resumed run",
            subject=key,
            hint=f"these can: {', '.join(sorted(_FREE))}",
        )
    try:
        return key, parse_toml_value(text)
    except DocumentError as error:
        if key in _WORDS:
            return key, text
        raise ConfigError(f"{text!r} is not a number", subject=key) from error
