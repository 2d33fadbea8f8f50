"""``ckpt validate``: every rule of a checkpoint, all at once."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from amhctl.checkpoint import textparts
from amhctl.checkpoint import validate as rules
from amhctl.checkpoint.folder import (
    CODEC_FOLDER,
    VOCODER_FOLDER,
    WEIGHTS_FILE,
    codec_differences,
    read_manifest,
    vocoder_differences,
)
from amhctl.checkpoint.indextts import CODEC as SEMANTIC
from amhctl.checkpoint.indextts import SPEAKING
from amhctl.checkpoint.keymap import read_foreign
from amhctl.checkpoint.manifest import Manifest, VocoderIdentity
from amhctl.checkpoint.parts import read_json
from amhctl.checkpoint.rules import RULES
from amhctl.checkpoint.signature import SIGNATURE_FILE, check_signature
from amhctl.checkpoint.store import read_some_tensors, shown_file
from amhctl.checkpoint.survey import check_values, survey
from amhctl.codec.registry import bundled_codecs, load_codec
from amhctl.codec.soundness import KNOWN_VERSIONS
from amhctl.codec.soundness import find_faults as codec_faults
from amhctl.codec.vocoder import load_vocoder
from amhctl.codec.vocoder_spec import bundled_vocoders
from amhctl.config.conditioning import read_conditioning, scale_of
from amhctl.config.flow import FlowVoiceConfig
from amhctl.config.unified import ModelConfig
from amhctl.core.errors import AmhctlError, CheckpointError, OptionError, VocabularyError
from amhctl.core.findings import Finding, has_errors
from amhctl.core.progress import Progress
from amhctl.core.report import Verdict
from amhctl.model.flow_files import SPEAKERS_FILE
from amhctl.model.flow_speaker_probe import probe_speaker_tensors
from amhctl.model.flow_voice import MODEL_VERSION as FLOW_VERSION
from amhctl.model.network_soundness import find_weight_faults
from amhctl.model.official import OFFICIAL, text_rows
from amhctl.model.shapes import parameter_shapes
from amhctl.model.soundness import find_faults as voice_faults
from amhctl.model.speaker_probe import BRANCH, SpeakerProbe, probe_tensors
from amhctl.model.unified_voice import MODEL_VERSION as UNIFIED_VERSION
from amhctl.recogniser import catalog as recogniser_catalog
from amhctl.recogniser.recognition import load_recogniser
from amhctl.recogniser.soundness import find_faults as recogniser_faults
from amhctl.text.frontend import Frontend
from amhctl.tokenizer.vocabulary import Vocabulary


@dataclass(frozen=True, slots=True)
class ValidateCheckpointRequest:
    """What to validate."""

    checkpoint: Path
    vocabulary: Path | None = None
    against: Path | None = None
    signature: Path | None = None
    """The signature of the folder; without one, its own ``signature.json``, where there is one."""
    root: str | None = None
    """The digest of the whole folder, as its maker published it."""


@dataclass(frozen=True, slots=True)
class ValidateCheckpointReport(Verdict):
    """What is wrong, and what the checkpoint says it is."""

    findings: tuple[Finding, ...]
    manifest: Manifest | None
    checked: tuple[str, ...]

    def payload(self) -> dict[str, object]:
        """Return ``manifest`` and the rules that were checked."""
        return {
            "manifest": None if self.manifest is None else self.manifest.model_dump(mode="json"),
            "checked": list(self.checked),
        }

    def lines(self) -> Iterable[str]:
        """Return what was checked."""
        if self.manifest is not None:
            yield f"{self.manifest.kind} {self.manifest.name}, {self.manifest.model_version}"
        yield f"checked: {', '.join(self.checked)}"
        yield f"{len(self.findings) or 'no'} finding{'' if len(self.findings) == 1 else 's'}"


def run(request: ValidateCheckpointRequest, progress: Progress) -> ValidateCheckpointReport:
    """Check a checkpoint folder, or a foreign ``.pth`` against the official shape.

    Raises
    ------
    CheckpointError
        If there is nothing at the path, or a ``.pth`` file is not a file of tensors.
    OptionError
        If a signature is given for a file.
    """
    folder = request.checkpoint
    if folder.is_file():
        return _validate_file(request, progress)
    if not folder.is_dir():
        raise CheckpointError(
            "there is no such checkpoint", subject=str(folder), hint="give the folder of a checkpoint"
        )
    try:
        manifest = read_manifest(folder)
    except CheckpointError as error:
        # A manifest with several faults tells each of them.
        faults = error.findings or (RULES.finding("C001", error.subject, error.message, error.hint),)
        return ValidateCheckpointReport(faults, None, ("manifest",))
    progress.say("verifying digests, names, shapes and values")
    checks = _check_every_kind(folder, manifest)
    if _recognises(manifest):
        checks += _check_recogniser(folder, manifest, is_sound=not has_errors(_found(checks)))
    elif not _makes_sound(manifest):
        checks += _check_voice(folder, manifest, is_sound=not has_errors(_found(checks)))
    checks += _check_as_requested(request, manifest)
    return ValidateCheckpointReport(_found(checks), manifest, tuple(name for name, _ in checks))


_Checks = list[tuple[str, tuple[Finding, ...]]]
"""What was checked, and what was found."""


def _found(checks: _Checks) -> tuple[Finding, ...]:
    return tuple(finding for _, found in checks for finding in found)


def _validate_file(request: ValidateCheckpointRequest, progress: Progress) -> ValidateCheckpointReport:
    """Compare a file of weights with the official shape."""
    file = request.checkpoint
    if request.signature is not None or request.root is not None:
        raise OptionError(
            "only a folder can have a signature", subject=str(file), hint="compare a single file with sha256sum"
        )
    progress.say("comparing with the official IndexTTS-2 shape")
    tensors = read_foreign(file).tensors
    rows = text_rows(tensors) or OFFICIAL.number_text_tokens + 1
    shape = OFFICIAL.model_copy(update={"number_text_tokens": rows - 1})
    facts = survey(tensors)
    found = (*check_values(facts), *find_weight_faults(facts, parameter_shapes(shape)))
    return ValidateCheckpointReport(found, None, ("values", "names and shapes"))


def _check_every_kind(folder: Path, manifest: Manifest) -> _Checks:
    surveys, unreadable = rules.survey_files(folder, manifest)
    embedded = rules.check_embedded(folder, manifest)
    values = (fault for file, facts in surveys.items() for fault in check_values(facts, file=shown_file(file)))
    find_faults = codec_faults if _makes_sound(manifest) else voice_faults
    find_faults = recogniser_faults if _recognises(manifest) else find_faults
    return [
        ("manifest", ()),
        ("files", (*rules.check_files(folder, manifest), *embedded, *unreadable)),
        ("values", tuple(values)),
        ("names and shapes", tuple(find_faults(manifest, surveys))),
        ("licences", rules.check_licences(manifest)),
        ("level", rules.check_level(manifest)),
    ]


def _check_recogniser(folder: Path, manifest: Manifest, *, is_sound: bool) -> _Checks:
    """Load what a recogniser is made of; a training state has weights only."""
    if manifest.kind != "recogniser" or not is_sound:
        return []
    try:
        recogniser = load_recogniser(str(folder))
        recogniser.phone_model.following(())
        len(recogniser.words)
    except AmhctlError as error:
        return [("graph and language", (RULES.finding("C021", manifest.name, error.message, error.hint),))]
    return [("graph and language", ())]


def _check_voice(folder: Path, manifest: Manifest, *, is_sound: bool) -> _Checks:
    """Check what only a voice has; only sound weights are tried out."""
    checks: _Checks = []
    if is_sound and (speaker_probe := _speaker_latents(folder, manifest)) is not None:
        checks.append(("hearing", rules.check_speaker_collapse(manifest.name, speaker_probe.fault)))
    checks.append(("text state", tuple(_check_text(folder, manifest))))
    checks.append(("vocabulary", tuple(_check_vocabulary(folder, manifest))))
    if manifest.codec is not None or manifest.model_version == UNIFIED_VERSION:
        checks.append(("codec", tuple(_check_codec(folder, manifest))))
    if manifest.vocoder is not None:
        checks.append(("vocoder", tuple(_check_vocoder(folder, manifest.vocoder))))
    return checks


def _check_as_requested(request: ValidateCheckpointRequest, manifest: Manifest) -> _Checks:
    """Compare a checkpoint with its signature, and with what it was asked to be compared with."""
    checks: _Checks = []
    own = request.checkpoint / SIGNATURE_FILE
    signature = request.signature or (own if own.exists() or own.is_symlink() else None)
    if signature is not None or request.root is not None:
        checks.append(("signature", tuple(check_signature(request.checkpoint, signature, request.root))))
    if request.vocabulary is not None:
        vocabulary = Vocabulary.read(request.vocabulary)
        found = textparts.check_vocabulary(
            manifest, fingerprint=vocabulary.fingerprint, size=vocabulary.size, where=str(request.vocabulary)
        )
        checks.append((f"vocabulary {request.vocabulary}", found))
    if request.against is not None:
        checks.append((f"against {request.against}", rules.check_against(manifest, read_manifest(request.against))))
    return checks


def _speaker_latents(folder: Path, manifest: Manifest) -> SpeakerProbe | None:
    """Probe how sound weights take their speaker, each kind of voice its own way; None if there is nothing to probe.

    That is so of a training state of a FlowVoice, whose speakers its run knows, and of an adapter without its base.
    For a UnifiedVoice, features from elsewhere count as of mean 0 and deviation 1.
    """
    if manifest.kind == "adapter":
        return None
    if manifest.model_version == FLOW_VERSION:
        if manifest.speakers is None or SPEAKERS_FILE not in manifest.files:
            return None
        known = read_some_tensors(folder / SPEAKERS_FILE, manifest.speakers)
        speakers = [known[name].float() for name in manifest.speakers]
        tensors = read_some_tensors(folder / WEIGHTS_FILE, ("",))
        return probe_speaker_tensors(FlowVoiceConfig.model_validate(manifest.config), tensors, speakers)
    if manifest.model_version != UNIFIED_VERSION:
        return None
    conditioning = None if manifest.conditioning is None else read_conditioning(manifest.conditioning)
    mean, deviation = scale_of(conditioning)
    tensors = read_some_tensors(folder / WEIGHTS_FILE, BRANCH)
    return probe_tensors(ModelConfig.model_validate(manifest.config), tensors, mean=mean, deviation=deviation)


def _check_text(folder: Path, manifest: Manifest) -> list[Finding]:
    if manifest.text is None:
        return list(textparts.check_text_state(manifest, stored_hash=""))
    try:
        frontend = Frontend.from_state(read_json(folder / manifest.text.file))
    except (OSError, ValueError, AmhctlError) as error:
        return [RULES.finding("C012", manifest.text.file, f"cannot be read: {error}")]
    # A voice's lexicon is its own: the package has none that could have drifted from it.
    present = Frontend(frontend.config, frontend.lexicon)
    return [
        *textparts.check_text_state(manifest, stored_hash=frontend.state_hash),
        *rules.check_drift(frontend.state(), present.state()),
    ]


def _check_vocabulary(folder: Path, manifest: Manifest) -> list[Finding]:
    if manifest.vocabulary is None:
        return [RULES.finding("C011", manifest.name, "the checkpoint names no vocabulary")]
    try:
        vocabulary = Vocabulary.read(folder / manifest.vocabulary.file)
    except (OSError, VocabularyError) as error:
        return [RULES.finding("C011", manifest.vocabulary.file, f"cannot be read: {error}")]
    return list(
        textparts.check_vocabulary(
            manifest, fingerprint=vocabulary.fingerprint, size=vocabulary.size, where=manifest.vocabulary.file
        )
    )


def _check_codec(folder: Path, manifest: Manifest) -> list[Finding]:
    if manifest.codec is None:
        return [RULES.finding("C014", manifest.name, "the checkpoint names no codec")]
    name = manifest.codec.name
    source = folder / CODEC_FOLDER
    if not (source / "manifest.json").is_file() and name not in bundled_codecs():
        foreign = manifest.codec.architecture == SEMANTIC.architecture
        hint = SPEAKING if foreign else "pass --codec with its folder when speaking"
        return [RULES.finding("C015", name, "the codec is not bundled", hint)]
    try:
        spec = load_codec(str(source) if source.is_dir() else name).spec
    except AmhctlError as error:
        return [RULES.finding("C014", name, str(error))]
    return [
        RULES.finding(
            "C014", f"{name}: {item.field}", f"the checkpoint has {item.expected}, the codec has {item.found}"
        )
        for item in codec_differences(manifest.codec, spec)
    ]


def _check_vocoder(folder: Path, identity: VocoderIdentity) -> list[Finding]:
    source = folder / VOCODER_FOLDER
    if not (source / "manifest.json").is_file() and identity.name not in bundled_vocoders():
        hint = "pass --vocoder with its folder when speaking"
        return [RULES.finding("C015", identity.name, "the vocoder is not bundled", hint)]
    try:
        spec = load_vocoder(str(source) if source.is_dir() else identity.name).spec
        unlike = vocoder_differences(identity, spec)
    except AmhctlError as error:
        return [RULES.finding("C014", identity.name, str(error))]
    return [
        RULES.finding("C014", f"{identity.name}: {item.field}", f"the checkpoint has {item.expected}, not {item.found}")
        for item in unlike
    ]


def _makes_sound(manifest: Manifest) -> bool:
    """Return whether it is a codec or a vocoder, or the training state of one: no text goes into it."""
    return manifest.kind in ("codec", "vocoder") or manifest.model_version in KNOWN_VERSIONS


def _recognises(manifest: Manifest) -> bool:
    """Return whether it is a recogniser, or the training state of one."""
    return manifest.model_version == recogniser_catalog.MODEL_VERSION
