"""transphone's multilingual model as a backend. Its model is read from disk only: nothing is ever downloaded.

transphone seeds torch's global generator when its model is built, so it is not among the default backends.
"""

import importlib
import importlib.util
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol, cast

from amhctl.core.errors import MissingExtra
from amhctl.text.g2p.phones import split_phones

# The folder that transphone.g2p.read_g2p() looks for before it would start a download.
_MODEL_PATH = Path("data") / "model" / "042801_base" / "model.pt"

_SPELLINGS = (
    ("ʔ", ""), ("ʕ", ""), ("ħ", "h"), ("χ", "h"), ("x", "h"), ("g", "ɡ"), ("t͡ʃ", "tʃ"), ("d͡ʒ", "dʒ"),
    ("tʃ", "t͡ʃ"), ("dʒ", "d͡ʒ"), ("ː", ""), ("ä", "ə"),
)  # fmt: skip


class _Model(Protocol):
    def inference(self, word: str, lang_id: str) -> Sequence[str]: ...


class TransphoneBackend:
    """Phones of one word by transphone's model for ``amh``, loaded on first use."""

    name = "transphone"

    def __init__(self) -> None:
        self._model: _Model | None = None

    def phones(self, word: str) -> tuple[str, ...]:
        """Return the phones of one word, in our symbols where transphone's differ.

        Raises
        ------
        MissingExtra
            If transphone or its model is not on this machine.
        """
        if self._model is None:
            self._model = _load()
        text = "".join(self._model.inference(word, "amh"))
        for theirs, ours in _SPELLINGS:
            text = text.replace(theirs, ours)
        return split_phones(text)


def find_model() -> Path | None:
    """Return transphone's model file, or None if it is not on this machine."""
    found = importlib.util.find_spec("transphone")
    if found is None or found.origin is None:
        return None
    path = Path(found.origin).parent / _MODEL_PATH
    return path if path.is_file() else None


def _load() -> _Model:
    hint = "put transphone's model into its package folder, or use --backend rules"
    if find_model() is None:
        raise MissingExtra("transphone's model is not on this machine", subject="transphone", hint=hint)
    try:
        # Imported on use: transphone loads torch, which the text room never does itself.
        module = importlib.import_module("transphone.g2p")
        return cast("_Model", module.read_g2p(device="cpu"))
    except (ImportError, OSError, ValueError, RuntimeError, AttributeError) as fault:
        raise MissingExtra(f"transphone cannot be loaded: {fault}", subject="transphone", hint=hint) from fault
