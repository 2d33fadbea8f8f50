"""From preset, project file, environment, ``--set`` and flags to one configuration, with the source of every value.

Later layers win: preset → ``amhctl.toml`` → ``AMHCTL_*`` → ``--set a.b=c`` → flags. In the environment two underscores
are between the parts of a key: ``AMHCTL_TRAINING__STEPS=100`` is ``training.steps = 100``. Values of the environment
and of ``--set`` are TOML where they parse as TOML, else strings. TOML has no null: ``"none"`` stands for it where a
field is optional. All faults of all layers are reported at once.
"""

import difflib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import NoneType
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from amhctl.config.schema import RunConfig
from amhctl.config.sources import ENVIRONMENT, PROJECT_FILE, is_setting
from amhctl.core.documents import parse_toml_value, read_toml
from amhctl.core.errors import ConfigError, DocumentError, DocumentLimitError, OptionError

DEFAULT_PRESET = "cpu"
_NESTED = "__"
_NONE = "none"
_KIND = "kind"
_PRESETS = Path(__file__).parent / "presets"


@dataclass(frozen=True, slots=True)
class ResolvedConfig:
    """A configuration and where each of its values comes from.

    Attributes
    ----------
    config : RunConfig
        The whole configuration.
    sources : dict[str, str]
        For each dotted key: ``default``, ``preset NAME``, a file, a variable, ``--set`` or ``--flag``.
    """

    config: RunConfig
    sources: dict[str, str]


@dataclass(frozen=True, slots=True)
class _Layer:
    source: str
    values: dict[str, object]


# Flags that are not called like the key they set.
_FLAGS = {
    "paths.run": "--output",
    "paths.vocabulary": "--vocab",
    "paths.lexicons": "--lexicon",
    "text.backends": "--backend",
    "vocabulary.model_type": "--type",
}


def _flag(key: str) -> str:
    return _FLAGS.get(key, f"--{key.rpartition('.')[2].replace('_', '-')}")


def preset_names() -> tuple[str, ...]:
    """Return the names of the presets in the package, sorted."""
    return tuple(sorted(path.stem for path in _PRESETS.glob("*.toml")))


def load_run_config(
    *,
    preset: str | None,
    project: Path | None,
    sets: tuple[str, ...] = (),
    flags: Mapping[str, object] | None = None,
    environment: Mapping[str, str] | None = None,
) -> ResolvedConfig:
    """Resolve the configuration of a run.

    Parameters
    ----------
    preset : str | None
        Name of a preset; None is the default preset.
    project : Path | None
        ``amhctl.toml``, or its folder; the current folder may do without one. None reads none.
    sets : tuple[str, ...]
        ``a.b=c`` of the command line.
    flags : Mapping[str, object] | None
        Dotted key to value, of options that have their own flag; None or no elements stand for a flag not given.
    environment : Mapping[str, str] | None
        Variables; the process's own by default.

    Raises
    ------
    OptionError
        If there is no such preset.
    ConfigError
        With every fault of every layer.
    """
    faults: list[str] = []
    layers = [_read_preset(preset or DEFAULT_PRESET)]
    if project is not None and (file := _project_file(project)) is not None:
        layers.append(_Layer(str(file), _absolute_paths(_read_toml(file), file.parent)))
    layers += _environment_layers(os.environ if environment is None else environment, faults)
    layers += _set_layers(sets, faults)
    given = {key: value for key, value in (flags or {}).items() if value is not None and value != ()}
    layers += [_Layer(_flag(key), _nested(key, value)) for key, value in given.items()]
    merged: dict[str, object] = {}
    sources: dict[str, str] = {}
    for layer in layers:
        _merge(merged, layer.values, layer.source, "", RunConfig, sources, faults)
    try:
        config = RunConfig.model_validate(merged)
    except ValidationError as error:
        faults += [_fault(detail["loc"], detail["msg"], sources) for detail in error.errors()]
        raise _config_error(faults) from error
    if faults:
        raise _config_error(faults)
    complete = {key: sources.get(key, "default") for key, _ in leaves(config)}
    return ResolvedConfig(config, complete)


