"""``codes extract``: encode the recordings of a manifest into a code store."""

import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from amhctl.codec.codec import CodecSpec
from amhctl.codec.registry import load_codec, read_codec_manifest
from amhctl.config.schema import MelCodecConfig, MelConfig
from amhctl.core.errors import DatasetError
from amhctl.core.findings import Finding, Rule, Severity
from amhctl.core.progress import Progress
from amhctl.core.units import Seconds
from amhctl.data.codestore import CodeStore
from amhctl.data.extraction import Shard, add_shifts, extract, plan_extraction
from amhctl.data.records import read_records
from amhctl.inference.assemble import choose_device

RULES = (
    Rule(
        "X001",
        Severity.WARNING,
        "utterance not extracted",
        "The audio cannot be read or encoded, or the store holds other audio under the same id; the utterance is "
        "listed in the store's failed-PART.jsonl and left out.",
    ),
)


@dataclass(frozen=True, slots=True)
class ExtractCodesRequest:
    """What to encode, by which codec, and where to.

    Attributes
    ----------
    manifest, output : Path
        From where to where.
    codec : str
        Bundled name, codec folder, or DAC weights file.
    shard : str
        ``i/n``: the share of the manifest to do.
    level : float | None
        Speech level in dBFS to bring recordings to; None leaves them as they are.
    shifts : int
        How often each training utterance is encoded, every time begun another part of a frame later.
    device : str
        Where to compute.
    """

    manifest: Path
    output: Path
    codec: str
    shard: str = "1/1"
    level: float | None = None
    shifts: int = 1
    device: str = "cpu"


@dataclass(frozen=True, slots=True)
class ExtractCodesReport:
    """What a store holds now of the manifest, and how fast it came."""

    store: Path
    utterances: int
    hours: float
    new: int
    amended: int
    realtime_factor: float | None
    failed: Mapping[str, str]

    @property
    def ok(self) -> bool:
        """Whether anything of the manifest could be encoded."""
        return self.utterances > 0

    @property
    def findings(self) -> tuple[Finding, ...]:
        """A finding for each utterance that could not be encoded."""
        hint = "amhctl data check tells more"
        return tuple(Finding("X001", Severity.WARNING, id_, reason, hint) for id_, reason in self.failed.items())

    def payload(self) -> dict[str, object]:
        """Return the figures; ``realtime_factor`` is computing time over speech time of what was new."""
        return {
            "store": str(self.store),
            "utterances": self.utterances,
            "hours": self.hours,
            "new": self.new,
            "amended": self.amended,
            "realtime_factor": self.realtime_factor,
            "failed": [{"subject": id_, "reason": reason} for id_, reason in self.failed.items()],
        }

    def lines(self) -> Iterable[str]:
        """Return the figures for people."""
        yield f"{self.store}: {self.utterances} utterances, {self.hours:.3f} h"
        if self.realtime_factor:
            yield f"{self.new} new, at {1 / self.realtime_factor:.0f}× real time"
        else:
            yield "nothing new to encode"
        if self.amended:
            yield f"{self.amended} records amended"
        if self.failed:
            yield f"{len(self.failed)} could not be extracted"


def run(request: ExtractCodesRequest, progress: Progress) -> ExtractCodesReport:
    """Encode what the store lacks.

    Raises
    ------
    DatasetError
        If the manifest cannot be read, or the store was made by another codec, mel configuration or level.
    CodecError
        If there is no such codec.
    """
    shard = Shard.parse(request.shard)
    codec = load_codec(request.codec, device=choose_device(request.device))
    frame = Seconds(1.0 / codec.spec.frame_rate)
    records = add_shifts(shard.of(read_records(request.manifest)), request.shifts, frame)
    mel = features_of(request.codec, codec.spec)
    folder = request.manifest.parent
    with _open_store(request.output, codec.spec, mel, request.level, shard.part) as store:
        started = time.perf_counter()
        plan = plan_extraction(store, records, folder)
        extraction = extract(store, plan, folder, codec, progress)
        elapsed = time.perf_counter() - started
        store.write_failures(extraction.failed)
        held = [store.entry(record.id) for record in records if record.id in store]
    return ExtractCodesReport(
        store=request.output,
        utterances=len(held),
        hours=sum(entry.record.duration or 0.0 for entry in held) / 3600,
        new=extraction.utterances,
        amended=len(plan.amended),
        realtime_factor=elapsed / extraction.seconds if extraction.seconds else None,
        failed=extraction.failed,
    )


def features_of(codec: str, spec: CodecSpec) -> MelConfig:
    """Return the log-mel configuration stored beside codes: the mel codec's own, or the default for any other codec."""
    if spec.architecture != "mel":
        return MelConfig()
    return MelCodecConfig.model_validate(read_codec_manifest(codec).config).mel


def _open_store(path: Path, spec: CodecSpec, mel: MelConfig, level: float | None, part: str) -> CodeStore:
    if not (path / "store.json").exists():
        return CodeStore.create(path, spec, mel, level=level, part=part)
    store = CodeStore.open(path, part=part)
    wanted = {**asdict(spec), **{f"mel.{key}": value for key, value in mel.model_dump().items()}, "level": level}
    held = {
        **asdict(store.spec),
        **{f"mel.{key}": value for key, value in store.mel.model_dump().items()},
        "level": store.level,
    }
    differences = [f"{key} {held[key]} ≠ {wanted[key]}" for key in wanted if held[key] != wanted[key]]
    if differences:
        raise DatasetError(
            f"the store was made otherwise: {'; '.join(differences)}",
            subject=str(path),
            hint="choose another store, or the codec and level it was made with",
        )
    return store
