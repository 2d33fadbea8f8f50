"""One shard of ``codes extract``: what one process does, on this machine or on another of a cluster."""

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from amhctl.audio.augment import CHANGES, find_rooms
from amhctl.audio.pitch import load_world
from amhctl.checkpoint.licences import require_commercial
from amhctl.checkpoint.parts import read_part
from amhctl.codec.codec import Codec
from amhctl.codec.registry import load_codec, read_codec_manifest
from amhctl.codec.semantic import SemanticCodec
from amhctl.codes.document import StoreDocument, is_store, remove_store
from amhctl.codes.extraction import EncodeSpeech, Extraction, extract, preparation_of
from amhctl.codes.index import StoredUtterance
from amhctl.codes.plan import add_shifts, plan_extraction, require_distinct, vary_copies
from amhctl.codes.preparation import Source
from amhctl.codes.shard import Shard
from amhctl.codes.writer import SINGLE_PART, StoreWriter
from amhctl.config.acoustics import AcousticsConfig
from amhctl.config.codec_spec import CodecSpec
from amhctl.config.mel import MelConfig
from amhctl.config.mel_codec import MelCodecConfig
from amhctl.config.schema import RunConfig
from amhctl.core.errors import DatasetError, FileExistsRefused
from amhctl.core.progress import Progress
from amhctl.core.shortage import WayOut, explain_shortages
from amhctl.core.units import Precision, Seconds
from amhctl.corpus.records import Record, read_records
from amhctl.devices.device import choose_device
from amhctl.encoders.speaker import SpeakerEncoder
from amhctl.encoders.speech import SpeechEncoder, load_encoder
from amhctl.parallel.workers import open_pool
from amhctl.workflows.provenance import gather_provenance

_WAY_OUT = WayOut(
    sound="the data in the store are kept",
    again="then run the same command again to resume",
    lighter="use fewer --workers, split long recordings, or use a machine with more memory",
)

Features = Literal["mel", "w2v-bert"]


@dataclass(frozen=True, slots=True)
class ShardRequest:
    """Which shard to encode, and how; every path as this machine finds it.

    Attributes
    ----------
    manifest, output : Path
        From where to where.
    codec : str
        Bundled name, codec folder, or DAC weights file.
    shard : Shard
        The shard of the manifest.
    level : float
        Speech level in dBFS to bring recordings to.
    shifts, copies : int
        What is made of each training utterance.
    precision : Precision
        Arithmetic of a DAC's convolutions.
    features : Features
        What a voice is to be conditioned on.
    features_model : Path | None
        Folder of the speech encoder; None looks into the cache of the Hugging Face hub.
    acoustics : bool
        Whether what FlowVoices learn from is stored too.
    config : RunConfig
        How copies are varied.
    device : str
        Where to compute.
    workers : int
        Processes that read recordings.
    """

    manifest: Path
    output: Path
    codec: str
    shard: Shard
    level: float
    shifts: int
    copies: int
    precision: Precision
    features: Features
    features_model: Path | None
    acoustics: bool
    config: RunConfig
    device: str
    workers: int


@dataclass(frozen=True, slots=True)
class ShardReport:
    """What the store holds now of a shard, and what was done.

    Attributes
    ----------
    utterances, copies : int
        How many of the shard it holds, and how many of those are varied copies.
    seconds : float
        Their speech.
    amended : int
        How many got another text, speaker or split.
    unlisted : int
        How many utterances the store holds that the whole manifest does not name.
    elapsed : float
        Seconds of work.
    variations : Mapping[str, int]
        How many of the copies have which change.
    extraction : Extraction
        What was encoded.
    """

    utterances: int
    copies: int
    seconds: float
    amended: int
    unlisted: int
    elapsed: float
    variations: Mapping[str, int]
    extraction: Extraction


