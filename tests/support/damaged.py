"""Checkpoints whose digests are right and whose content cannot be: made by hand, or by another version."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path

from safetensors.torch import load_file, save_file
from torch import Tensor

from amhctl.checkpoint.folder import MANIFEST_FILE, WEIGHTS_FILE
from amhctl.core.files import canonical_json, sha256_of_file

Change = Callable[[dict[str, Tensor]], Mapping[str, Tensor]]


def rewrite(
    folder: Path,
    *,
    files: Mapping[str, bytes] | None = None,
    tensors: Mapping[str, Change] | None = None,
    **values: object,
) -> None:
    """Write a checkpoint anew, past every check, with digests that are right.

    Parameters
    ----------
    folder : Path
        The checkpoint.
    files : Mapping[str, bytes] | None
        Other contents of files, by name.
    tensors : Mapping[str, Change] | None
        What to make of the tensors of a safetensors file, by its name.
    **values : object
        Keys of the manifest: an object replaces some keys of the one that is there, anything else all of it.
    """
    path = folder / MANIFEST_FILE
    manifest = json.loads(path.read_text(encoding="utf-8"))
    for key, value in values.items():
        both = isinstance(value, dict) and isinstance(manifest.get(key), dict)
        manifest[key] = {**manifest[key], **value} if both else value  # type: ignore[dict-item]
    for name, content in (files or {}).items():
        (folder / name).write_bytes(content)
    changes = {WEIGHTS_FILE: dict, **(tensors or {})}
    for name, change in changes.items():
        metadata = {"manifest": canonical_json({**manifest, "files": {}})} if name == WEIGHTS_FILE else None
        changed = {key: tensor.contiguous() for key, tensor in change(load_file(folder / name)).items()}
        save_file(changed, folder / name, metadata=metadata)
    manifest["files"] = {name: sha256_of_file(folder / name) for name in sorted({*manifest["files"], *(files or {})})}
    path.write_text(json.dumps(manifest, ensure_ascii=False), encoding="utf-8")


def with_tensor(name: str, make: Callable[[Tensor], Tensor]) -> Change:
    """Return a change of one tensor."""
    return lambda tensors: {**tensors, name: make(tensors[name])}


def of_all(make: Callable[[Tensor], Tensor]) -> Change:
    """Return a change of every tensor."""
    return lambda tensors: {name: make(tensor) for name, tensor in tensors.items()}
