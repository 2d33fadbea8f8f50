"""Writing and reading checkpoint folders: safetensors and ``manifest.json``. Knows no networks.

Writing is atomic: the folder appears whole or not at all, and the same content gives the same bytes. Reading verifies
the format version, every file's SHA-256 and that the manifest inside the weights is the one beside them; nothing is
unpickled. The manifest is in ``model.safetensors`` under the metadata key ``manifest``, with ``files`` empty, since
a file cannot hold its own digest.
"""

import json
import os
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor

from amhctl.checkpoint.folder import (
    CODEC_FOLDER,
    GRAPH,
    MANIFEST_FILE,
    METADATA_KEY,
    VOCODER_FOLDER,
    WEIGHTS_FILE,
    Difference,
    inside,
    verify_folder,
)
from amhctl.checkpoint.manifest import Manifest
from amhctl.checkpoint.survey import Survey, check_values, survey_folder
from amhctl.checkpoint.verified import VerifiedFolder
from amhctl.core.errors import CheckpointError
from amhctl.core.files import (
    atomic_folder,
    canonical_json,
    refuse_existing,
    sha256_of_file,
    write_text_atomically,
)
from amhctl.core.findings import Finding, Severity
from amhctl.core.listing import shorten

_SYSTEM_ERROR = re.compile(r"\(os error (\d+)\)")
_UNWRITTEN = "nothing was written"
_SHOWN_FAULTS = 3


Surveys = Mapping[str, Survey]
"""The tensors of each file of a checkpoint."""
Check = Callable[[Manifest, Surveys], tuple[Finding, ...]]
"""The rules of a kind of checkpoint, such as ``model.soundness.find_faults``."""
Derive = Callable[[Path], Mapping[str, bytes]]
"""From the weights file of a checkpoint to the content of further files, by name."""


@dataclass(frozen=True, slots=True)
class LoadedCheckpoint(VerifiedFolder):
    """A verified checkpoint with its weights.

    Attributes
    ----------
    tensors : dict[str, Tensor]
        The weights, by name.
    surveys : Surveys
        What is known of the tensors of each of its files.
    """

    tensors: dict[str, Tensor]
    surveys: Surveys

    def read_others(self) -> dict[str, bytes]:
        """Return the content of the files that the manifest names beside the weights, as they go with other weights.

        Graphs are left out: they refer to places in the file of the very weights that they were made from.
        """
        names = [name for name in self.manifest.files if name != WEIGHTS_FILE and not name.endswith(GRAPH)]
        return {name: self.read_bytes(name) for name in names}

    def iterate_weights(self) -> Iterator[tuple[str, Tensor]]:
        """Yield the weights one by one, each to be copied: no two of them are in memory at once."""
        path = self.path(WEIGHTS_FILE)
        for name in self.tensors:
            # The file is mapped anew for each: what was read of it for the others is let go.
            with safe_open(path, framework="pt") as stream:
                yield name, stream.get_tensor(name)

    def read_tensors(self, file: str) -> dict[str, Tensor]:
        """Return the tensors of a safetensors file that the manifest names."""
        return _load_tensors(self.path(file))

    @property
    def beside(self) -> dict[str, Path]:
        """The folders of the codec and the vocoder that are next to a voice, by their names; those that do."""
        folders = {name: self.folder / name for name in (CODEC_FOLDER, VOCODER_FOLDER)}
        return {name: folder for name, folder in folders.items() if folder.is_dir()}


