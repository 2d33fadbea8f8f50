"""The codecs available: bundled ones, codec checkpoints, and published weights of DAC, MaskGCT and IndexTTS-2.

Knows no letters.
"""

from pathlib import Path
from typing import TypeVar

from torch import Tensor

from amhctl.checkpoint.folder import read_manifest
from amhctl.checkpoint.manifest import Manifest
from amhctl.checkpoint.parts import read_part
from amhctl.checkpoint.store import LoadedCheckpoint, read_checkpoint
from amhctl.codec import dac, mel_codec
from amhctl.codec.codec import Codec
from amhctl.codec.dac import DacCodec, fill_dac, read_weights
from amhctl.codec.indextts2.files import is_indextts2
from amhctl.codec.indextts2.indextts2_codec import load_indextts2
from amhctl.codec.mel_codec import MelCodec, MelCodecNetwork, codes_fingerprint, fill_mel
from amhctl.codec.official import OFFICIAL, find_weights
from amhctl.codec.semantic import load_semantic
from amhctl.codec.soundness import CODEC_VERSIONS, find_faults
from amhctl.config.codec_spec import CodecSpec
from amhctl.config.dac import DacCodecConfig
from amhctl.config.document import Document
from amhctl.config.mel_codec import MelCodecConfig
from amhctl.core.errors import CodecError
from amhctl.core.units import Precision
from amhctl.encoders.speech import load_encoder

_ConfigT = TypeVar("_ConfigT", bound=Document)
_SEMANTIC = ".safetensors"
_BUNDLED = Path(__file__).parent.parent / "assets" / "codecs"
DEFAULT_CODEC = "mel16k"


def bundled_codecs() -> tuple[str, ...]:
    """Return the names of the codecs in the package, sorted."""
    return tuple(sorted(folder.name for folder in _BUNDLED.iterdir() if (folder / "manifest.json").is_file()))


def codec_path(name_or_path: str) -> Path:
    """Return the folder or weights file of a codec.

    Raises
    ------
    CodecError
        If there is no codec of that name and nothing at that path.
    MissingExtra
        If it is the name of official weights that are not on this machine.
    """
    bundled = _BUNDLED / name_or_path
    if "/" not in name_or_path and (bundled / "manifest.json").is_file():
        return bundled
    path = Path(name_or_path).expanduser()
    if (
        (path / "manifest.json").is_file()
        or is_indextts2(path)
        or (path.is_file() and path.suffix in (".pth", _SEMANTIC))
    ):
        return path
    if (cached := find_weights(name_or_path)) is not None:
        return cached
    bundled_names, official_names = ", ".join(bundled_codecs()), ", ".join(weights.name for weights in OFFICIAL)
    raise CodecError(
        "codec not found" if not name_or_path or not path.exists() else "the file or folder is not a codec",
        subject=name_or_path,
        hint=f"bundled: {bundled_names or 'none'}; official: {official_names}; or give a codec folder, a DAC weights "
        "file (.pth), MaskGCT's semantic codec (.safetensors), or a folder with the files of IndexTTS-2",
    )


def load_codec(
    name_or_path: str, *, device: str = "cpu", precision: Precision = "fp32", features_model: Path | None = None
) -> Codec:
    """Load a codec by name, checkpoint folder, DAC weights file, MaskGCT's file or a folder of IndexTTS-2.

    Parameters
    ----------
    name_or_path : str
        Bundled or official name, folder, or weights file.
    device : str
        Where to compute.
    precision : Precision
        Arithmetic of a DAC's convolutions; any other codec computes in fp32 only.
    features_model : Path | None
        Folder of the speech encoder that a semantic codec hears with; None looks into the Hugging Face cache.

    Raises
    ------
    CodecError
        If there is none, it is of an architecture this version does not know, or cannot compute in the precision.
    MissingExtra
        If it is the name of official weights that are not on this machine.
    CheckpointError
        If the folder is damaged.
    """
    path = codec_path(name_or_path)
    is_folder = is_indextts2(path)
    if path.suffix == _SEMANTIC or is_folder:
        if precision != "fp32":
            raise CodecError(
                f"a semantic codec does not support precision {precision}", subject=name_or_path, hint="use fp32"
            )
        if is_folder:
            return load_indextts2(path, features_model=features_model, device=device)
        return load_semantic(path, load_encoder(features_model, device=device), device=device)
    if path.is_file():
        return DacCodec.load(path, device=device, precision=precision)
    checkpoint = _read(path)
    manifest = checkpoint.manifest
    if manifest.model_version == dac.MODEL_VERSION:
        model = fill_dac(_config(DacCodecConfig, manifest), checkpoint.tensors, subject=str(path))
        return DacCodec(model, name=manifest.name, device=device, precision=precision)
    if precision != "fp32":
        raise CodecError(f"a mel codec does not support precision {precision}", subject=name_or_path, hint="use fp32")
    return build_mel_codec(manifest, checkpoint.tensors, device=device)


