"""Texts read once: the pieces of a store's texts, kept beside it for the next start and the other processes of a run.

``.pieces-KEY.npz`` in the store's folder holds plain arrays, read without pickle: ``digests`` (the first 16 bytes of
the SHA-256 of each text), ``sizes`` (pieces of each; -1 where it cannot be spoken, -2 where the vocabulary does not
cover it), ``ids`` (one text after the other) and ``reasons`` (UTF-8, a line for each text that could not be read). KEY
is of the text state and the vocabulary, so that a text is known by its content and by what reads it. A file that is
missing, damaged or cannot be written costs time and nothing else.
"""

import hashlib
import zipfile
from collections.abc import Iterable
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Literal, Protocol

import numpy as np

from amhctl.core.errors import InUseError, TextError, VocabularyError
from amhctl.core.files import atomic_path
from amhctl.core.lock import hold
from amhctl.core.progress import Progress
from amhctl.tokenizer.tokenizer import Tokenizer

_DIGEST_BYTES = 16
_KEPT = 3
"""Files of other text states and vocabularies that are left in a store."""

Fault = Literal["text", "vocabulary"]
_FAULTS: tuple[Fault, ...] = ("text", "vocabulary")


class Reader(Protocol):
    """What turns a text into the units of a vocabulary; a ``Frontend`` is one."""

    @property
    def state_hash(self) -> str:
        """What its reading depends on."""
        ...

    def units(self, text: str) -> str:
        """Return the units of a text."""
        ...


class Verbatim:
    """Reads a text as it stands: one of another language than the frontend's, as that language's own hands it over."""

    state_hash = "verbatim"

    def units(self, text: str) -> str:
        """Return the text.

        Raises
        ------
        TextError
            If there is none.
        """
        if not text.strip():
            raise TextError("the text is empty")
        return text


@dataclass(frozen=True, slots=True)
class Unread:
    """A text that cannot be read: whether it is the text or the vocabulary that fails, and why."""

    fault: Fault
    reason: str


class Readings:
    """The pieces of texts, by content."""

    def __init__(self) -> None:
        self._known: dict[bytes, tuple[int, ...] | Unread] = {}

    def __contains__(self, text: str) -> bool:
        """Return whether a text has been read."""
        return _digest(text) in self._known

    def __getitem__(self, text: str) -> tuple[int, ...] | Unread:
        """Return the pieces of a text, or why there are none."""
        return self._known[_digest(text)]

    def __len__(self) -> int:
        """Return how many texts have been read."""
        return len(self._known)

    def read(self, text: str, frontend: Reader, tokenizer: Tokenizer) -> None:
        """Read a text."""
        try:
            found: tuple[int, ...] | Unread = tokenizer.encode(frontend.units(text))
        except TextError as error:
            found = Unread("text", error.message)
        except VocabularyError as error:
            found = Unread("vocabulary", error.message)
        self._known[_digest(text)] = found

    def load(self, path: Path) -> None:
        """Take in what a file holds; one that is missing or damaged holds nothing."""
        try:
            # Opened here, because numpy leaves a file open that it cannot make sense of.
            with path.open("rb") as stream, np.load(stream, allow_pickle=False) as arrays:
                digests = arrays["digests"].tobytes()
                sizes = arrays["sizes"].tolist()
                ids = arrays["ids"].tolist()
                reasons = iter(arrays["reasons"].tobytes().decode("utf-8").split("\n"))
            ends = list(accumulate((max(0, size) for size in sizes), initial=0))
            if len(digests) != _DIGEST_BYTES * len(sizes) or ends[-1] != len(ids):
                return
            found = {
                digests[_DIGEST_BYTES * index : _DIGEST_BYTES * (index + 1)]: tuple(ids[begin:end])
                if size >= 0
                else Unread(_FAULTS[-size - 1], next(reasons))
                for index, (size, (begin, end)) in enumerate(zip(sizes, pairwise(ends), strict=True))
            }
        except (OSError, EOFError, ValueError, KeyError, IndexError, StopIteration, zipfile.BadZipFile):
            return
        self._known |= found

    def save(self, path: Path) -> None:
        """Write all of it, whole or not at all.

        Raises
        ------
        OSError
            If the system refuses to.
        """
        values = self._known.values()
        sizes = [-1 - _FAULTS.index(value.fault) if isinstance(value, Unread) else len(value) for value in values]
        reasons = [" ".join(value.reason.split()) for value in values if isinstance(value, Unread)]
        with atomic_path(path) as temporary:
            np.savez(
                temporary,
                digests=np.frombuffer(b"".join(self._known), dtype=np.uint8),
                sizes=np.array(sizes, dtype=np.int32),
                ids=np.array([id_ for value in values if not isinstance(value, Unread) for id_ in value], np.int32),
                reasons=np.frombuffer("\n".join(reasons).encode("utf-8"), dtype=np.uint8),
            )


def read_texts(
    folder: Path, texts: Iterable[str], frontend: Reader, tokenizer: Tokenizer, progress: Progress
) -> Readings:
    """Return the pieces of texts: what is known already is not read again, by whichever process it was read.

    Parameters
    ----------
    folder : Path
        The store's, where readings are kept.
    texts : Iterable[str]
        Texts, repeated or not.
    frontend, tokenizer : Reader, Tokenizer
        What reads them.
    progress : Progress
        Is told of texts that are read now.
    """
    wanted = dict.fromkeys(texts)
    path = folder / f".pieces-{_key(frontend, tokenizer)}.npz"
    known = Readings()
    known.load(path)
    if all(text in known for text in wanted):
        return known
    with ExitStack() as alone:
        _wait_for_turn(path, alone, progress)
        # Another process may have read them meanwhile.
        known.load(path)
        missing = [text for text in wanted if text not in known]
        progress.start("normalising texts", len(missing), "texts")
        try:
            for text in missing:
                known.read(text, frontend, tokenizer)
                progress.advance()
        finally:
            # Of an interrupted reading, what was read need not be read again.
            progress.finish()
            if missing:
                with suppress(OSError):
                    known.save(path)
                    _forget_others(folder, path)
    return known


def _wait_for_turn(path: Path, alone: ExitStack, progress: Progress) -> None:
    """Let one process read at a time, where the store can be written."""
    file = path.with_suffix(".lock")
    try:
        try:
            alone.enter_context(hold(file, what="normalising the texts"))
        except InUseError as error:
            progress.say(f"{error.message}: waiting for it")
            alone.enter_context(hold(file, what="normalising the texts", wait=True))
    except OSError:
        return


def _forget_others(folder: Path, kept: Path) -> None:
    others = [file for file in folder.glob(".pieces-*.npz") if file != kept]
    for file in sorted(others, key=lambda file: file.stat().st_mtime)[:-_KEPT]:
        file.unlink(missing_ok=True)


def _key(frontend: Reader, tokenizer: Tokenizer) -> str:
    # Of the whole model: two vocabularies of the same pieces may cut a text differently.
    return hashlib.sha256(frontend.state_hash.encode() + tokenizer.vocabulary.model_bytes).hexdigest()[:16]


def _digest(text: str) -> bytes:
    # A lone surrogate, which UTF-8 has no bytes for, is a text too.
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:_DIGEST_BYTES]
