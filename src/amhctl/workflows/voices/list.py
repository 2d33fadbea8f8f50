"""``amhctl voices``: the voices available, and what one is."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from amhctl.checkpoint.folder import read_manifest
from amhctl.checkpoint.manifest import Manifest
from amhctl.core.errors import CheckpointError, SynthesisError
from amhctl.core.findings import Finding, Rule, Rules, Severity
from amhctl.core.progress import Progress
from amhctl.core.report import Report
from amhctl.inference.assemble import has_graphs
from amhctl.inference.catalog import DEFAULT_VOICE, bundled_voices, read_voice_manifest, voice_path
from amhctl.inference.opening import find_vocoder
from amhctl.model.versions import FLOW_VOICE

RULES = Rules(
    Rule("S101", Severity.ERROR, "voice cannot be read", "The folder looks like a voice, but its manifest is damaged."),
)
_SHOWN_SPEAKERS = 4
_NO_GRAPHS = "incomplete, so PyTorch is used; amhctl ckpt export --format onnx writes them"


@dataclass(frozen=True, slots=True)
class ListVoicesRequest:
    """Which voice to show, or which folders to look for voices in; the bundled ones are always listed."""

    voice: str | None = None
    folders: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class VoiceEntry:
    """One voice available."""

    name: str
    path: Path
    bundled: bool
    manifest: Manifest
    without_torch: bool
    """Whether it speaks by graphs, without torch: it generates spectrograms, and it and its vocoder have them."""


@dataclass(frozen=True, slots=True)
class ListVoicesReport(Report):
    """The voices available; one in detail if it was asked for."""

    voices: tuple[VoiceEntry, ...]
    findings: tuple[Finding, ...]
    detailed: bool

    @property
    def ok(self) -> bool:
        """Whether every voice that was found can be read."""
        return not self.findings

    def payload(self) -> dict[str, object]:
        """Return each voice; in detail with its whole manifest."""
        return {"voices": [_payload(entry, detailed=self.detailed) for entry in self.voices]}

    def lines(self) -> Iterable[str]:
        """Return a line a voice, or the facts of one."""
        for entry in self.voices:
            yield from _facts(entry) if self.detailed else (_line(entry),)


def _line(entry: VoiceEntry) -> str:
    manifest = entry.manifest
    mark = " (default)" if entry.bundled and entry.name == DEFAULT_VOICE else ""
    where = "bundled" if entry.bundled else str(entry.path)
    return f"{entry.name}{mark}: {manifest.language}, {manifest.sample_rate} Hz, {where}{_describe_vocoder(entry)}"


def _facts(entry: VoiceEntry) -> Iterator[str]:
    """Yield what a manifest says of a voice, a fact a line."""
    manifest = entry.manifest
    yield f"name: {manifest.name}"
    yield f"language: {manifest.language}"
    yield f"sample rate: {manifest.sample_rate} Hz"
    yield f"path: {entry.path}"
    yield f"model: {manifest.model_version}, made by amhctl {manifest.package_version}"
    if manifest.codec:
        yield f"codec: {manifest.codec.name} ({manifest.codec.fingerprint[:12]})"
    if manifest.vocoder:
        yield f"vocoder: {manifest.vocoder.name} ({manifest.vocoder.fingerprint[:12]})"
    if manifest.model_version == FLOW_VOICE:
        yield f"graphs: {'speaks without torch' if entry.without_torch else _NO_GRAPHS}"
    if manifest.speakers:
        yield f"speakers: {', '.join(manifest.speakers)}"
    if manifest.speeds:
        yield f"speeds: {manifest.speeds[0]:g} to {manifest.speeds[1]:g}"
    if manifest.vocabulary:
        yield f"vocabulary: {manifest.vocabulary.size} pieces of {manifest.vocabulary.units}"
    for licence in manifest.licences:
        yield f"licence: {licence.work}: {licence.licence} {licence.attribution} {licence.url}".rstrip()
    for done in manifest.processing or ():
        yield f"recordings: {done}"
    for name, value in sorted(manifest.metrics.items()):
        yield f"{name}: {value}"


def run(request: ListVoicesRequest, progress: Progress) -> ListVoicesReport:
    """List the voices, or show one.

    Raises
    ------
    SynthesisError
        If the voice that was asked for, or a folder, does not exist.
    CheckpointError
        If it is damaged.
    """
    if request.voice is not None:
        entry = _describe(request.voice, bundled=request.voice in bundled_voices())
        return ListVoicesReport((entry,), (), detailed=True)
    if absent := [folder for folder in request.folders if not folder.is_dir()]:
        raise SynthesisError("there is no such folder", subject=str(absent[0]), hint="give folders that hold voices")
    entries, findings = [], []
    bundled = [(name, True) for name in bundled_voices()]
    local = [
        (str(manifest.parent), False)
        for folder in request.folders
        for manifest in sorted([folder / "manifest.json", *folder.glob("*/manifest.json")])
        if manifest.is_file()
    ]
    for name, is_bundled in bundled + local:
        try:
            if not is_bundled and read_manifest(Path(name)).kind != "voice":
                continue
            entries.append(_describe(name, bundled=is_bundled))
        except CheckpointError as fault:
            findings.append(RULES.finding("S101", name, fault.message, fault.hint))
    return ListVoicesReport(tuple(entries), tuple(findings), detailed=False)


def _describe(name: str, *, bundled: bool) -> VoiceEntry:
    path, manifest = voice_path(name), read_voice_manifest(name)
    return VoiceEntry(path.name, path, bundled, manifest, _speaks_by_graphs(manifest, path))


def _speaks_by_graphs(manifest: Manifest, path: Path) -> bool:
    """Return whether ``speak`` needs no torch for a voice; it does where a graph or the vocoder is not available."""
    if manifest.model_version != FLOW_VOICE:
        return False
    try:
        return has_graphs(manifest, read_manifest(find_vocoder(manifest, path, None)))
    except CheckpointError:
        return False


def _describe_vocoder(entry: VoiceEntry) -> str:
    """Return what a line says besides of a FlowVoice."""
    manifest = entry.manifest
    if manifest.model_version != FLOW_VOICE:
        return ""
    speakers, more = manifest.speakers or (), len(manifest.speakers or ()) - _SHOWN_SPEAKERS
    named = ", ".join(speakers[:_SHOWN_SPEAKERS]) + (f" and {more} more" if more > 0 else "")
    vocoder = manifest.vocoder.name if manifest.vocoder else "none"
    return f"; speakers: {named}; vocoder: {vocoder}; {'without' if entry.without_torch else 'with'} torch"


def _payload(entry: VoiceEntry, *, detailed: bool) -> dict[str, object]:
    manifest = entry.manifest
    values: dict[str, object] = {
        "name": entry.name,
        "path": str(entry.path),
        "bundled": entry.bundled,
        "default": entry.bundled and entry.name == DEFAULT_VOICE,
        "language": manifest.language,
        "sample_rate": manifest.sample_rate,
        "model_version": manifest.model_version,
        "speakers": list(manifest.speakers or ()),
        "codec": manifest.codec.name if manifest.codec else None,
        "vocoder": manifest.vocoder.name if manifest.vocoder else None,
        "without_torch": entry.without_torch,
        "metrics": manifest.metrics,
    }
    if detailed:
        values["manifest"] = manifest.model_dump(mode="json")
    return values
