"""Are stored codes real? Statistics of codes, lengths and digests. Knows no codec and decodes nothing.

Shapes: ``Q codebooks, S code frames, T feature frames, F features, V codes of a codebook``.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from amhctl.codes.acoustic_checks import RULES as ACOUSTIC_RULES
from amhctl.codes.acoustic_checks import VoiceCount, VoiceStatistics, judge_acoustics
from amhctl.codes.index import StoredUtterance
from amhctl.codes.store import CodeStore
from amhctl.codes.verify import RULES as VERIFY_RULES
from amhctl.core.errors import DatasetError
from amhctl.core.findings import Finding, Rule, Rules, Severity
from amhctl.core.progress import Progress

RULES = Rules(
    Rule(
        "X102",
        Severity.ERROR,
        "constant codes",
        "More than 90 % of the frames of an utterance (with at least 8 frames) are the same, or a codebook of the "
        "store uses a single code.",
    ),
    Rule(
        "X103",
        Severity.ERROR,
        "random codes",
        "The codes of the store's first codebook are uniformly distributed, like random numbers (chi-square within "
        "six standard deviations): codes of speech never are.",
    ),
    Rule(
        "X104",
        Severity.WARNING,
        "unusual codes",
        "The codes of an utterance are about as improbable as random codes: the average information per code is "
        "closer to that of random codes than to that of the store.",
    ),
    Rule(
        "X105",
        Severity.ERROR,
        "padded codes",
        "The last 5 frames or more are the same in every codebook, where the recording is not digitally silent.",
    ),
    Rule("X110", Severity.WARNING, "duplicate codes", "Two utterances have the same codes and features."),
    Rule(
        "X111",
        Severity.WARNING,
        "codebook collapse",
        "Fewer than 5 % of the possible codes are used: codebook collapse.",
    ),
)

_MOST_OF_ONE_FRAME = 0.9
_FEWEST_FRAMES = 8
_PADDING_FRAMES = 5
_UNIFORM_DEVIATIONS = 6.0
# Chi-square is only meaningful with about 5 expected counts a cell.
_COUNTS_PER_CODE = 5
_LOWEST_USAGE = 0.05
_FLOOR_SLACK = 0.1
_LOG_FLOOR = float(np.log(1e-5))


@dataclass(frozen=True, slots=True, eq=False)
class CodeStatistics:
    """How a store's codes are used.

    Attributes
    ----------
    usage : tuple[float, ...]
        Fraction of each codebook's codes that occur.
    entropy : tuple[float, ...]
        Bits a code of each codebook.
    repeats : float
        Fraction of frames whose first code is that of the frame before.
    frames : int
        Frames in the store.
    duplicates : int
        Utterances with the codes and features of an earlier one.
    length_ratios : tuple[float, ...]
        Of each utterance of known duration: the time its code frames take over its duration. A last frame that is
        not full makes it a little more than 1.
    counts_QV : NDArray[np.int64]
        How often each code of each codebook occurs.
    """

    usage: tuple[float, ...]
    entropy: tuple[float, ...]
    repeats: float
    frames: int
    duplicates: int
    length_ratios: tuple[float, ...]
    counts_QV: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class StoreCheck:
    """The statistics of a store, of each speaker if it has acoustics, and every finding that needs no codec."""

    statistics: CodeStatistics
    findings: tuple[Finding, ...]
    voices: tuple[VoiceStatistics, ...] = ()


def check_store(store: CodeStore, progress: Progress) -> StoreCheck:
    """Inspect every utterance of a store.

    Raises
    ------
    DatasetError
        If the store is empty.
    """
    if len(store) == 0:
        raise DatasetError("the store has no utterances", subject=str(store.path), hint="run: amhctl codes extract")
    spec = store.spec
    findings = [
        VERIFY_RULES.finding("X114", id_, "its data, and those of all later utterances, are missing", "extract again")
        for id_ in store.missing
    ]
    counts_QV = np.zeros((spec.codebooks, spec.codebook_size), dtype=np.int64)
    first_books: list[tuple[str, NDArray[np.uint16]]] = []
    ratios: list[float] = []
    voices, acoustics_config = VoiceCount(), store.document.acoustics
    repeats = steps = 0
    progress.start("inspecting codes", len(store), "utterance")
    for entry in store:
        progress.advance()
        if not store.is_intact(entry.id):
            findings.append(VERIFY_RULES.finding("X107", entry.id, "the data are damaged", "extract it again"))
            continue
        codes_QS = store.codes(entry.id)
        for book in range(spec.codebooks):
            counts_QV[book] += np.bincount(codes_QS[book], minlength=spec.codebook_size)
        repeats += int((codes_QS[0, 1:] == codes_QS[0, :-1]).sum())
        steps += codes_QS.shape[1] - 1
        first_books.append((entry.id, codes_QS[0]))
        if entry.record.duration:
            ratios.append(entry.frames / spec.frame_rate / entry.record.duration)
        findings += _judge_utterance(store, entry, codes_QS)
        if acoustics_config is not None:
            acoustics = store.acoustics(entry.id)
            voices.add(entry.record.speaker, acoustics, store.speaker(entry.id))
            findings += judge_acoustics(entry, acoustics, acoustics_config)
    progress.finish()
    findings += [*_find_random(counts_QV), *_find_unlike(first_books, counts_QV[0]), *_find_collapsed(counts_QV)]
    duplicates = list(_find_duplicates(store))
    findings += duplicates
    statistics = CodeStatistics(
        usage=tuple((counts_QV > 0).mean(axis=1).tolist()),
        entropy=tuple(_entropy(counts_V) for counts_V in counts_QV),
        repeats=repeats / steps if steps else 0.0,
        frames=int(counts_QV[0].sum()),
        duplicates=len(duplicates),
        length_ratios=tuple(ratios),
        counts_QV=counts_QV,
    )
    return StoreCheck(statistics, tuple(findings), voices.statistics())


def _judge_utterance(store: CodeStore, entry: StoredUtterance, codes_QS: NDArray[np.uint16]) -> Iterable[Finding]:
    frames = codes_QS.shape[1]
    _, counts = np.unique(codes_QS, axis=1, return_counts=True)
    most = int(counts.max())
    if frames >= _FEWEST_FRAMES and most / frames > _MOST_OF_ONE_FRAME:
        yield RULES.finding("X102", entry.id, f"{most} of {frames} frames are the same", "extract it again")
        return
    tail = _trailing_repeats(codes_QS)
    if tail >= _PADDING_FRAMES and not _ends_silent(store, entry, tail):
        yield RULES.finding("X105", entry.id, f"the last {tail} frames are the same", "extract without padding")
    if (duration := entry.record.duration) is None:
        return
    spec, mel = store.spec, store.mel
    wanted = spec.frames_of(round(duration * spec.sample_rate))
    # One frame of slack: resampling rounds the number of samples.
    if abs(frames - wanted) > 1:
        message = f"{frames} code frames for {duration:.3f} s, expected {wanted}"
        yield ACOUSTIC_RULES.finding("X106", entry.id, message, "extract it again")
    wanted = 1 + round(duration * mel.sample_rate) // mel.hop_samples
    if abs(entry.feature_frames - wanted) > 1:
        message = f"{entry.feature_frames} feature frames for {duration:.3f} s, expected {wanted}"
        yield ACOUSTIC_RULES.finding("X106", entry.id, message, "extract it again")
    if (encoder := store.document.encoder) is not None:
        wanted = round(duration * encoder.sample_rate / encoder.hop_samples)
        # Its windows reach 15 ms beyond their frames, and half a frame at the end is not kept.
        if abs(entry.encoder_frames - wanted) > 2:
            message = f"{entry.encoder_frames} encoder frames for {duration:.3f} s, expected {wanted}"
            yield ACOUSTIC_RULES.finding("X106", entry.id, message, "extract it again")


def _trailing_repeats(codes_QS: NDArray[np.uint16]) -> int:
    """Return how many frames at the end are the same; 1 if the last two differ."""
    different = np.flatnonzero((codes_QS != codes_QS[:, -1:]).any(axis=0))
    frames = int(codes_QS.shape[1])
    return frames - (int(different[-1]) + 1 if different.size else 0)


def _ends_silent(store: CodeStore, entry: StoredUtterance, tail: int) -> bool:
    """Return whether the recording is digitally silent where the codes repeat: then the same code is the right one."""
    features_TF = store.features(entry.id)
    covered = max(1, round(tail / entry.frames * features_TF.shape[0]))
    # The first frames of the tail still hear what was before.
    return bool(features_TF[-max(1, covered - 3) :].max() < _LOG_FLOOR + _FLOOR_SLACK)


def _find_random(counts_QV: NDArray[np.int64]) -> Iterable[Finding]:
    counts_V = counts_QV[0]
    total, size = int(counts_V.sum()), counts_V.size
    if total < _COUNTS_PER_CODE * size:
        return
    expected = total / size
    chi_square = float((np.square(counts_V - expected) / expected).sum())
    freedom = size - 1
    if chi_square < freedom + _UNIFORM_DEVIATIONS * np.sqrt(2 * freedom):
        message = f"the first codebook is distributed like random numbers (chi-square {chi_square:.0f} of {freedom})"
        yield RULES.finding(
            "X103", "codebook 1", message, "these are not codes of speech: extract codes from recordings"
        )


def _find_unlike(
    first_books: Sequence[tuple[str, NDArray[np.uint16]]], counts_V: NDArray[np.int64]
) -> Iterable[Finding]:
    total = int(counts_V.sum())
    if total < _COUNTS_PER_CODE * counts_V.size:
        return
    # Add-one smoothing; an utterance's own share of the counts is left in, which only errs on the mild side.
    surprise_V = -np.log2((counts_V + 1) / (total + counts_V.size))
    chance = float(surprise_V.mean())
    usual = float((surprise_V * counts_V).sum() / total)
    for subject, codes_S in first_books:
        mean = float(surprise_V[codes_S].mean())
        # A short utterance may be rare speech; the bound grows with its uncertainty.
        bound = (usual + chance) / 2 + 3.0 * float(surprise_V.std()) / np.sqrt(codes_S.size)
        if mean > bound:
            message = f"{mean:.1f} bits per code; the store has {usual:.1f}, random codes {chance:.1f}"
            yield RULES.finding("X104", subject, message, "listen to its recording")


def _find_collapsed(counts_QV: NDArray[np.int64]) -> Iterable[Finding]:
    for book, counts_V in enumerate(counts_QV, start=1):
        used = int((counts_V > 0).sum())
        possible = min(counts_V.size, int(counts_V.sum()))
        if used <= 1 and possible > 1:
            yield RULES.finding("X102", f"codebook {book}", "only one code is used", "train the codec again")
        elif used < _LOWEST_USAGE * possible:
            message = f"{used} codes of {counts_V.size} are used"
            yield RULES.finding("X111", f"codebook {book}", message, "train the codec longer, or restart unused codes")


def _find_duplicates(entries: Iterable[StoredUtterance]) -> Iterable[Finding]:
    first: dict[str, str] = {}
    for entry in entries:
        earlier = first.setdefault(entry.sha256, entry.id)
        if earlier != entry.id:
            yield RULES.finding("X110", entry.id, f"the same codes and features as {earlier}", "keep one of them")


def _entropy(counts_V: NDArray[np.int64]) -> float:
    shares = counts_V[counts_V > 0] / max(1, int(counts_V.sum()))
    return float(-(shares * np.log2(shares)).sum())
