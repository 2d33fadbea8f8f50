"""descript-audio-codec: any official or fine-tuned DAC weights file (Kumar et al. 2023, arXiv 2306.06546).

The package imports descript-audiotools, which imports torchaudio at its top although encoding and decoding never touch
it. The registry's torchaudio is linked against CUDA and cannot be loaded beside a CPU build of torch. ``import_dac`` is
the one place that knows this. Knows no manifests and no letters.

Shapes: ``N samples, S frames, Q codebooks``.
"""

import importlib
import pickle
import sys
import types
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from amhctl.codec.codec import CodecSpec, padded_waveform, require_codes
from amhctl.codec.mel_codec import fingerprint_of
from amhctl.core.errors import CodecError, MissingExtra


class _AbsentTorchaudio(types.ModuleType):
    """Stands in for a torchaudio that cannot be loaded; using any part of it is a clear error."""

    def __getattr__(self, name: str) -> object:
        # Import machinery and inspection ask modules for dunder names and expect AttributeError.
        if name.startswith("__"):
            raise AttributeError(name)
        raise MissingExtra(
            "torchaudio cannot be loaded here, and this function of descript-audiotools needs it",
            subject=f"torchaudio.{name}",
            hint="install the torchaudio build that belongs to your torch",
        )


def _drop_modules(package: str) -> None:
    for name in [name for name in sys.modules if name == package or name.startswith(f"{package}.")]:
        del sys.modules[name]


def import_dac() -> types.ModuleType:
    """Import ``dac``, with torchaudio where it can be loaded and with a stand-in for it where it cannot.

    Raises
    ------
    MissingExtra
        If descript-audio-codec is not installed or cannot be imported for another reason.
    """
    if "dac" in sys.modules:
        return sys.modules["dac"]
    stand_in = None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            importlib.import_module("torchaudio")
        except (ImportError, OSError, RuntimeError):
            # A failed import leaves half of the package behind; the stand-in must not meet it.
            _drop_modules("torchaudio")
            stand_in = _AbsentTorchaudio("torchaudio")
            sys.modules["torchaudio"] = stand_in
        try:
            return importlib.import_module("dac")
        except ImportError as error:
            _drop_modules("dac")
            _drop_modules("audiotools")
            raise MissingExtra(
                f"descript-audio-codec cannot be imported: {error}",
                subject="dac",
                hint="pip install --force-reinstall descript-audio-codec",
            ) from error
        finally:
            # Nobody else is to mistake the stand-in for the real package.
            if stand_in is not None and sys.modules.get("torchaudio") is stand_in:
                del sys.modules["torchaudio"]


class DacCodec:
    """A DAC model, ready to encode and decode.

    Parameters
    ----------
    model : Any
        A ``dac.DAC``; the package carries no types.
    name : str
        Name for people.
    device : str
        Where to compute.
    """

    def __init__(self, model: Any, *, name: str, device: str = "cpu") -> None:  # noqa: ANN401
        self._model = model.to(device).eval()
        self._device = torch.device(device)
        self._spec = CodecSpec(
            name=name,
            architecture="dac",
            sample_rate=int(model.sample_rate),
            frame_samples=int(model.hop_length),
            codebooks=int(model.n_codebooks),
            codebook_size=int(model.codebook_size),
            fingerprint=fingerprint_of(model.state_dict()),
        )

    @classmethod
    def load(cls, path: Path, *, device: str = "cpu") -> "DacCodec":
        """Load a weights file as the package saves it: a dictionary of ``state_dict`` and ``metadata.kwargs``.

        Raises
        ------
        CodecError
            If the file is not such a dictionary, holds anything but tensors and plain values, or does not fit.
        """
        dac = import_dac()
        try:
            document = torch.load(path, map_location="cpu", weights_only=True)
        except (pickle.UnpicklingError, RuntimeError, EOFError, OSError, ValueError) as error:
            raise CodecError(
                f"not a readable weights file: {str(error).splitlines()[0] if str(error) else type(error).__name__}",
                subject=str(path),
                hint="give the file that `python -m dac download` or a DAC training run wrote",
            ) from error
        try:
            model = dac.DAC(**document["metadata"]["kwargs"])
            model.load_state_dict(document["state_dict"])
        except (KeyError, TypeError, RuntimeError) as error:
            raise CodecError(
                f"the file does not hold a DAC model: {str(error).splitlines()[0]}", subject=str(path)
            ) from error
        return cls(model, name=path.stem, device=device)

    @property
    def spec(self) -> CodecSpec:
        """What must agree between encoder and decoder."""
        return self._spec

    @torch.inference_mode()
    def encode(self, waveforms: list[NDArray[np.float32]]) -> list[NDArray[np.uint16]]:
        """Encode waveforms one by one.

        Raises
        ------
        CodecError
            If a waveform is empty, not one-dimensional or not finite.
        """
        results = []
        for waveform in waveforms:
            padded = padded_waveform(waveform, self._spec)
            codes_BQS = self._model.encode(torch.from_numpy(padded[None, None]).to(self._device))[1]
            frames = self._spec.frames_of(waveform.size)
            results.append(codes_BQS[0, :, :frames].cpu().numpy().astype(np.uint16))
        return results

    @torch.inference_mode()
    def decode(self, codes: list[NDArray[np.uint16]]) -> list[NDArray[np.float32]]:
        """Decode codes of shape (Q, S) one by one.

        Raises
        ------
        CodecError
            If the shape is wrong or a code lies outside the codebook.
        """
        results = []
        for item in codes:
            require_codes(item, self._spec)
            indices = torch.from_numpy(item[None].astype(np.int64)).to(self._device)
            samples = self._model.decode(self._model.quantizer.from_codes(indices)[0])[0, 0].float().cpu().numpy()
            # Odd strides make the decoder a few samples short; the length of a waveform follows from its frames.
            whole = np.zeros(item.shape[1] * self._spec.frame_samples, dtype=np.float32)
            usable = min(whole.size, samples.size)
            whole[:usable] = samples[:usable]
            results.append(whole)
        return results

    @torch.inference_mode()
    def codebooks(self) -> NDArray[np.float32]:
        """Return the vector that each code adds to the latent, shape (Q, codebook size, latent width)."""
        stages = [stage.out_proj(stage.codebook.weight.T[None])[0].T for stage in self._model.quantizer.quantizers]
        vectors: NDArray[np.float32] = torch.stack(stages).float().cpu().numpy()
        return vectors
