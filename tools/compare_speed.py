"""How fast a voice speaks, beside other ways to speak on the same machine, in one run.

    pip install espeakng-loader
    python tools/compare_speed.py m01 --threads 2

Real-time factors by the clock, after each has spoken once: seconds to speak over seconds of speech.

- the voice, by its graphs or by PyTorch, whichever ``amhctl speak`` would use;
- the shape of VITS that MMS-TTS has (Pratap et al. 2023, arXiv 2305.13516), by transformers, with random weights: what
  it says is noise, what it computes is the same;
- espeak-ng, whose voices are rules, by its library; left out where ``espeakng_loader`` is not installed.

pocket-tts publishes 6 times real time on an Apple M4's processor (its README): a factor of 0.17, on another machine.
"""

import argparse
import ctypes
import importlib
import os
import sys
from collections.abc import Callable, Sequence
from time import perf_counter

from amhctl.devices.absent_torchaudio import torchaudio_or_stand_in

TEXTS = (
    "ሰላም ዓለም።",
    "የአማርኛ ቋንቋ የራሱ ፊደል ያለው ጥንታዊ ቋንቋ ነው።",
    "ዛሬ ጠዋት በ3 ሰዓት 250 ሰዎች ወደ አዲስ አበባ ሄዱ፤ ከነሱም መካከል ግማሾቹ ተማሪዎች ናቸው።",
)
Speak = Callable[[str], float]
"""Says a text and returns the seconds of speech."""


def time_speaking(speak: Speak, texts: Sequence[str]) -> tuple[float, float]:
    """Return the real-time factor of texts after one that is not counted, and the seconds that were said."""
    speak(texts[0])
    begun = perf_counter()
    seconds = sum(speak(text) for text in texts)
    return (perf_counter() - begun) / seconds, seconds


def voice_speaker(name: str) -> Speak:
    """Return how a voice of ours speaks."""
    from amhctl.inference.assemble import load_voice  # noqa: PLC0415 - threads are set before

    voice = load_voice(name, device="auto")
    return lambda text: voice.speak(text).waveform.duration


def vits_speaker() -> Speak:
    """Return how a VITS of the shape of MMS-TTS speaks, with random weights."""
    import torch  # noqa: PLC0415 - loaded for this alone

    with torchaudio_or_stand_in():
        from transformers import VitsConfig, VitsModel  # noqa: PLC0415

    torch.manual_seed(0)
    model = VitsModel(VitsConfig()).eval()  # type: ignore[no-untyped-call]
    vocabulary, rate = model.config.vocab_size, model.config.sampling_rate

    @torch.inference_mode()
    def speak(text: str) -> float:
        # A letter of MMS is a letter and what stands between two of them.
        ids = torch.arange(2 * len(text) + 1)[None] % vocabulary
        return float(model(ids).waveform.shape[-1]) / float(rate)

    return speak


def espeak_speaker() -> Speak | None:
    """Return how espeak-ng speaks Amharic, or None where it is not installed."""
    try:
        loader = importlib.import_module("espeakng_loader")
    except ImportError:
        return None
    library = ctypes.CDLL(loader.get_library_path())
    # Synchronous, no sound card: samples go to a callback.
    rate = int(library.espeak_Initialize(2, 0, str(loader.get_data_path()).encode(), 0))
    counted = [0]

    def count_samples(_samples: object, count: int, _events: object) -> int:
        counted[0] += count
        return 0

    callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)
    receive = callback(count_samples)

    library.espeak_SetSynthCallback(receive)
    library.espeak_SetVoiceByName(b"am")

    def speak(text: str, _kept: object = receive) -> float:
        counted[0] = 0
        content = text.encode()
        library.espeak_Synth(content, len(content) + 1, 0, 1, 0, 1, None, None)
        return counted[0] / rate

    return speak


def main() -> None:
    """Read the command line, time each way, and print a line for it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("voice")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    # Before a library reads it.
    os.environ["OMP_NUM_THREADS"] = str(options.threads)
    ways: dict[str, Speak | None] = {
        options.voice: voice_speaker(options.voice),
        "VITS of the shape of MMS-TTS": vits_speaker(),
        "espeak-ng": espeak_speaker(),
    }
    for name, speak in ways.items():
        if speak is None:
            print(f"{name}: not installed", file=sys.stderr)  # noqa: T201
            continue
        factor, seconds = time_speaking(speak, TEXTS)
        print(f"{name}: real-time factor {factor:.3f} on {seconds:.1f} s of speech", flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
