"""Checks of records against one another: rates, levels, duplicates, leaks, speakers. Knows no files.

Codes D029 and D042 compare a clip with its speaker's others, D002, D050 to D059 and D071 with all of the manifest.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet

import numpy as np
from numpy.typing import NDArray

from amhctl.audio.fingerprint import Fingerprint, difference
from amhctl.checks.table import NO_TEXT, CheckTable, Digests, Names, Rows, digest_names, first_rows, split_name
from amhctl.checks.text import UNCOUNTED_SECONDS
from amhctl.core.findings import Finding, Rule, Rules, Severity
from amhctl.corpus.split_groups import Disjoint
from amhctl.corpus.splits import SPLITS

RULES = Rules(
    Rule("D002", Severity.ERROR, "duplicate id", "Two records have the same id."),
    Rule(
        "D029",
        Severity.WARNING,
        "unusual loudness",
        "The speech level differs by more than 12 dB from the speaker's median (speakers with 20 clips or more).",
    ),
    Rule(
        "D042",
        Severity.WARNING,
        "unusual speaking rate",
        "The speaking rate in syllables per second differs from the speaker's median by more than 5 scaled median "
        "absolute deviations (speakers with 20 clips or more; one second is subtracted where syllables are few): "
        "often a wrong transcript.",
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
        "With --disjoint text (the default): the same text is in several of train, valid and test, so the evaluation "
        "uses training data.",
    ),
    Rule("D054", Severity.WARNING, "speaker with one clip", "There is no second clip that could be used as a prompt."),
    Rule(
        "D055",
        Severity.WARNING,
        "near-duplicate recording",
        "Two recordings have different samples but the same sound: fewer than 30 % of the bits of their fingerprints "
        "differ over 60 % of the shorter one. One is a re-encoded, cut or rescaled copy of the other.",
    ),
    Rule(
        "D056",
        Severity.INFO,
        "nearly the same text",
        "Two texts of the same speaker differ only in spaces or in letters that sound the same.",
    ),
    Rule(
        "D057",
        Severity.WARNING,
        "nearly the same text in several splits",
        "With --disjoint text (the default): a text in another split differs only in spaces, in letters that sound "
        "the same, or (in texts of eight words or more) in one word.",
    ),
    Rule(
        "D058", Severity.ERROR, "speaker in several splits", "With --disjoint speaker: a speaker is in several splits."
    ),
    Rule(
        "D059",
        Severity.ERROR,
        "session in several splits",
        "With --disjoint session: a session of a speaker is in several splits.",
    ),
    Rule(
        "D071",
        Severity.INFO,
        "speakers unbalanced",
        "One speaker of several has more than 10 times the clips of the median speaker.",
    ),
)

_LOUDNESS_SPREAD = 12.0
_MOST_CLIPS = 10
_FEWEST_FRAMES = 25
_SHARED_FRAMES = 3
_MOST_SHARERS = 20
_NEAR_BITS = 0.3
_OVERLAP = 0.6
_RATE_DEVIATIONS = 5.0
_PARTS = 8
_FEWEST_FOR_RATE = 20
# The median absolute deviation of a normal distribution is this share of its standard deviation.
_MAD_SHARE = 0.6745


def compare_records(table: CheckTable, disjoint: AbstractSet[Disjoint] = frozenset({"text"})) -> Iterator[Finding]:
    """Yield every fault that only several records together show; ``disjoint`` names what no two splits may share."""
    yield from _find_same_ids(table)
    yield from _find_unusual_rates(table)
    yield from find_unusual_levels(table)
    yield from _find_duplicate_audio(table)
    yield from _find_near_audio(table)
    yield from _find_repeated_texts(table)
    if "text" in disjoint:
        yield from _find_leaks(table)
        yield from _find_near_leaks(table)
    if "speaker" in disjoint:
        yield from _find_shared("speaker", "D058", table.speakers, table)
    if "session" in disjoint:
        yield from _find_shared("session", "D059", table.sessions, table)
    yield from _find_lone_speakers(table)


def _find_same_ids(table: CheckTable) -> Iterator[Finding]:
    firsts = first_rows(digest_names(table.ids))
    lines = table.lines
    for row in _later(firsts):
        message = f"lines {lines[firsts[row]]} and {lines[row]} have the same id"
        yield RULES.finding("D002", table.ids[row], message, "rename one of them")


def _find_unusual_rates(table: CheckTable) -> Iterator[Finding]:
    rates = {row: rate for row in range(len(table)) if (rate := table.rate(row)) is not None}
    for rows in _clips_of_speakers(table, rates):
        logarithms = np.log([rates[row] for row in rows])
        median = float(np.median(logarithms))
        spread = float(np.median(np.abs(logarithms - median))) / _MAD_SHARE
        most = _RATE_DEVIATIONS * max(spread, 0.05)
        for row, logarithm in zip(rows, logarithms, strict=True):
            slow = table.rate(row, uncounted=UNCOUNTED_SECONDS)
            if logarithm > median + most or (slow is not None and np.log(slow) < median - most):
                message = f"{rates[row]:.1f} syllables per second, the speaker's median is {np.exp(median):.1f}"
                yield RULES.finding("D042", table.ids[row], message, "listen to it and compare the text")


def find_unusual_levels(table: CheckTable) -> Iterator[Finding]:
    """Yield the clips that are far louder or quieter than their speaker's others."""
    levels = {row: measured.level for row, measured in enumerate(table.measurements) if measured is not None}
    for rows in _clips_of_speakers(table, levels):
        median = float(np.median([levels[row] for row in rows]))
        for row in rows:
            if abs(levels[row] - median) > _LOUDNESS_SPREAD:
                message = f"the speech level is {levels[row]:.1f} dBFS, the speaker's median {median:.1f}"
                yield RULES.finding("D029", table.ids[row], message, "data check --fix normalises it")


