"""The files that IndexTTS-2 speaks with: where in a folder they lie, where they come from, under which licence.

The user brings them; amhctl downloads nothing. What is said of a licence is what was reported of it: the licence itself
is at the source. Loads no torch.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from amhctl.checkpoint.indextts import LICENCE
from amhctl.checkpoint.manifest import Licence
from amhctl.core.errors import CodecError
from amhctl.core.listing import shorten

MASKGCT = Licence(
    work="MaskGCT semantic codec",
    licence="CC-BY-NC-4.0",
    attribution="Amphion",
    url="https://huggingface.co/amphion/MaskGCT",
)
W2V_BERT = Licence(
    work="w2v-bert 2.0", licence="MIT", attribution="Meta", url="https://huggingface.co/facebook/w2v-bert-2.0"
)
CAMPPLUS = Licence(
    work="CAM++", licence="Apache-2.0", attribution="3D-Speaker", url="https://huggingface.co/funasr/campplus"
)
BIGVGAN = Licence(
    work="BigVGAN v2",
    licence="MIT",
    attribution="NVIDIA",
    url="https://huggingface.co/nvidia/bigvgan_v2_22khz_80band_256x",
)
NON_COMMERCIAL = (MASKGCT.licence,)
"""Licences that forbid commercial use."""

Use = Literal["encoding", "decoding", "emotions"]


@dataclass(frozen=True, slots=True)
class PublishedFile:
    """One file, or the folder of one model.

    Attributes
    ----------
    key : str
        How the program calls it.
    places : tuple[str, ...]
        Where it may lie in the folder, the usual place first.
    licence : Licence
        The terms that it comes with, and where from.
    use : Use
        What needs it: speech to codes, codes to speech, or emotions as numbers.
    """

    key: str
    places: tuple[str, ...]
    licence: Licence
    use: Use

    def find(self, folder: Path) -> Path | None:
        """Return where it lies in a folder, or None if it does not."""
        return next((folder / place for place in self.places if (folder / place).exists()), None)

    @property
    def source(self) -> str:
        """Where it comes from, in words."""
        return f"{self.places[0]} from {self.licence.url}"


SEMANTIC = PublishedFile(
    "semantic codec", ("semantic_codec.safetensors", "semantic_codec/model.safetensors"), MASKGCT, "encoding"
)
ENCODER = PublishedFile("speech encoder", ("w2v-bert-2.0",), W2V_BERT, "encoding")
STATISTICS = PublishedFile(
    "feature statistics", ("wav2vec2bert_stats.pt", "w2v-bert-2.0/wav2vec2bert_stats.pt"), LICENCE, "encoding"
)
CONFIG = PublishedFile("config", ("config.yaml",), LICENCE, "decoding")
S2MEL = PublishedFile("s2mel", ("s2mel.pth", "s2mel.safetensors"), LICENCE, "decoding")
STYLE = PublishedFile("style encoder", ("campplus_cn_common.bin",), CAMPPLUS, "decoding")
VOCODER = PublishedFile(
    "vocoder",
    (
        "bigvgan_generator.pt",
        "bigvgan/bigvgan_generator.pt",
        "bigvgan_v2_22khz_80band_256x/bigvgan_generator.pt",
        "bigvgan_generator.safetensors",
    ),
    BIGVGAN,
    "decoding",
)
STYLES = PublishedFile("styles of emotions", ("feat1.pt",), LICENCE, "emotions")
EMOTIONS = PublishedFile("emotions", ("feat2.pt",), LICENCE, "emotions")
FILES = (SEMANTIC, ENCODER, STATISTICS, CONFIG, S2MEL, STYLE, VOCODER, STYLES, EMOTIONS)
"""All of them. ``gpt.pth`` and ``bpe.model`` become a voice by ``ckpt import``."""


def is_indextts2(path: Path) -> bool:
    """Return whether a path is a folder with the files of IndexTTS-2 that make codes, or speech of them."""
    return path.is_dir() and any(file.find(path) for file in (SEMANTIC, S2MEL))


def find_files(folder: Path, use: Use) -> dict[PublishedFile, Path]:
    """Return where the files for a use lie.

    Raises
    ------
    CodecError
        If one is missing; every missing one is named, and where it comes from.
    """
    found = {file: file.find(folder) for file in FILES if file.use == use}
    present = {file: path for file, path in found.items() if path is not None}
    if missing := [file for file in found if file not in present]:
        raise CodecError(
            f"files of IndexTTS-2 are missing for {use}: {', '.join(file.places[0] for file in missing)}",
            subject=str(folder),
            hint=f"put into the folder {shorten([file.source for file in missing], len(FILES))}",
        )
    return present
