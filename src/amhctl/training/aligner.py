"""Which text piece each frame of a recording belongs to, learnt from the recordings themselves. Knows no files.

Viterbi training of one Gaussian state per piece from a flat start, as monophone systems are begun (Rabiner 1989, "A
tutorial on hidden Markov models", section V; Young et al., The HTK Book, "flat start"): every utterance is first
divided evenly, then models and boundaries are refined in turn. It sees cepstra, centred per utterance, and slopes. A
few last passes take their scores from ``frame_classifier``, which sees the neighbourhood too.

A neural aligner with the forward-sum loss (Badlani et al. 2021, arXiv 2108.10447) stood here before. On the 3.6 h of
two corpora its pieces explained 3 % of the variance of the first 13 cepstra after ten CPU minutes; these explain 24 %
after half a minute.

Shapes: ``T text pieces, S frames, F mel bins, C cepstra and slopes, V vocabulary``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.fft import dct

from amhctl.config.schema import AlignerConfig
from amhctl.core.errors import TrainingError
from amhctl.core.progress import Progress
from amhctl.training.frame_classifier import likelihoods

_EXPLAINED_CEPSTRA = 13
# A piece seen in fewer frames keeps the mean of all frames, and so takes part in no decision.
_FEWEST_FRAMES = 50

Floats = NDArray[np.float64]
Ids = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Spoken:
    """One utterance to align.

    Attributes
    ----------
    id : str
        Its id.
    pieces : tuple[int, ...]
        Text ids, without specials.
    mel_SF : NDArray[np.float32]
        Log-mel frames.
    code_frames : int
        Frames of its codes, over which the durations are given.
    """

    id: str
    pieces: tuple[int, ...]
    mel_SF: NDArray[np.float32]
    code_frames: int


@dataclass(frozen=True, slots=True, eq=False)
class AlignedSpeech:
    """What the aligner found.

    Attributes
    ----------
    durations : Mapping[str, NDArray[np.uint16]]
        Code frames of each text piece, by utterance; they sum to the utterance's code frames.
    explained : float
        Share of the variance of the first 13 cepstra that the pieces explain; even division explains about 1 %.
    left_out : tuple[str, ...]
        Utterances with no piece, or with more pieces than mel frames.
    """

    durations: Mapping[str, NDArray[np.uint16]]
    explained: float
    left_out: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Gaussians:
    """A diagonal Gaussian for each piece."""

    means_VC: Floats
    variances_VC: Floats

    def scores(self, frames_SC: Floats, pieces_T: Ids) -> Floats:
        """Return the log-density of each frame under each piece of a text, shape (S, T), without constants."""
        precisions_TC = 1.0 / self.variances_VC[pieces_T]
        means_TC = self.means_VC[pieces_T]
        scores: Floats = (
            frames_SC @ (means_TC * precisions_TC).T
            - 0.5 * np.square(frames_SC) @ precisions_TC.T
            - 0.5 * (np.square(means_TC) * precisions_TC + np.log(self.variances_VC[pieces_T])).sum(axis=1)
        )
        return scores


def align_speech(
    utterances: Sequence[Spoken], *, text_tokens: int, config: AlignerConfig, progress: Progress
) -> AlignedSpeech:
    """Align utterances with their texts; deterministic.

    Raises
    ------
    TrainingError
        If no utterance has pieces that fit into its frames.
    """
    usable = [item for item in utterances if 0 < len(item.pieces) <= item.mel_SF.shape[0]]
    left_out = tuple(item.id for item in utterances if not 0 < len(item.pieces) <= item.mel_SF.shape[0])
    if not usable:
        raise TrainingError("no utterance has fewer text pieces than frames", hint="check the texts of the manifest")
    texts = [np.array(item.pieces, dtype=np.int64) for item in usable]
    frames = [_cepstra(item.mel_SF, config.coefficients) for item in usable]
    paths = [np.arange(len(mel)) * len(text) // len(mel) for text, mel in zip(texts, frames, strict=True)]
    progress.start("aligning", config.passes + config.classifier_passes, "pass")
    for _ in range(config.passes):
        gaussians = _estimate(frames, texts, paths, text_tokens, config.variance_floor)
        paths = [monotonic_path(gaussians.scores(mel, text)) for mel, text in zip(frames, texts, strict=True)]
        explained = _explained(frames, texts, paths, text_tokens)
        progress.advance(note=f"explained {explained:.3f}")
    ends = np.cumsum([len(mel) for mel in frames])
    for number in range(config.classifier_passes):
        labels = np.concatenate([text[path] for text, path in zip(texts, paths, strict=True)])
        scores = np.split(likelihoods(np.concatenate(frames), labels, ends, text_tokens, seed=number), ends[:-1])
        paths = [monotonic_path(score[:, text]) for score, text in zip(scores, texts, strict=True)]
        explained = _explained(frames, texts, paths, text_tokens)
        progress.advance(note=f"explained {explained:.3f}")
    progress.finish()
    durations = {
        item.id: _durations(path, len(text), item) for item, text, path in zip(usable, texts, paths, strict=True)
    }
    return AlignedSpeech(durations, explained, left_out)


def monotonic_path(scores_ST: Floats) -> Ids:
    """Return the piece of each frame on the best monotonic path, shape (S,); each piece has one frame at least.

    Raises
    ------
    TrainingError
        If there are more pieces than frames.
    """
    frames, pieces = scores_ST.shape
    if pieces == 0 or pieces > frames:
        raise TrainingError(f"{pieces} pieces cannot be laid over {frames} frames")
    best_T = np.full(pieces, -np.inf)
    best_T[0] = scores_ST[0, 0]
    stepped_ST = np.zeros((frames, pieces), dtype=bool)
    shifted_T = np.full(pieces, -np.inf)
    for frame in range(1, frames):
        shifted_T[1:] = best_T[:-1]
        stepped_ST[frame] = shifted_T > best_T
        best_T = np.maximum(best_T, shifted_T) + scores_ST[frame]
    path_S = np.empty(frames, dtype=np.int64)
    piece = pieces - 1
    for frame in range(frames - 1, -1, -1):
        path_S[frame] = piece
        piece -= int(stepped_ST[frame, piece])
    return path_S


def _cepstra(mel_SF: NDArray[np.float32], coefficients: int) -> Floats:
    """Return cepstra without the recording's own level and colour, and their slopes, shape (S, 2 coefficients)."""
    cepstra = dct(mel_SF.astype(np.float64), axis=1, norm="ortho")[:, :coefficients]
    cepstra -= cepstra.mean(axis=0)
    slopes = np.zeros_like(cepstra)
    slopes[1:-1] = (cepstra[2:] - cepstra[:-2]) / 2.0
    return np.concatenate([cepstra, slopes], axis=1)