def _clips_of_speakers(table: CheckTable, rows: Iterable[int]) -> Iterator[list[int]]:
    """Yield the rows of each speaker who has enough of them to tell what is usual."""
    speakers = table.speakers.column
    clips: dict[int, list[int]] = defaultdict(list)
    for row in rows:
        clips[int(speakers[row])].append(row)
    yield from (found for found in clips.values() if len(found) >= _FEWEST_FOR_RATE)


def _find_duplicate_audio(table: CheckTable) -> Iterator[Finding]:
    texts = table.texts
    first: dict[str, int] = {}
    for row, measured in enumerate(table.measurements):
        if measured is None:
            continue
        earlier = first.setdefault(measured.digest, row)
        if earlier == row:
            continue
        same = texts[earlier] == texts[row]
        message = f"the same samples as {table.ids[earlier]}" + ("" if same else ", with another text")
        yield RULES.finding("D051" if same else "D050", table.ids[row], message, "keep the right one")


def _find_near_audio(table: CheckTable) -> Iterator[Finding]:
    sounds: list[tuple[str, str, Fingerprint]] = []
    for name, measured in zip(table.ids, table.measurements, strict=True):
        if measured is not None:
            numbers = np.frombuffer(bytes.fromhex(measured.fingerprint), dtype="<u4").astype(np.uint32)
            if numbers.size >= _FEWEST_FRAMES:
                sounds.append((name, measured.digest, numbers))
    reported: set[int] = set()
    for earlier, later, shift in _shared_frames([numbers for _, _, numbers in sounds]):
        (name, digest, numbers), (copy, other, others) = sounds[earlier], sounds[later]
        if later in reported or digest == other:
            continue
        share, frames = difference(numbers, others, shift)
        if share < _NEAR_BITS and frames >= _OVERLAP * min(numbers.size, others.size):
            reported.add(later)
            yield RULES.finding("D055", copy, f"the same sound as {name} ({share:.0%} of its bits differ)", "keep one")


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


def _find_repeated_texts(table: CheckTable) -> Iterator[Finding]:
    speakers, texts, folded = table.speakers.column, table.texts, table.folded_texts
    same = first_rows(texts, speakers)
    for row in _later(same):
        if texts[row] != NO_TEXT:
            yield RULES.finding("D052", table.ids[row], f"the same text as {table.ids[same[row]]} by the same speaker")
    near = first_rows(folded, speakers)
    for row in _later(near):
        if texts[row] != texts[near[row]]:
            yield RULES.finding(
                "D056", table.ids[row], f"nearly the same text as {table.ids[near[row]]} by the same speaker"
            )


