"""Manifests of other versions: which are read, and how. The one place that knows it.

Two versions stand in a manifest. ``format_version`` changes when a manifest of the new kind would be misread by the
old reader; ``FORMATS`` has a row for each that was ever written, with what turns it into the present one.
``package_version`` is the amhctl that wrote it. Within a format, values are only added, each with what its absence
means (``ADDITIONS``): an earlier manifest is read as it stands, and ``completed`` where it is compared with another.
A manifest of a later version is refused, and the version named, rather than read in part.
"""

import importlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import cast

from pydantic import JsonValue, ValidationError

from amhctl import __version__
from amhctl.checkpoint.manifest import FORMAT_VERSION, Manifest
from amhctl.checkpoint.parts import OTHERS, read_part
from amhctl.checkpoint.rules import RULES
from amhctl.core.errors import CheckpointError
from amhctl.core.units import SPEECH_LEVEL

Raw = dict[str, JsonValue]
"""A manifest as it is in a file."""


@dataclass(frozen=True, slots=True)
class Format:
    """A version of the manifest's format.

    Attributes
    ----------
    written_by : str
        Which versions of amhctl write it.
    upgrade : Callable[[Raw], Raw]
        Turns such a document into one of the present format.
    """

    written_by: str
    upgrade: Callable[[Raw], Raw]


def _as_it_stands(document: Raw) -> Raw:
    return document


FORMATS: Mapping[int, Format] = {FORMAT_VERSION: Format("0.1.0 and later", _as_it_stands)}
"""Every format that is read."""


@dataclass(frozen=True, slots=True)
class Addition:
    """A value that a format got after its first files.

    Attributes
    ----------
    key : str
        Where it stands; dots lead into objects, and a star stands for each value.
    of : str
        The kinds of checkpoint that have it.
    absent : str
        How a manifest without it is read.
    fill : Callable[[Manifest], JsonValue] | None
        The value of the top-level key that a manifest without it means; None where absence is the value.
    """

    key: str
    of: str
    absent: str
    fill: Callable[[Manifest], JsonValue] | None = None


def _whole_config(manifest: Manifest) -> JsonValue:
    # On use: who speaks with a voice of this version needs no description of the other kind.
    read = importlib.import_module("amhctl.config.voice").read_voice_config
    return cast(Raw, read(manifest.config).model_dump(mode="json"))


def _level(manifest: Manifest) -> JsonValue:
    return SPEECH_LEVEL if manifest.level is None else manifest.level


ADDITIONS = (
    Addition("config.*", "voice, training", "the value is the default of docs/config.md", _whole_config),
    Addition(
        "level",
        "voice, training",
        f"{SPEECH_LEVEL:g} dBFS, the value that earlier versions always used; C030 reports that it is assumed",
        _level,
    ),
    Addition("conditioning", "voice, training", "null: the features come from another program"),
    Addition("vocoder", "voice, training", "null: the voice predicts codes"),
    Addition("speakers", "voice, training", "null: the voice has no speakers by name"),
    Addition("speeds", "voice, training", "null: a voice without explicit durations was not trained with speeds"),
    Addition("duration_scale", "voice", "null: durations are used as the network predicts them"),
    Addition("lineage", "voice, training", "null: it is not known that the weights were imported"),
    Addition("growth", "voice, training, adapter", "null: it is not known that the vocabulary grew"),
    Addition("adapter", "adapter, training", "null: no adapter was trained"),
    Addition("processing", "all", "null: no processing of the recordings is known"),
    Addition("training.alignment", "training", "the alignment in the store is taken for that of the run"),
    Addition("training.batches_per_step", "training", "training.accumulation times the current number of processes"),
    Addition("training.precision", "training", "that of the configuration"),
)
"""What was added to the present format, and how manifests without it are read."""


def read_document(document: object, *, subject: str) -> Manifest:
    """Return the manifest that a document of any readable version describes.

    Parameters
    ----------
    document : object
        The content of ``manifest.json``.
    subject : str
        Where it lies, for messages.

    Raises
    ------
    CheckpointError
        If it is of a later version, of none, or not a manifest; its findings are all faults, where there are several.
    """
    if not isinstance(document, dict):
        raise CheckpointError("the manifest is not a JSON object", subject=subject, hint=OTHERS)
    _require_readable(document, subject)
    present = FORMATS[document["format_version"]].upgrade(document)
    faults = _faults(present)
    if faults and _is_later(document):
        raise CheckpointError(
            f"the manifest was written by amhctl {document['package_version']}, this is {__version__}, which cannot "
            f"read: {', '.join(place for place, _ in faults)}",
            subject=subject,
            hint=_upgrade_hint(document),
        )
    findings = tuple(RULES.finding("C001", place, words, OTHERS) for place, words in faults)
    try:
        return read_part(Manifest.model_validate, present, place="", subject=subject)
    except CheckpointError as error:
        raise CheckpointError(
            error.message, subject=error.subject, hint=error.hint, findings=findings if len(findings) > 1 else ()
        ) from error


def completed(manifest: Manifest) -> Manifest:
    """Return the manifest of a voice or a run with every value of its configuration, for comparing it with another."""
    if manifest.kind in ("codec", "vocoder", "recogniser"):
        return manifest
    try:
        values = {each.key.partition(".")[0]: each.fill(manifest) for each in ADDITIONS if each.fill is not None}
    except ValidationError:
        # A configuration that cannot be read is compared as it stands, and so is what goes with it.
        return manifest
    return manifest.model_copy(update=values)


def _require_readable(document: Mapping[str, object], subject: str) -> None:
    version = document.get("format_version")
    # True is 1 to Python and not to JSON.
    if type(version) is int and version in FORMATS:
        return
    known = " and ".join(map(str, sorted(FORMATS)))
    message = f"the manifest has format version {version}, this version of amhctl reads {known}"
    if type(version) is int and version > FORMAT_VERSION:
        writer = document.get("package_version")
        by = f" ({__version__}); it was written by amhctl {writer}" if isinstance(writer, str) else ""
        raise CheckpointError(message + by, subject=subject, hint=_upgrade_hint(document))
    raise CheckpointError(message, subject=subject, hint=OTHERS)


def _upgrade_hint(document: Mapping[str, object]) -> str:
    writer = document.get("package_version")
    wanted = f"'amhctl>={writer}'" if isinstance(writer, str) and _numbers(writer) else "amhctl"
    return f"it was written by a later version: pip install --upgrade {wanted}"


def _faults(document: Raw) -> list[tuple[str, str]]:
    try:
        Manifest.model_validate(document)
    except ValidationError as error:
        places = [(".".join(map(str, fault["loc"])), fault) for fault in error.errors()]
        return [(place, fault["msg"].removeprefix("Value error, ")) for place, fault in places]
    return []


def _is_later(document: Mapping[str, object]) -> bool:
    """Return whether a later version of amhctl wrote a manifest."""
    writer = document.get("package_version")
    return isinstance(writer, str) and _numbers(writer) > _numbers(__version__)


def _numbers(version: str) -> tuple[int, ...]:
    """Return the numbers that a version begins with; none if it is not one."""
    found = re.match(r"\d{1,6}(\.\d{1,6}){0,3}", version)
    return tuple(map(int, found[0].split("."))) if found else ()