def write_checkpoint(
    folder: Path,
    *,
    manifest: Manifest,
    tensors: Mapping[str, Tensor],
    extra_files: Mapping[str, bytes] | None = None,
    extra_tensors: Mapping[str, Mapping[str, Tensor]] | None = None,
    derived: Derive | None = None,
    beside: Mapping[str, Path] | None = None,
    check: Check | None = None,
    force: bool = False,
) -> Manifest:
    """Write a checkpoint folder and return its manifest with the digests of all files.

    What was written is read again and validated before the folder takes its name: where a value is not finite, or a
    file is all zeros, there is no folder, and one that stood there before stays as it was.

    Parameters
    ----------
    folder : Path
        Where to write it.
    manifest : Manifest
        What it is; its digests are filled in.
    tensors : Mapping[str, Tensor]
        The weights.
    extra_files : Mapping[str, bytes] | None
        Other files, by name.
    extra_tensors : Mapping[str, Mapping[str, Tensor]] | None
        Other safetensors files, by name.
    derived : Derive | None
        Makes further files from the weights as they were written, such as graphs that refer to their places.
    beside : Mapping[str, Path] | None
        Folders of what goes with a voice, to be copied into the checkpoint's: by ``CODEC_FOLDER``, ``VOCODER_FOLDER``.
    check : Check | None
        The rules of its kind.
    force : bool
        Whether an existing folder may be replaced.

    Raises
    ------
    FileExistsRefused
        If the folder exists and ``force`` is false.
    CheckpointError
        If a file name leaves the folder, or what was written is not sound.
    OSError
        If the system refuses to write, as on a full disk; what was there before is still there.
    """
    refuse_existing(folder, force=force)
    bare = manifest.model_copy(update={"files": {}})
    with atomic_folder(folder) as temporary:
        metadata = {METADATA_KEY: canonical_json(bare.model_dump(mode="json"))}
        _save_tensors(tensors, temporary / WEIGHTS_FILE, metadata)
        for name, content in (extra_files or {}).items():
            inside(temporary, name, folder).write_bytes(content)
        for name, content in (derived(temporary / WEIGHTS_FILE) if derived else {}).items():
            inside(temporary, name, folder).write_bytes(content)
        for name, group in (extra_tensors or {}).items():
            _save_tensors(group, inside(temporary, name, folder))
        files = {path.name: sha256_of_file(path) for path in sorted(temporary.iterdir())}
        complete = bare.model_copy(update={"files": files})
        document = json.dumps(complete.model_dump(mode="json"), ensure_ascii=False, indent=1, sort_keys=True)
        write_text_atomically(temporary / MANIFEST_FILE, document + "\n")
        hint = f"{_UNWRITTEN}: {folder} is unchanged" if folder.exists() else _UNWRITTEN
        require_sound(complete, survey_folder(temporary, files), check, subject=str(folder), hint=hint)
        for name, source in (beside or {}).items():
            shutil.copytree(source, temporary / name)
    return complete


def require_sound(
    manifest: Manifest, surveys: Surveys, check: Check | None = None, *, subject: str, hint: str = ""
) -> None:
    """Refuse a checkpoint with values that cannot be, and one that breaks a rule of its kind.

    Parameters
    ----------
    manifest : Manifest
        What it is.
    surveys : Surveys
        The tensors of each of its files.
    check : Check | None
        The rules of its kind.
    subject : str
        Where it lies.
    hint : str
        What to do; that of the first finding unless something is to be said.

    Raises
    ------
    CheckpointError
        With the first few findings.
    """
    found = [each for file, facts in surveys.items() for each in check_values(facts, file=shown_file(file))]
    found += [each for each in check(manifest, surveys) if each.severity is Severity.ERROR] if check else []
    if found:
        shown = shorten([f"{each.subject}: {each.message}" for each in found], _SHOWN_FAULTS, "; ")
        everything = f"`amhctl ckpt validate {subject}` lists all problems"
        raise CheckpointError(shown, subject=subject, hint=hint or found[0].hint or everything)


def shown_file(file: str) -> str:
    """Return what comes before the names of a file's tensors in findings: nothing before those of the weights."""
    return "" if file == WEIGHTS_FILE else file