def _estimate(
    frames: Sequence[Floats], texts: Sequence[Ids], paths: Sequence[Ids], text_tokens: int, floor: float
) -> _Gaussians:
    labels = np.concatenate([text[path] for text, path in zip(texts, paths, strict=True)])
    everything = np.concatenate(frames)
    overall = everything.var(axis=0)
    means = np.tile(everything.mean(axis=0), (text_tokens, 1))
    variances = np.tile(overall, (text_tokens, 1))
    for piece in np.flatnonzero(np.bincount(labels, minlength=text_tokens) >= _FEWEST_FRAMES):
        own = everything[labels == piece]
        means[piece] = own.mean(axis=0)
        variances[piece] = own.var(axis=0) + floor * overall
    return _Gaussians(means, variances)


def _explained(frames: Sequence[Floats], texts: Sequence[Ids], paths: Sequence[Ids], text_tokens: int) -> float:
    labels = np.concatenate([text[path] for text, path in zip(texts, paths, strict=True)])
    cepstra = np.concatenate([mel[:, :_EXPLAINED_CEPSTRA] for mel in frames])
    counts = np.maximum(np.bincount(labels, minlength=text_tokens), 1)
    shares = []
    for column in cepstra.T:
        sums = np.bincount(labels, weights=column, minlength=text_tokens)
        within = np.square(column).sum() - (np.square(sums) / counts).sum()
        shares.append(1.0 - within / np.square(column - column.mean()).sum())
    return float(np.mean(shares))


def _durations(path_S: Ids, pieces: int, item: Spoken) -> NDArray[np.uint16]:
    """Return code frames of each piece: mel frames are finer, so boundaries are rounded and a piece may have none."""
    ends_T = np.cumsum(np.bincount(path_S, minlength=pieces)) * (item.code_frames / len(path_S))
    rounded_T = np.floor(ends_T + 0.5).astype(np.int64)
    rounded_T[-1] = item.code_frames
    durations_T: NDArray[np.uint16] = np.diff(rounded_T, prepend=0).astype(np.uint16)
    return durations_T
