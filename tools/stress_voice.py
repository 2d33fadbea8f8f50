"""Let a voice say what is hard to say: ``python tools/stress_voice.py VOICE [--news FILE --sentences 500 --seed N]``.

It says the texts of ``tools/stress_texts.tsv`` (numbers, dates, money, one word, one letter, sixty words without a
mark, rare letters, tongue twisters, abbreviations, Latin names, quotations, questions) and then sentences drawn by the
seed from a text file (also ``.xz``) or a manifest, without those of the manifests given by ``--without``. Prints each
text that was not said and why, and of all the others:

    attempts            how often a text was tried, and how many needed a second attempt
    real-time factor    seconds of work for a second of speech, the voice loaded before
    edges               seconds of silence before and after, mean and longest
    loudness, peak      LUFS and the largest sample
    clicks              places that jump 12 times as far as all around them (``audio.clicks``), and the largest
    within              share with both edges under 0.15 s, and with -18 LUFS ± 1

Exits with 1 if a text was not said.
"""

import argparse
import json
import lzma
import random
import re
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from amhctl.audio.clicks import find_clicks, largest_click
from amhctl.audio.levels import peak, silent_edges
from amhctl.audio.loudness import loudness
from amhctl.audio.waveform import Waveform
from amhctl.core.errors import AmhctlError
from amhctl.corpus.records import read_records
from amhctl.evaluation.speed import describe_machine
from amhctl.inference.assemble import load_voice
from amhctl.inference.options import SpeakOptions
from amhctl.inference.speech import Speech

TEXTS = Path(__file__).with_name("stress_texts.tsv")
LONGEST_EDGE = 0.15
LOUDNESS, LOUDNESS_SLACK = -18.0, 1.0
_FEWEST_WORDS = 3
_SENTENCE = re.compile("[^።፧?!\n]+[።፧?!]?")
_ETHIOPIC = re.compile("[\u1200-\u135a]")
Say = Callable[[str], Speech]


@dataclass(frozen=True, slots=True)
class Row:
    """What became of one text; ``fault`` is empty where it was said, and the rest 0 where it was not."""

    kind: str
    text: str
    fault: str = ""
    seconds: float = 0.0
    work: float = 0.0
    attempts: int = 0
    before: float = 0.0
    after: float = 0.0
    loudness: float = 0.0
    peak: float = 0.0
    clicks: int = 0
    largest_click: float = 0.0


@dataclass(frozen=True, slots=True)
class Summary:
    """All rows together; means and shares are of what was said."""

    texts: int
    failures: int
    again: int
    attempts: float
    seconds: float
    realtime_factor: float
    before: float
    longest_before: float
    after: float
    longest_after: float
    loudness: float
    loudness_deviation: float
    peak: float
    clicks_a_minute: float
    largest_click: float
    edges_within: float
    loudness_within: float


