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
    embedded_manifest,
    manifest_differences,
)
from amhctl.checkpoint.manifest import Manifest
from amhctl.checkpoint.migrate import completed
from amhctl.checkpoint.parts import OTHERS
from amhctl.checkpoint.signature import APART
from amhctl.checkpoint.survey import RULES as VALUE_RULES
from amhctl.checkpoint.survey import Survey, survey_file
from amhctl.checkpoint.textparts import RULES as TEXT_RULES
from amhctl.core.errors import CheckpointError
from amhctl.core.findings import Finding, Rule, Rules, Severity
from amhctl.core.units import SPEECH_LEVEL

Shapes = Mapping[str, tuple[int, ...]]

RULES = Rules(
    Rule("C001", Severity.ERROR, "manifest unreadable", "There is no manifest.json in this format."),
    Rule(
        "C002",
        Severity.ERROR,
        "file missing or changed",
        "A file is missing, or its SHA-256 is not the one in the manifest.",
    ),
    Rule("C003", Severity.WARNING, "file unknown", "The folder has a file that the manifest does not list."),
    Rule(
        "C004", Severity.ERROR, "manifests differ", "The manifest inside the weights is not the same as manifest.json."
    ),
    Rule(
        "C005",
        Severity.ERROR,
        "weights unreadable",
        "A tensor file is not in the safetensors format, or the weights contain no manifest.",
    ),
    Rule(
        "C006",
        Severity.ERROR,
        "configuration invalid",
        "The configuration in the manifest is not valid for this kind of checkpoint.",
    ),
    Rule("C007", Severity.ERROR, "tensor missing", "A tensor required by the configuration is missing in the weights."),
    Rule(
        "C008", Severity.ERROR, "tensor unexpected", "The weights have a tensor that the configuration does not define."
    ),
    Rule("C009", Severity.ERROR, "wrong tensor shape", "A tensor has another shape than the configuration defines."),
    Rule(
        "C013",
        Severity.WARNING,
        "text frontend has changed",
        "This version of amhctl normalises text differently from the checkpoint.",
    ),
    Rule(
        "C014",
        Severity.ERROR,
        "codec or vocoder does not match",
        "The codec with that name is not the one that made the codes, or the vocoder is for another spectrogram.",
    ),
    Rule(
        "C015",
        Severity.WARNING,
        "codec or vocoder not found",
        "It is neither bundled nor in the voice's folder: it must be given for inference.",
    ),
    Rule("C016", Severity.WARNING, "no licence", "The manifest does not name the licences of the training data."),
    Rule(
        "C017",
        Severity.ERROR,
        "incompatible",
        "The two checkpoints differ in something that must be equal.",
    ),
    Rule(
        "C019",
        Severity.WARNING,
        "speaker collapse",
        "The speaker conditioning has no effect or overflows: different synthetic prompts give the same speaker "
        "latents, or, in a FlowVoice, different speakers give the same velocities. The voice sounds the same with "
        "every reference and speaker.",
    ),
    Rule(
        "C021",
        Severity.ERROR,
        "manifest contradicts itself",
        "Two values of the manifest that must be equal differ, such as the sample rates of a voice and of its codec.",
    ),
    Rule(
        "C022",
        Severity.ERROR,
        "prompt unusable",
        "reference.safetensors is missing or does not contain conditioning features for this voice.",
    ),
    Rule(
        "C023",
        Severity.ERROR,
        "state unusable",
        "A file of a training state is missing or does not match the weights: the run cannot be resumed.",
    ),
    Rule(
        "C030",
        Severity.WARNING,
        "speech level unknown",
        "The manifest of a voice does not give the speech level of its training data: -20 dBFS is assumed. It was "
        "written by an earlier version, perhaps from recordings that were not normalised.",
    ),
    Rule(
        "C031",
        Severity.WARNING,
        "no prompt",
        "An imported voice has no prompt for inference; a voice fine-tuned from it has one.",
    ),
    Rule(
        "C032",
        Severity.INFO,
        "foreign tensors ignored",
        "An imported file has copies or tables that can be computed from its parameters; they are not imported.",
    ),
    Rule(
        "C033",
        Severity.INFO,
        "cannot be verified",
        "An imported file does not show something that the voice depends on, such as the "
        "vocabulary of its text embedding.",
    ),
    Rule(
        "C034",
        Severity.WARNING,
        "differs from its base",
        "An imported fine-tuned model has other values than its base; text embeddings are counted separately.",
    ),
    Rule(
        "C035",
        Severity.WARNING,
        "treated differently by other programs",
        "The programs that the export is for decode codes or normalise text differently from the "
        "training of the voice.",
    ),
)
_SHOWN_DRIFT = 10
_ALL = Rules(*RULES, *VALUE_RULES, *TEXT_RULES)


