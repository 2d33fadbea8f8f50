"""Checks of records against one another: rates, levels, duplicates, leaks, speakers. Knows no files.

Codes D029 and D042 compare a clip with its speaker's others, D050 to D059 and D071 with all of the manifest.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from amhctl.audio.fingerprint import Fingerprint, difference
from amhctl.core.findings import Finding, Rule, Severity
from amhctl.data.audiochecks import Measurements
from amhctl.data.records import Record
from amhctl.data.splits import text_key
from amhctl.text.script import build_homophones

Disjoint = Literal["speaker", "session"]

RULES = (
    Rule(
        "D029",
        Severity.WARNING,
        "unusual loudness",
        "The speech level lies more than 12 dB from the speaker's median (speakers with 20 clips or more).",
    ),
    Rule(
        "D042",
        Severity.WARNING,
        "unusual speaking rate",
        "Syllables a second lie further from the speaker's median than 5 scaled median deviations (speakers with 20 "
        "clips or more): often a wrong transcript.",
    ),
    Rule(
        "D050",
        Severity.ERROR,
        "same audio, other text",
        "Two records have the same samples and different texts: one transcript is wrong.",
    ),
    Rule("D051", Severity.WARNING, "duplicate recording", "Two records have the same samples and the same text."),
    Rule("D052", Severity.INFO, "repeated text", "A speaker says the same text in several recordings."),
    Rule(
        "D053",
        Severity.ERROR,
        "text in several splits",
        "The same text is in two of train, valid and test, so that what is measured was trained on.",
    ),
    Rule("D054", Severity.WARNING, "speaker with one clip", "There is no second clip to take a prompt from."),
    Rule(
        "D055",
        Severity.WARNING,
        "near-duplicate recording",
        "Two recordings have other samples but the same sound: fewer than 3 in 10 bits of their fingerprints differ "
        "over six tenths of the shorter. One is a copy, coded, cut or levelled anew.",
    ),
    Rule(
        "D056",
        Severity.INFO,
        "nearly the same text",
        "A text of the same speaker differs in spaces, or in letters of one sound, only.",
    ),
    Rule(
        "D057",
        Severity.WARNING,
        "nearly the same text in several splits",
        "A text in another split differs in spaces, in letters of one sound, or, of eight words or more, in one word.",
    ),
    Rule("D058", Severity.ERROR, "speaker in several splits", "With --disjoint speaker: the splits share a speaker."),
    Rule("D059", Severity.ERROR, "session in several splits", "With --disjoint session: the splits share a session."),
    Rule(
        "D071",
        Severity.INFO,
        "speakers unbalanced",
        "One speaker of several has more than 10 times the clips of the median speaker.",
    ),
)

_LOUDNESS_SPREAD = 12.0
_MOST_CLIPS = 10
_FEWEST_WORDS = 8
_FEWEST_FRAMES = 25
_SHARED_FRAMES = 3
_MOST_SHARERS = 20
_NEAR_BITS = 0.3
_OVERLAP = 0.6
_RATE_DEVIATIONS = 5.0
_FEWEST_FOR_RATE = 20
# The median absolute deviation of a normal distribution is this share of its standard deviation.
_MAD_SHARE = 0.6745


@dataclass(frozen=True, slots=True)
class CheckedRecord:
    """A record, what was measured on its recording, and how many syllables its text has when spoken."""

    record: Record
    measurements: Measurements | None
    syllables: int

    @property
    def rate(self) -> float | None:
        """Syllables a second of speech; None where either is unknown."""
        if self.measurements is None or self.syllables == 0 or self.measurements.speech_seconds <= 0:
            return None
        return self.syllables / self.measurements.speech_seconds


def compare_records(checked: Sequence[CheckedRecord], disjoint: Sequence[Disjoint] = ()) -> Iterator[Finding]:
    """Yield every fault that only several records together show; ``disjoint`` names what no two splits may share."""
    records = [item.record for item in checked]
    yield from _find_unusual_rates(checked)
    yield from _find_unusual_levels(checked)
    yield from _find_duplicate_audio(checked)
    yield from _find_near_audio(checked)
    yield from _find_repeated_texts(records)
    yield from _find_leaks(records)
    yield from _find_near_texts(records)
    yield from _find_shared(records, disjoint)
    yield from _find_lone_speakers(records)


def _find_unusual_rates(checked: Sequence[CheckedRecord]) -> Iterator[Finding]:
    rates: dict[str, list[tuple[str, float]]] = defaultdict(list)
    for item in checked:
        if item.rate is not None:
            rates[item.record.speaker].append((item.record.id, item.rate))
    for clips in rates.values():
        if len(clips) < _FEWEST_FOR_RATE:
            continue
        logarithms = np.log([rate for _, rate in clips])
        median = float(np.median(logarithms))
        spread = float(np.median(np.abs(logarithms - median))) / _MAD_SHARE
        for (subject, rate), logarithm in zip(clips, logarithms, strict=True):
            if abs(logarithm - median) > _RATE_DEVIATIONS * max(spread, 0.05):
                message = f"{rate:.1f} syllables a second, the speaker's median is {np.exp(median):.1f}"
                yield _finding("D042", subject, message, "listen to it and compare the text")


def _find_duplicate_audio(checked: Sequence[CheckedRecord]) -> Iterator[Finding]:
    first: dict[str, Record] = {}
    for item in checked:
        if item.measurements is None:
            continue
        earlier = first.setdefault(item.measurements.digest, item.record)
        if earlier is item.record:
            continue
        same = text_key(earlier.text) == text_key(item.record.text)
        message = f"the same samples as {earlier.id}" + ("" if same else ", with another text")
        yield _finding("D051" if same else "D050", item.record.id, message, "keep the right one")


def _find_repeated_texts(records: Sequence[Record]) -> Iterator[Finding]:
    first: dict[tuple[str, str], Record] = {}
    for record in records:
        if key := text_key(record.text):
            earlier = first.setdefault((record.speaker, key), record)
            if earlier is not record:
                yield _finding("D052", record.id, f"the same text as {earlier.id} by the same speaker")


def _find_leaks(records: Sequence[Record]) -> Iterator[Finding]:
    first: dict[str, Record] = {}
    for record in records:
        key = text_key(record.text)
        if not key or not record.split:
            continue
        earlier = first.setdefault(key, record)
        if earlier.split != record.split:
            message = f"in {record.split}, and as {earlier.id} in {earlier.split}"
            yield _finding("D053", record.id, message, "split again: amhctl data split")


def _find_lone_speakers(records: Sequence[Record]) -> Iterator[Finding]:
    counts: dict[str, int] = defaultdict(int)
    for record in records:
        counts[record.speaker] += 1
    for speaker, count in counts.items():
        if count < 2:
            yield _finding("D054", speaker, "the speaker has one clip only", "record more, or leave it out")
    median = float(np.median(list(counts.values()))) if counts else 0.0
    for speaker, count in counts.items():
        if len(counts) > 1 and count > _MOST_CLIPS * median:
            yield _finding("D071", speaker, f"{count} clips, the median speaker has {median:g}", "train with weights")


def _find_unusual_levels(checked: Sequence[CheckedRecord]) -> Iterator[Finding]:
    levels: dict[str, list[tuple[str, float]]] = defaultdict(list)
    for item in checked:
        if item.measurements is not None:
            levels[item.record.speaker].append((item.record.id, item.measurements.level))
    for clips in levels.values():
        if len(clips) < _FEWEST_FOR_RATE:
            continue
        median = float(np.median([level for _, level in clips]))
        for subject, level in clips:
            if abs(level - median) > _LOUDNESS_SPREAD:
                message = f"the speech level is {level:.1f} dBFS, the speaker's median {median:.1f}"
                yield _finding("D029", subject, message, "codes extract --level evens it out")


def _find_near_audio(checked: Sequence[CheckedRecord]) -> Iterator[Finding]:
    sounds: list[tuple[str, str, Fingerprint]] = []
    for item in checked:
        if item.measurements is not None:
            numbers = np.frombuffer(bytes.fromhex(item.measurements.fingerprint), dtype="<u4").astype(np.uint32)
            if numbers.size >= _FEWEST_FRAMES:
                sounds.append((item.record.id, item.measurements.digest, numbers))
    told: set[int] = set()
    for earlier, later, shift in _shared_frames([numbers for _, _, numbers in sounds]):
        (name, digest, numbers), (copy, other, others) = sounds[earlier], sounds[later]
        if later in told or digest == other:
            continue
        share, frames = difference(numbers, others, shift)
        if share < _NEAR_BITS and frames >= _OVERLAP * min(numbers.size, others.size):
            told.add(later)
            yield _finding("D055", copy, f"the same sound as {name} ({share:.0%} of its bits differ)", "keep one")


def _shared_frames(sounds: Sequence[Fingerprint]) -> list[tuple[int, int, int]]:
    """Return the pairs of sounds, and the frames that the second comes later, that have several rare frames alike."""
    if not sounds:
        return []
    values = np.concatenate(sounds)
    owners = np.repeat(np.arange(len(sounds)), [numbers.size for numbers in sounds])
    places = np.concatenate([np.arange(numbers.size) for numbers in sounds])
    order = np.argsort(values, kind="stable")
    starts = np.flatnonzero(np.diff(values[order], prepend=values[order[0]] ^ np.uint32(1)))
    counts: dict[tuple[int, int, int], int] = defaultdict(int)
    for begin, end in zip(starts, [*starts[1:], order.size], strict=True):
        # Frames that many sounds have are those of silence.
        if not 2 <= end - begin <= _MOST_SHARERS or values[order[begin]] == 0:
            continue
        group = order[begin:end]
        for number, one in enumerate(group):
            for two in group[number + 1 :]:
                if owners[one] != owners[two]:
                    counts[int(owners[one]), int(owners[two]), int(places[one] - places[two])] += 1
    return sorted(key for key, count in counts.items() if count >= _SHARED_FRAMES)


_FOLD = str.maketrans(build_homophones())


def _find_near_texts(records: Sequence[Record]) -> Iterator[Finding]:
    first: dict[tuple[str, str], tuple[Record, str]] = {}
    elsewhere: dict[str, list[tuple[Record, str]]] = defaultdict(list)
    for record in records:
        key = text_key(record.text)
        words = key.translate(_FOLD).split()
        if not words:
            continue
        folded = "".join(words)
        earlier, spelling = first.setdefault((record.speaker, folded), (record, key))
        if spelling != key:
            yield _finding("D056", record.id, f"nearly the same text as {earlier.id} by the same speaker")
        if not record.split:
            continue
        keys = {folded}
        if len(words) >= _FEWEST_WORDS:
            # Two texts that differ in one word share a text without it: a deletion neighbourhood (SymSpell, 2012).
            keys |= {"".join([*words[:n], "*", *words[n + 1 :]]) for n in range(len(words))}
        near = [found for each in sorted(keys) for found in elsewhere[each]]
        for other, its_key in near:
            if other.split != record.split and its_key != key:
                message = f"in {record.split}, and nearly so as {other.id} in {other.split}"
                yield _finding("D057", record.id, message, "put both in one split")
                break
        for each in keys:
            if all(other.split != record.split for other, _ in elsewhere[each]):
                elsewhere[each].append((record, key))


def _find_shared(records: Sequence[Record], disjoint: Sequence[Disjoint]) -> Iterator[Finding]:
    for what, code in (("speaker", "D058"), ("session", "D059")):
        if what not in disjoint:
            continue
        splits: dict[str, set[str]] = defaultdict(set)
        for record in records:
            name = record.speaker if what == "speaker" else record.session
            if name and record.split:
                splits[name].add(record.split)
        for name, found in splits.items():
            if len(found) > 1:
                yield _finding(code, name, f"the {what} is in {', '.join(sorted(found))}", f"split again by {what}")


_SEVERITY = {rule.code: rule.severity for rule in RULES}


def _finding(code: str, subject: str, message: str, hint: str = "") -> Finding:
    return Finding(code, _SEVERITY[code], subject, message, hint)
