"""A voice's files are verified while ``amhctl speak`` loads what it speaks with.

To read and hash forty megabytes takes as long as to say a word, and needs no interpreter meanwhile. What this file
imports is loaded before that begins: as little as possible.
"""

from amhctl.inference.catalog import DEFAULT_VOICE
from amhctl.inference.opening import OpenedVoice, open_parts
from amhctl.parallel.deferred import Deferred


def open_ahead(voice: str | None, codec: str | None) -> Deferred[OpenedVoice]:
    """Return what ``open_parts`` returns, made in a thread; its errors are raised where the result is asked for.

    Parameters
    ----------
    voice : str | None
        Name or folder of the voice; None is the default one.
    codec : str | None
        Name or folder of its codec or vocoder, if it is given.
    """
    return Deferred(lambda: open_parts(DEFAULT_VOICE if voice is None else voice, codec))
