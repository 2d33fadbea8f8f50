"""Backends that are packages of others, and may be absent: which of those that are configured can read here."""

from amhctl.config.text import TextConfig
from amhctl.core.errors import MissingExtra
from amhctl.text.g2p.epitran_backend import EpitranBackend
from amhctl.text.g2p.transphone_backend import TransphoneBackend
from amhctl.text.spoken import Fallback

OTHERS: dict[str, type[EpitranBackend] | type[TransphoneBackend]] = {
    "epitran": EpitranBackend,
    "transphone": TransphoneBackend,
}
"""Backends that are packages of others, and may be absent."""


def require_backend(name: str) -> None:
    """Refuse a backend that is not on this machine; our own always is.

    Raises
    ------
    MissingExtra
        If it is not.
    """
    if name in OTHERS:
        OTHERS[name]().require()


def find_readers(config: TextConfig) -> tuple[tuple[str, ...], tuple[Fallback, ...]]:
    """Return the backends that can read on this machine, in their order, and the optional ones that cannot.

    Raises
    ------
    MissingExtra
        If one is absent that is not optional, or all are.
    """
    readers: list[str] = []
    absent: list[Fallback] = []
    for name in config.backends:
        try:
            require_backend(name)
            readers.append(name)
        except MissingExtra as fault:
            if name not in config.optional_backends:
                raise MissingExtra(
                    fault.message,
                    subject=f"text.backends: {name}",
                    hint=f"{fault.hint}; or add {name} to text.optional_backends to use the next backend instead",
                ) from fault
            absent.append(Fallback(name, fault.message))
    if not readers:
        raise MissingExtra(
            "; ".join(item.reason for item in absent), subject="text.backends", hint="add rules to text.backends"
        )
    return tuple(readers), tuple(absent)
