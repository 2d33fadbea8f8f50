"""The rules of a codec's or a vocoder's checkpoint, or of its training state. Sees facts of tensors, not the tensors.

``ckpt validate`` reports what they find, and every command that loads one refuses it.
"""

from pydantic import ValidationError

from amhctl.checkpoint import validate as rules
from amhctl.checkpoint.folder import WEIGHTS_FILE
from amhctl.checkpoint.manifest import Manifest
from amhctl.checkpoint.parts import OTHERS
from amhctl.checkpoint.rules import RULES
from amhctl.checkpoint.store import Surveys
from amhctl.checkpoint.survey import check_weights
from amhctl.codec import dac, mel_codec, vocoder_network, vocoder_spec
from amhctl.config.dac import DacCodecConfig
from amhctl.config.mel_codec import MelCodecConfig
from amhctl.config.vocoder import VocoderConfig
from amhctl.core.findings import Finding

CODEC_VERSIONS = (mel_codec.MODEL_VERSION, dac.MODEL_VERSION)
KNOWN_VERSIONS = (*CODEC_VERSIONS, vocoder_spec.MODEL_VERSION)


def find_faults(manifest: Manifest, surveys: Surveys) -> tuple[Finding, ...]:
    """Return what is wrong with a codec, with a vocoder, or with the training state of one.

    Parameters
    ----------
    manifest : Manifest
        What it says of itself.
    surveys : Surveys
        The tensors of each file that could be read.
    """
    versions = {"codec": CODEC_VERSIONS, "vocoder": (vocoder_spec.MODEL_VERSION,), "training": KNOWN_VERSIONS}
    if manifest.model_version not in versions.get(manifest.kind, ()):
        known = " or ".join(versions.get(manifest.kind, KNOWN_VERSIONS))
        wanted = "vocoder" if manifest.kind == "vocoder" else "codec"
        message = f"a {manifest.kind} of version {manifest.model_version}, not a {wanted} of {known}"
        return (RULES.finding("C021", "kind", message, f"give the folder of a {wanted}"),)
    try:
        sample_rate, shapes = _implied(manifest)
    except ValidationError as error:
        return (rules.config_finding("config", error),)
    found = []
    if manifest.sample_rate != sample_rate:
        message = f"{manifest.sample_rate}, where the configuration has {sample_rate}"
        found.append(RULES.finding("C021", "sample_rate", message, OTHERS))
    if WEIGHTS_FILE in surveys:
        facts = surveys[WEIGHTS_FILE]
        found += rules.compare_shapes({name: each.shape for name, each in facts.items()}, shapes)
        if manifest.kind != "training":
            found += check_weights(facts)
    return tuple(found)


def _implied(manifest: Manifest) -> tuple[int, dict[str, tuple[int, ...]]]:
    """Return the sample rate and the shapes that a configuration implies; of a training state all shapes."""
    if manifest.model_version == dac.MODEL_VERSION:
        config = DacCodecConfig.model_validate(manifest.config)
        return config.sample_rate, dac.dac_shapes(config)
    if manifest.model_version == vocoder_spec.MODEL_VERSION:
        vocoder = VocoderConfig.model_validate(manifest.config)
        return vocoder.mel.sample_rate, vocoder_network.vocoder_shapes(vocoder)
    shape = MelCodecConfig.model_validate(manifest.config)
    return shape.mel.sample_rate, mel_codec.stored_shapes(shape, whole=manifest.kind == "training")