def finding(code: str, subject: str, message: str, hint: str = "") -> Finding:
    """Return a finding of a rule of this file or of ``survey``, with the rule's severity."""
    return _ALL.finding(code, subject, message, hint)


def check_files(folder: Path, manifest: Manifest) -> tuple[Finding, ...]:
    """Report files that are missing, changed or unknown."""
    hint = "copy the folder from its source again, or export it again from its run"
    found = [
        finding("C002", item.field, f"expected {item.expected}, found {item.found}", hint)
        for item in broken_files(folder, manifest)
    ]
    known = {*manifest.files, MANIFEST_FILE, CARD_FILE, *APART}
    extra = sorted(path.name for path in folder.iterdir() if path.name not in known and path.is_file())
    found += [finding("C003", name, "the manifest does not list this file", "move it away") for name in extra]
    if WEIGHTS_FILE not in manifest.files:
        found.append(finding("C002", WEIGHTS_FILE, "the manifest names no weights", hint))
    return tuple(found)


def check_embedded(folder: Path, manifest: Manifest) -> tuple[Finding, ...]:
    """Report fields in which the manifest inside the weights differs from the one beside them."""
    try:
        inside = embedded_manifest(folder / WEIGHTS_FILE)
    except CheckpointError as error:
        return (finding("C005", WEIGHTS_FILE, error.message),)
    return tuple(
        finding(
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
    return finding("C006", subject, first["msg"].removeprefix("Value error, "), OTHERS)


def compare_shapes(present: Shapes, expected: Shapes, *, file: str = "") -> tuple[Finding, ...]:
    """Report how given names and shapes differ from expected ones; ``file`` comes before the names if it is given."""
    found = []
    before = f"{file}: " if file else ""
    for name in sorted({*present, *expected}):
        if name not in present:
            found.append(finding("C007", before + name, f"missing, expected {expected[name]}"))
        elif name not in expected:
            found.append(finding("C008", before + name, f"unexpected, with shape {present[name]}"))
        elif present[name] != expected[name]:
            found.append(finding("C009", before + name, f"shape {present[name]}, expected {expected[name]}"))
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
                found.append(finding("C005", name, error.message))
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
            found.append(finding("C013", item.field, message, hint))
        if len(items) > _SHOWN_DRIFT:
            found.append(finding("C013", table, f"{len(items) - _SHOWN_DRIFT} more entries differ", hint))
    return tuple(found)


def check_speaker_collapse(name: str, fault: str) -> tuple[Finding, ...]:
    """Report a voice that does not hear its prompt; ``fault`` is what was measured, empty if nothing is wrong."""
    hint = "it speaks with one voice only; train again with a preset of this version"
    return (finding("C019", name, fault, hint),) if fault else ()


def check_level(manifest: Manifest) -> tuple[Finding, ...]:
    """Report a voice that does not say at which level it was trained."""
    if manifest.kind in ("codec", "vocoder") or manifest.level is not None:
        return ()
    message = f"the manifest gives no speech level; {SPEECH_LEVEL:g} dBFS is assumed"
    hint = "if its codes were extracted at another level: extract them again, and fine-tune with --base"
    return (finding("C030", manifest.name, message, hint),)


def check_licences(manifest: Manifest) -> tuple[Finding, ...]:
    """Report a checkpoint that names no licence."""
    if manifest.licences:
        return ()
    return (
        finding("C016", manifest.name, "no licence is named", "give records a licence: amhctl data import --licence"),
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
    return tuple(finding("C017", item.field, f"expected {item.expected}, found {item.found}") for item in differences)
