"""The rules of a recogniser's checkpoint, or of its training state. Sees facts of tensors, not the tensors."""

from pydantic import ValidationError

from amhctl.checkpoint import validate as rules
from amhctl.checkpoint.folder import WEIGHTS_FILE
from amhctl.checkpoint.manifest import Manifest
from amhctl.checkpoint.parts import OTHERS
from amhctl.checkpoint.rules import RULES
from amhctl.checkpoint.store import Surveys
from amhctl.config.recogniser import RecogniserConfig
from amhctl.core.findings import Finding
from amhctl.recogniser.catalog import MODEL_VERSION
from amhctl.recogniser.features import SAMPLE_RATE
from amhctl.recogniser.network import network_shapes
from amhctl.recogniser.quantised import stored_shapes


def find_faults(manifest: Manifest, surveys: Surveys) -> tuple[Finding, ...]:
    """Return what is wrong with a recogniser, or with the training state of one.

    Parameters
    ----------
    manifest : Manifest
        What it says of itself.
    surveys : Surveys
        The tensors of each file that could be read.
    """
    if manifest.kind not in ("recogniser", "training") or manifest.model_version != MODEL_VERSION:
        message = f"a {manifest.kind} of version {manifest.model_version}, not a recogniser of {MODEL_VERSION}"
        return (RULES.finding("C021", "kind", message, "give the folder of a recogniser"),)
    try:
        config = RecogniserConfig.model_validate(manifest.config)
    except ValidationError as error:
        return (rules.config_finding("config", error),)
    found = []
    if manifest.sample_rate != SAMPLE_RATE:
        message = f"{manifest.sample_rate}, where a recogniser has {SAMPLE_RATE}"
        found.append(RULES.finding("C021", "sample_rate", message, OTHERS))
    if WEIGHTS_FILE in surveys:
        shapes = network_shapes(config) if manifest.kind == "training" else stored_shapes(config)
        facts = surveys[WEIGHTS_FILE]
        found += rules.compare_shapes({name: each.shape for name, each in facts.items()}, shapes)
    return tuple(found)