def read_hard_texts(path: Path = TEXTS) -> list[tuple[str, str]]:
    """Return the kinds and texts of the list."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return [(kind, text) for kind, text in (line.split("\t") for line in lines)]


def read_sentences(path: Path) -> list[str]:
    """Return the sentences of a text file, or the texts of a manifest."""
    if path.suffix == ".jsonl":
        return [record.text for record in read_records(path)]
    content = path.read_bytes()
    text = (lzma.decompress(content) if path.suffix == ".xz" else content).decode("utf-8")
    return [sentence.strip() for sentence in _SENTENCE.findall(text)]


def draw(sentences: Iterable[str], count: int, seed: int, without: Iterable[str] = ()) -> list[str]:
    """Return ``count`` different sentences of three words or more with Ethiopic letters, none of ``without``."""
    seen = {_bare(text) for text in without}
    fit = {
        _bare(text): text
        for text in sentences
        if len(text.split()) >= _FEWEST_WORDS and _ETHIOPIC.search(text) and _bare(text) not in seen
    }
    return random.Random(seed).sample([fit[key] for key in sorted(fit)], min(count, len(fit)))


def _bare(text: str) -> str:
    return " ".join("".join(letter if _ETHIOPIC.match(letter) else " " for letter in text).split())


def measure(kind: str, text: str, say: Say) -> Row:
    """Say a text and measure what came of it."""
    start = time.perf_counter()
    try:
        speech = say(text)
    except AmhctlError as error:
        return Row(kind, text, fault=f"{type(error).__name__}: {error.message}", work=time.perf_counter() - start)
    work = time.perf_counter() - start
    waveform: Waveform = speech.waveform
    before, after = silent_edges(waveform)
    return Row(
        kind,
        text,
        seconds=float(waveform.duration),
        work=work,
        attempts=max(segment.attempts for segment in speech.segments),
        before=before,
        after=after,
        loudness=loudness(waveform),
        peak=peak(waveform),
        clicks=len(find_clicks(waveform)),
        largest_click=largest_click(waveform),
    )


def summarise(rows: Sequence[Row]) -> Summary | None:
    """Return all rows together, or None where nothing was said."""
    said = [row for row in rows if not row.fault]
    if not said:
        return None

    def mean(values: Iterable[float]) -> float:
        return float(np.mean(list(values)))

    seconds = sum(row.seconds for row in said)
    return Summary(
        texts=len(rows),
        failures=len(rows) - len(said),
        again=sum(row.attempts > 1 for row in said),
        attempts=mean(row.attempts for row in said),
        seconds=seconds,
        realtime_factor=sum(row.work for row in said) / seconds,
        before=mean(row.before for row in said),
        longest_before=max(row.before for row in said),
        after=mean(row.after for row in said),
        longest_after=max(row.after for row in said),
        loudness=mean(row.loudness for row in said),
        loudness_deviation=float(np.std([row.loudness for row in said])),
        peak=max(row.peak for row in said),
        clicks_a_minute=60.0 * sum(row.clicks for row in said) / seconds,
        largest_click=max(row.largest_click for row in said),
        edges_within=mean(max(row.before, row.after) < LONGEST_EDGE for row in said),
        loudness_within=mean(abs(row.loudness - LOUDNESS) <= LOUDNESS_SLACK for row in said),
    )


def lines(rows: Sequence[Row], summary: Summary | None) -> Iterable[str]:
    """Yield the failures and the figures, for people."""
    for row in rows:
        if row.fault:
            yield f"not said ({row.kind}): {row.text}\n    {row.fault}"
    if summary is None:
        yield "nothing was said"
        return
    one = summary
    yield f"{one.texts} texts, {one.failures} not said, {one.again} at a later attempt ({one.attempts:.2f} a text)"
    yield f"{one.seconds / 60:.1f} minutes of speech, real-time factor {one.realtime_factor:.3f}"
    yield (
        f"silence before {one.before:.3f} s (longest {one.longest_before:.3f}), "
        f"after {one.after:.3f} s (longest {one.longest_after:.3f})"
    )
    yield f"{one.loudness:.1f} LUFS, deviation {one.loudness_deviation:.2f}; largest sample {one.peak:.2f}"
    yield f"{one.clicks_a_minute:.2f} clicks a minute, the largest {one.largest_click:.0f} times what is around it"
    yield (
        f"within the limits: edges under {LONGEST_EDGE:g} s {one.edges_within:.1%}, "
        f"{LOUDNESS:g} LUFS ± {LOUDNESS_SLACK:g} {one.loudness_within:.1%}"
    )


def main() -> None:
    """Say and measure what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("voice")
    parser.add_argument("--news", type=Path, help="text file, also .xz, or manifest to draw sentences from")
    parser.add_argument("--without", type=Path, nargs="*", default=[], help="manifests whose texts are not drawn")
    parser.add_argument("--sentences", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--speaker", help="as which of its speakers the voice speaks")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    work = read_hard_texts()
    if arguments.news is not None:
        without = [record.text for manifest in arguments.without for record in read_records(manifest)]
        drawn = draw(read_sentences(arguments.news), arguments.sentences, arguments.seed, without)
        work += [("news", text) for text in drawn]
    voice = load_voice(arguments.voice, device=arguments.device)
    options = SpeakOptions(seed=arguments.seed, person=arguments.speaker)
    rows = []
    for kind, text in work:
        rows.append(measure(kind, text, lambda said: voice.speak(said, options)))
        if len(rows) % 50 == 0:
            sys.stderr.write(f"{len(rows)} of {len(work)}\n")
    summary = summarise(rows)
    if arguments.json:
        document = {
            "voice": arguments.voice,
            "machine": describe_machine().line(),
            "summary": asdict(summary) if summary else None,
            "texts": [asdict(row) for row in rows],
        }
        sys.stdout.write(json.dumps(document, ensure_ascii=False) + "\n")
    else:
        for line in lines(rows, summary):
            sys.stdout.write(line + "\n")
        sys.stdout.write(f"{arguments.voice} on {describe_machine().line()}\n")
    sys.exit(int(any(row.fault for row in rows)))


if __name__ == "__main__":
    try:
        main()
    except AmhctlError as error:
        sys.exit(f"error: {error}")
