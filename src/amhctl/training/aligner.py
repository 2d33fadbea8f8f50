"""Which text piece each frame of a recording belongs to, learnt from the recordings themselves. Knows no store.

Viterbi training of one Gaussian state per piece from a flat start, as monophone systems are begun (Rabiner 1989, "A
tutorial on hidden Markov models", section V; Young et al., The HTK Book, "flat start"): every utterance is first
divided evenly, then models and boundaries are refined in turn. It sees cepstra, centred per utterance, and slopes. A
few last passes take their scores from ``frame_classifier``, which sees the neighbourhood too.

Cepstra are in a file (``cepstra_file``); a pass reads them batch by batch, in several processes if wanted, and what it
learns of a batch are sums. So memory follows the length of a batch, and in a small part the number of frames: two bytes
each for the present path. Sums are added in the order of the batches, so that the result is the same however many
processes there are.

A neural aligner with the forward-sum loss (Badlani et al. 2021, arXiv 2108.10447) stood here before. On the 3.6 h of
two corpora its pieces explained 3 % of the variance of the first 13 cepstra after ten CPU minutes; these explain 24 %
after half a minute.

Shapes: ``T text pieces, S frames, F mel bins, C cepstra and slopes, V vocabulary, P pieces of a batch``.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from amhctl.config.schema import AlignerConfig
from amhctl.core.errors import TrainingError
from amhctl.core.progress import Progress
from amhctl.parallel.workers import map_in_order, open_pool
from amhctl.training.cepstra_file import CepstraFile, write_cepstra
from amhctl.training.frame_classifier import FrameClassifier, learn_frames
from amhctl.training.monotonic import find_paths

_EXPLAINED_CEPSTRA = 13
# A piece seen in fewer frames keeps the mean of all frames, and so takes part in no decision.
_FEWEST_FRAMES = 50
# Scores of a batch, frames times pieces with their padding: some 50 MB at work.
_BATCH_CELLS = 4_000_000
_MOST_PIECES = _LONGEST_PIECE = int(np.iinfo(np.uint16).max)

Floats = NDArray[np.float64]
Features = NDArray[np.float32]
Ids = NDArray[np.int64]
Paths = list[NDArray[np.uint16]]


@dataclass(frozen=True, slots=True)
class Spoken:
    """One utterance to align.

    Attributes
    ----------
    id : str
        Its id.
    pieces : tuple[int, ...]
        Text ids, without specials.
    frames : int
        Log-mel frames it has, over which the durations are given.
    """

    id: str
    pieces: tuple[int, ...]
    frames: int


@dataclass(frozen=True, slots=True, eq=False)
class AlignedSpeech:
    """What the aligner found.

    Attributes
    ----------
    durations : Mapping[str, NDArray[np.uint16]]
        Log-mel frames of each text piece, by utterance; they sum to the utterance's.
    explained : float
        Fraction of the variance of the first 13 cepstra that the pieces explain; even division explains about 1 %.
    left_out : tuple[str, ...]
        Utterances with no piece, or with more pieces than mel frames.
    too_long : tuple[str, ...]
        Utterances of which a piece would last 65,536 frames or more, which no duration says.
    """

    durations: Mapping[str, NDArray[np.uint16]]
    explained: float
    left_out: tuple[str, ...]
    too_long: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Gaussians:
    """A diagonal Gaussian for each of some pieces; scores every frame under every piece."""

    means_VC: Floats
    variances_VC: Floats

    def of(self, pieces_P: Ids) -> "_Gaussians":
        """Return those of some pieces, which are numbered again."""
        return _Gaussians(self.means_VC[pieces_P], self.variances_VC[pieces_P])

    def scores(self, frames_SC: Features) -> Features:
        """Return the log-density of each frame under each piece, shape (S, V), without constants."""
        precisions_VC = 1.0 / self.variances_VC
        offsets_V = 0.5 * (np.square(self.means_VC) * precisions_VC + np.log(self.variances_VC)).sum(axis=1)
        weights_VC = np.concatenate([self.means_VC * precisions_VC, -0.5 * precisions_VC], axis=1).astype(np.float32)
        both_SC = np.concatenate([frames_SC, np.square(frames_SC)], axis=1)
        scores: Features = both_SC @ weights_VC.T - offsets_V.astype(np.float32)
        return scores


@dataclass(frozen=True, slots=True, eq=False)
class _Sums:
    """What is known of the frames of each piece: their number, sums and sums of squares."""

    counts_V: Floats
    sums_VC: Floats
    squares_VC: Floats

    @classmethod
    def none(cls, pieces: int, columns: int) -> "_Sums":
        """Return the sums of no frames."""
        return cls(np.zeros(pieces), np.zeros((pieces, columns)), np.zeros((pieces, columns)))

    def add(self, pieces_P: Ids, other: "_Sums") -> None:
        """Add sums of some pieces to these."""
        self.counts_V[pieces_P] += other.counts_V
        self.sums_VC[pieces_P] += other.sums_VC
        self.squares_VC[pieces_P] += other.squares_VC

    def gaussians(self, floor: float) -> _Gaussians:
        """Return the Gaussians; ``floor`` is added to each variance, as a share of that of all frames."""
        count = self.counts_V.sum()
        mean_C = self.sums_VC.sum(axis=0) / count
        overall_C = np.maximum(self.squares_VC.sum(axis=0) / count - np.square(mean_C), 1e-12)
        means, variances = np.tile(mean_C, (len(self.counts_V), 1)), np.tile(overall_C, (len(self.counts_V), 1))
        seen = self.counts_V >= _FEWEST_FRAMES
        counts = self.counts_V[seen, None]
        means[seen] = self.sums_VC[seen] / counts
        own = self.squares_VC[seen] / counts - np.square(means[seen])
        variances[seen] = np.maximum(own, 0.0) + floor * overall_C
        return _Gaussians(means, variances)

    @property
    def explained(self) -> float:
        """Fraction of the variance of the first 13 cepstra that the pieces explain."""
        columns = slice(0, _EXPLAINED_CEPSTRA)
        sums, squares = self.sums_VC[:, columns], self.squares_VC[:, columns].sum(axis=0)
        within = squares - (np.square(sums) / np.maximum(self.counts_V, 1)[:, None]).sum(axis=0)
        whole = squares - np.square(sums.sum(axis=0)) / self.counts_V.sum()
        return float(np.mean(1.0 - within / np.maximum(whole, 1e-12)))


@dataclass(frozen=True, slots=True, eq=False)
class _Batch:
    """Utterances of similar length, their texts by the pieces of the batch."""

    utterances: tuple[int, ...]
    texts: tuple[Ids, ...]
    pieces_P: Ids


@dataclass(frozen=True, slots=True, eq=False)
class _Work:
    """What a worker does with a batch: find paths by a scorer, or keep the even division where there is none."""

    file: CepstraFile
    batch: _Batch
    scorer: _Gaussians | FrameClassifier | None


def align_speech(
    utterances: Sequence[Spoken],
    read: Callable[[str], Features],
    *,
    text_tokens: int,
    config: AlignerConfig,
    folder: Path,
    progress: Progress,
    workers: int = 0,
) -> AlignedSpeech:
    """Align utterances with their texts; deterministic, whatever the number of workers.

    Parameters
    ----------
    utterances : Sequence[Spoken]
        What was said.
    read : Callable[[str], Features]
        Reads the log-mel frames of an utterance by its id, shape (S, F).
    text_tokens : int
        Pieces of the vocabulary, V.
    config : AlignerConfig
        Passes and their settings.
    folder : Path
        Where the cepstra lie while the work lasts: 80 bytes a frame with 20 of them.
    progress : Progress
        Told of each pass.
    workers : int
        Processes; 0 works in this one.

    Raises
    ------
    TrainingError
        If no utterance has pieces that fit into its frames.
    """
    usable = [item for item in utterances if 0 < len(item.pieces) <= min(item.frames, _MOST_PIECES)]
    kept = {item.id for item in usable}
    left_out = tuple(item.id for item in utterances if item.id not in kept)
    if not usable:
        raise TrainingError("no utterance has fewer text pieces than frames", hint="check the texts of the manifest")
    progress.start("reading frames", len(usable), "utterance")
    file = write_cepstra(
        folder / "cepstra.bin",
        [lambda id_=item.id: read(id_) for item in usable],  # type: ignore[misc]
        coefficients=config.coefficients,
        done=progress.advance,
    )
    progress.finish()
    batches = _make_batches([np.array(item.pieces, dtype=np.int64) for item in usable], np.diff(file.begins))
    with open_pool(workers) as pool:
        aligner = _Aligner(file, batches, text_tokens, pool, max(1, workers), progress)
        paths, explained = aligner.run(config)
    found = {item.id: _durations(path, len(item.pieces)) for item, path in zip(usable, paths, strict=True)}
    durations = {id_: held.astype(np.uint16) for id_, held in found.items() if held.max() <= _LONGEST_PIECE}
    return AlignedSpeech(durations, explained, left_out, tuple(id_ for id_ in found if id_ not in durations))


@dataclass(frozen=True, slots=True, eq=False)
class _Aligner:
    """The passes over the batches of a corpus."""

    file: CepstraFile
    batches: Sequence[_Batch]
    text_tokens: int
    pool: Executor
    workers: int
    progress: Progress

    def run(self, config: AlignerConfig) -> tuple[Paths, float]:
        """Return the path of each utterance, and what its pieces explain, after all passes."""
        paths: Paths = [np.zeros(0, dtype=np.uint16)] * (len(self.file.begins) - 1)
        sums = self._pass("initial alignment", lambda _: None, paths)
        for number in range(1, config.passes + 1):
            gaussians = sums.gaussians(config.variance_floor)
            title = f"aligning, pass {number} of {config.passes}, explained {sums.explained:.3f}"
            sums = self._pass(title, lambda batch, found=gaussians: found.of(batch.pieces_P), paths)  # type: ignore[misc]
        for number in range(config.classifier_passes):
            shares_V = sums.counts_V / sums.counts_V.sum()
            part = f"{number + 1} of {config.classifier_passes}"
            classifier = learn_frames(
                self.file,
                self._labels(paths),
                shares_V,
                seed=number,
                title=f"training the frame classifier {part}, explained {sums.explained:.3f}",
                progress=self.progress,
            )
            title = f"aligning by frames {part}"
            sums = self._pass(title, lambda batch, found=classifier: found.of(batch.pieces_P), paths)  # type: ignore[misc]
        return paths, sums.explained

    def _pass(self, title: str, scorer: Callable[[_Batch], _Gaussians | FrameClassifier | None], paths: Paths) -> _Sums:
        """Find the path of every utterance and return the sums of the frames so divided."""
        total = _Sums.none(self.text_tokens, 2 * self.file.coefficients)
        self.progress.start(title, len(paths), "utterance")
        work = (_Work(self.file, batch, scorer(batch)) for batch in self.batches)
        results = map_in_order(self.pool, _refine, work, ahead=2 * self.workers)
        for batch, (found, sums) in zip(self.batches, results, strict=True):
            for place, path in zip(batch.utterances, found, strict=True):
                paths[place] = path
            total.add(batch.pieces_P, sums)
            self.progress.advance(len(batch.utterances))
        self.progress.finish()
        return total

    def _labels(self, paths: Paths) -> Callable[[int], Ids]:
        """Return what gives the piece of each frame of an utterance."""
        texts: dict[int, tuple[Ids, Ids]] = {}
        for batch in self.batches:
            texts |= {place: (text, batch.pieces_P) for place, text in zip(batch.utterances, batch.texts, strict=True)}

        def labels(place: int) -> Ids:
            text, pieces_P = texts[place]
            return pieces_P[text[paths[place]]]

        return labels


def _make_batches(texts: Sequence[Ids], frames: Ids) -> list[_Batch]:
    """Return all utterances in batches of similar length, so that little is padded."""
    order = sorted(range(len(texts)), key=lambda place: (int(frames[place]), len(texts[place]), place))
    return [_Batch(group, *_renumber([texts[place] for place in group])) for group in _group(order, texts, frames)]


def _group(order: Iterable[int], texts: Sequence[Ids], frames: Ids) -> Iterator[tuple[int, ...]]:
    group: list[int] = []
    longest = 0
    for place in order:
        longest = max(longest, len(texts[place]))
        if group and (len(group) + 1) * longest * int(frames[place]) > _BATCH_CELLS:
            yield tuple(group)
            group, longest = [], len(texts[place])
        group.append(place)
    yield tuple(group)


def _renumber(texts: Sequence[Ids]) -> tuple[tuple[Ids, ...], Ids]:
    """Return texts by the pieces that they hold, and these pieces."""
    pieces_P, numbers = np.unique(np.concatenate(texts), return_inverse=True)
    ends = np.cumsum([len(text) for text in texts])[:-1]
    return tuple(np.split(numbers.astype(np.int64), ends)), pieces_P


def _refine(work: _Work) -> tuple[Paths, _Sums]:
    """Return the paths of a batch by a scorer, and the sums of its frames so divided."""
    texts, frames = work.batch.texts, work.file.read(work.batch.utterances)
    if work.scorer is None:
        paths = [np.arange(len(rows)) * len(text) // len(rows) for text, rows in zip(texts, frames, strict=True)]
    else:
        paths = find_paths([work.scorer.scores(rows)[:, text] for text, rows in zip(texts, frames, strict=True)])
    sums = _Sums.none(len(work.batch.pieces_P), frames[0].shape[1])
    for text, rows_SC, path in zip(texts, frames, paths, strict=True):
        wide_SC = rows_SC.astype(np.float64)
        begins_T = np.searchsorted(path, np.arange(len(text)))
        np.add.at(sums.counts_V, text, np.bincount(path, minlength=len(text)))
        np.add.at(sums.sums_VC, text, np.add.reduceat(wide_SC, begins_T))
        np.add.at(sums.squares_VC, text, np.add.reduceat(np.square(wide_SC), begins_T))
    return [path.astype(np.uint16) for path in paths], sums


def _durations(path_S: NDArray[np.uint16], pieces: int) -> Ids:
    """Return the frames of each piece."""
    return np.bincount(path_S, minlength=pieces)
