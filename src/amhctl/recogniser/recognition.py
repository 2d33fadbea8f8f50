"""A recogniser that computes by its ONNX graph: recordings to phones, words, times and probabilities. Loads no torch.

Shapes: ``N samples, E frames of 20 ms, V labels``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file

from amhctl.audio.resample import resample
from amhctl.audio.waveform import Waveform
from amhctl.checkpoint.verified import VerifiedFolder
from amhctl.core.errors import AudioError, CheckpointError
from amhctl.nn.onnx_session import OnnxSession
from amhctl.recogniser.catalog import DEFAULT_RECOGNISER, LANGUAGE_FILE, open_recogniser
from amhctl.recogniser.decoding import DEFAULT_SEARCH, BeamSearch, Search, best_path
from amhctl.recogniser.features import HOP_SAMPLES, SAMPLE_RATE, speech_features
from amhctl.recogniser.graph import GRAPH_FILE
from amhctl.recogniser.labels import BORDER, without_borders
from amhctl.recogniser.phone_model import PhoneModel
from amhctl.recogniser.words import WORDS_FILE, WordList

FRAME_SECONDS = 2 * HOP_SAMPLES / SAMPLE_RATE
"""From one frame of log-probabilities to the next."""
_LONGEST_SECONDS = 24.0
_OVERLAP_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Recognition:
    """What was recognised in a recording.

    Attributes
    ----------
    labels : tuple[int, ...]
        Phones and word borders.
    text : str
        Written words.
    """

    labels: tuple[int, ...]
    text: str

    @property
    def phones(self) -> tuple[int, ...]:
        """The phones alone."""
        return without_borders(self.labels)


class Recogniser:
    """A recogniser, ready to use.

    Parameters
    ----------
    verified : VerifiedFolder
        From ``catalog.open_recogniser``.
    threads : int
        Processors it may use; 0 for the usual number.
    search : Search
        How language is weighed.

    Raises
    ------
    CheckpointError
        If the folder has no graph.
    """

    def __init__(self, verified: VerifiedFolder, *, threads: int = 0, search: Search = DEFAULT_SEARCH) -> None:
        self._verified, self._search = verified, search
        self._session = OnnxSession(verified.path(GRAPH_FILE), threads=threads)

    @property
    def name(self) -> str:
        """Its name."""
        return self._verified.manifest.name

    @property
    def fingerprint(self) -> str:
        """SHA-256 of its weights file."""
        return self._verified.manifest.files["model.safetensors"]

    @property
    def metrics(self) -> Mapping[str, object]:
        """Its own figures, as its manifest says."""
        return self._verified.manifest.metrics

    @cached_property
    def phone_model(self) -> PhoneModel:
        """What follows what.

        Raises
        ------
        CheckpointError
            If its file is damaged.
        """
        path = self._verified.path(LANGUAGE_FILE)
        try:
            stored = load_file(path)
        except (SafetensorError, OSError) as fault:
            raise CheckpointError(f"not a readable safetensors file: {fault}", subject=str(path)) from fault
        return PhoneModel.of_arrays(stored, subject=str(path))

    @cached_property
    def words(self) -> WordList:
        """The words it knows."""
        return WordList.parse(self._verified.read_bytes(WORDS_FILE), subject=str(self._verified.path(WORDS_FILE)))

    def log_probabilities(self, waveform: Waveform) -> NDArray[np.float32]:
        """Return the natural log-probability of each label in each frame of 20 ms, shape (E, V).

        A long recording is computed in pieces of 24 s that overlap by 2 s, of which each gives its half of the overlap.

        Raises
        ------
        AudioError
            If the recording is shorter than 25 ms or has values that are not finite.
        """
        if not np.isfinite(waveform.samples).all():
            raise AudioError("the recording has samples that are not finite")
        samples = resample(waveform, SAMPLE_RATE).samples
        offset = samples.mean(dtype=np.float64).astype(np.float32) if samples.size else np.float32(0)
        features = speech_features(samples - offset)
        longest = round(_LONGEST_SECONDS * SAMPLE_RATE / HOP_SAMPLES)
        if len(features) <= longest:
            return self._compute(features)
        overlap = round(_OVERLAP_SECONDS * SAMPLE_RATE / HOP_SAMPLES)
        pieces = []
        for start in range(0, len(features) - overlap, longest - overlap):
            values = self._compute(features[start : start + longest])
            first = overlap // 4 if start else 0
            is_last = start + longest >= len(features)
            pieces.append(values[first : len(values) if is_last else len(values) - overlap // 4])
        return np.concatenate(pieces)

    def _compute(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        (values,) = self._session.run({"features": np.ascontiguousarray(features)[None]})
        found: NDArray[np.float32] = values[0]
        return found

    def recognise(self, waveform: Waveform) -> Recognition:
        """Return what is said in a recording, by a beam search with the phone model and the words.

        Raises
        ------
        AudioError
            If the recording is shorter than 25 ms or has values that are not finite.
        """
        labels = BeamSearch(self.phone_model, self.words, self._search).run(self.log_probabilities(waveform))
        return Recognition(labels, self.write(labels))

    def phones_alone(self, waveform: Waveform) -> tuple[int, ...]:
        """Return the phones of the most probable path, by the network alone: no model of language repairs them.

        Raises
        ------
        AudioError
            If the recording is shorter than 25 ms or has values that are not finite.
        """
        return without_borders(best_path(self.log_probabilities(waveform)))

    def write(self, labels: Sequence[int]) -> str:
        """Return labels as written words."""
        words: list[list[int]] = [[]]
        for label in labels:
            if label == BORDER:
                words.append([])
            else:
                words[-1].append(label)
        return " ".join(self.words.write(word) for word in words if word)


def load_recogniser(name_or_path: str = DEFAULT_RECOGNISER, *, threads: int = 0) -> Recogniser:
    """Load a recogniser by name or folder.

    Raises
    ------
    CheckpointError
        If there is none, or it is damaged.
    """
    return Recogniser(open_recogniser(name_or_path), threads=threads)
