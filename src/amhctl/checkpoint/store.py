"""Writing and reading checkpoint folders: safetensors and ``manifest.json``. Knows no networks.

Writing is atomic: the folder appears whole or not at all, and the same content gives the same bytes. Reading verifies
the format version, every file's SHA-256 and that the manifest inside the weights is the one beside them; nothing is
unpickled. The manifest stands in ``model.safetensors`` under the metadata key ``manifest``, with ``files`` empty, since
a file cannot hold its own digest.
"""

import json
import os
import re
import shutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Protocol

from pydantic import JsonValue
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor

from amhctl.checkpoint.manifest import FORMAT_VERSION, Manifest, VocoderIdentity
from amhctl.checkpoint.parts import read_json as read_object
from amhctl.checkpoint.parts import read_part
from amhctl.checkpoint.survey import Survey, check_values, survey_folder
from amhctl.config.mel import MelConfig
from amhctl.core.documents import parse_json, read_json
from amhctl.core.errors import CheckpointError, DocumentError
from amhctl.core.files import (
    atomic_folder,
    canonical_json,
    recover_folder,
    refuse_existing,
    sha256_of_file,
    write_text_atomically,
)
from amhctl.core.findings import Finding, Severity
from amhctl.core.outputs import FolderKind

MANIFEST_FILE = "manifest.json"
WEIGHTS_FILE = "model.safetensors"
CODEC_FOLDER = "codec"
"""Where the codec of a voice lies beside it, if it is not bundled."""
VOCODER_FOLDER = "vocoder"
"""Where the vocoder of a voice lies beside it, if it is not bundled."""
CHECKPOINT = FolderKind(
    "a checkpoint",
    MANIFEST_FILE,
    frozenset({"format_version", "kind", "files"}),
    # Beside the weights: the vocabulary, the text state, the run's state; what turns the voice's output into sound.
    ("*.safetensors", "*.model", "*.json", CODEC_FOLDER, VOCODER_FOLDER),
)
_METADATA_KEY = "manifest"
_RESTORE = "restore it from its source"
_SYSTEM_ERROR = re.compile(r"\(os error (\d+)\)")
_UNWRITTEN = "nothing was written"
_SHOWN_FAULTS = 3


Surveys = Mapping[str, Survey]
"""The tensors of each file of a checkpoint."""
Check = Callable[[Manifest, Surveys], tuple[Finding, ...]]
"""The rules of a kind of checkpoint, such as ``model.soundness.find_faults``."""


class VocoderParts(Protocol):
    """What is compared of a vocoder: ``codec.VocoderSpec``."""

    @property
    def mel(self) -> MelConfig:
        """The spectrogram that it turns into sound."""
        ...


@dataclass(frozen=True, slots=True)
class LoadedCheckpoint:
    """A checkpoint whose every file has been verified.

    Attributes
    ----------
    manifest : Manifest
        What it is.
    tensors : dict[str, Tensor]
        The weights, by name.
    folder : Path
        Where it lies.
    surveys : Surveys
        What is known of the tensors of each of its files.
    """

    manifest: Manifest
    tensors: dict[str, Tensor]
    folder: Path
    surveys: Surveys

    def read_bytes(self, file: str) -> bytes:
        """Return the content of a file that the manifest names.

        Raises
        ------
        CheckpointError
            If the manifest does not name it.
        """
        return self._path(file).read_bytes()

    def read_text(self, file: str) -> str:
        """Return the UTF-8 content of a file that the manifest names."""
        return self.read_bytes(file).decode("utf-8")

    def read_json(self, file: str) -> dict[str, JsonValue]:
        """Return the object of a JSON file that the manifest names.

        Raises
        ------
        CheckpointError
            If the manifest does not name it, or it holds no JSON object.
        """
        return read_object(self._path(file))

    def read_others(self) -> dict[str, bytes]:
        """Return the content of every file that the manifest names beside the weights."""
        return {name: self.read_bytes(name) for name in self.manifest.files if name != WEIGHTS_FILE}

    def read_tensors(self, file: str) -> dict[str, Tensor]:
        """Return the tensors of a safetensors file that the manifest names."""
        return _load_tensors(self._path(file))

    @property
    def beside(self) -> dict[str, Path]:
        """The folders of the codec and the vocoder that lie beside a voice, by their names; those that do."""
        folders = {name: self.folder / name for name in (CODEC_FOLDER, VOCODER_FOLDER)}
        return {name: folder for name, folder in folders.items() if folder.is_dir()}

    def _path(self, file: str) -> Path:
        if file not in self.manifest.files:
            raise CheckpointError(
                f"the checkpoint has no file {file}",
                subject=str(self.folder),
                hint=f"it has: {', '.join(sorted(self.manifest.files))}",
            )
        return self.folder / file


