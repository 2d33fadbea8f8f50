"""The weights that Descript publishes for DAC, by short names, and where its package keeps them. Downloads nothing.

``python -m dac download`` (descript-audio-codec 1.0.0) writes them to the folder ``~/.cache/descript/dac`` as
``weights_RATE_BITRATE_TAG.pth``.
"""

from dataclasses import dataclass
from pathlib import Path

from amhctl.core.errors import CodecError, MissingExtra

_RELEASES = "https://github.com/descriptinc/descript-audio-codec/releases/download"


@dataclass(frozen=True, slots=True)
class OfficialWeights:
    """One published weights file.

    Attributes
    ----------
    name : str
        How commands call it.
    rate, bitrate : str
        How the package's download calls it.
    sample_rate : int
        Samples per second.
    tag : str
        The newest release of it.
    remote : str
        The file's name in the release.
    """

    name: str
    rate: str
    bitrate: str
    sample_rate: int
    tag: str
    remote: str

    @property
    def stem(self) -> str:
        """Name of the file in the cache, without suffix."""
        return f"weights_{self.rate}_{self.bitrate}_{self.tag}"

    @property
    def path(self) -> Path:
        """Where the package keeps it."""
        return weights_folder() / f"{self.stem}.pth"

    @property
    def command(self) -> str:
        """The command that downloads it there."""
        bitrate = "" if self.bitrate == "8kbps" else f" --model_bitrate {self.bitrate}"
        return f"python -m dac download --model_type {self.rate}{bitrate}"

    @property
    def url(self) -> str:
        """Where it can be had without the package."""
        return f"{_RELEASES}/{self.tag}/{self.remote}"


OFFICIAL = (
    OfficialWeights("dac-16khz", "16khz", "8kbps", 16_000, "0.0.5", "weights_16khz.pth"),
    OfficialWeights("dac-24khz", "24khz", "8kbps", 24_000, "0.0.4", "weights_24khz.pth"),
    OfficialWeights("dac-44khz", "44khz", "8kbps", 44_100, "0.0.1", "weights.pth"),
    OfficialWeights("dac-44khz-16kbps", "44khz", "16kbps", 44_100, "1.0.0", "weights_44khz_16kbps.pth"),
)


def weights_folder() -> Path:
    """Return the folder in which descript-audio-codec keeps what it downloads."""
    return Path.home() / ".cache" / "descript" / "dac"


def find_weights(name: str) -> Path | None:
    """Return the cached file of an official name or of a cached file's own name; None if the name is neither.

    Raises
    ------
    MissingExtra
        If the name is official and the file is not there.
    """
    for weights in OFFICIAL:
        if name in (weights.name, weights.stem):
            if weights.path.is_file():
                return weights.path
            raise MissingExtra(
                f"the DAC weights {weights.name} are not on this machine",
                subject=str(weights.path),
                hint=f"`{weights.command}` downloads them once; or download {weights.url} to this path",
            )
    cached = weights_folder() / f"{name}.pth"
    return cached if "/" not in name and cached.is_file() else None


def codec_name(path: Path) -> str:
    """Return the name of the codec in a weights file: the official one, or the file's own."""
    return next((weights.name for weights in OFFICIAL if weights.stem == path.stem), path.stem)


def require_rate(path: Path, sample_rate: int) -> None:
    """Refuse a file that has the name of official weights but is of another sample rate: it is not what it is called.

    Raises
    ------
    CodecError
        If it is.
    """
    for weights in OFFICIAL:
        if weights.stem == path.stem and weights.sample_rate != sample_rate:
            raise CodecError(
                f"the file name says {weights.name}, but the file holds a DAC of {sample_rate} Hz",
                subject=str(path),
                hint=f"move the file away; then `{weights.command}` downloads the right one",
            )