def _find_leaks(table: CheckTable) -> Iterator[Finding]:
    placed = np.flatnonzero((table.splits > 0) & (table.texts != NO_TEXT))
    splits = table.splits[placed]
    firsts = first_rows(table.texts[placed])
    for place in np.flatnonzero(splits != splits[firsts]):
        earlier = firsts[place]
        message = (
            f"in {split_name(splits[place])}, and as {table.ids[placed[earlier]]} in {split_name(splits[earlier])}"
        )
        yield RULES.finding("D053", table.ids[placed[place]], message, "split again: amhctl data split --redraw")


def _find_near_leaks(table: CheckTable) -> Iterator[Finding]:
    splits, texts = table.splits, table.texts
    placed = np.flatnonzero((splits > 0) & (texts != NO_TEXT))
    others = np.full(len(table), -1, dtype=np.int64)
    _note_other_splits(table.folded_texts[placed], placed, splits, texts, others)
    digests, owners = table.neighbours
    for part in range(_PARTS):
        # A part at a time: of a million texts there are some ten million neighbours.
        chosen = digests % _PARTS == part
        _note_other_splits(digests[chosen], owners[chosen], splits, texts, others)
    for row in np.flatnonzero(others >= 0):
        other = others[row]
        message = (
            f"in {split_name(splits[row])}, and nearly the same as {table.ids[other]} in {split_name(splits[other])}"
        )
        yield RULES.finding("D057", table.ids[row], message, "put both in one split")


def _note_other_splits(
    digests: Digests, rows: Rows, splits: NDArray[np.uint8], texts: Digests, others: NDArray[np.int64]
) -> None:
    """Write into ``others`` an earlier row of another split and another text that has one of a row's digests."""
    firsts = first_rows(digests)
    for number in range(1, len(SPLITS) + 1):
        # The first row of this split in each group; the rows of a group come in their order.
        held = np.flatnonzero(splits[rows] == number)
        first_held = np.full(digests.size, len(texts), dtype=np.int64)
        np.minimum.at(first_held, firsts[held], rows[held])
        other = first_held[firsts]
        earlier = np.flatnonzero((other < rows) & (splits[rows] != number))
        earlier = earlier[texts[other[earlier]] != texts[rows[earlier]]]
        others[rows[earlier]] = other[earlier]


def _find_shared(what: str, code: str, names: Names, table: CheckTable) -> Iterator[Finding]:
    seen = np.zeros((len(names), len(SPLITS) + 1), dtype=bool)
    seen[names.column, table.splits] = True
    for name, found in zip(names, seen, strict=True):
        splits = sorted(split_name(int(number)) for number in np.flatnonzero(found[1:]) + 1)
        if name and len(splits) > 1:
            speaker, _, session = name.partition("\n")
            of = f" of {speaker}" if session else ""
            message = f"the {what}{of} is in {', '.join(splits)}"
            yield RULES.finding(
                code, session or name, message, f"split again: amhctl data split --redraw --disjoint {what}"
            )


def _find_lone_speakers(table: CheckTable) -> Iterator[Finding]:
    counts = np.bincount(table.speakers.column, minlength=len(table.speakers))
    for speaker, count in zip(table.speakers, counts, strict=True):
        if count < 2:
            yield RULES.finding("D054", speaker, "the speaker has one clip only", "record more, or leave it out")
    median = float(np.median(counts)) if counts.size else 0.0
    for speaker, count in zip(table.speakers, counts, strict=True):
        if counts.size > 1 and count > _MOST_CLIPS * median:
            yield RULES.finding(
                "D071", speaker, f"{count} clips, the median speaker has {median:g}", "train with weights"
            )


def _later(firsts: Rows) -> NDArray[np.intp]:
    """Return the rows that are not the first of their kind."""
    return np.flatnonzero(firsts != np.arange(firsts.size))
