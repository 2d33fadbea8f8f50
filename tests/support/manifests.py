"""Small manifests with speech-like recordings."""

from pathlib import Path

from support.speechlike import vowel_train

from amhctl.audio import files
from amhctl.data.records import Record, write_records

SENTENCES = (
    "ሰላም ዓለም እንዴት ነህ።",
    "ዛሬ ጥሩ ቀን ነው።",
    "አዲስ አበባ ትልቅ ከተማ ናት።",
    "ልጆች ወደ ትምህርት ቤት ሄዱ።",
    "እናቴ ቡና ታፈላለች።",
    "ወንድሜ መጽሐፍ ያነባል።",
)


def tiny_manifest(folder: Path, *, count: int = 4, speakers: int = 2, seconds: float = 1.3) -> Path:
    """Write recordings r0.wav, … and a manifest of them; return the manifest."""
    records = []
    for number in range(count):
        waveform = vowel_train(seconds=seconds + 0.1 * number, seed=number, pitch=100.0 + 15.0 * (number % speakers))
        files.write(folder / "wav" / f"r{number}.wav", waveform)
        records.append(
            Record(
                id=f"r{number}",
                audio=f"wav/r{number}.wav",
                text=SENTENCES[number % len(SENTENCES)],
                speaker=f"s{number % speakers}",
                duration=waveform.duration,
                split="train" if number % 4 else "valid",
            )
        )
    write_records(folder / "manifest.jsonl", records)
    return folder / "manifest.jsonl"
