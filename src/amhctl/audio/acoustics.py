"""What a FlowVoice learns of a recording: log-mel frames and the pitch at their centres.

Knows nothing of files and stores. A waveform of N samples has ``ceil(N / hop)`` frames, as if it were padded with zeros
to whole hops: a vocoder turns each into ``hop`` samples.

Shapes: ``N samples, T frames, F mel bins``; a packed array has the F mel bins and, last, the natural logarithm of the
pitch, 0 where there is none.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from amhctl.audio.longrecording import LongRecording, long_log_mel
from amhctl.audio.mel import log_mel
from amhctl.audio.pitch import find_pitch
from amhctl.config.acoustics import AcousticsConfig

_PIECE_SECONDS = 60
# What lies further away than this moves no pitch.
_MARGIN_SECONDS = 1


@dataclass(frozen=True, slots=True, eq=False)
class Acoustics:
    """Spectrogram and pitch of one clip.

    Attributes
    ----------
    mel_TF : NDArray[np.float32]
        Natural-log mel frames.
    pitch_T : NDArray[np.float32]
        Hertz; 0 where the frame is unvoiced.
    """

    mel_TF: NDArray[np.float32]
    pitch_T: NDArray[np.float32]

    @classmethod
    def unpack(cls, packed_TF: NDArray[np.generic]) -> Self:
        """Return what a packed array says, shape (T, F + 1)."""
        wide = packed_TF.astype(np.float32)
        logarithm_T = wide[:, -1]
        return cls(np.ascontiguousarray(wide[:, :-1]), np.where(logarithm_T > 0, np.exp(logarithm_T), np.float32(0.0)))

    def pack(self) -> NDArray[np.float16]:
        """Return both in one array in half precision, shape (T, F + 1); a step of the pitch is 7 cents or less."""
        logarithm_T = np.log(np.where(self.pitch_T > 0, self.pitch_T, np.float32(1.0)))
        return np.column_stack([self.mel_TF, logarithm_T]).astype(np.float16)


def analyse(samples: NDArray[np.float32], config: AcousticsConfig) -> Acoustics:
    """Return spectrogram and pitch of a waveform of shape (N,) at the spectrogram's sample rate.

    Raises
    ------
    MissingExtra
        If pyworld is not installed.
    """
    # Beyond the edges ``log_mel`` sees zeros in any case: padding would change no frame, and one more is not wanted.
    mel_TF = log_mel(samples, config.mel)[: config.frames_of(samples.size)]
    return Acoustics(mel_TF, _find_pitch(samples, config))


def analyse_long(recording: LongRecording, config: AcousticsConfig) -> Acoustics:
    """Return spectrogram and pitch of a recording that is too long to be held; the pitch is sought minute by minute.

    Raises
    ------
    AudioError
        As ``audio.files.read``.
    MissingExtra
        If pyworld is not installed.
    """
    resampled = recording.at(config.mel.sample_rate)
    count, hop = config.frames_of(resampled.size), config.mel.hop_samples
    pitch_T = np.zeros(count, dtype=np.float32)
    step, margin = (round(seconds * config.frame_rate) for seconds in (_PIECE_SECONDS, _MARGIN_SECONDS))
    for start in range(0, count, step):
        stop, begin = min(count, start + step), max(0, start - margin)
        samples = resampled.piece(begin * hop, min(resampled.size, (stop + margin) * hop))
        pitch_T[start:stop] = _find_pitch(samples, config)[start - begin : stop - begin]
    return Acoustics(long_log_mel(resampled, config.mel)[:count].astype(np.float32), pitch_T)


def _find_pitch(samples: NDArray[np.float32], config: AcousticsConfig) -> NDArray[np.float32]:
    return find_pitch(
        samples,
        config.mel.sample_rate,
        config.mel.hop_samples,
        floor=config.pitch_floor,
        ceiling=config.pitch_ceiling,
    )
