"""Tiny real codecs: the bundled architecture at a width that encodes a second in a millisecond."""

from pathlib import Path

import torch

from amhctl import __version__
from amhctl.checkpoint.manifest import Licence, Manifest
from amhctl.checkpoint.store import write_checkpoint
from amhctl.codec.mel_codec import MODEL_VERSION, MelCodecNetwork
from amhctl.config.schema import MelCodecConfig, MelConfig
from amhctl.training.codec_loop import stored_tensors

TINY_CODEC = MelCodecConfig(
    mel=MelConfig(bins=20),
    width=16,
    encoder_blocks=(1, 1),
    decoder_blocks=(1, 1),
    codebooks=2,
    codebook_size=16,
)


def tiny_codec_folder(folder: Path, *, seed: int = 0, name: str = "tiny") -> Path:
    """Write a codec checkpoint with random weights and codebooks started from noise; return its folder."""
    torch.manual_seed(seed)
    network = MelCodecNetwork(TINY_CODEC, vectors_per_step=64)
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
