"""transphone's multilingual model as a backend. All that it reads is read from disk: nothing is ever downloaded.

Three things of transphone are kept at bay. It downloads what is missing, so its files are looked for first: the model
and its two vocabularies, and phonepiece's inventory of Amharic. It unpickles its model by ``torch.load``, which is
safe only from torch 2.6 on, where it reads tensors alone: with an older torch the backend counts as absent. It seeds
torch's global generator when its model is built, so it is not among the default backends. It drops geminates.
"""

import importlib
import importlib.metadata
import importlib.util
import pickle
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol, cast

from amhctl.core.errors import MissingExtra
from amhctl.text.g2p.phones import split_phones

DOWNLOAD = "python -c \"from transphone.g2p import read_g2p; read_g2p().inference('ሰላም', 'amh')\""
"""The command that makes transphone fetch its model and its inventory, once."""

_HINT = f"{DOWNLOAD} downloads them once; or remove transphone from text.backends"
# What transphone.g2p.read_g2p() and phonepiece's read_inventory("amh") look for before they would start a download.
_MODEL = Path("model") / "042801_base"
_MODEL_FILES = ("model.pt", "grapheme.vocab", "phoneme.vocab")
_INVENTORY = Path("model") / "latest" / "amh"
_SAFE_TORCH = (2, 6)

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

    def require(self) -> None:
        """Return if transphone, its data and a torch that reads them safely are on this machine; nothing is loaded.

        Raises
        ------
        MissingExtra
            If one of them is not.
        """
        _require()

    def phones(self, word: str) -> tuple[str, ...]:
        """Return the phones of one word, in our symbols where transphone's differ.

        Raises
        ------
        MissingExtra
            If transphone or its data are not on this machine, or torch is too old to read them safely.
        """
        if self._model is None:
            self._model = _load()
        text = "".join(self._model.inference(word, "amh"))
        for theirs, ours in _SPELLINGS:
            text = text.replace(theirs, ours)
        return split_phones(text)


def find_model() -> Path | None:
    """Return transphone's model file, or None if it or anything else that it needs is not on this machine."""
    data, pieces = find_data("transphone"), find_data("phonepiece")
    if data is None or pieces is None or not (pieces / _INVENTORY).is_dir():
        return None
    return data / _MODEL / "model.pt" if all((data / _MODEL / name).is_file() for name in _MODEL_FILES) else None


def find_data(package: str) -> Path | None:
    """Return where an installed package keeps its data, without loading it."""
    found = importlib.util.find_spec(package)
    return None if found is None or found.origin is None else Path(found.origin).parent / "data"


def _require() -> None:
    if find_model() is None:
        raise MissingExtra("transphone's model and inventory are not on this machine", subject="transphone", hint=_HINT)
    try:
        torch = importlib.metadata.version("torch")
    except importlib.metadata.PackageNotFoundError as fault:
        raise MissingExtra("transphone needs torch", subject="transphone", hint="pip install torch") from fault
    if tuple(int(part) for part in torch.split(".")[:2]) < _SAFE_TORCH:
        raise MissingExtra(
            f"torch {torch} would execute any code in transphone's model file",
            subject="transphone",
            hint="pip install 'torch>=2.6'",
        )


def _load() -> _Model:
    _require()
    try:
        # Imported on use: transphone loads torch, which the text room never does itself.
        module = importlib.import_module("transphone.g2p")
        return cast("_Model", module.read_g2p(device="cpu"))
    except (ImportError, OSError, ValueError, RuntimeError, AttributeError, pickle.UnpicklingError) as fault:
        raise MissingExtra(f"transphone cannot be loaded: {fault}", subject="transphone", hint=_HINT) from fault
