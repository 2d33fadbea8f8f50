"""That a code store still holds what was written into it, proved before anything is learnt from it. Knows no codec.

Every utterance is compared with its digest, one at a time. How far that has come is remembered beside the data, in
``.proof-K-of-N.json``, so that an interrupted comparison resumes where it stopped and a second one takes no time. The
memory holds only while every file of the store has the size, the times of change and the inode that it had; a store
that cannot be written is compared again each time.

``.proof-K-of-N.json``: ``version``, ``files`` (by name: size, mtime_ns, ctime_ns, inode) and ``utterances``, how many
of shard K of N are proved, in the store's order.
"""

import time
from contextlib import suppress
from pathlib import Path

from pydantic import NonNegativeInt, ValidationError

from amhctl.codes.shard import Shard
from amhctl.codes.store import CodeStore
from amhctl.config.document import Document
from amhctl.core.documents import read_json
from amhctl.core.errors import DatasetError, DocumentError
from amhctl.core.files import write_text_atomically
from amhctl.core.progress import Progress

_VERSION = 1
_UTTERANCES_BETWEEN_NOTES = 20_000
_NAMED = 5
"""Damaged utterances that an error names; the others it counts."""
_SETTLED_NS = 2_000_000_000
"""A file changed twice within one tick of a file system's clock shows no difference; the coarsest ticks last 2 s."""
_EXTRACT_AGAIN = "`amhctl codes verify` lists all problems; `amhctl codes extract` encodes damaged utterances again"

_WHOLE = Shard()
_Identity = tuple[int, int, int, int]


class _Proof(Document):
    """``.proof-K-of-N.json``."""

    version: int = _VERSION
    files: dict[str, _Identity]
    utterances: NonNegativeInt


def require_complete(store: CodeStore) -> None:
    """Refuse a store whose files do not reach as far as its index says.

    Raises
    ------
    DatasetError
        If data of an utterance are missing: readers skip it and all after it.
    """
    if store.missing:
        raise DatasetError(
            f"the files are too short: data of {', '.join(store.missing[:_NAMED])} and later utterances are missing",
            subject=str(store.path),
            hint=_EXTRACT_AGAIN,
        )


def require_proof(store: CodeStore, progress: Progress, *, shard: Shard = _WHOLE, now_ns: int | None = None) -> None:
    """Compare a store with its digests, as far as that has not been done before.

    Parameters
    ----------
    store : CodeStore
        The store.
    progress : Progress
        Told of each utterance that is compared.
    shard : Shard
        Compare only the utterances of this shard: processes of one machine that learn from one store share the work.
    now_ns : int | None
        The time in nanoseconds; None asks the clock.

    Raises
    ------
    DatasetError
        If data of an utterance are missing or are not those that were written.
    """
    require_complete(store)
    ids = shard.of(store.ids)
    memory = store.path / f".proof-{shard.part}.json"
    files = _identify(store)
    begun = time.time_ns() if now_ns is None else now_ns
    settled = all(max(mtime, ctime) < begun - _SETTLED_NS for _, mtime, ctime, _ in files.values())
    done = min(_recall(memory, files), len(ids))
    if done == len(ids):
        return
    damaged: list[str] = []
    progress.start("comparing codes with their digests", len(ids) - done, "utterances")
    try:
        for id_ in ids[done:]:
            if not store.is_intact(id_):
                damaged.append(id_)
            done += not damaged
            progress.advance()
            if settled and done % _UTTERANCES_BETWEEN_NOTES == 0 and not damaged:
                _note(memory, files, done)
    finally:
        progress.finish()
        # Of an interrupted comparison, what was found whole need not be read again.
        if settled:
            _note(memory, files, done)
    if damaged:
        named = ", ".join(damaged[:_NAMED]) + (" …" if len(damaged) > _NAMED else "")
        raise DatasetError(
            f"the data of {len(damaged)} of {len(ids)} utterances are damaged: {named}",
            subject=str(store.path),
            hint=_EXTRACT_AGAIN,
        )


def _identify(store: CodeStore) -> dict[str, _Identity]:
    """Return what tells each file of a store from a changed one."""
    identities = {}
    for file in store.files:
        status = file.stat()
        identities[file.name] = (status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)
    return identities


def _recall(memory: Path, files: dict[str, _Identity]) -> int:
    """Return how many utterances are known to be whole; 0 if the files are others than those compared."""
    try:
        proof = _Proof.model_validate(read_json(memory))
    except (OSError, DocumentError, ValidationError):
        return 0
    return proof.utterances if (proof.version, proof.files) == (_VERSION, files) else 0


def _note(memory: Path, files: dict[str, _Identity], utterances: int) -> None:
    # What cannot be remembered is compared again: slower, never wrong.
    with suppress(OSError):
        write_text_atomically(memory, _Proof(files=files, utterances=utterances).model_dump_json() + "\n")
