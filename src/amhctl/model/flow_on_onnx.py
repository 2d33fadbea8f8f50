"""A FlowVoice that computes by ONNX graphs, without torch; implements ``flow_sampling.FlowNetwork``.

``flow_graphs`` writes the graphs. Laying a text over the steps is index arithmetic, and done here.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from safetensors import safe_open

from amhctl.config.flow import FlowVoiceConfig
from amhctl.model.flow_files import GRAPHS
from amhctl.model.flow_sampling import Floats, Integers, ReadText, Scale
from amhctl.nn.onnx_session import OnnxSession


@dataclass(frozen=True, slots=True, eq=False)
class _Pieces:
    """What the text graph gives.

    Attributes
    ----------
    pieces_PH : Floats
        Encodings of the pieces.
    dropped_H : Floats
        What stands for a piece that is dropped.
    speaker_1E : Floats
        The speaker they were read for.
    """

    pieces_PH: Floats
    dropped_H: Floats
    speaker_1E: Floats


@dataclass(frozen=True, slots=True, eq=False)
class _Score:
    """What is to be drawn: per step its piece and where in it the step lies, pitch and energy; speaker and noise."""

    condition_MI: Floats
    prosody_M3: Floats
    speaker_1E: Floats
    noise_11: Floats


class FlowOnOnnx:
    """The graphs of a voice.

    Parameters
    ----------
    config : FlowVoiceConfig
        Shape of the network.
    folder : Path
        Where graphs and weights lie.
    weights : str
        Name of the file of the weights.
    threads : int
        Processors it may use; 0 for the usual number.

    Raises
    ------
    CheckpointError
        If a graph cannot be loaded.
    """

    def __init__(self, config: FlowVoiceConfig, folder: Path, *, weights: str, threads: int = 0) -> None:
        self._config = config
        self._text, self._prosody, self._mel = (OnnxSession(folder / name, threads=threads) for name in GRAPHS)
        with safe_open(folder / weights, framework="numpy") as stream:
            self._mel_scale, self._prosody_scale = (
                Scale(
                    *(stream.get_tensor(f"{of}_standard.{name}").astype(np.float32) for name in ("mean", "deviation"))
                )
                for of in ("mel", "prosody")
            )

    @property
    def config(self) -> FlowVoiceConfig:
        """Its shape."""
        return self._config

    @property
    def mel_scale(self) -> Scale:
        """Of log-mel values."""
        return self._mel_scale

    @property
    def prosody_scale(self) -> Scale:
        """Of log duration, log pitch and log energy."""
        return self._prosody_scale

    def read(self, ids_P: Integers, speaker_E: Floats) -> ReadText:
        """Read text pieces for a speaker."""
        speaker_1E = speaker_E[None].astype(np.float32)
        pieces, log_durations, dropped = self._text.run({"ids": ids_P[None], "speaker": speaker_1E})
        return ReadText(log_durations[0], _Pieces(pieces[0], dropped, speaker_1E))

    def prosody_velocity(self, noisy_P3: Floats, time: float, text: ReadText) -> Floats:
        """Return the velocity of the standardised prosody, shape (P, 3)."""
        known: _Pieces = text.hidden
        given = {"noisy": noisy_P3[None], "time": _time(time), "pieces": known.pieces_PH[None]}
        (velocity_1P3,) = self._prosody.run({**given, "speaker": known.speaker_1E})
        velocity_P3: Floats = velocity_1P3[0]
        return velocity_P3

    def score(
        self, text: ReadText, durations_P: Integers, noise: float, *, prosody_P2: Floats | None, drop_text: bool
    ) -> _Score:
        """Lay a text over the steps, as ``FlowVoice.score`` does."""
        known: _Pieces = text.hidden
        stacked = self._config.stacked_frames
        ends_P = np.cumsum(durations_P)
        frame_M = np.arange(-(-int(ends_P[-1]) // stacked)) * stacked
        piece_M = np.minimum(np.searchsorted(ends_P, frame_M, side="right"), len(ends_P) - 1)
        length_M = np.maximum(durations_P[piece_M], 1).astype(np.float32)
        begin_M = (ends_P - durations_P)[piece_M]
        passed_M = np.clip((frame_M - begin_M).astype(np.float32) / length_M, 0.0, 1.0)
        within_M3 = np.stack([passed_M, 1.0 - passed_M, np.log(length_M) / np.float32(4.0)], axis=-1)
        pieces_PH = np.broadcast_to(known.dropped_H, known.pieces_PH.shape) if drop_text else known.pieces_PH
        prosody_M3 = np.zeros((len(frame_M), 3), dtype=np.float32)
        if prosody_P2 is not None and not drop_text:
            prosody_M3 = np.concatenate([prosody_P2[piece_M], np.ones((len(frame_M), 1), np.float32)], axis=-1)
        condition_MI = np.concatenate([pieces_PH[piece_M], within_M3], axis=-1).astype(np.float32)
        return _Score(condition_MI, prosody_M3, known.speaker_1E, np.array([[noise]], dtype=np.float32))

    def velocities(self, noisy_MX: Floats, time: float, scores: tuple[_Score, ...]) -> list[Floats]:
        """Return the velocity of the standardised, stacked spectrogram for each score, shape (M, X)."""
        given = {
            "noisy": np.repeat(noisy_MX[None], len(scores), axis=0),
            "time": _time(time),
            "told": np.stack([score.condition_MI for score in scores]),
            "prosody": np.stack([score.prosody_M3 for score in scores]),
            "speaker": scores[0].speaker_1E,
            "noise": scores[0].noise_11,
        }
        return list(self._mel.run(given)[0])


def _time(time: float) -> Floats:
    return np.array([time], dtype=np.float32)
