"""A stand-in for torchaudio, while packages are imported that name it at their top and do without it afterwards.

The registry's torchaudio is linked against CUDA and cannot be loaded beside a CPU build of torch; descript-audiotools
and transformers import it all the same. This is the one place that knows it.
"""

import importlib
import importlib.machinery
import sys
import types
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from amhctl.core.errors import MissingExtra


class _AbsentTorchaudio(types.ModuleType):
    """Stands in for a torchaudio that cannot be loaded; using any part of it is a clear error."""

    def __getattr__(self, name: str) -> object:
        # Import machinery and inspection ask modules for dunder names and expect AttributeError.
        if name.startswith("__"):
            raise AttributeError(name)
        raise MissingExtra(
            "torchaudio cannot be loaded here, and this function needs it",
            subject=f"torchaudio.{name}",
            hint="install the torchaudio build that belongs to your torch",
        )


@contextmanager
def torchaudio_or_stand_in() -> Iterator[None]:
    """Have ``import torchaudio`` succeed inside the block: the real one where it can be loaded, else a stand-in."""
    stand_in = None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            importlib.import_module("torchaudio")
        except (ImportError, OSError, RuntimeError):
            # A failed import leaves half of the package behind; the stand-in must not meet it.
            drop_modules("torchaudio")
            stand_in = _AbsentTorchaudio("torchaudio")
            # Who asks whether the package is there wants to see where it comes from.
            stand_in.__spec__ = importlib.machinery.ModuleSpec("torchaudio", None)
            sys.modules["torchaudio"] = stand_in
        try:
            yield
        finally:
            # Nobody else is to mistake the stand-in for the real package.
            if stand_in is not None and sys.modules.get("torchaudio") is stand_in:
                del sys.modules["torchaudio"]


def drop_modules(package: str) -> None:
    """Forget a package whose import failed half-way."""
    for name in [name for name in sys.modules if name == package or name.startswith(f"{package}.")]:
        del sys.modules[name]
