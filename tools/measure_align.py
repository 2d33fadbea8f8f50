"""Measure the alignment of very much speech: ``python tools/measure_align.py STORE VOCABULARY HOURS FOLDER [WORKERS]``.

Takes the utterances of a code store again and again, as if each time were another, until there are HOURS of them at 100
frames a second, and prints the processor seconds, the time by the clock and the peak memory of the process that aligns
them. FOLDER takes the cepstra meanwhile. With WORKERS the peak is that of the largest process.
"""

import sys
import time
from itertools import count
from pathlib import Path

from measured_process import run_measured

from amhctl.codes.store import CodeStore
from amhctl.config.schema import AlignerConfig
from amhctl.core.progress import SilentProgress
from amhctl.text.frontend import Frontend
from amhctl.tokenizer.tokenizer import Tokenizer
from amhctl.tokenizer.vocabulary import Vocabulary
from amhctl.training.aligner import Spoken, align_speech

FRAMES_AN_HOUR = 360_000


def align(store: Path, vocabulary: Path, hours: float, folder: Path, workers: int) -> None:
    """Align so many hours."""
    opened, words = CodeStore.open(store), Vocabulary.read(vocabulary)
    frontend, tokenizer = Frontend(), Tokenizer(words)
    once = [
        Spoken(entry.id, tokenizer.encode(frontend.units(entry.record.text)), entry.feature_frames) for entry in opened
    ]
    wanted, spoken = hours * FRAMES_AN_HOUR, []
    for number in count():
        if wanted <= 0:
            break
        item = once[number % len(once)]
        spoken.append(Spoken(f"{number}/{item.id}", item.pieces, item.frames))
        wanted -= item.frames
    align_speech(
        spoken,
        lambda id_: opened.features(id_.partition("/")[2]),
        text_tokens=words.size,
        config=AlignerConfig(),
        folder=folder,
        progress=SilentProgress(),
        workers=workers,
    )


def main(words: list[str]) -> None:
    """Measure a process that aligns."""
    started = time.perf_counter()
    cost = run_measured(__file__, "--align", *words)
    elapsed = time.perf_counter() - started
    if cost.code:
        sys.exit("the alignment failed")
    sys.stdout.write(
        f"{words[2]} h of speech: {cost.seconds:.0f} CPU s, {elapsed:.0f} s by the clock, "
        f"peak {cost.peak / 1e6:.0f} MB\n"
    )


if __name__ == "__main__":
    given = sys.argv[1:]
    if given[:1] == ["--align"]:
        align(Path(given[1]), Path(given[2]), float(given[3]), Path(given[4]), int(given[5]) if given[5:] else 0)
    elif len(given) in (4, 5):
        main(given)
    else:
        sys.exit(__doc__)
