"""Write what a voice's card shows: spectrograms beside the recording's, and short samples of each speaker.

    python tools/show_voice.py VOICE MANIFEST FOLDER [--clip ID]

FOLDER gets ``recording.png`` and ``spoken.png`` of one sentence of MANIFEST, and three samples of each speaker,
``SPEAKER-1.ogg`` to ``SPEAKER-3.ogg``, of the sentences below. The same voice gives the same files.
"""

import argparse
from pathlib import Path

from amhctl.audio.files import encode
from amhctl.core.files import write_bytes_atomically
from amhctl.corpus.records import read_audio, read_records
from amhctl.inference.assemble import load_voice
from amhctl.inference.labels import label
from amhctl.inference.options import SpeakOptions
from amhctl.inference.spectrogram_voice import SpectrogramVoice
from amhctl.pages.spectrogram import spectrogram_png

TEXTS = (
    "ሰላም ዓለም። እንዴት አደራችሁ?",
    "ዛሬ ጠዋት በ3 ሰዓት 250 ሰዎች ወደ አዲስ አበባ ሄዱ።",
    "የአማርኛ ቋንቋ የራሱ ፊደል ያለው ጥንታዊ ቋንቋ ነው።",
)


def show_voice(voice_name: str, manifest: Path, folder: Path, clip: str | None = None) -> list[Path]:
    """Write pictures and samples, and return their paths.

    Parameters
    ----------
    voice_name : str
        Name or folder of the voice.
    manifest : Path
        Recordings that it was not trained on.
    folder : Path
        Where to write.
    clip : str | None
        Which of them; None is the first.
    """
    voice = load_voice(voice_name)
    records = read_records(manifest)
    record = next(one for one in records if clip in (None, one.id))
    folder.mkdir(parents=True, exist_ok=True)
    speakers = tuple(voice.manifest.speakers or ())
    person = record.speaker if record.speaker in speakers else None
    spoken = voice.speak(record.text, SpeakOptions(person=person)).waveform
    written = {
        "recording.png": spectrogram_png(read_audio(record, manifest.parent)),
        "spoken.png": spectrogram_png(spoken),
    }
    for speaker in speakers if isinstance(voice, SpectrogramVoice) else ():
        for number, text in enumerate(TEXTS, 1):
            said = voice.speak(text, SpeakOptions(person=speaker)).waveform
            tags = label(voice.manifest, text, person=speaker)
            written[f"{speaker}-{number}.ogg"] = encode(said, "ogg", tags)
    for name, content in written.items():
        write_bytes_atomically(folder / name, content)
    return [folder / name for name in written]


def main() -> None:
    """Read the command line and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("voice")
    parser.add_argument("manifest", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--clip", help="which recording of the manifest; the first, if it is not given")
    options = parser.parse_args()
    for path in show_voice(options.voice, options.manifest, options.folder, options.clip):
        print(f"{path}: {path.stat().st_size / 1e3:.0f} kB")  # noqa: T201 - a tool for a terminal


if __name__ == "__main__":
    main()
