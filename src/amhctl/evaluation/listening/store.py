"""``ratings.sqlite``: the answers that a server received, safe against its death. Knows no HTTP.

One row per person, trial and stimulus. An answer that comes again changes nothing; a later one replaces the earlier.
SQLite writes ahead (WAL) and waits for the disk (``synchronous = FULL``): what ``save`` returned from is kept, even if
the process is killed or the power fails at the next instant.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from amhctl.core.errors import EvaluationError
from amhctl.evaluation.listening.design import ListeningTest
from amhctl.evaluation.listening.rating import FORMAT_VERSION, Rater, Rating, Ratings

_VERSION: Final = 1
_BUSY_SECONDS = 10.0
_SCHEMA = """
CREATE TABLE IF NOT EXISTS test (fingerprint TEXT NOT NULL PRIMARY KEY);
CREATE TABLE IF NOT EXISTS raters (
    id TEXT NOT NULL PRIMARY KEY, nickname TEXT NOT NULL, headphones INTEGER, language TEXT NOT NULL,
    sheet INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS ratings (
    rater TEXT NOT NULL, trial TEXT NOT NULL, stimulus TEXT NOT NULL, score REAL NOT NULL, revision INTEGER NOT NULL,
    seconds REAL NOT NULL, PRIMARY KEY (rater, trial, stimulus)
) WITHOUT ROWID;
"""
_SAVE_RATER = """
INSERT INTO raters VALUES (?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET
nickname = excluded.nickname, headphones = excluded.headphones, language = excluded.language, sheet = excluded.sheet
"""
_SAVE_RATING = """
INSERT INTO ratings VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (rater, trial, stimulus) DO UPDATE SET
score = excluded.score, revision = excluded.revision, seconds = excluded.seconds
WHERE (excluded.revision, excluded.score) > (ratings.revision, ratings.score)
"""


class RatingStore:
    """The answers of one test in a file."""

    def __init__(self, connection: sqlite3.Connection, path: Path, test: ListeningTest) -> None:
        self._connection, self._path, self._test = connection, path, test

    def save(self, ratings: Ratings) -> None:
        """Keep the answers; they are on the disk when this returns.

        Raises
        ------
        EvaluationError
            If the file cannot be written.
        """
        rater = ratings.rater
        headphones = None if rater.headphones is None else int(rater.headphones)
        rows = [
            (rater.id, each.trial, each.stimulus, each.score, each.revision, each.seconds) for each in ratings.ratings
        ]
        with _named(self._path), self._connection:
            self._connection.execute(_SAVE_RATER, (rater.id, rater.nickname, headphones, rater.language, rater.sheet))
            self._connection.executemany(_SAVE_RATING, rows)

    def count(self) -> tuple[int, int]:
        """Return how many people answered, and how many answers there are."""
        with _named(self._path):
            people = self._connection.execute("SELECT count(DISTINCT rater) FROM ratings").fetchone()[0]
            return people, self._connection.execute("SELECT count(*) FROM ratings").fetchone()[0]

    def load(self) -> tuple[Ratings, ...]:
        """Return the answers of each person.

        Raises
        ------
        EvaluationError
            If the file is damaged.
        """
        rows: dict[str, list[Rating]] = {}
        with _named(self._path):
            raters = self._connection.execute("SELECT * FROM raters ORDER BY id").fetchall()
            for rater, trial, stimulus, score, revision, seconds in self._connection.execute("SELECT * FROM ratings"):
                rows.setdefault(rater, []).append(
                    Rating(trial=trial, stimulus=stimulus, score=score, revision=revision, seconds=seconds)
                )
            return tuple(
                Ratings(
                    ratings_format=FORMAT_VERSION,
                    test=self._test.fingerprint,
                    rater=Rater(
                        id=name,
                        nickname=nickname,
                        headphones=None if headphones is None else bool(headphones),
                        language=language,
                        sheet=sheet,
                    ),
                    ratings=tuple(rows.get(name, ())),
                )
                for name, nickname, headphones, language, sheet in raters
            )


@contextmanager
def open_store(path: Path, test: ListeningTest) -> Iterator[RatingStore]:
    """Yield the answers in a file, which is made if need be; used by one thread at a time.

    Raises
    ------
    EvaluationError
        If the file is none of this test, damaged, or cannot be written.
    """
    with _named(path):
        connection = sqlite3.connect(path, timeout=_BUSY_SECONDS, check_same_thread=False)
    try:
        with _named(path):
            _prepare(connection, path, test)
        yield RatingStore(connection, path, test)
    finally:
        connection.close()


def _prepare(connection: sqlite3.Connection, path: Path, test: ListeningTest) -> None:
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version not in (0, _VERSION):
        raise EvaluationError(
            f"the ratings are of format {version}, which this version does not know",
            subject=str(path),
            hint="use the version of amhctl that wrote them",
        )
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    with connection:
        connection.executescript(_SCHEMA)
        connection.execute(f"PRAGMA user_version = {_VERSION}")
        known = connection.execute("SELECT fingerprint FROM test").fetchone()
        if known is None:
            connection.execute("INSERT INTO test VALUES (?)", (test.fingerprint,))
        elif known[0] != test.fingerprint:
            raise EvaluationError(
                "the ratings are of another test", subject=str(path), hint="move them away; the test was made again"
            )


@contextmanager
def _named(path: Path) -> Iterator[None]:
    """Turn a fault of the file into an error that names it."""
    try:
        yield
    except (sqlite3.Error, ValidationError) as error:
        raise EvaluationError(
            f"the ratings cannot be read or written: {error}",
            subject=str(path),
            hint="is the disk full, or the file no database of amhctl?",
        ) from error
