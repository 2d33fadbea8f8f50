"""The files that IndexTTS-2 speaks with: where in a folder they lie, where they come from, under which licence.

The user brings them; amhctl downloads nothing. What is said of a licence is what was reported of it: the licence itself
is at the source. Loads no torch.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from amhctl.checkpoint.indextts import LICENCE, PUBLISHED_SHA256
from amhctl.checkpoint.manifest import Licence
from amhctl.core.errors import CodecError
from amhctl.core.files import sha256_of_file
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
CODE_LICENCES = (MASKGCT, W2V_BERT)
"""Of the works that make semantic codes."""
SPEECH_LICENCES = (*CODE_LICENCES, LICENCE, CAMPPLUS, BIGVGAN)
"""Of the works that make speech of them."""

_FOLDER_WEIGHTS = "model.safetensors"
Use = Literal["voice", "encoding", "decoding", "emotions"]


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
        What needs it: text to codes (``ckpt import``), speech to codes, codes to speech, or emotions as numbers.
    sha256 : str
        Its digest, as reported; empty where none is known.
    """

    key: str
    places: tuple[str, ...]
    licence: Licence
    use: Use
    sha256: str = ""

    def find(self, folder: Path) -> Path | None:
        """Return where it lies in a folder, or None if it does not."""
        return next((folder / place for place in self.places if (folder / place).exists()), None)

    @property
    def source(self) -> str:
        """Where it comes from, in words."""
        return f"{self.places[0]} from {self.licence.url}"


GPT = PublishedFile("gpt", ("gpt.pth",), LICENCE, "voice", PUBLISHED_SHA256)
VOCABULARY = PublishedFile("vocabulary", ("bpe.model",), LICENCE, "voice")
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
FILES = (GPT, VOCABULARY, SEMANTIC, ENCODER, STATISTICS, CONFIG, S2MEL, STYLE, VOCODER, STYLES, EMOTIONS)
"""All of them."""


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file that is wanted, and whether it is there.

    Attributes
    ----------
    file : PublishedFile
        What is wanted.
    path : Path | None
        Where it lies, or None.
    sha256 : str
        Its digest, or that of the weights in its folder; empty if it is not there.
    """

    file: PublishedFile
    path: Path | None
    sha256: str

    @property
    def digest(self) -> str:
        """How its digest compares with the published one: ``the same``, ``another``, or ``not known``."""
        if not self.file.sha256 or not self.sha256:
            return "not known"
        return "the same" if self.sha256 == self.file.sha256 else "another"


def survey(folder: Path) -> tuple[FoundFile, ...]:
    """Return every file that is wanted, and the digests of those in a folder: some seconds for files of this size."""
    return tuple(_look(file, file.find(folder)) for file in FILES)


def _look(file: PublishedFile, path: Path | None) -> FoundFile:
    weights = path / _FOLDER_WEIGHTS if path is not None and path.is_dir() else path
    is_there = weights is not None and weights.is_file()
    return FoundFile(file, path, sha256_of_file(weights) if weights is not None and is_there else "")


def is_indextts2(path: Path) -> bool:
    """Return whether a path is a folder with weights of IndexTTS-2: its GPT, its codec or its s2mel."""
    return path.is_dir() and any(file.find(path) for file in (GPT, SEMANTIC, S2MEL))


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
