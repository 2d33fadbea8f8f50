"""Files of user lexicons. Knows no rule and no backend.

A lexicon is a file in one of two forms, UTF-8:

* ``.tsv``: two columns, the written word and how it is said; lines that are empty or begin with ``#`` are skipped;
* ``.toml``: strings, ``"written" = "said"``, at the top or in tables of any name.

What is said is spoken Amharic (``CBE`` → ``ሲ ቢ ኢ``) or, for one word of fidel, its phones (``ገና`` → ``ɡənna``): they
are distinguished by their script. A written word is matched whole, as it is spelled, alone or after a prefix (የ በ ለ ከ
…).
"""

import unicodedata
from collections.abc import Iterable, Iterator
from pathlib import Path

from amhctl.core.documents import parse_toml, read_limited
from amhctl.core.errors import DocumentError, TextError
from amhctl.core.listing import shorten
from amhctl.text.g2p.phones import PHONES, split_phones
from amhctl.text.lexicon import Lexicon
from amhctl.text.script import GEMINATION, SYLLABLES

_LONGEST = 200
_KNOWN_PHONES = frozenset(PHONES)


def read_lexicons(paths: Iterable[Path]) -> Lexicon:
    """Read lexicon files; a later one overrides an earlier one.

    Raises
    ------
    TextError
        If a file cannot be read, or with every faulty line of it.
    """
    lexicon = Lexicon()
    for path in paths:
        lexicon = lexicon.joined(_read(path))
    return lexicon


def lexicon_of(entries: Iterable[tuple[str, str]], *, subject: str) -> Lexicon:
    """Return the lexicon of written words and their pronunciations, each in fidel or in phones.

    Parameters
    ----------
    entries : Iterable[tuple[str, str]]
        Written word and what is said.
    subject : str
        What the entries are called in an error.

    Raises
    ------
    TextError
        With every faulty entry.
    """
    return _sorted(((repr(written), written, said) for written, said in entries), subject)


def _read(path: Path) -> Lexicon:
    try:
        content = read_limited(path).decode("utf-8-sig")
    except OSError as error:
        raise TextError(
            f"the lexicon cannot be read: {error.strerror}",
            subject=str(path),
            hint="check --lexicon and paths.lexicons",
        ) from error
    except DocumentError as error:
        raise TextError(f"the lexicon is {error.message}", subject=str(path)) from error
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise TextError("the lexicon is not UTF-8", subject=f"{path}:{line}", hint="save it as UTF-8") from error
    entries = _toml_entries(path, content) if path.suffix == ".toml" else _tsv_entries(content)
    return _sorted(entries, str(path))


def _sorted(entries: Iterable[tuple[str, str, str | None]], subject: str) -> Lexicon:
    spoken: dict[str, str] = {}
    phones: dict[str, str] = {}
    faults: list[str] = []
    for where, written, said in entries:
        fault = _sort(written, said, spoken, phones)
        if fault:
            faults.append(f"{where}: {fault}")
    if faults:
        raise TextError(
            f"the lexicon has {len(faults)} faulty {'entry' if len(faults) == 1 else 'entries'}: "
            f"{shorten(faults, 10, '; ')}",
            subject=subject,
            hint="an entry is a written word and its pronunciation, in fidel or in phones",
        )
    return Lexicon(spoken, phones)


def _tsv_entries(content: str) -> Iterator[tuple[str, str, str | None]]:
    for number, line in enumerate(content.split("\n"), start=1):
        stripped = line.rstrip("\r")
        if not stripped.strip() or stripped.startswith("#"):
            continue
        written, _, said = stripped.partition("\t")
        yield f"line {number}", written, said if "\t" in stripped and "\t" not in said else None


def _toml_entries(path: Path, content: str) -> Iterator[tuple[str, str, str | None]]:
    try:
        document = parse_toml(content)
    except DocumentError as error:
        raise TextError(
            f"the lexicon is {error.message}",
            subject=str(path),
            hint='write one line for each word: "written" = "spoken"',
        ) from error
    pending = list(document.items())
    for key, value in pending:
        if isinstance(value, dict):
            pending += value.items()
        else:
            yield f"key {key!r}", key, value if isinstance(value, str) else None


def _sort(written: str, said: str | None, spoken: dict[str, str], phones: dict[str, str]) -> str | None:
    """Put an entry where it belongs, or return why it belongs nowhere."""
    if said is None:
        return "not exactly two columns, or not a string"
    word, reading = (" ".join(unicodedata.normalize("NFC", part).split()) for part in (written, said))
    if not word or not reading:
        return "the written word or its pronunciation is empty"
    if max(len(word), len(reading)) > _LONGEST:
        return f"longer than {_LONGEST} characters"
    if word in spoken or word in phones:
        return f"{word} already has a pronunciation"
    if _is_fidel(reading.replace(" ", "")):
        if reading[0] == GEMINATION:
            return f"{reading!r} begins with a gemination mark"
        spoken[word] = reading
        return None
    units = split_phones(reading.replace(" ", ""))
    if strange := sorted(set(units) - _KNOWN_PHONES):
        return f"{reading!r} is neither fidel nor phones: {' '.join(strange)}"
    if not _is_fidel(word):
        return f"{word!r} is not a single word in fidel; phones can be given only for one"
    phones[word] = "".join(units)
    return None


def _is_fidel(word: str) -> bool:
    return all(letter in SYLLABLES or letter == GEMINATION for letter in word)