@dataclass(frozen=True, slots=True)
class Difference:
    """One field in which two things that must agree do not."""

    field: str
    expected: str
    found: str

    def __str__(self) -> str:
        """Return the field and both values in one line."""
        return f"{self.field}: expected {self.expected}, found {self.found}"


def write_checkpoint(
    folder: Path,
    *,
    manifest: Manifest,
    tensors: Mapping[str, Tensor],
    extra_files: Mapping[str, bytes] | None = None,
    extra_tensors: Mapping[str, Mapping[str, Tensor]] | None = None,
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
        metadata = {_METADATA_KEY: canonical_json(bare.model_dump(mode="json"))}
        _save_tensors(tensors, temporary / WEIGHTS_FILE, metadata)
        for name, content in (extra_files or {}).items():
            _inside(temporary, name, folder).write_bytes(content)
        for name, group in (extra_tensors or {}).items():
            _save_tensors(group, _inside(temporary, name, folder))
        files = {path.name: sha256_of_file(path) for path in sorted(temporary.iterdir())}
        complete = bare.model_copy(update={"files": files})
        document = json.dumps(complete.model_dump(mode="json"), ensure_ascii=False, indent=1, sort_keys=True)
        write_text_atomically(temporary / MANIFEST_FILE, document + "\n")
        hint = f"{_UNWRITTEN}: {folder} is as it was" if folder.exists() else _UNWRITTEN
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
        shown = "; ".join(f"{each.subject}: {each.message}" for each in found[:_SHOWN_FAULTS])
        more = f"; and {len(found) - _SHOWN_FAULTS} more" if len(found) > _SHOWN_FAULTS else ""
        everything = f"`amhctl ckpt validate {subject}` lists all that is wrong"
        raise CheckpointError(f"{shown}{more}", subject=subject, hint=hint or found[0].hint or everything)


def shown_file(file: str) -> str:
    """Return what stands before the names of a file's tensors in findings: nothing before those of the weights."""
    return "" if file == WEIGHTS_FILE else file


def halve(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return tensors with floating-point values in half precision, in which checkpoints are handed on."""
    return {name: value.half() if value.is_floating_point() else value for name, value in tensors.items()}


def read_manifest(folder: Path) -> Manifest:
    """Read ``manifest.json`` alone, without verifying the files.

    Raises
    ------
    CheckpointError
        If it is absent, not of this format, or not a manifest.
    """
    recover_folder(folder)
    path = folder / MANIFEST_FILE
    try:
        document = read_json(path)
    except (FileNotFoundError, NotADirectoryError):
        raise CheckpointError(
            "there is no manifest.json",
            subject=str(folder),
            hint="give the folder of a checkpoint: a voice, codec or vocoder",
        ) from None
    except DocumentError as error:
        raise CheckpointError(f"the manifest is {error.message}", subject=str(path), hint=_RESTORE) from error
    version = document.get("format_version") if isinstance(document, dict) else None
    if version != FORMAT_VERSION:
        raise CheckpointError(
            f"the manifest has format version {version}, this amhctl reads {FORMAT_VERSION}",
            subject=str(path),
            hint="use the amhctl version named in package_version",
        )
    manifest = read_part(Manifest.model_validate, document, place="", subject=str(path))
    parts = [part.file for part in (manifest.vocabulary, manifest.text) if part is not None]
    for name in (*manifest.files, *parts):
        _inside(folder, name, folder)
    if unnamed := [name for name in parts if name not in manifest.files]:
        raise CheckpointError(f"{unnamed[0]} is not among the files of the manifest", subject=str(path), hint=_RESTORE)
    return manifest


def broken_files(folder: Path, manifest: Manifest) -> tuple[Difference, ...]:
    """Return every file that is missing, or whose content is not what the manifest says."""
    found = []
    for name, digest in sorted(manifest.files.items()):
        path = folder / name
        if not path.is_file():
            found.append(Difference(name, f"sha256 {digest[:16]}…", "no file"))
        elif (actual := sha256_of_file(path)) != digest:
            found.append(Difference(name, f"sha256 {digest[:16]}…", f"sha256 {actual[:16]}…"))
    return tuple(found)


def embedded_manifest(weights: Path) -> dict[str, object]:
    """Return the manifest inside a weights file, read from its header alone.

    Raises
    ------
    CheckpointError
        If the file is not safetensors or has none.
    """
    try:
        with safe_open(weights, framework="pt") as stream:
            metadata = stream.metadata() or {}
        document = parse_json(metadata[_METADATA_KEY])
    except (SafetensorError, OSError) as error:
        raise CheckpointError(f"not a readable safetensors file: {error}", subject=str(weights)) from error
    except (KeyError, DocumentError) as error:
        raise CheckpointError("the weights hold no manifest", subject=str(weights)) from error
    if not isinstance(document, dict):
        raise CheckpointError("the manifest inside the weights is not an object", subject=str(weights))
    return document


def manifest_differences(expected: Mapping[str, object], found: Mapping[str, object]) -> tuple[Difference, ...]:
    """Return the fields in which two manifests differ, nested ones by their path; ``files`` is left out."""
    return tuple(_differences("", {**expected, "files": {}}, {**found, "files": {}}))


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
            found.append(Difference(name, "values", f"values up to {distance:.3g} away"))
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
    manifest = read_manifest(folder)
    if manifest.kind != kind:
        raise CheckpointError(
            f"the folder holds a {manifest.kind} checkpoint, wanted is a {kind}",
            subject=str(folder),
            hint=f"give the folder of a {kind}",
        )
    if WEIGHTS_FILE not in manifest.files:
        raise CheckpointError(f"the manifest names no {WEIGHTS_FILE}", subject=str(folder))
    hint = f"restore the folder from its source; `amhctl ckpt validate {folder}` lists all that is wrong"
    if broken := broken_files(folder, manifest):
        raise CheckpointError(_joined(broken), subject=str(folder), hint=hint)
    inside = embedded_manifest(folder / WEIGHTS_FILE)
    if unlike := manifest_differences(inside, manifest.model_dump(mode="json")):
        raise CheckpointError(
            f"manifest.json is not the manifest inside the weights: {_joined(unlike)}", subject=str(folder), hint=hint
        )
    surveys = survey_folder(folder, manifest.files)
    require_sound(manifest, surveys, check, subject=str(folder))
    return LoadedCheckpoint(manifest, _load_tensors(folder / WEIGHTS_FILE), folder, surveys)


def require_match(
    manifest: Manifest,
    *,
    codec: object | None = None,
    vocoder: VocoderParts | None = None,
    vocabulary_fingerprint: str | None = None,
    text_hash: str | None = None,
) -> None:
    """Refuse parts that are not those a checkpoint was trained with; what is None is not compared.

    Parameters
    ----------
    manifest : Manifest
        Of the checkpoint.
    codec : object | None
        A ``codec.CodecSpec``: anything with the fields of ``CodecIdentity``.
    vocoder : VocoderParts | None
        A ``codec.VocoderSpec``. Other weights serve as well, as long as they are for the same spectrogram.
    vocabulary_fingerprint : str | None
        Of the vocabulary at hand.
    text_hash : str | None
        Of the frontend's state at hand.

    Raises
    ------
    CheckpointError
        With every differing field and the command that mends it.
    """
    differences = []
    hint = ""
    if text_hash is not None and manifest.text is not None and manifest.text.hash != text_hash:
        differences.append(Difference("text.hash", manifest.text.hash, text_hash))
        hint = "speak by the checkpoint's own text_state.json, or train again with the present frontend"
    if (
        vocabulary_fingerprint is not None
        and manifest.vocabulary is not None
        and manifest.vocabulary.fingerprint != vocabulary_fingerprint
    ):
        differences.append(
            Difference("vocabulary.fingerprint", manifest.vocabulary.fingerprint, vocabulary_fingerprint)
        )
        hint = (
            "pass the checkpoint's own vocabulary.model, or grow the checkpoint with "
            "`amhctl vocab extend --base-checkpoint`"
        )
    if codec is not None and manifest.codec is not None:
        # The name is for people: the same weights under another name are the same codec.
        wanted = manifest.codec.model_dump(exclude={"name"})
        unlike = [
            Difference(f"codec.{field}", str(value), str(getattr(codec, field)))
            for field, value in wanted.items()
            if getattr(codec, field) != value
        ]
        if unlike:
            differences += unlike
            hint = (
                f"use codec {manifest.codec.name}, or `amhctl codes extract` again with the new one and train on that"
            )
    if vocoder is not None and manifest.vocoder is not None:
        unlike = vocoder_differences(manifest.vocoder, vocoder)
        if unlike:
            differences += unlike
            hint = f"use vocoder {manifest.vocoder.name}, or another one of the same spectrogram"
    if differences:
        raise CheckpointError(_joined(differences), subject=manifest.name, hint=hint)


def vocoder_differences(identity: VocoderIdentity, vocoder: VocoderParts) -> list[Difference]:
    """Return where the spectrogram that a voice draws is not the one that a vocoder turns into sound."""
    drawn = read_part(MelConfig.model_validate, identity.mel, place="vocoder.mel", subject=identity.name)
    return list(_differences("vocoder.mel", drawn.model_dump(mode="json"), vocoder.mel.model_dump(mode="json")))


def _differences(path: str, expected: object, found: object) -> Iterable[Difference]:
    if isinstance(expected, dict) and isinstance(found, dict):
        for key in sorted({*expected, *found}):
            inner = f"{path}.{key}" if path else str(key)
            if key not in expected or key not in found:
                # What an earlier version did not name yet is no other than what is named and empty.
                if expected.get(key) is not None or found.get(key) is not None:
                    yield Difference(inner, _shown(expected.get(key)), _shown(found.get(key)))
            else:
                yield from _differences(inner, expected[key], found[key])
    elif expected != found:
        yield Difference(path, _shown(expected), _shown(found))


def _shown(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 80 else f"{text[:77]}…"


def _joined(differences: Iterable[Difference]) -> str:
    return "; ".join(str(difference) for difference in differences)


def _save_tensors(tensors: Mapping[str, Tensor], path: Path, metadata: dict[str, str] | None = None) -> None:
    try:
        save_file(_contiguous(tensors), path, metadata=metadata)
    except SafetensorError as error:
        # The library hides the system's error in its words.
        if (told := _SYSTEM_ERROR.search(str(error))) is None:
            raise
        number = int(told[1])
        raise OSError(number, os.strerror(number), str(path)) from error


def _contiguous(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name: tensors[name].detach().contiguous() for name in sorted(tensors)}


def _load_tensors(path: Path) -> dict[str, Tensor]:
    try:
        return load_file(path)
    except (SafetensorError, OSError) as error:
        raise CheckpointError(f"not a readable safetensors file: {error}", subject=str(path)) from error


def _inside(folder: Path, name: str, shown: Path) -> Path:
    pure = PurePosixPath(name)
    if len(pure.parts) != 1 or name in {"", ".", "..", MANIFEST_FILE} or "\\" in name:
        raise CheckpointError(
            f"{name!r} is not the name of a file in the checkpoint",
            subject=str(shown),
            hint="the manifest is not genuine",
        )
    return folder / name
