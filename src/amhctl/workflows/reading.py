"""How a project reads: the frontend of its text options and lexicons, for every workflow that reads text.

What a command is given besides (``--set``, ``--lexicon``, the units of a vocabulary) is in the configuration already.
"""

from amhctl.config.schema import RunConfig
from amhctl.text.frontend import Frontend
from amhctl.text.lexicon import Lexicon
from amhctl.text.lexicon_file import read_lexicons


def open_frontend(config: RunConfig, voice: Frontend | None = None) -> Frontend:
    """Return the frontend of a configuration, or a voice's own with the configuration's lexicons before its readings.

    Parameters
    ----------
    config : RunConfig
        Its text options make the frontend where no voice brings one; its lexicons are read in either case.
    voice : Frontend | None
        The frontend of a voice, which keeps its own options and tables.

    Raises
    ------
    TextError
        If a lexicon cannot be read, or with every faulty line of it.
    """
    lexicon = read_lexicons(config.paths.lexicons)
    if voice is None:
        return Frontend(config.text, lexicon)
    # Without readings to add, the state stays that of the voice to the byte, whatever format it was written in.
    return voice if lexicon == Lexicon() else voice.with_lexicon(lexicon)
