"""The rules of a codec's checkpoint, or of a codec's training state. Sees facts of tensors, not the tensors.

``ckpt validate`` reports what they find, and every command that loads a codec refuses it.
"""

from pydantic import ValidationError

from amhctl.checkpoint import validate as rules
from amhctl.checkpoint.manifest import Manifest
from amhctl.checkpoint.parts import OTHERS
from amhctl.checkpoint.store import WEIGHTS_FILE, Surveys
from amhctl.checkpoint.survey import check_weights
from amhctl.codec import dac, mel_codec
from amhctl.config.dac import DacCodecConfig
from amhctl.config.schema import MelCodecConfig
from amhctl.core.findings import Finding

KNOWN_VERSIONS = (mel_codec.MODEL_VERSION, dac.MODEL_VERSION)


def find_faults(manifest: Manifest, surveys: Surveys) -> tuple[Finding, ...]:
    """Return what is wrong with a codec, or with a codec's training state.

    Parameters
    ----------
    manifest : Manifest
        What it says of itself.
    surveys : Surveys
        The tensors of each file that could be read.
    """
    if manifest.kind == "voice" or manifest.model_version not in KNOWN_VERSIONS:
        known = " or ".join(KNOWN_VERSIONS)
        message = f"a {manifest.kind} of version {manifest.model_version}, which is no codec of {known}"
        return (rules.finding("C021", "kind", message, "give the folder of a codec"),)
    try:
        sample_rate, shapes = _implied(manifest)
    except ValidationError as error:
        return (rules.config_finding("config", error),)
    found = []
    if manifest.sample_rate != sample_rate:
        message = f"{manifest.sample_rate}, where the configuration has {sample_rate}"
        found.append(rules.finding("C021", "sample_rate", message, OTHERS))
    if WEIGHTS_FILE in surveys:
        facts = surveys[WEIGHTS_FILE]
        found += rules.compare_shapes({name: each.shape for name, each in facts.items()}, shapes)
        if manifest.kind == "codec":
            found += check_weights(facts)
    return tuple(found)


def _implied(manifest: Manifest) -> tuple[int, dict[str, tuple[int, ...]]]:
    """Return the sample rate and the shapes that a configuration implies; of a training state all shapes."""
    if manifest.model_version == dac.MODEL_VERSION:
        config = DacCodecConfig.model_validate(manifest.config)
        return config.sample_rate, dac.dac_shapes(config)
    shape = MelCodecConfig.model_validate(manifest.config)
    return shape.mel.sample_rate, mel_codec.stored_shapes(shape, whole=manifest.kind == "training")
