"""The state of a frontend: all that it reads by, as JSON that travels with a voice.

``format`` (of the state), ``code`` (of the rules), ``options`` (the `TextConfig`), ``readers`` (the backends that were
available, which decide the phones) and ``tables`` (every word list the rules use, the user's lexicons among them).
"""

import copy
from collections.abc import Mapping
from typing import Any, cast

from pydantic import ValidationError

from amhctl.config.text import TextConfig
from amhctl.core.errors import MissingExtra, TextError
from amhctl.text.g2p.backends import require_backend
from amhctl.text.g2p.rules import CONSONANTS_OF_SERIES, EXCEPTIONS
from amhctl.text.rulebook import WORD_TABLES

STATE_FORMAT = 4
CODE_VERSION = 5
"""Raised whenever a rule (not a table) changes what is spoken."""

LEXICON_SPOKEN, LEXICON_PHONES = "lexicon.spoken", "lexicon.phones"
GEMINATION_WORDS, GEMINATION_WEIGHTS, HOMOGRAPHS = "gemination.words", "gemination.weights", "homographs"
GEMINATION_STEMS, VERBS = "gemination.stems", "verbs"
_OTHER_TABLES = (
    LEXICON_SPOKEN,
    LEXICON_PHONES,
    GEMINATION_WORDS,
    GEMINATION_WEIGHTS,
    HOMOGRAPHS,
    GEMINATION_STEMS,
    VERBS,
)
"""Tables that are no list of words in the rules' own code: the user's, and what was learnt from text."""

OUR_TABLES: dict[str, dict[str, str]] = {
    **WORD_TABLES,
    "consonants": CONSONANTS_OF_SERIES,
    "exceptions": EXCEPTIONS,
}

_NEEDED = {name: WORD_TABLES[name] for name in ("numerals", "letters", "context")}
"""Tables whose every entry the rules ask for by name."""

_COPY_AGAIN = "copy the file from the checkpoint again"


def build_state(
    config: TextConfig, tables: Mapping[str, Mapping[str, str]], readers: tuple[str, ...]
) -> dict[str, object]:
    """Return the state of a frontend with this version's rules."""
    return {
        "format": STATE_FORMAT,
        "code": CODE_VERSION,
        "options": config.model_dump(mode="json"),
        "readers": list(readers),
        "tables": {name: dict(table) for name, table in tables.items()},
    }


def copy_state(state: Mapping[str, object]) -> dict[str, object]:
    """Return a state of one's own."""
    # Tables of fifty thousand words, text to text: a deep copy would take as long as all of their rules.
    copied = {key: copy.deepcopy(value) for key, value in state.items() if key != "tables"}
    copied["tables"] = {
        name: dict(table) if _is_table(table) else copy.deepcopy(table)
        for name, table in cast("dict[str, Any]", state["tables"]).items()
    }
    return copied


def read_state(state: Mapping[str, object]) -> tuple[TextConfig, dict[str, dict[str, str]], tuple[str, ...]]:
    """Return the options, the tables and the backends that a state names.

    Raises
    ------
    TextError
        If the state is damaged, or newer or older than this package can read.
    MissingExtra
        If a backend that read when the state was written is not on this machine.
    """
    _require_versions(state)
    tables = {name: _read_table(state, name) for name in (*OUR_TABLES, *_OTHER_TABLES)}
    try:
        config = TextConfig.model_validate(state.get("options"))
    except ValidationError as fault:
        raise TextError(f"the text state has unknown options: {fault}", subject="options") from fault
    return config, tables, _read_readers(state, config)


def _require_versions(state: Mapping[str, object]) -> None:
    for key, known in (("format", STATE_FORMAT), ("code", CODE_VERSION)):
        version = state.get(key)
        if not isinstance(version, int) or version < 1:
            raise TextError("the text state has no version", subject=key, hint=_COPY_AGAIN)
        if version > known:
            raise TextError(
                f"the text state is newer ({version}) than this package ({known})", subject=key, hint="upgrade amhctl"
            )
    if (version := state["format"]) != STATE_FORMAT:
        raise TextError(
            f"the text state has the old format {version}, this version of amhctl reads {STATE_FORMAT}",
            subject="format",
            hint="train the voice again, or use the version of amhctl that wrote it",
        )


def _read_table(state: Mapping[str, object], name: str) -> dict[str, str]:
    tables = state.get("tables")
    found = tables.get(name) if isinstance(tables, dict) else None
    if not _is_table(found):
        raise TextError("the text state lacks a table", subject=f"tables.{name}", hint=_COPY_AGAIN)
    table = dict(cast("dict[str, str]", found))
    if lacking := sorted(_NEEDED.get(name, {}).keys() - table.keys()):
        raise TextError(
            f"the text state lacks entries that the rules need: {' '.join(lacking)}",
            subject=f"tables.{name}",
            hint=_COPY_AGAIN,
        )
    return table


def _read_readers(state: Mapping[str, object], config: TextConfig) -> tuple[str, ...]:
    """Return the backends that read when a state was written; all of them are needed to read alike.

    Raises
    ------
    TextError
        If the entry is damaged.
    MissingExtra
        If one of them is not on this machine.
    """
    readers = state.get("readers")
    if not isinstance(readers, list) or not readers or any(name not in config.backends for name in readers):
        raise TextError(
            "the text state does not name its backends",
            subject="readers",
            hint="copy the file from the checkpoint again",
        )
    for name in readers:
        try:
            require_backend(name)
        except MissingExtra as fault:
            raise MissingExtra(
                f"the text state was made with the backend {name}, but {fault.message}: the phones would differ",
                subject=name,
                hint=fault.hint,
            ) from fault
    return tuple(readers)


def _is_table(value: object) -> bool:
    # Of tables of fifty thousand words: a set of their types is made four times as fast as asking each.
    return isinstance(value, dict) and {*map(type, value), *map(type, value.values())} <= {str}
