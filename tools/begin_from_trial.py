"""Make a checkpoint of the weights of a trial: ``python tools/begin_from_trial.py vocoder TRIAL FOLDER``.

TRIAL is the folder of ``vocoder.safetensors``; FOLDER is written. The trial wrote its networks before this package had
them; its vocoder computes what ``codec.vocoder_network`` does, by other names:

    i  enter      b.N.dw/n/a/b/g  blocks.N.depthwise/norm/expand/contract/scale      n  norm      h  head.project

Its head takes 2 from the logarithm of the magnitude, which the bias takes over here.
"""

import argparse
import re
import sys
from collections.abc import Mapping
from pathlib import Path

from safetensors.torch import load_file
from torch import Tensor

from amhctl import __version__
from amhctl.checkpoint.manifest import Licence, Manifest
from amhctl.checkpoint.store import halve, write_checkpoint
from amhctl.codec.soundness import find_faults
from amhctl.codec.vocoder_network import MODEL_VERSION
from amhctl.config.vocoder import VocoderConfig
from amhctl.core.files import sha256_of_file

LICENCES = (
    Licence(work="ALFFA Amharic read speech, OpenSLR 25", licence="MIT"),
    Licence(work="IsraelAbebe/Amharic-ASR-Dataset", licence="MIT"),
)
_PLACES = {"i": "enter", "n": "norm", "h": "head.project"}
_PARTS = {"dw": "depthwise", "n": "norm", "a": "expand", "b": "contract", "g": "scale"}
_BLOCK = re.compile(r"b\.(\d+)\.(dw|n|a|b|g)(\..+)?")
_HEAD_SHIFT = 2.0


def map_vocoder(trial: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the tensors of the trial's vocoder by the names of ``VocoderNetwork``, in single precision."""
    mapped = {_vocoder_name(name): tensor.float() for name, tensor in trial.items()}
    bias = mapped["head.project.bias"].clone()
    bias[: bias.numel() // 2] -= _HEAD_SHIFT
    return mapped | {"head.project.bias": bias}


def _vocoder_name(name: str) -> str:
    if block := _BLOCK.fullmatch(name):
        return f"blocks.{block[1]}.{_PARTS[block[2]]}{block[3] or ''}"
    place, rest = name.split(".", 1)
    return f"{_PLACES[place]}.{rest}"


def write_vocoder(trial: Path, folder: Path, *, name: str) -> Manifest:
    """Write the trial's vocoder as a checkpoint."""
    weights = trial / "vocoder.safetensors"
    config = VocoderConfig()
    return write_checkpoint(
        folder,
        manifest=Manifest(
            kind="vocoder",
            name=name,
            model_version=MODEL_VERSION,
            package_version=__version__,
            sample_rate=config.mel.sample_rate,
            config=config.model_dump(mode="json"),
            parent=sha256_of_file(weights),
            licences=LICENCES,
            training={"tool": "tools/begin_from_trial.py", "steps": 7_500, "clips": 1_829},
            files={},
        ),
        tensors=halve(map_vocoder(load_file(weights))),
        check=find_faults,
    )


def main() -> None:
    """Write what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("part", choices=["vocoder"])
    parser.add_argument("trial", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--name", default="vocoder16k")
    arguments = parser.parse_args()
    manifest = write_vocoder(arguments.trial, arguments.folder, name=arguments.name)
    sys.stdout.write(f"{arguments.folder}: {manifest.kind} {manifest.name}\n")


if __name__ == "__main__":
    main()
