"""Matches of texts and recordings kept in a folder, so that the next check need not recognise them again.

``matches.jsonl``: one JSON object per line with ``version``, ``key`` and ``match``. The key is a digest of all that
a match depends on: the file's bytes, which part of it, the text, how it is read, and the recogniser's weights. Lines
are appended as work continues; one that is damaged or of another version is skipped.
"""

import json
from dataclasses import asdict, fields
from pathlib import Path
from types import TracebackType
from typing import Self, get_type_hints

from amhctl.checks.cache import unwritable
from amhctl.checks.matching import Match
from amhctl.core.documents import parse_json
from amhctl.core.files import sha256_of_json
from amhctl.corpus.records import Record

_VERSION = 1
"""Raised whenever what is measured, or how, changes."""
_NAME = "matches.jsonl"
_TYPES = get_type_hints(Match)


class MatchCache:
    """Finds and keeps matches; use it in a ``with`` block.

    Parameters
    ----------
    folder : Path
        Where they are kept; made if need be.
    reader : str
        Digest of how texts are read.
    recogniser : str
        Digest of the recogniser's weights.

    Raises
    ------
    DatasetError
        If the folder cannot be written.
    """

    def __init__(self, folder: Path, reader: str, recogniser: str) -> None:
        self._path = folder / _NAME
        self._reader, self._recogniser = reader, recogniser
        self._known: dict[str, Match] = {}
        self.damaged = 0
        try:
            folder.mkdir(parents=True, exist_ok=True)
            if self._path.exists():
                self._load(self._path.read_bytes())
            self._stream = self._path.open("ab")
            # A line truncated by a crash ends here, so that the next one is whole.
            if self._stream.tell():
                self._write(b"\n")
        except OSError as error:
            raise unwritable(self._path, error) from error

    def __enter__(self) -> Self:
        """Return the cache."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the file."""
        self._stream.close()

    def find(self, record: Record, sha256: str) -> Match | None:
        """Return what is known of a record whose file has a SHA-256; None if nothing is."""
        return self._known.get(self._key(record, sha256))

    def keep(self, record: Record, sha256: str, match: Match) -> None:
        """Keep the match of a record.

        Raises
        ------
        DatasetError
            If the disk is full.
        """
        key = self._key(record, sha256)
        if key in self._known:
            return
        line = json.dumps({"version": _VERSION, "key": key, "match": asdict(match)}, ensure_ascii=False)
        try:
            self._write(f"{line}\n".encode())
        except OSError as error:
            raise unwritable(self._path, error) from error
        self._known[key] = match

    def _key(self, record: Record, sha256: str) -> str:
        parts = (sha256, record.offset, record.duration, record.text, self._reader, self._recogniser)
        return sha256_of_json(parts)

    def _write(self, content: bytes) -> None:
        self._stream.write(content)
        self._stream.flush()

    def _load(self, content: bytes) -> None:
        for line in content.splitlines():
            if not line.strip():
                continue
            try:
                value = parse_json(line)
                if not isinstance(value, dict):
                    raise TypeError("not an object")
                if value["version"] == _VERSION:
                    self._known[str(value["key"])] = _parse(value["match"])
            except (ValueError, KeyError, TypeError):
                self.damaged += 1


def _parse(value: dict[str, object]) -> Match:
    given = {field.name: value[field.name] for field in fields(Match)}
    for name, item in given.items():
        wanted = (int, float) if _TYPES[name] is float else _TYPES[name]
        if not isinstance(item, wanted):
            raise TypeError(name)
    return Match(**given)  # type: ignore[arg-type]
