"""amhctl: build, check, train, speak and measure an Amharic voice.

The public names are resolved when they are first used (PEP 562), so that ``import amhctl`` loads nothing::

    voice = amhctl.load_voice("m01")
    amhctl.write_audio(Path("out.wav"), voice.speak("ሰላም ዓለም").waveform)
"""

import importlib

__version__ = "0.1.0"
_PLACES = {
    "SpeakOptions": "amhctl.inference.options",
    "Voice": "amhctl.inference.voice",
    "Waveform": "amhctl.audio.waveform",
    "load_voice": "amhctl.inference.assemble",
    "read_audio": "amhctl.audio.files",
    "write_audio": "amhctl.audio.files",
}
__all__ = ["SpeakOptions", "Voice", "Waveform", "__version__", "load_voice", "read_audio", "write_audio"]


def __getattr__(name: str) -> object:
    """Return a public name from the file it lives in.

    Raises
    ------
    AttributeError
        If there is no such name.
    """
    if name not in _PLACES:
        raise AttributeError(f"module 'amhctl' has no attribute {name!r}")
    return getattr(importlib.import_module(_PLACES[name]), name.removesuffix("_audio"))


def __dir__() -> list[str]:
    """Return the public names."""
    return sorted(__all__)
