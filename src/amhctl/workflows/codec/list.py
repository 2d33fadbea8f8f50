"""``codec list`` and ``codec show``: the codecs and vocoders available, and what one is."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from amhctl.checkpoint.folder import read_manifest
from amhctl.checkpoint.manifest import Manifest
from amhctl.codec.indextts2.files import FoundFile, is_indextts2, survey
from amhctl.codec.official import OFFICIAL
from amhctl.codec.registry import codec_path, list_codecs, load_codec, read_codec_manifest
from amhctl.codec.vocoder import load_vocoder
from amhctl.codec.vocoder_spec import VocoderSpec, bundled_vocoders, read_vocoder_manifest, vocoder_path
from amhctl.config.codec_spec import CodecSpec
from amhctl.core.progress import Progress
from amhctl.core.report import PlainReport


@dataclass(frozen=True, slots=True)
class ListCodecsRequest:
    """Which codec or vocoder to show; all bundled and official ones if none is named."""

    codec: str | None = None


@dataclass(frozen=True, slots=True)
class OfficialCodec:
    """Published DAC weights: whether they are on this machine, and the command that downloads them."""

    name: str
    present: bool
    download: str


@dataclass(frozen=True, slots=True)
class CodecFile:
    """A file of IndexTTS-2: what needs it, whether it is there, and under which licence it is."""

    name: str
    use: str
    present: bool
    licence: str
    source: str
    sha256: str
    digest: str

    @classmethod
    def of(cls, found: FoundFile) -> "CodecFile":
        """Return what is told of a file."""
        licence, name = found.file.licence, found.file.places[0]
        return cls(
            name=name,
            use=found.file.use,
            present=found.path is not None,
            licence=f"{licence.work}: {licence.licence}",
            source=licence.url,
            sha256=found.sha256,
            digest=found.digest,
        )

    @property
    def line(self) -> str:
        """All of it, in one line."""
        state = f"{self.sha256[:12]} (published digest: {self.digest})" if self.sha256 else "there, without weights"
        state = state if self.present else f"missing: {self.source}"
        return f"  {self.name:<28}{self.use:<10}{state}; {self.licence}"


@dataclass(frozen=True, slots=True)
class ListCodecsReport(PlainReport):
    """What the codecs and vocoders are."""

    codecs: tuple[CodecSpec, ...]
    metrics: dict[str, object]
    licences: tuple[str, ...]
    official: tuple[OfficialCodec, ...] = ()
    vocoders: tuple[VocoderSpec, ...] = ()
    processing: tuple[str, ...] = ()
    files: tuple[CodecFile, ...] = ()

    def payload(self) -> dict[str, object]:
        """Return the codecs and vocoders as objects."""
        rows = [spec.model_dump() | {"frame_rate": spec.frame_rate} for spec in self.codecs]
        official = [asdict(item) for item in self.official]
        return {
            "codecs": rows,
            "metrics": self.metrics,
            "licences": list(self.licences),
            "processing": list(self.processing),
            "official": official,
            "files": [asdict(item) for item in self.files],
            "vocoders": [spec.identity.model_dump(mode="json") for spec in self.vocoders],
        }

    def lines(self) -> Iterable[str]:
        """Return a line for each codec and each vocoder."""
        for spec in self.codecs:
            bits = spec.codebooks * (spec.codebook_size - 1).bit_length() * spec.frame_rate
            yield (
                f"{spec.name}  {spec.architecture}  {spec.sample_rate} Hz  {spec.frame_rate:g} frames/s  "
                f"{spec.codebooks} x {spec.codebook_size}  {bits / 1000:g} kbit/s  {spec.fingerprint[:12]}"
            )
        for vocoder in self.vocoders:
            rate, mel = vocoder.sample_rate, vocoder.mel
            yield (
                f"{vocoder.name}  vocoder  {rate} Hz  {rate / mel.hop_samples:g} frames/s  "
                f"{mel.bins} mel bins  {vocoder.fingerprint[:12]}"
            )
        for item in self.official:
            yield f"{item.name}  dac  {'on this machine' if item.present else f'absent: {item.download}'}"
        for file in self.files:
            yield file.line
        for name, value in self.metrics.items():
            yield f"  {name}: {value}"
        for licence in self.licences:
            yield f"  {licence}"
        for done in self.processing:
            yield f"  recordings: {done}"


def run(request: ListCodecsRequest, progress: Progress) -> ListCodecsReport:
    """Describe one codec or vocoder in full, or every bundled and every official one in a line.

    Raises
    ------
    CodecError
        If the named one does not exist or cannot be read.
    """
    if request.codec is None:
        found = tuple(OfficialCodec(item.name, item.path.is_file(), item.command) for item in OFFICIAL)
        vocoders = tuple(load_vocoder(name).spec for name in bundled_vocoders())
        return ListCodecsReport(list_codecs(), {}, (), found, vocoders)
    if _is_vocoder(request.codec):
        progress.say(f"reading {vocoder_path(request.codec)}")
        vocoder = load_vocoder(request.codec).spec
        manifest = read_vocoder_manifest(request.codec)
        return _report(manifest, vocoder=vocoder)
    path = codec_path(request.codec)
    progress.say(f"reading {path}")
    if is_indextts2(path):
        return _report_files(path)
    spec = load_codec(request.codec).spec
    if path.is_file():
        return ListCodecsReport((spec,), {}, ())
    manifest = read_codec_manifest(request.codec)
    return _report(manifest, codec=spec)


def _report_files(folder: Path) -> ListCodecsReport:
    """Return which files of IndexTTS-2 a folder has, and what its codec is where they suffice to make codes."""
    found = survey(folder)
    complete = all(each.path is not None for each in found if each.file.use == "encoding")
    licences = dict.fromkeys(each.file.licence for each in found if each.path is not None)
    return ListCodecsReport(
        codecs=(load_codec(str(folder)).spec,) if complete else (),
        metrics={},
        licences=tuple(f"{each.work}: {each.licence} {each.attribution}" for each in licences),
        files=tuple(CodecFile.of(each) for each in found),
    )


def _report(
    manifest: Manifest, *, codec: CodecSpec | None = None, vocoder: VocoderSpec | None = None
) -> ListCodecsReport:
    return ListCodecsReport(
        codecs=() if codec is None else (codec,),
        metrics=dict(manifest.metrics),
        licences=tuple(f"{item.work}: {item.licence} {item.attribution}".strip() for item in manifest.licences),
        vocoders=() if vocoder is None else (vocoder,),
        processing=manifest.processing or (),
    )


def _is_vocoder(name_or_path: str) -> bool:
    if name_or_path in bundled_vocoders():
        return True
    folder = Path(name_or_path).expanduser()
    return (folder / "manifest.json").is_file() and read_manifest(folder).kind == "vocoder"
