"""Measure how well codecs and vocoders copy recordings: ``python tools/measure_copies.py MANIFEST… --with NAME…``.

Each NAME is a vocoder or a codec, by its name or folder. Clips of the split (``test``) are brought to -20 dBFS. Prints,
for the recordings and for the copies by each NAME, means over the clips:

    mel     mean absolute difference of natural log-mel, 80 bins, 100 frames a second
    MFCC    distance of 13 mel cepstra after warping, edges cut off: ``evaluation.textmatch``
    P.808   DNSMOS, a machine's guess, not validated for Amharic; in brackets the loss against the recordings
    RTF     seconds of one thread for a second of sound, of spectrogram or codes to waveform
"""

import argparse
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from amhctl.audio.mel import log_mel
from amhctl.audio.resample import bring_to, resample
from amhctl.audio.waveform import Waveform
from amhctl.codec.registry import load_codec
from amhctl.codec.vocoder import load_vocoder
from amhctl.codec.vocoder_spec import vocoder_path
from amhctl.config.acoustics import AcousticsConfig
from amhctl.core.errors import CodecError
from amhctl.core.units import SPEECH_LEVEL
from amhctl.corpus.records import read_audio, read_records
from amhctl.evaluation import naturalness, warping
from amhctl.evaluation.textmatch import cepstra

MEL = AcousticsConfig().mel
Copy = Callable[[Waveform], tuple[Waveform, float]]


@dataclass(frozen=True, slots=True)
class Scores:
    """Means over clips; ``seconds`` is the time for a second of sound."""

    mel: float
    mfcc: float
    p808: float
    seconds: float


def copier(name: str) -> Copy:
    """Return what copies a waveform by a vocoder or codec and tells how long synthesis took."""
    try:
        vocoder_path(name)
        vocoder = load_vocoder(name)
    except CodecError:
        codec = load_codec(name)

        def copy_codes(clip: Waveform) -> tuple[Waveform, float]:
            whole = resample(clip, codec.spec.sample_rate)
            codes = codec.encode([whole.samples])
            return timed(lambda: codec.decode(codes)[0], whole)

        return copy_codes

    mel = vocoder.spec.mel

    def copy_spectrogram(clip: Waveform) -> tuple[Waveform, float]:
        whole = resample(clip, mel.sample_rate)
        padded = np.pad(whole.samples, (0, -whole.samples.size % mel.hop_samples))
        drawn = [log_mel(padded, mel)[:-1]]
        return timed(lambda: vocoder.synthesise(drawn)[0], whole)

    return copy_spectrogram


def timed(make: Callable[[], NDArray[np.float32]], like: Waveform) -> tuple[Waveform, float]:
    """Return what is made, as long as the original, and the processor seconds it took."""
    start = time.process_time()
    samples = make()
    taken = time.process_time() - start
    return resample(Waveform(samples[: like.samples.size], like.sample_rate), MEL.sample_rate), taken


def measure(clips: list[Waveform], copy: Copy | None) -> Scores:
    """Return the scores of copies, or of the recordings themselves."""
    rows = []
    for clip in clips:
        made, taken = (clip, 0.0) if copy is None else copy(clip)
        size = min(clip.samples.size, made.samples.size)
        one, other = (log_mel(each.samples[:size], MEL) for each in (clip, made))
        mfcc = warping.distance(cepstra(made), cepstra(clip))
        rows.append((float(np.abs(one - other).mean()), mfcc, naturalness.score(made).p808, taken / clip.duration))
    return Scores(*(float(value) for value in np.mean(rows, axis=0)))


def read_clips(manifest: Path, split: str, limit: int) -> list[Waveform]:
    """Return the clips of a split, evenly drawn if there are more than the limit."""
    records = [record for record in read_records(manifest) if record.split == split]
    step = max(1, len(records) // limit) if limit else 1
    chosen = records[::step][: limit or None]
    waveforms = (read_audio(record, manifest.parent) for record in chosen)
    return [bring_to(clip, level=SPEECH_LEVEL, sample_rate=MEL.sample_rate) for clip in waveforms]


def main() -> None:
    """Measure what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("manifests", type=Path, nargs="+")
    parser.add_argument("--with", dest="names", nargs="+", default=["vocoder16k", "mel16k"])
    parser.add_argument("--split", default="test")
    parser.add_argument("--limit", type=int, default=0, help="most clips of a manifest; 0 takes all")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    for manifest in arguments.manifests:
        clips = read_clips(manifest, arguments.split, arguments.limit)
        minutes = sum(clip.duration for clip in clips) / 60
        original = measure(clips, None)
        sys.stdout.write(f"{manifest}: {len(clips)} clips, {minutes:.1f} minutes\n")
        sys.stdout.write(f"  {'recordings':<24} mel 0.000  MFCC 0.00  P.808 {original.p808:.2f}\n")
        for name in arguments.names:
            got = measure(clips, copier(name))
            loss = got.p808 - original.p808
            sys.stdout.write(
                f"  {name:<24} mel {got.mel:.3f}  MFCC {got.mfcc:.2f}  P.808 {got.p808:.2f} ({loss:+.2f})  "
                f"RTF {got.seconds:.3f}\n"
            )
            sys.stdout.flush()


if __name__ == "__main__":
    main()
