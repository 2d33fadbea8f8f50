"""Several code stores, or the parts of one, made one. Knows no codec: what was encoded is copied, never made again.

The result is the same in whatever order the stores are named: utterances are written in the order of their ids, read
one at a time.
"""

import heapq
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from amhctl.codes.alignment import join_alignments
from amhctl.codes.failures import read_failures
from amhctl.codes.index import StoredUtterance
from amhctl.codes.parts import hold_part, part_names
from amhctl.codes.proof import require_complete
from amhctl.codes.store import CodeStore
from amhctl.codes.writer import StoreWriter
from amhctl.core.errors import DatasetError
from amhctl.core.files import atomic_folder, refuse_existing
from amhctl.core.progress import Progress
from amhctl.corpus.records import move_record

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
        If the stores were made otherwise, two of them hold different utterances under one id, or data are damaged or
        missing.
    FileExistsRefused
        If there is something at ``target`` and ``force`` is false.
    InUseError
        If another process writes into a store that is to be replaced.
    """
    refuse_existing(target, force=force)
    for source in sources:
        require_complete(source)
    first = sources[0]
    for other in sources[1:]:
        if differences := first.document.differences(other.document):
            raise DatasetError(
                f"settings differ between the stores: {'; '.join(differences)}",
                subject=f"{first.path}, {other.path}",
                hint="extract them with the same codec, features and level",
            )
    chosen = _choose(sources, target)
    alignment = join_alignments([source.alignment() for source in sources])
    shared, seconds = 0, 0.0
    progress.start("merging", len(chosen), "utterance")
    with (
        _hold_parts(target),
        atomic_folder(target) as folder,
        StoreWriter.begin(folder, first.document) as merged,
    ):
        written: dict[str, str] = {}
        ordered = _read_in_order(chosen, target)
        while block := list(islice(ordered, _UTTERANCES_BETWEEN_SYNCS)):
            for source, entry in block:
                seconds += entry.record.duration or 0.0
                if (twin := written.get(entry.sha256)) is not None:
                    merged.point(entry.record, merged.entry(twin), entry.audio)
                    shared += 1
                else:
                    written[_copy(source, entry, merged).sha256] = entry.id
                progress.advance()
            merged.sync()
        merged.write_failures(
            {id_: why for source in sources for id_, why in read_failures(source.path).items() if id_ not in chosen}
        )
        if alignment is not None:
            merged.write_alignment(
                {id_: alignment.measured(id_) for id_ in alignment.ids},
                vocabulary_fingerprint=alignment.vocabulary_fingerprint,
                text_hash=alignment.text_hash,
                acoustic=alignment.is_acoustic,
            )
    progress.finish()
    return Merge(len(chosen), shared, seconds / 3600, alignment is not None)


@contextmanager
def _hold_parts(target: Path) -> Iterator[None]:
    """Hold every part of a store that is going to be replaced."""
    with ExitStack() as held:
        for part in part_names(target):
            held.enter_context(hold_part(target, part))
        yield


def _choose(sources: Sequence[CodeStore], target: Path) -> dict[str, CodeStore]:
    """Return the store that each utterance comes from."""
    chosen: dict[str, CodeStore] = {}
    for source in sources:
        for id_ in source.ids:
            earlier = chosen.setdefault(id_, source)
            if earlier is source:
                continue
            held, other = (_move(store.entry(id_), store, target) for store in (earlier, source))
            if (held.sha256, held.record) != (other.sha256, other.record):
                raise DatasetError(
                    f"{earlier.path} and {source.path} hold different utterances under this id",
                    subject=id_,
                    hint="rename one of them in its manifest and extract it again",
                )
    return chosen


def _read_in_order(chosen: Mapping[str, CodeStore], target: Path) -> Iterator[tuple[CodeStore, StoredUtterance]]:
    """Yield all utterances in the order of their ids, each with its store, its record as it is in the new one."""
    ids_of: dict[CodeStore, list[str]] = {}
    for id_ in sorted(chosen):
        ids_of.setdefault(chosen[id_], []).append(id_)

    def read(source: CodeStore, ids: Sequence[str]) -> Iterator[tuple[CodeStore, StoredUtterance]]:
        return ((source, _move(entry, source, target)) for entry in source.read(ids))

    return heapq.merge(*(read(source, ids) for source, ids in ids_of.items()), key=lambda pair: pair[1].id)


def _move(entry: StoredUtterance, source: CodeStore, target: Path) -> StoredUtterance:
    return replace(entry, record=move_record(entry.record, source.path, target))


def _copy(source: CodeStore, entry: StoredUtterance, merged: StoreWriter) -> StoredUtterance:
    stored = merged.append_columns(entry.record, source.columns(entry.id), audio=entry.audio)
    if stored.sha256 != entry.sha256:
        raise DatasetError(
            "the data of the utterance are damaged",
            subject=f"{source.path}: {entry.id}",
            hint="run `amhctl codes extract` on that store again: it encodes damaged utterances again",
        )
    return stored
