"""What ``bench`` measures on where it is given nothing: generated sentences, recordings and codes, always the same."""

from pathlib import Path

import numpy as np

from amhctl.audio.files import write
from amhctl.audio.waveform import Waveform
from amhctl.codec.registry import DEFAULT_CODEC, load_codec
from amhctl.codes.writer import StoreWriter
from amhctl.config.mel import MelConfig
from amhctl.corpus.records import Record, write_records

CLIP_SECONDS = 6.0
_SENTENCE = "ዛሬ ብዙ ሰዎች የሚኖሩባት ትልቅ ከተማ ናት።"
_CLIPS, _SAMPLE_RATE = 32, 16_000
_LINES = 2_000
_CODED_CLIPS = 96


def generate_lines() -> list[str]:
    """Return sentences with numbers, dates and abbreviations that are all different."""
    return [
        f"{_SENTENCE} በ{1900 + index % 120} ዓ.ም. {index} ሰዎች ወደ ዶ/ር አበበ መጡ፤ {index % 99}.{index % 10}% የሚሆኑት ተመለሱ።"
        for index in range(_LINES)
    ]


def generate_manifest(scratch: Path) -> Path:
    """Write a manifest of clips of noise with the spectrum and rhythm of speech; made once."""
    manifest = scratch / "generated.jsonl"
    if manifest.is_file():
        return manifest
    generator = np.random.default_rng(0)
    count = round(CLIP_SECONDS * _SAMPLE_RATE)
    rhythm = 0.05 + np.sin(np.pi * 4.0 * np.arange(count) / _SAMPLE_RATE) ** 2
    records = []
    for index in range(_CLIPS):
        noise = np.convolve(generator.normal(0.0, 0.05, count), np.ones(8) / 8.0, mode="same") * rhythm
        path = scratch / f"clip{index:02d}.flac"
        write(path, Waveform(noise.astype(np.float32), _SAMPLE_RATE))
        records.append(
            Record(id=path.stem, audio=path.name, text=f"{_SENTENCE} {_SENTENCE}", duration=count / _SAMPLE_RATE)
        )
    write_records(manifest, records)
    return manifest


def generate_store(folder: Path) -> Path:
    """Write a store of codes by chance, of one to twelve seconds as sentences are, most of them short."""
    generator = np.random.default_rng(0)
    spec, mel = load_codec(DEFAULT_CODEC).spec, MelConfig()
    with StoreWriter.create(folder, spec, mel) as store:
        for index in range(_CODED_CLIPS):
            seconds = float(np.clip(generator.lognormal(1.2, 0.6), 1.0, 12.0))
            frames = max(8, round(seconds * spec.sample_rate / spec.frame_samples))
            record = Record(
                id=f"clip{index:03d}",
                audio=f"clip{index:03d}.wav",
                text=" ".join([_SENTENCE] * max(1, round(seconds / 3))),
                speaker="nobody",
                split="valid" if index < _CODED_CLIPS // 12 else "train",
            )
            codes_QS = generator.integers(0, spec.codebook_size, (spec.codebooks, frames), dtype=np.uint16)
            feature_frames = round(seconds * mel.sample_rate / mel.hop_samples)
            features_TF = generator.normal(size=(feature_frames, mel.bins)).astype(np.float32)
            store.append(record, codes_QS, features_TF)
    return folder
