"""Tiny vocoders: the architecture of the bundled one at a width that takes no time."""

from pathlib import Path

import torch

from amhctl import __version__
from amhctl.checkpoint.manifest import Licence, Manifest
from amhctl.checkpoint.store import halve, write_checkpoint
from amhctl.codec.vocoder_network import VocoderNetwork
from amhctl.codec.vocoder_spec import MODEL_VERSION
from amhctl.config.mel import MelConfig
from amhctl.config.vocoder import VocoderConfig

TINY_VOCODER = VocoderConfig(
    mel=MelConfig(fft_samples=512, window_samples=320, hop_samples=160, bins=20),
    width=16,
    blocks=2,
    synthesis_fft_samples=320,
)


def tiny_vocoder_folder(
    folder: Path, *, seed: int = 0, name: str = "tiny-vocoder", config: VocoderConfig = TINY_VOCODER
) -> Path:
    """Write a vocoder checkpoint with random weights; return its folder."""
    torch.manual_seed(seed)
    path = folder / name
    write_checkpoint(
        path,
        manifest=Manifest(
            kind="vocoder",
            name=name,
            model_version=MODEL_VERSION,
            package_version=__version__,
            sample_rate=config.mel.sample_rate,
            config=config.model_dump(mode="json"),
            licences=(Licence(work="noise", licence="CC0-1.0"),),
            files={},
        ),
        tensors=halve(VocoderNetwork(config).state_dict()),
    )
    return path
