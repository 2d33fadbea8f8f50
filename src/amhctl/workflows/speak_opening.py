"""A voice's files are digested while ``amhctl speak`` loads what it speaks with.

To read and hash forty megabytes takes as long as to say a word, and needs no interpreter meanwhile. What this file
imports is loaded before that begins: as little as possible. The thread itself imports nothing: an interrupt of the main
thread may leave the lock of imports behind, and whoever imports in another thread would wait for it for ever.
"""

from collections.abc import Callable

from amhctl.core.errors import AmhctlError
from amhctl.inference.catalog import DEFAULT_VOICE
from amhctl.inference.opening import OpenedVoice, find_parts, verify_parts
from amhctl.parallel.deferred import Deferred


def open_ahead(voice: str | None, codec: str | None) -> Callable[[], OpenedVoice] | None:
    """Return what waits for the digests of a voice's files and verifies it, raising what ``verify_parts`` raises.

    None is returned for a voice that cannot be found: whoever loads it says why, in its turn.

    Parameters
    ----------
    voice : str | None
        Name or folder of the voice; None is the default one.
    codec : str | None
        Name or folder of its codec or vocoder, if it is given.
    """
    try:
        found = find_parts(DEFAULT_VOICE if voice is None else voice, codec)
    except (AmhctlError, OSError):
        return None
    digests = Deferred(lambda: tuple(part.digest() for part in found.parts))
    return lambda: verify_parts(found, digests.result())
