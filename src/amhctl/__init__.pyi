# What type checkers see: the public names are resolved by __getattr__ when they are first used.
from amhctl.audio.files import read as read_audio
from amhctl.audio.files import write as write_audio
from amhctl.audio.waveform import Waveform
from amhctl.inference.assemble import load_voice
from amhctl.inference.options import SpeakOptions
from amhctl.inference.voice import Voice

__version__: str
__all__ = ["SpeakOptions", "Voice", "Waveform", "__version__", "load_voice", "read_audio", "write_audio"]
