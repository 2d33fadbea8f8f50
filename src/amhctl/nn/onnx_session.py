"""Graphs that compute, by onnxruntime on the processor. Loads no torch."""

import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from amhctl.core.errors import CheckpointError

Values = NDArray[np.float32] | NDArray[np.int64]


class OnnxSession:
    """A graph, ready to compute.

    Parameters
    ----------
    path : Path
        The ``.onnx`` file, beside the weights that it refers to.
    threads : int
        Processors it may use; 0 for as many as ``OMP_NUM_THREADS`` says, or all there are.

    Raises
    ------
    CheckpointError
        If the runtime cannot load it.
    """

    def __init__(self, path: Path, *, threads: int = 0) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads or _usual_threads()
        # Threads that spin while they wait take a processor away from whatever else runs.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 3
        try:
            self._session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        except Exception as fault:
            raise CheckpointError(
                f"onnxruntime cannot load the graph: {fault}",
                subject=str(path),
                hint="export the graphs again: amhctl ckpt export --format onnx",
            ) from fault

    def run(self, values: Mapping[str, Values]) -> list[NDArray[np.float32]]:
        """Return the outputs, in the order of the graph."""
        results: list[NDArray[np.float32]] = self._session.run(None, dict(values))
        return results


def _usual_threads() -> int:
    setting = os.environ.get("OMP_NUM_THREADS", "")
    return int(setting) if setting.isdigit() else 0