def read_dac(name_or_path: str) -> tuple[DacCodecConfig, dict[str, Tensor]]:
    """Return shape and weights of a DAC by official name, checkpoint folder or weights file.

    Raises
    ------
    CodecError
        If there is none, or it is no DAC.
    MissingExtra
        If it is the name of official weights that are not on this machine.
    CheckpointError
        If the folder is damaged.
    """
    path = codec_path(name_or_path)
    if path.is_file():
        return read_weights(path)
    checkpoint = _read(path)
    if checkpoint.manifest.model_version != dac.MODEL_VERSION:
        raise CodecError("the codec is not a DAC", subject=str(path), hint="give a DAC's weights file or folder")
    return _config(DacCodecConfig, checkpoint.manifest), checkpoint.tensors


def read_mel(name_or_path: str) -> tuple[MelCodecConfig, dict[str, Tensor]]:
    """Return shape and weights of a mel codec by name or checkpoint folder.

    Raises
    ------
    CodecError
        If there is none, or it is no mel codec.
    CheckpointError
        If the folder is damaged.
    """
    path = codec_path(name_or_path)
    checkpoint = None if path.is_file() else _read(path)
    if checkpoint is None or checkpoint.manifest.model_version != mel_codec.MODEL_VERSION:
        raise CodecError("the codec is not a mel codec", subject=str(path), hint="give a mel codec's name or folder")
    return _config(MelCodecConfig, checkpoint.manifest), checkpoint.tensors


def build_mel_codec(manifest: Manifest, tensors: dict[str, Tensor], *, device: str = "cpu") -> MelCodec:
    """Build a mel codec from the tensors of its checkpoint (half precision on disk, float32 in use).

    Raises
    ------
    CodecError
        If the configuration is none, or a tensor is missing, left over or of the wrong shape.
    """
    network = MelCodecNetwork(_config(MelCodecConfig, manifest))
    fill_mel(network, tensors, subject=manifest.name)
    return MelCodec(network, name=manifest.name, fingerprint=codes_fingerprint(tensors), device=device)


def list_codecs() -> tuple[CodecSpec, ...]:
    """Return what the bundled codecs are."""
    return tuple(load_codec(name).spec for name in bundled_codecs())


def read_codec_manifest(name_or_path: str) -> Manifest:
    """Return the manifest of a codec folder.

    Raises
    ------
    CodecError
        If the codec is published weights, which have no manifest.
    """
    path = codec_path(name_or_path)
    if path.is_file() or is_indextts2(path):
        raise CodecError("published weights have no manifest", subject=str(path))
    manifest = read_manifest(path)
    _require_known(manifest, path)
    return manifest


def _read(path: Path) -> LoadedCheckpoint:
    _require_known(read_manifest(path), path)
    return read_checkpoint(path, kind="codec", check=find_faults)


def _config(kind: type[_ConfigT], manifest: Manifest) -> _ConfigT:
    return read_part(kind.model_validate, manifest.config, place="config", subject=manifest.name)


def _require_known(manifest: Manifest, path: Path) -> None:
    if manifest.kind != "codec":
        raise CodecError(f"the folder holds a {manifest.kind}, not a codec", subject=str(path))
    _require_version(manifest, str(path))


def _require_version(manifest: Manifest, subject: str) -> None:
    if manifest.model_version not in CODEC_VERSIONS:
        raise CodecError(
            f"the folder holds a {manifest.kind} of version {manifest.model_version}, not a codec of "
            f"{' or '.join(CODEC_VERSIONS)}",
            subject=subject,
        )