def run(request: ShardRequest, progress: Progress) -> ShardReport:
    """Encode what the store lacks of a shard.

    Raises
    ------
    AmhctlError
        As ``codes extract`` does.
    """
    device = choose_device(request.device)
    codec = load_codec(request.codec, device=device, precision=request.precision, features_model=request.features_model)
    encoder = _load_encoder(request, codec, device)
    listed = read_records(request.manifest)
    if request.config.licence.commercial:
        works = gather_provenance(listed, None, codec.spec).licences
        require_commercial(works, str(request.output))
    frame = Seconds(1.0 / codec.spec.frame_rate)
    everything = list_sources(listed, request, frame)
    require_distinct(everything)
    sources = list_sources(request.shard.of(listed), request, frame)
    recogniser = _load_recogniser(request, device)
    document = _describe(request, codec, encoder, recogniser)
    is_new = not is_store(request.output)
    with (
        explain_shortages(request.output, lambda: _WAY_OUT),
        _open_store(request.output, document, request.shard.part) as store,
        open_pool(request.workers) as pool,
    ):
        started = time.perf_counter()
        how = replace(preparation_of(store), folder=request.manifest.parent)
        plan = plan_extraction(store, sources, how.folder, pool, progress)
        extraction = extract(
            store,
            plan,
            how,
            codec,
            pool,
            progress,
            encode_speech=_encode_speech(codec, encoder),
            recognise=None if recogniser is None else recogniser.embed_pieces,
            ahead=max(1, request.workers + 1),
        )
        elapsed = time.perf_counter() - started
        store.write_failures(extraction.failed)
        held = [store.entry(source.id) for source in sources if source.id in store]
        names = {source.id for source in everything}
        unlisted = sum(id_ not in names for id_ in store.ids)
        is_empty = not store.ids
    # Other shards write into the same folder: only a process that does all of it knows that there is nothing.
    if is_new and is_empty and request.shard.part == SINGLE_PART:
        remove_store(request.output)
    return ShardReport(
        utterances=len(held),
        copies=sum(entry.is_copy for entry in held),
        seconds=sum(entry.record.duration or 0.0 for entry in held),
        amended=len(plan.amended),
        unlisted=unlisted,
        elapsed=elapsed,
        variations=_count_changes(held),
        extraction=extraction,
    )


def list_sources(records: Sequence[Record], request: ShardRequest, frame: Seconds) -> tuple[Source, ...]:
    """Return the records, then what is made of the training ones: the same begun later, and varied copies.

    Raises
    ------
    AudioError
        If the folder of rooms holds none.
    """
    config = request.config
    rooms = find_rooms(config.augment.rooms) if config.augment.rooms and config.augment.room_share else ()
    shifted = map(Source, add_shifts(records, request.shifts, frame))
    return (*shifted, *vary_copies(records, request.copies, config.augment, seed=config.seed, rooms=rooms))


def mel_of(codec: str, spec: CodecSpec) -> MelConfig:
    """Return the log-mel configuration stored beside codes: the mel codec's own, or the default for any other codec."""
    if spec.architecture != "mel":
        return MelConfig()
    config = read_codec_manifest(codec).config
    return read_part(MelCodecConfig.model_validate, config, place="config", subject=codec).mel


def _load_encoder(request: ShardRequest, codec: Codec, device: str) -> SpeechEncoder | None:
    if request.features == "mel":
        return None
    # A semantic codec has heard the very features already.
    return codec.encoder if isinstance(codec, SemanticCodec) else load_encoder(request.features_model, device=device)


def _encode_speech(codec: Codec, encoder: SpeechEncoder | None) -> EncodeSpeech | None:
    if encoder is None:
        return None
    return codec.encode_speech if isinstance(codec, SemanticCodec) else encoder.encode


def _load_recogniser(request: ShardRequest, device: str) -> SpeakerEncoder | None:
    if not request.acoustics:
        return None
    # What is not installed is missed before anything is written.
    load_world()
    return SpeakerEncoder(device)


def _describe(
    request: ShardRequest, codec: Codec, encoder: SpeechEncoder | None, recogniser: SpeakerEncoder | None
) -> StoreDocument:
    """Return what ``store.json`` of a store that is made so says."""
    return StoreDocument.of(
        codec.spec,
        mel_of(request.codec, codec.spec),
        request.level,
        request.precision,
        None if encoder is None else encoder.config,
        AcousticsConfig() if request.acoustics else None,
        None if recogniser is None else recogniser.config,
    )


def _count_changes(held: Sequence[StoredUtterance]) -> dict[str, int]:
    counts = Counter(change for entry in held for change in entry.audio.variation.changes)
    return {change: counts[change] for change in CHANGES}


def _open_store(path: Path, wanted: StoreDocument, part: str) -> StoreWriter:
    if not is_store(path):
        try:
            StoreWriter.begin(path, wanted, part=part)
        except FileExistsRefused:
            # Another shard, started at the same moment, may have been faster.
            if not is_store(path):
                raise
    store = StoreWriter.open(path, part=part, repair=True)
    if differences := store.document.differences(wanted):
        raise DatasetError(
            f"settings differ from those of the store: {'; '.join(differences)}",
            subject=str(path),
            hint="choose another store, or use its codec, features, level, precision and acoustics",
        )
    return store
