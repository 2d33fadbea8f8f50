"""epitran's Amharic table as a backend: ɨ after every sixth order makes it a fallback, not a model of the language."""

import importlib
import importlib.util
from typing import Protocol, cast

from amhctl.core.errors import MissingExtra
from amhctl.text.g2p.phones import split_phones

# epitran's symbols where they are not ours; its glottal stops and pharyngeals are silent here.
_SPELLINGS = (
    ("ʕ", ""), ("ʔ", ""), ("ħ", "h"), ("χ", "h"), ("x", "h"), ("t͡sʼ", "sʼ"), ("t͡s", "sʼ"), ("tʃ", "t͡ʃ"), ("dʒ", "d͡ʒ"),
    ("ɬ", "sʼ"), ("g", "ɡ"), ("ä", "ə"),
)  # fmt: skip


class _Transliterator(Protocol):
    def transliterate(self, word: str) -> str: ...


class EpitranBackend:
    """Phones of one word by epitran's ``amh-Ethi``, loaded on first use."""

    name = "epitran"

    def __init__(self) -> None:
        self._engine: _Transliterator | None = None

    def require(self) -> None:
        """Return if epitran is installed, without loading it.

        Raises
        ------
        MissingExtra
            If it is not.
        """
        if importlib.util.find_spec("epitran") is None:
            raise MissingExtra("epitran is not installed", subject="epitran", hint="pip install epitran")

    def phones(self, word: str) -> tuple[str, ...]:
        """Return the phones of one word, in our symbols where epitran's differ.

        Raises
        ------
        MissingExtra
            If epitran or its table is absent.
        """
        if self._engine is None:
            self._engine = _load()
        text = self._engine.transliterate(word)
        for theirs, ours in _SPELLINGS:
            text = text.replace(theirs, ours)
        return split_phones(text)


def _load() -> _Transliterator:
    try:
        # Imported on use: epitran loads panphon and csv tables that no other command needs.
        module = importlib.import_module("epitran")
        return cast("_Transliterator", module.Epitran("amh-Ethi"))
    except (ImportError, OSError, LookupError) as fault:
        raise MissingExtra(
            f"epitran cannot be loaded: {fault}", subject="epitran", hint="pip install epitran"
        ) from fault
