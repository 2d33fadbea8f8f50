"""A vocoder that computes by an ONNX graph, without torch; implements ``vocoder_spec.Synthesiser``."""

import numpy as np
from numpy.typing import NDArray

from amhctl.checkpoint.parts import read_part
from amhctl.checkpoint.verified import VerifiedFolder
from amhctl.codec.vocoder_spec import VOCODER_GRAPH, require_mel
from amhctl.config.mel import MelConfig
from amhctl.config.vocoder import VocoderConfig
from amhctl.core.errors import CheckpointError
from amhctl.nn.onnx_session import OnnxSession


class VocoderOnOnnx:
    """The graph of a vocoder.

    Parameters
    ----------
    vocoder : VerifiedFolder
        From ``open_vocoder``.
    threads : int
        Processors it may use; 0 for the usual number.

    Raises
    ------
    CheckpointError
        If the folder holds no graph.
    """

    def __init__(self, vocoder: VerifiedFolder, *, threads: int = 0) -> None:
        manifest, subject = vocoder.manifest, str(vocoder.folder)
        if VOCODER_GRAPH not in manifest.files:
            raise CheckpointError(
                "the vocoder has no graph", subject=subject, hint="amhctl ckpt export --format onnx writes it"
            )
        self._name = manifest.name
        self._mel = read_part(VocoderConfig.model_validate, manifest.config, place="config", subject=subject).mel
        self._session = OnnxSession(vocoder.path(VOCODER_GRAPH), threads=threads)

    @property
    def mel(self) -> MelConfig:
        """The spectrogram that it turns into sound."""
        return self._mel

    def synthesise(self, mels: list[NDArray[np.float32]]) -> list[NDArray[np.float32]]:
        """Return a waveform of ``T * hop`` samples for each spectrogram of shape (T, F), one by one.

        Raises
        ------
        CodecError
            If a spectrogram has no frame, another number of bins or a value that is not finite.
        """
        return [self._synthesise(mel_TF) for mel_TF in mels]

    def _synthesise(self, mel_TF: NDArray[np.float32]) -> NDArray[np.float32]:
        require_mel(mel_TF, self._mel, subject=self._name)
        (samples_1N,) = self._session.run({"mel": np.ascontiguousarray(mel_TF, dtype=np.float32)[None]})
        samples: NDArray[np.float32] = samples_1N[0]
        return samples
