"""Small manifests with speech-like recordings."""

from pathlib import Path

import numpy as np
from support.speechlike import between_silences, vowel_train

from amhctl.audio import files
from amhctl.audio.waveform import Waveform
from amhctl.corpus.records import Record, read_records, write_records

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


def noisy_manifest(folder: Path, *, count: int = 4) -> Path:
    """Write a manifest like `tiny_manifest`, of recordings with pauses before and after, and noise in them."""
    manifest = tiny_manifest(folder, count=count)
    for number in range(count):
        path = folder / "wav" / f"r{number}.wav"
        waveform = between_silences(files.read(path), before=0.3, after=0.25)
        noise = np.random.default_rng(number).normal(0.0, 2e-3, waveform.samples.size)
        files.write(path, Waveform((waveform.samples + noise).astype(np.float32), waveform.sample_rate))
    records = [record.model_copy(update={"duration": None}) for record in read_records(manifest)]
    write_records(manifest, records, force=True)
    return manifest