def halve(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return tensors with floating-point values in half precision, in which checkpoints are distributed."""
    return {name: value.half() if value.is_floating_point() else value for name, value in tensors.items()}


def read_some_tensors(weights: Path, prefixes: tuple[str, ...]) -> dict[str, Tensor]:
    """Return the tensors of a weights file whose names begin in one of some ways; the others are not read.

    Raises
    ------
    CheckpointError
        If the file is not safetensors.
    """
    try:
        with safe_open(weights, framework="pt") as stream:
            return {name: stream.get_tensor(name) for name in sorted(stream.keys()) if name.startswith(prefixes)}
    except (SafetensorError, OSError) as error:
        raise CheckpointError(f"not a readable safetensors file: {error}", subject=str(weights)) from error


def tensor_differences(first: Path, second: Path) -> tuple[Difference, ...]:
    """Return the tensors in which the weights of two checkpoint folders differ, by name, shape or value.

    Raises
    ------
    CheckpointError
        If one of the weights files cannot be read.
    """
    one, other = _load_tensors(first / WEIGHTS_FILE), _load_tensors(second / WEIGHTS_FILE)
    found = []
    for name in sorted({*one, *other}):
        if name not in one or name not in other:
            sides = [str(tuple(side[name].shape)) if name in side else "absent" for side in (one, other)]
            found.append(Difference(name, *sides))
        elif one[name].shape != other[name].shape:
            found.append(Difference(name, str(tuple(one[name].shape)), str(tuple(other[name].shape))))
        elif not one[name].equal(other[name]):
            distance = float((one[name].float() - other[name].float()).abs().max())
            found.append(Difference(name, "values", f"values differ by up to {distance:.3g}"))
    return tuple(found)


def read_checkpoint(folder: Path, *, kind: str, check: Check | None = None) -> LoadedCheckpoint:
    """Read a checkpoint, verifying all of it first.

    Parameters
    ----------
    folder : Path
        Where it lies.
    kind : str
        What it must be.
    check : Check | None
        The rules of its kind; those of ``ckpt validate``.

    Raises
    ------
    CheckpointError
        If it is of another kind, a file is missing or changed, the manifest inside the weights differs, or a rule is
        broken.
    """
    return load_checkpoint(verify_folder(folder, kind=kind), check=check)


def load_checkpoint(verified: VerifiedFolder, *, check: Check | None = None) -> LoadedCheckpoint:
    """Load the weights of a verified checkpoint, and refuse it if a rule is broken.

    Raises
    ------
    CheckpointError
        If a rule of its kind is broken, or a value is not finite.
    """
    surveys = _survey(verified, check)
    tensors = _load_tensors(verified.path(WEIGHTS_FILE))
    return LoadedCheckpoint(verified.folder, verified.manifest, tensors, surveys)


def verify_checkpoint(folder: Path, *, kind: str, check: Check | None = None) -> VerifiedFolder:
    """Verify all of a checkpoint as ``read_checkpoint`` does, with one tensor at a time in memory.

    Raises
    ------
    CheckpointError
        As ``read_checkpoint``.
    """
    verified = verify_folder(folder, kind=kind)
    _survey(verified, check)
    return verified


def _survey(verified: VerifiedFolder, check: Check | None) -> Surveys:
    surveys = survey_folder(verified.folder, verified.manifest.files)
    require_sound(verified.manifest, surveys, check, subject=str(verified.folder))
    return surveys


def _save_tensors(tensors: Mapping[str, Tensor], path: Path, metadata: dict[str, str] | None = None) -> None:
    try:
        save_file(_contiguous(tensors), path, metadata=metadata)
    except SafetensorError as error:
        # The library hides the system's error in its words.
        if (found := _SYSTEM_ERROR.search(str(error))) is None:
            raise
        number = int(found[1])
        raise OSError(number, os.strerror(number), str(path)) from error


def _contiguous(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name: tensors[name].detach().contiguous() for name in sorted(tensors)}


def _load_tensors(path: Path) -> dict[str, Tensor]:
    try:
        return load_file(path)
    except (SafetensorError, OSError) as error:
        raise CheckpointError(f"not a readable safetensors file: {error}", subject=str(path)) from error
