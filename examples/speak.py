"""Say a text in the bundled voice: ``python examples/speak.py "ሰላም ዓለም" out.wav``."""

import sys
from pathlib import Path

import amhctl


def main(text: str, output: Path) -> None:
    """Say the text into a file, as each of the voice's speakers in turn."""
    voice = amhctl.load_voice("m01")
    for speaker in ("m01", "alffa-11"):
        speech = voice.speak(text, amhctl.SpeakOptions(person=speaker, speed=1.1))
        path = output.with_stem(f"{output.stem}-{speaker}")
        amhctl.write_audio(path, speech.waveform)
        print(f"{path}: {speech.waveform.duration:.1f} s")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
