"""Several code stores, or the parts of one, made one. Knows no codec: what was encoded is copied, never made again.

The result is the same in whatever order the stores are named: utterances are written in the order of their ids.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from amhctl.core.errors import DatasetError
from amhctl.core.files import atomic_folder, refuse_existing
from amhctl.core.progress import Progress
from amhctl.data.alignment import Alignment
from amhctl.data.codestore import CodeStore
from amhctl.data.records import move_record
from amhctl.data.storeindex import StoredUtterance

_UTTERANCES_BETWEEN_SYNCS = 1_000


@dataclass(frozen=True, slots=True)
class Merge:
    """What was put together.

    Attributes
    ----------
    utterances : int
        How many the new store holds.
    shared : int
        How many of them have the data of another, because they are the same.
    hours : float
        Their speech.
    aligned : bool
        Whether the alignments were carried over: every store had one, of the same vocabulary and text state.
    """

    utterances: int
    shared: int
    hours: float
    aligned: bool


def merge_stores(sources: Sequence[CodeStore], target: Path, progress: Progress, *, force: bool = False) -> Merge:
    """Write a store that holds the utterances of others, whole or not at all.

    Raises
    ------
    DatasetError
        If the stores were made otherwise, two of them hold different utterances under one id, or data are damaged.
    FileExistsRefused
        If there is something at ``target`` and ``force`` is false.
    """
    refuse_existing(target, force=force)
    first = sources[0]
    for other in sources[1:]:
        if differences := first.document.differences(other.document):
            raise DatasetError(
                f"the stores were made otherwise: {'; '.join(differences)}",
                subject=f"{first.path}, {other.path}",
                hint="extract them with the same codec, features and level",
            )
    chosen = _choose(sources, target)
    alignment = _join_alignments(sources)
    shared = 0
    progress.start("merging", len(chosen), "utterance")
    with (
        atomic_folder(target) as folder,
        CodeStore.create(
            folder,
            first.spec,
            first.mel,
            level=first.level,
            precision=first.document.precision,
            encoder=first.document.encoder,
        ) as merged,
    ):
        written: dict[str, StoredUtterance] = {}
        for number, id_ in enumerate(sorted(chosen), start=1):
            source, entry = chosen[id_]
            if (twin := written.get(entry.sha256)) is not None:
                merged.point(entry.record, twin, entry.audio)
                shared += 1
            else:
                written[entry.sha256] = _copy(source, entry, merged)
            if number % _UTTERANCES_BETWEEN_SYNCS == 0:
                merged.sync()
            progress.advance()
        merged.write_failures(
            {id_: why for source in sources for id_, why in source.failures().items() if id_ not in chosen}
        )
        if alignment is not None:
            merged.write_alignment(
                {id_: alignment.durations(id_) for id_ in alignment.ids},
                vocabulary_fingerprint=alignment.vocabulary_fingerprint,
                text_hash=alignment.text_hash,
            )
    progress.finish()
    seconds = sum(entry.record.duration or 0.0 for _, entry in chosen.values())
    return Merge(len(chosen), shared, seconds / 3600, alignment is not None)


def _choose(sources: Sequence[CodeStore], target: Path) -> dict[str, tuple[CodeStore, StoredUtterance]]:
    """Return each utterance with the store it comes from, its record as it stands in the new one."""
    chosen: dict[str, tuple[CodeStore, StoredUtterance]] = {}
    for source in sources:
        for entry in source.entries:
            moved = replace(entry, record=move_record(entry.record, source.path, target))
            earlier, held = chosen.setdefault(entry.id, (source, moved))
            if (held.sha256, held.record) != (moved.sha256, moved.record):
                raise DatasetError(
                    f"{earlier.path} and {source.path} hold different utterances under this id",
                    subject=entry.id,
                    hint="rename one of them in its manifest and extract it again",
                )
    return chosen


def _copy(source: CodeStore, entry: StoredUtterance, merged: CodeStore) -> StoredUtterance:
    encoder_EW = None if source.document.encoder is None else source.conditioning(entry.id)
    stored = merged.append(
        entry.record, source.codes(entry.id), source.features(entry.id), encoder_EW, audio=entry.audio
    )
    if stored.sha256 != entry.sha256:
        raise DatasetError(
            "the bytes of the utterance are not those that were written",
            subject=f"{source.path}: {entry.id}",
            hint="run `amhctl codes extract` on that store again: it encodes anew what is damaged",
        )
    return stored


def _join_alignments(sources: Sequence[CodeStore]) -> Alignment | None:
    """Return one alignment for all, or None if a store has none or one of another vocabulary or text state."""
    found = [alignment for source in sources if (alignment := source.alignment()) is not None]
    origins = {(alignment.vocabulary_fingerprint, alignment.text_hash) for alignment in found}
    if len(found) < len(sources) or len(origins) != 1:
        return None
    durations = {id_: alignment.durations(id_) for alignment in found for id_ in alignment.ids}
    return Alignment(found[0].vocabulary_fingerprint, found[0].text_hash, durations)