def leaves(document: BaseModel, prefix: str = "") -> Iterator[tuple[str, object]]:
    """Yield every dotted key of a configuration and its value."""
    for name in type(document).model_fields:
        value = getattr(document, name)
        if isinstance(value, BaseModel):
            yield from leaves(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def _read_preset(name: str) -> _Layer:
    path = _PRESETS / f"{name}.toml"
    if name not in preset_names():
        near = difflib.get_close_matches(name, preset_names(), n=1)
        raise OptionError(
            f"unknown preset {name!r}" + (f"; did you mean {near[0]!r}?" if near else ""),
            subject="--preset",
            hint=f"presets: {', '.join(preset_names())}",
        )
    return _Layer(f"preset {name}", _read_toml(path))


def _project_file(project: Path) -> Path | None:
    file = project / PROJECT_FILE if project.is_dir() else project
    if file.exists() or file.is_symlink():
        return file
    if project == Path():
        return None
    fault = f"the folder has no {PROJECT_FILE}" if project.is_dir() else "the project file does not exist"
    raise ConfigError(fault, subject=str(project), hint="make one with `amhctl init`")


def _read_toml(path: Path) -> dict[str, object]:
    if not path.is_file():
        raise ConfigError(
            "the project file is a folder, a pipe or a broken link",
            subject=str(path),
            hint="move it away, or name another file with --config",
        )
    try:
        return read_toml(path)
    except DocumentError as error:
        raise ConfigError(
            error.message, subject=str(path), hint="give a TOML file in UTF-8; amhctl init makes one"
        ) from error


def _absolute_paths(values: dict[str, object], folder: Path) -> dict[str, object]:
    """Make the relative paths of a project file relative to the file, not to where the command runs."""
    augment = values.get("augment")
    if isinstance(augment, dict) and isinstance(rooms := augment.get("rooms"), str) and rooms != _NONE:
        values = {**values, "augment": {**augment, "rooms": _absolute(rooms, folder)}}
    paths = values.get("paths")
    if not isinstance(paths, dict):
        return values
    fixed = dict(paths)
    for key, value in paths.items():
        # A codec is a bundled name or a path; only what looks like a path is one.
        if isinstance(value, str) and value != _NONE and (key != "codec" or "/" in value or value.endswith(".pth")):
            fixed[key] = _absolute(value, folder)
        elif isinstance(value, list):
            fixed[key] = [_absolute(item, folder) if isinstance(item, str) else item for item in value]
    return {**values, "paths": fixed}


def _absolute(path: str, folder: Path) -> str:
    return path if Path(path).is_absolute() else str((folder / path).resolve())


def _environment_layers(environment: Mapping[str, str], faults: list[str]) -> list[_Layer]:
    layers = []
    # Which kind a section is of comes first: it decides what else there is.
    for name, text in sorted(environment.items(), key=lambda item: (not item[0].endswith(f"__{_KIND.upper()}"), item)):
        if not is_setting(name):
            continue
        key = name.removeprefix(ENVIRONMENT).lower().replace(_NESTED, ".")
        if key.split(".")[0] not in RunConfig.model_fields:
            faults.append(f"{name}: no such setting{_nearest(key.split('.')[0], RunConfig)}")
            continue
        layers.append(_Layer(name, _nested(key, _parse(text, name, faults))))
    return layers


def _set_layers(sets: tuple[str, ...], faults: list[str]) -> list[_Layer]:
    layers = []
    for item in sets:
        key, equals, text = item.partition("=")
        if not equals or not key.strip():
            faults.append(f"--set {item}: expected key=value, such as training.steps=100")
            continue
        layers.append(_Layer("--set", _nested(key.strip(), _parse(text, f"--set {key.strip()}", faults))))
    return layers


def _parse(text: str, place: str, faults: list[str]) -> object:
    try:
        return parse_toml_value(text)
    except DocumentLimitError as error:
        faults.append(f"{place}: {error.message}")
    except DocumentError:
        pass
    # What is no TOML is a string.
    return text


def _nested(key: str, value: object) -> dict[str, object]:
    for part in reversed(key.split(".")):
        value = {part: value}
    return value if isinstance(value, dict) else {}


def _merge(
    target: dict[str, object],
    values: Mapping[str, object],
    source: str,
    prefix: str,
    model: type[BaseModel],
    sources: dict[str, str],
    faults: list[str],
) -> None:
    """Lay one layer over what is there, key by key, noting the source of each and what is unknown."""
    for key, value in values.items():
        path = f"{prefix}{key}"
        if key not in model.model_fields:
            faults.append(f"{path} ({source}): no such setting{_nearest(key, model)}")
            continue
        inner, optional = _section(model, key, value, target.get(key))
        if optional and value == _NONE:
            target[key] = None
            sources[path] = source
        elif inner is not None and isinstance(value, Mapping):
            present = target.get(key)
            section = dict(present) if isinstance(present, dict) else {}
            if inner is not _section(model, key, None, present)[0]:
                # What a preset says of another kind means nothing here; what someone chose may not get lost.
                section = {}
                for lost in [name for name in sources if name.startswith(f"{path}.")]:
                    if not sources[lost].startswith("preset ") and lost != f"{path}.{_KIND}":
                        faults.append(f"{lost} ({sources[lost]}): {path}.{_KIND} changes after it ({source})")
                    del sources[lost]
            target[key] = section
            sources.pop(path, None)
            _merge(section, value, source, f"{path}.", inner, sources, faults)
        else:
            target[key] = value
            sources[path] = source


def _section(model: type[BaseModel], key: str, value: object, present: object) -> tuple[type[BaseModel] | None, bool]:
    """Return the document type of a field, if it is one, and whether the field may be null."""
    annotation: Any = model.model_fields[key].annotation
    choices = get_args(annotation) or (annotation,)
    # One that is a document of several kinds is annotated with their tags.
    choices = tuple(get_args(choice)[0] if hasattr(choice, "__metadata__") else choice for choice in choices)
    documents = [choice for choice in choices if isinstance(choice, type) and issubclass(choice, BaseModel)]
    if len(documents) > 1:
        kinds = [given[_KIND] for given in (value, present) if isinstance(given, Mapping) and _KIND in given]
        documents.sort(key=lambda each: each.model_fields[_KIND].default not in kinds[:1])
    return (documents[0] if documents else None), NoneType in choices


def _nearest(key: str, model: type[BaseModel]) -> str:
    near = difflib.get_close_matches(key, model.model_fields, n=1, cutoff=0.5)
    return f"; did you mean {near[0]!r}?" if near else f"; there are: {', '.join(model.model_fields)}"


def _fault(place: tuple[int | str, ...], message: str, sources: Mapping[str, str]) -> str:
    key = ".".join(str(part) for part in place)
    # What is wrong inside a list comes from where the list comes from.
    prefixes = (".".join(str(part) for part in place[:length]) for length in range(len(place), 0, -1))
    source = next((sources[name] for name in (*prefixes, f"{key}.{_KIND}") if name in sources), "")
    return f"{key}{f' ({source})' if source else ''}: {message.removeprefix('Value error, ')}"


def _config_error(faults: list[str]) -> ConfigError:
    return ConfigError(
        "\n".join([f"{len(faults)} fault{'s' if len(faults) > 1 else ''} in the configuration", *faults]),
        hint="`amhctl config show` lists every setting, its value and its source",
    )
