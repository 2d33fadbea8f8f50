"""``ckpt sign``: the digests of every file of a checkpoint, and of the whole."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from amhctl import __version__
from amhctl.checkpoint.folder import read_manifest, verify_folder
from amhctl.checkpoint.signature import SIGNATURE_FILE, Signature, read_contents, root_of
from amhctl.core.errors import CheckpointError, OptionError
from amhctl.core.files import follow, write_text_atomically
from amhctl.core.outputs import FileKind, require_output_file
from amhctl.core.progress import Progress
from amhctl.core.report import PlainReport

SIGNATURE = FileKind("a signature", re.compile(rb'\{\s*"format_version": \d+,\s*"kind": "sha256-tree"'))


@dataclass(frozen=True, slots=True)
class SignCheckpointRequest:
    """What to sign, and where the signature goes: ``signature.json`` in the folder by default."""

    checkpoint: Path
    output: Path | None = None
    force: bool = False


@dataclass(frozen=True, slots=True)
class SignCheckpointReport(PlainReport):
    """What was written."""

    output: Path
    signature: Signature

    def payload(self) -> dict[str, object]:
        """Return ``signature``, ``root``, ``files`` and ``bytes``."""
        return {
            "signature": str(self.output),
            "root": self.signature.root,
            "files": len(self.signature.files),
            "bytes": sum(each.bytes for each in self.signature.files.values()),
        }

    def lines(self) -> Iterable[str]:
        """Return the digest of the whole, and where the signature lies."""
        yield f"root {self.signature.root}"
        yield f"{self.output}: {len(self.signature.files)} files of {self.signature.name}"


def run(request: SignCheckpointRequest, progress: Progress) -> SignCheckpointReport:
    """Sign a checkpoint whose files are those that its manifest names.

    Raises
    ------
    CheckpointError
        If one is missing or changed, or something in the folder is no file.
    OptionError
        If the signature would lie among what is signed, by another name than its own.
    FileExistsRefused
        If there is a signature, and ``force`` is not set.
    """
    folder = request.checkpoint
    output = request.output or folder / SIGNATURE_FILE
    # What it replaces is a signature and nothing else, so that the folder which it reads is safe.
    require_output_file(output, SIGNATURE, force=request.force)
    inner = follow(folder)
    if follow(output).is_relative_to(inner) and follow(output) != inner / SIGNATURE_FILE:
        raise OptionError(
            f"a signature inside the folder must have the name {SIGNATURE_FILE}",
            subject=str(output),
            hint="omit -o, or give a file outside the folder",
        )
    manifest = read_manifest(folder)
    progress.say(f"digesting {folder}")
    verify_folder(folder, kind=manifest.kind)
    contents = read_contents(folder)
    if contents.others:
        name, kind = next(iter(contents.others.items()))
        raise CheckpointError(
            f"{name} is {kind}, which cannot be signed",
            subject=str(folder),
            hint="sign a copy of the folder without links, made with: cp -rL",
        )
    signature = Signature(
        name=manifest.name, package_version=__version__, root=root_of(contents.files), files=dict(contents.files)
    )
    document = json.dumps(signature.model_dump(mode="json"), ensure_ascii=False, indent=1)
    write_text_atomically(output, document + "\n")
    return SignCheckpointReport(output, signature)
