"""How often ``data check --recognise`` and ``data align`` are right about texts that do not match.

    python tools/measure_mismatch.py MANIFEST... --clips 150 [--recogniser NAME|FOLDER]

Of each manifest, clips are drawn (those of the split "train" are left out where there are splits), and each is compared
with three texts: its own; the text of the other clip that is most like it in length, of which more than half differs;
its own with one word replaced by another of the same length, give or take a phone. Printed are the shares with each
finding, the share that ``data align`` would leave out, and quantiles of what they are decided by. A clip with its own
text that has a finding may be a wrong transcript: those are listed with what was recognised.
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from amhctl.checks.matching import LONGEST_SECONDS, Match, compare, judge_match
from amhctl.core.errors import AudioError
from amhctl.corpus.records import Record, read_audio, read_records
from amhctl.recogniser.catalog import DEFAULT_RECOGNISER
from amhctl.recogniser.error_rate import count_errors
from amhctl.recogniser.reading import ReadWord, read_spoken
from amhctl.recogniser.recognition import load_recogniser
from amhctl.recogniser.segmentation import place_utterances, without_border_label
from amhctl.text.frontend import Frontend
from amhctl.workflows.data.align import CONFIDENCE

KINDS = ("own text", "another text", "one other word")
Words = tuple[ReadWord, ...]


@dataclass(frozen=True, slots=True)
class Clip:
    """A record and the words of its text."""

    record: Record
    words: Words

    @property
    def phones(self) -> tuple[int, ...]:
        """The phones of all words."""
        return tuple(phone for word in self.words for phone in word.phones)


@dataclass(frozen=True, slots=True)
class Trial:
    """What was found for a clip and a text.

    Attributes
    ----------
    codes : tuple[str, ...]
        Findings of ``data check --recognise``.
    match : Match
        What they were decided by.
    confidence : float
        What ``data align`` decides by; -inf for an utterance that it does not find.
    """

    codes: tuple[str, ...]
    match: Match
    confidence: float


def draw(manifest: Path, count: int, seed: int) -> list[Clip]:
    """Return clips of a manifest that can be compared."""
    records = read_records(manifest)
    if any(record.split for record in records):
        records = tuple(record for record in records if record.split != "train")
    frontend = Frontend()
    clips: list[Clip] = []
    for number in np.random.default_rng(seed).permutation(len(records)):
        words = read_spoken(frontend, records[number].text)
        if words and (records[number].duration or 0.0) <= LONGEST_SECONDS and len(clips) < count:
            clips.append(Clip(records[number], words))
    return clips


def swap(clip: Clip, clips: Sequence[Clip]) -> Words | None:
    """Return the text of another clip that is like this one in length alone; None if there is none."""
    others = sorted(clips, key=lambda other: abs(len(other.phones) - len(clip.phones)))
    return next((other.words for other in others if count_errors(clip.phones, other.phones).rate > 0.5), None)


def replace_word(clip: Clip, clips: Sequence[Clip], generator: np.random.Generator) -> Words | None:
    """Return a text with another word in some place; None if it has too few words."""
    if len(clip.words) < 3:
        return None
    place = int(generator.integers(len(clip.words)))
    own = clip.words[place]
    fit = [
        word
        for other in clips
        for word in other.words
        if abs(len(word.phones) - len(own.phones)) <= 1 and count_errors(own.phones, word.phones).rate >= 0.5
    ]
    if not fit:
        return None
    return (*clip.words[:place], fit[int(generator.integers(len(fit)))], *clip.words[place + 1 :])


def measure(manifest: Path, recogniser: str, count: int, seed: int) -> tuple[dict[str, list[Trial]], list[str]]:
    """Return the trials of each kind, and the clips whose own text has a finding."""
    clips = draw(manifest, count, seed)
    listens, generator = load_recogniser(recogniser, threads=1), np.random.default_rng(seed)
    trials: dict[str, list[Trial]] = {kind: [] for kind in KINDS}
    doubtful = []
    for clip in clips:
        try:
            values_EV = listens.log_probabilities(read_audio(clip.record, manifest.parent))
        except AudioError:
            continue
        texts = (clip.words, swap(clip, clips), replace_word(clip, clips, generator))
        for kind, words in zip(KINDS, texts, strict=True):
            if words is None:
                continue
            match = compare(values_EV, words)
            findings = judge_match(clip.record.id, match)
            phones = [phone for word in words for phone in word.phones]
            (placement,) = place_utterances(without_border_label(values_EV), [phones])
            confidence = -np.inf if placement is None else placement.confidence
            trials[kind].append(Trial(tuple(finding.code for finding in findings), match, confidence))
            if kind == KINDS[0]:
                doubtful += [
                    f"{finding.code} {clip.record.id}: {finding.message}\n  {clip.record.text}" for finding in findings
                ]
    return trials, doubtful


def describe(trials: Sequence[Trial]) -> str:
    """Return shares and quantiles of trials of one kind."""
    share = {code: sum(code in trial.codes for trial in trials) / len(trials) for code in ("D043", "D044")}
    left_out = sum(trial.confidence < CONFIDENCE for trial in trials) / len(trials)
    lines = [
        f"{len(trials)} clips, D043 {share['D043']:.1%}, D044 {share['D044']:.1%}, left out by align {left_out:.1%}"
    ]
    values = {
        "fit": [trial.match.fit for trial in trials],
        "word fit": [trial.match.word_fit for trial in trials],
        "confidence": [max(trial.confidence, -99.0) for trial in trials],
        "error rate": [trial.match.error_rate for trial in trials],
    }
    for name, each in values.items():
        shown = " ".join(f"{value:.2f}" for value in np.quantile(each, [0.0, 0.01, 0.02, 0.05, 0.5, 0.95, 0.99, 1.0]))
        lines.append(f"    {name}: {shown}")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("manifests", nargs="+", type=Path)
    parser.add_argument("--clips", type=int, default=150)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--recogniser", default=DEFAULT_RECOGNISER)
    options = parser.parse_args(arguments)
    for manifest in options.manifests:
        trials, doubtful = measure(manifest, options.recogniser, options.clips, options.seed)
        for kind, each in trials.items():
            if each:
                sys.stdout.write(f"{manifest.parent.name}, {kind}: {describe(each)}\n")
        sys.stdout.write("".join(f"{line}\n" for line in doubtful))
        sys.stdout.flush()


if __name__ == "__main__":
    main()
