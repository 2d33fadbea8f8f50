"""Checkpoints whose digests are right and whose content cannot be: made by hand, or by another version."""

from collections.abc import Mapping
from pathlib import Path

from amhctl.checkpoint.store import read_checkpoint, read_manifest, write_checkpoint


def rewrite(folder: Path, *, files: Mapping[str, bytes] | None = None, **values: dict[str, object]) -> None:
    """Write a checkpoint anew with other files, and other keys in objects of its manifest; every digest is right."""
    checkpoint = read_checkpoint(folder, kind=read_manifest(folder).kind)
    fields = {key: {**getattr(checkpoint.manifest, key), **value} for key, value in values.items()}
    kept = checkpoint.read_others()
    below = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file() and path.parent != folder}
    write_checkpoint(
        folder,
        manifest=checkpoint.manifest.model_copy(update=fields),
        tensors=checkpoint.tensors,
        extra_files={**kept, **(files or {})},
        force=True,
    )
    for path, content in below.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
