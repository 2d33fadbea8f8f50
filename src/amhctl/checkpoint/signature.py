"""``signature.json``: the digests of every file of a folder, and of the whole. Knows no manifest and loads no torch.

Format 1, a tree of SHA-256. The digest of a file is that of its bytes. That of a folder is the digest of the canonical
JSON (keys sorted, no spaces, UTF-8) of an object with a key for each thing in it: ``{"bytes": n, "sha256": digest}``
for a file, ``{"folder": digest}`` for a folder. The digest of the whole, ``root``, is that of the folder signed;
``signature.json`` itself, and ``signature.json.sig`` beside it, are left out, and so are folders without a file. Links,
pipes and devices are no files: a folder that holds one is not signed.

It is no proof of who made the folder: whoever changes a file can write a new signature. It tells a changed folder from
the one signed where ``root``, or the signature, came by another way than the folder.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import Field

from amhctl.checkpoint.parts import read_json, read_part
from amhctl.config.document import Document
from amhctl.core.errors import CheckpointError
from amhctl.core.files import canonical_json, sha256_of_file
from amhctl.core.findings import Finding, Rule, Rules, Severity

SIGNATURE_FILE = "signature.json"
APART = frozenset({SIGNATURE_FILE, f"{SIGNATURE_FILE}.sig"})
"""Names in a signed folder that its signature is not about: it, and a signature of it by a key."""
FORMAT: Final = 1
RULES = Rules(
    Rule(
        "C025",
        Severity.ERROR,
        "differs from the signature",
        "A file was added, removed, changed or replaced by a link after the folder was signed, or the digest of the "
        "folder is not the given one.",
    ),
    Rule(
        "C026",
        Severity.ERROR,
        "signature unusable",
        "The signature cannot be read, is of a later version, or contradicts itself.",
    ),
)
_Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
_AGAIN = "copy the folder from its source again"


class SignedFile(Document):
    """One file of a signed folder."""

    bytes: Annotated[int, Field(ge=0, strict=True)]
    """Its length."""
    sha256: _Digest


class Signature(Document):
    """The content of ``signature.json``."""

    format_version: Literal[1] = FORMAT
    kind: Literal["sha256-tree"] = "sha256-tree"
    name: str
    """What the checkpoint is called."""
    package_version: str
    """The amhctl that signed it."""
    root: _Digest
    """The digest of the whole."""
    files: dict[str, SignedFile] = Field(min_length=1)
    """Every file by its path in the folder, with ``/`` between its parts."""


@dataclass(frozen=True, slots=True)
class Contents:
    """What is in a folder.

    Attributes
    ----------
    files : Mapping[str, SignedFile]
        Its files, by their paths.
    others : Mapping[str, str]
        What is no file, or has no name that can be written, and what it is instead.
    """

    files: Mapping[str, SignedFile]
    others: Mapping[str, str]


def read_contents(folder: Path) -> Contents:
    """Return the digests of all files in a folder; no link is followed.

    Raises
    ------
    OSError
        If one cannot be read.
    """
    files: dict[str, SignedFile] = {}
    others: dict[str, str] = {}
    for name, path in _walk(folder, ""):
        if path.is_symlink():
            others[name] = "a link"
        elif not path.is_file():
            others[name] = "no file"
        elif not _is_text(name):
            others[name] = "a file name that is not valid text"
        else:
            files[name] = SignedFile(bytes=path.stat().st_size, sha256=sha256_of_file(path))
    return Contents(files, others)


def root_of(files: Mapping[str, SignedFile]) -> str:
    """Return the digest of a whole folder from those of its files."""
    entries: dict[str, object] = {}
    inner: dict[str, dict[str, SignedFile]] = {}
    for name, each in files.items():
        first, slash, rest = name.partition("/")
        if slash:
            inner.setdefault(first, {})[rest] = each
        else:
            entries[first] = each.model_dump()
    entries |= {name: {"folder": root_of(group)} for name, group in inner.items()}
    return hashlib.sha256(canonical_json(entries).encode()).hexdigest()


def read_signature(path: Path) -> Signature:
    """Return the signature in a file.

    Raises
    ------
    CheckpointError
        If it is a link, none, of a later version, or its root is not that of its files.
    """
    if path.is_symlink():
        raise CheckpointError("the signature is a link", subject=str(path), hint=_AGAIN)
    try:
        document = read_json(path)
    except OSError as error:
        raise CheckpointError(f"the signature cannot be read: {error.strerror}", subject=str(path)) from error
    version = document.get("format_version")
    if type(version) is int and version > FORMAT:
        writer = document.get("package_version")
        raise CheckpointError(
            f"the signature has format version {version}, this version of amhctl reads {FORMAT}; amhctl {writer} "
            "wrote it",
            subject=str(path),
            hint="pip install --upgrade amhctl",
        )
    signature = read_part(Signature.model_validate, document, place="", subject=str(path))
    if any(part in ("", ".", "..") for name in signature.files for part in name.split("/")):
        raise CheckpointError("the signature names files outside the folder", subject=str(path), hint=_AGAIN)
    if root_of(signature.files) != signature.root:
        raise CheckpointError("the root of the signature is not that of its files", subject=str(path), hint=_AGAIN)
    return signature


def compare(contents: Contents, signature: Signature) -> tuple[Finding, ...]:
    """Return a finding for everything in a folder that is not as it was signed."""
    found = [_unlike(name, f"{kind}; links and devices cannot be signed") for name, kind in contents.others.items()]
    for name in sorted({*contents.files, *signature.files} - {*contents.others}):
        present, signed = contents.files.get(name), signature.files.get(name)
        if present is None:
            found.append(_unlike(name, "signed, but missing"))
        elif signed is None:
            found.append(_unlike(name, "present, but not signed"))
        elif present != signed:
            shown = [f"{each.bytes} bytes, sha256 {each.sha256[:16]}…" for each in (signed, present)]
            found.append(_unlike(name, f"signed with {shown[0]}, found {shown[1]}"))
    return tuple(found)


def check_signature(folder: Path, file: Path | None, root: str | None) -> tuple[Finding, ...]:
    """Return what is not as a signature, or the digest of the whole, says.

    Parameters
    ----------
    folder : Path
        A checkpoint.
    file : Path | None
        Its signature.
    root : str | None
        The digest that the whole must have, as it was published.
    """
    contents = read_contents(folder)
    found: tuple[Finding, ...] = ()
    if file is not None:
        try:
            found = compare(contents, read_signature(file))
        except CheckpointError as error:
            found = (RULES.finding("C026", error.subject, error.message, error.hint),)
    if root is not None:
        # Whoever copies a digest from a page may have copied its case and the spaces around it.
        wanted, actual = root.strip().lower(), root_of(contents.files)
        if contents.others or wanted != actual:
            found += (_unlike("root", f"the folder has {actual}, expected {wanted}"),)
    return found


def _unlike(subject: str, message: str) -> Finding:
    return RULES.finding("C025", subject, message, _AGAIN)


def _walk(folder: Path, before: str) -> Iterator[tuple[str, Path]]:
    """Yield what is in a folder and is no folder, by its path; nothing of what stands apart at its top."""
    for path in sorted(folder.iterdir()):
        name = before + path.name
        if name in APART:
            continue
        if path.is_dir() and not path.is_symlink():
            yield from _walk(path, f"{name}/")
        else:
            yield name, path


def _is_text(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
