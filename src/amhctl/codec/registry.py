"""The codecs at hand: the bundled ones, codec checkpoints, and DAC weights files. Knows no letters."""

from pathlib import Path

import torch
from pydantic import ValidationError
from torch import Tensor

from amhctl.checkpoint.manifest import Manifest
from amhctl.checkpoint.store import read_checkpoint, read_manifest
from amhctl.codec.codec import Codec, CodecSpec
from amhctl.codec.dac import DacCodec
from amhctl.codec.mel_codec import MODEL_VERSION, MelCodec, MelCodecNetwork, fingerprint_of, is_stored
from amhctl.config.schema import MelCodecConfig
from amhctl.core.errors import CodecError

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
        If there is no bundled codec and no path of that name.
    """
    bundled = _BUNDLED / name_or_path
    if "/" not in name_or_path and (bundled / "manifest.json").is_file():
        return bundled
    path = Path(name_or_path).expanduser()
    if (path / "manifest.json").is_file() or (path.is_file() and path.suffix == ".pth"):
        return path
    raise CodecError(
        "no such codec",
        subject=name_or_path,
        hint=f"bundled: {', '.join(bundled_codecs()) or 'none'}; or give a codec folder, or a DAC weights file (.pth)",
    )


def load_codec(name_or_path: str, *, device: str = "cpu") -> Codec:
    """Load a codec by bundled name, checkpoint folder or DAC weights file.

    Raises
    ------
    CodecError
        If there is none, or it is of an architecture this version does not know.
    CheckpointError
        If the folder is damaged.
    """
    path = codec_path(name_or_path)
    if path.is_file():
        return DacCodec.load(path, device=device)
    checkpoint = read_checkpoint(path, kind="codec")
    _require_known(checkpoint.manifest, path)
    return build_mel_codec(checkpoint.manifest, checkpoint.tensors, device=device)


def build_mel_codec(manifest: Manifest, tensors: dict[str, Tensor], *, device: str = "cpu") -> MelCodec:
    """Build a mel codec from the tensors of its checkpoint (half precision on disk, float32 in use).

    Raises
    ------
    CodecError
        If the configuration is none, or a tensor is missing, left over or of the wrong shape.
    """
    try:
        config = MelCodecConfig.model_validate(manifest.config)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(("config", *map(str, first["loc"])))
        raise CodecError(f"{place}: {first['msg']}", subject=manifest.name) from error
    network = MelCodecNetwork(config)
    state = network.state_dict()
    given = {name: tensor.float() for name, tensor in tensors.items()}
    wanted = {name for name in state if is_stored(name)}
    if wanted != set(given) or any(state[name].shape != given[name].shape for name in wanted):
        odd = sorted(wanted ^ set(given)) or [n for n in sorted(wanted) if state[n].shape != given[n].shape]
        raise CodecError(f"the weights do not fit the configuration at {odd[0]}", subject=manifest.name)
    for name, tensor in state.items():
        if name.endswith("_codebook.initted"):
            given[name] = torch.ones_like(tensor)
    network.load_state_dict(state | given)
    return MelCodec(network, name=manifest.name, fingerprint=fingerprint_of(tensors), device=device)


def list_codecs() -> tuple[CodecSpec, ...]:
    """Return what the bundled codecs are."""
    return tuple(load_codec(name).spec for name in bundled_codecs())


def read_codec_manifest(name_or_path: str) -> Manifest:
    """Return the manifest of a codec folder.

    Raises
    ------
    CodecError
        If the codec is a DAC weights file, which has no manifest.
    """
    path = codec_path(name_or_path)
    if path.is_file():
        raise CodecError("a DAC weights file has no manifest", subject=str(path))
    manifest = read_manifest(path)
    _require_known(manifest, path)
    return manifest


def _require_known(manifest: Manifest, path: Path) -> None:
    if manifest.kind != "codec" or manifest.model_version != MODEL_VERSION:
        raise CodecError(
            f"the folder holds a {manifest.kind} of version {manifest.model_version}, not a codec of {MODEL_VERSION}",
            subject=str(path),
        )
