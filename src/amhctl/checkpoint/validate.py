"""The rules of a sound checkpoint, one small function each. Knows no networks: what shapes to expect is given to it.

Every rule returns findings and never raises for a fault of the checkpoint, so that all faults are reported at once.
"""

from collections.abc import Mapping
from pathlib import Path

from pydantic import ValidationError

from amhctl.checkpoint.folder import (
    CARD_FILE,
    MANIFEST_FILE,
    WEIGHTS_FILE,
    Difference,
    broken_files,
    digest_files,
    embedded_manifest,
    manifest_differences,
)
from amhctl.checkpoint.manifest import Manifest
from amhctl.checkpoint.migrate import completed
from amhctl.checkpoint.parts import OTHERS
from amhctl.checkpoint.rules import RULES
from amhctl.checkpoint.signature import APART
from amhctl.checkpoint.survey import Survey, survey_file
from amhctl.core.errors import CheckpointError
from amhctl.core.findings import Finding
from amhctl.core.units import SPEECH_LEVEL

Shapes = Mapping[str, tuple[int, ...]]

_SHOWN_DRIFT = 10


def check_files(folder: Path, manifest: Manifest) -> tuple[Finding, ...]:
    """Report files that are missing, changed or unknown."""
    hint = "copy the folder from its source again, or export it again from its run"
    found = [
        RULES.finding("C002", item.field, f"expected {item.expected}, found {item.found}", hint)
        for item in broken_files(manifest, digest_files(folder, manifest))
    ]
    known = {*manifest.files, MANIFEST_FILE, CARD_FILE, *APART}
    extra = sorted(path.name for path in folder.iterdir() if path.name not in known and path.is_file())
    found += [RULES.finding("C003", name, "the manifest does not list this file", "move it away") for name in extra]
    if WEIGHTS_FILE not in manifest.files:
        found.append(RULES.finding("C002", WEIGHTS_FILE, "the manifest names no weights", hint))
    return tuple(found)


def check_embedded(folder: Path, manifest: Manifest) -> tuple[Finding, ...]:
    """Report fields in which the manifest inside the weights differs from the one beside them."""
    try:
        inside = embedded_manifest(folder / WEIGHTS_FILE)
    except CheckpointError as error:
        return (RULES.finding("C005", WEIGHTS_FILE, error.message),)
    return tuple(
        RULES.finding(
            "C004",
            item.field,
            f"{item.expected} inside the weights, {item.found} in manifest.json",
            "restore manifest.json",
        )
        for item in manifest_differences(inside, manifest.model_dump(mode="json"))
    )


def config_finding(place: str, error: ValidationError) -> Finding:
    """Return the finding of a part of a manifest that is none of its kind; the first value that is wrong is named."""
    first = error.errors()[0]
    subject = ".".join((place, *map(str, first["loc"])))
    return RULES.finding("C006", subject, first["msg"].removeprefix("Value error, "), OTHERS)


def compare_shapes(present: Shapes, expected: Shapes, *, file: str = "") -> tuple[Finding, ...]:
    """Report how given names and shapes differ from expected ones; ``file`` comes before the names if it is given."""
    found = []
    before = f"{file}: " if file else ""
    for name in sorted({*present, *expected}):
        if name not in present:
            found.append(RULES.finding("C007", before + name, f"missing, expected {expected[name]}"))
        elif name not in expected:
            found.append(RULES.finding("C008", before + name, f"unexpected, with shape {present[name]}"))
        elif present[name] != expected[name]:
            found.append(RULES.finding("C009", before + name, f"shape {present[name]}, expected {expected[name]}"))
    return tuple(found)


def survey_files(folder: Path, manifest: Manifest) -> tuple[dict[str, Survey], tuple[Finding, ...]]:
    """Return what is known of the tensors of each file that can be read, and a finding for each that cannot."""
    surveys: dict[str, Survey] = {}
    found = []
    for name in sorted(manifest.files):
        if not name.endswith(".safetensors") or not (folder / name).is_file():
            continue
        try:
            surveys[name] = survey_file(folder / name)
        except CheckpointError as error:
            # That of the weights is reported with the manifest inside them.
            if name != WEIGHTS_FILE:
                found.append(RULES.finding("C005", name, error.message))
    return surveys, tuple(found)


def check_drift(stored: Mapping[str, object], present: Mapping[str, object]) -> tuple[Finding, ...]:
    """Report the entries in which the running frontend differs from the checkpoint's, the first ten of each table."""
    hint = "the checkpoint uses its own tables; --set training.reading=package trains with the new ones"
    tables: dict[str, list[Difference]] = {}
    for item in manifest_differences(stored, present):
        tables.setdefault(".".join(item.field.split(".")[:2]), []).append(item)
    found: list[Finding] = []
    for table, items in tables.items():
        for item in items[:_SHOWN_DRIFT]:
            message = f"the checkpoint has {item.expected}, this amhctl {item.found}"
            found.append(RULES.finding("C013", item.field, message, hint))
        if len(items) > _SHOWN_DRIFT:
            found.append(RULES.finding("C013", table, f"{len(items) - _SHOWN_DRIFT} more entries differ", hint))
    return tuple(found)


def check_speaker_collapse(name: str, fault: str) -> tuple[Finding, ...]:
    """Report a voice that does not hear its prompt; ``fault`` is what was measured, empty if nothing is wrong."""
    hint = "it speaks with one voice only; train again with a preset of this version"
    return (RULES.finding("C019", name, fault, hint),) if fault else ()


def check_level(manifest: Manifest) -> tuple[Finding, ...]:
    """Report a voice that does not say at which level it was trained."""
    if manifest.kind in ("codec", "vocoder", "recogniser") or manifest.level is not None:
        return ()
    message = f"the manifest gives no speech level; {SPEECH_LEVEL:g} dBFS is assumed"
    hint = "if its codes were extracted at another level: extract them again, and fine-tune with --base"
    return (RULES.finding("C030", manifest.name, message, hint),)


def check_licences(manifest: Manifest) -> tuple[Finding, ...]:
    """Report a checkpoint that names no licence."""
    if manifest.licences:
        return ()
    return (
        RULES.finding(
            "C016", manifest.name, "no licence is named", "give records a licence: amhctl data import --licence"
        ),
    )


def check_against(manifest: Manifest, other: Manifest) -> tuple[Finding, ...]:
    """Report the fields in which two checkpoints differ although one is to replace the other."""
    fields = (
        "kind",
        "model_version",
        "language",
        "sample_rate",
        "config",
        "vocabulary",
        "text",
        "codec",
        "vocoder",
        "conditioning",
        "level",
    )

    def part(document: Manifest) -> dict[str, object]:
        return completed(document).model_dump(mode="json", include=set(fields))

    differences: tuple[Difference, ...] = manifest_differences(part(other), part(manifest))
    return tuple(
        RULES.finding("C017", item.field, f"expected {item.expected}, found {item.found}") for item in differences
    )
