"""Tiny real codecs: the bundled architecture at a width that encodes a second in a millisecond."""

from pathlib import Path
from typing import Any

import torch

from amhctl import __version__
from amhctl.checkpoint.manifest import Licence, Manifest
from amhctl.checkpoint.store import write_checkpoint
from amhctl.codec.dac import MODEL_VERSION as DAC_VERSION
from amhctl.codec.dac import build_dac
from amhctl.codec.mel_codec import MODEL_VERSION, MelCodecNetwork
from amhctl.config.dac import DacCodecConfig
from amhctl.config.mel import MelConfig
from amhctl.config.mel_codec import MelCodecConfig
from amhctl.training.learning_quantizer import learning_quantizer
from amhctl.training.mel_recipe import stored_tensors

TINY_CODEC = MelCodecConfig(
    mel=MelConfig(bins=20),
    width=16,
    encoder_blocks=(1, 1),
    decoder_blocks=(1, 1),
    codebooks=2,
    codebook_size=16,
)

TINY_DAC = DacCodecConfig(
    encoder_dim=4,
    encoder_rates=(2, 4, 5, 8),
    latent_dim=16,
    decoder_dim=32,
    decoder_rates=(8, 5, 4, 2),
    n_codebooks=3,
    codebook_size=32,
    codebook_dim=4,
)


def tiny_dac(*, seed: int = 0, rates: tuple[int, ...] = TINY_DAC.encoder_rates) -> Any:
    """Return a small ``dac.DAC`` with random weights."""
    torch.manual_seed(seed)
    shape = TINY_DAC.model_dump() | {"encoder_rates": rates, "decoder_rates": rates[::-1]}
    return build_dac(DacCodecConfig.model_validate(shape))


def tiny_codec_folder(folder: Path, *, seed: int = 0, name: str = "tiny") -> Path:
    """Write a codec checkpoint with random weights and codebooks started from noise; return its folder."""
    torch.manual_seed(seed)
    network = MelCodecNetwork(TINY_CODEC, learning_quantizer(TINY_CODEC, vectors_per_step=64))
    network.train()
    with torch.no_grad():
        network(torch.randn(2, 32 * TINY_CODEC.frame_samples) * 0.1)
    path = folder / name
    write_checkpoint(
        path,
        manifest=Manifest(
            kind="codec",
            name=name,
            model_version=MODEL_VERSION,
            package_version=__version__,
            sample_rate=TINY_CODEC.mel.sample_rate,
            config=TINY_CODEC.model_dump(mode="json"),
            licences=(Licence(work="noise", licence="CC0-1.0"),),
            files={},
        ),
        tensors=stored_tensors(network),
    )
    return path


def tiny_dac_folder(folder: Path, *, seed: int = 0, name: str = "tiny-dac") -> Path:
    """Write a DAC checkpoint with random weights; return its folder."""
    path = folder / name
    write_checkpoint(
        path,
        manifest=Manifest(
            kind="codec",
            name=name,
            model_version=DAC_VERSION,
            package_version=__version__,
            sample_rate=TINY_DAC.sample_rate,
            config=TINY_DAC.model_dump(mode="json"),
            licences=(Licence(work="noise", licence="CC0-1.0"),),
            files={},
        ),
        tensors=tiny_dac(seed=seed).state_dict(),
    )
    return path
