"""Write constraints.txt: the versions, in this environment, of everything that amhctl and its extras need.

    python tools/write_constraints.py
    pip install "amhctl[adapters]" -c constraints.txt

Run it where all tests have just passed. torch's local build (``+cpu``) is left out of its version, since each platform
has its own; packages that are not installed here are left out too.
"""

import sys
from importlib import metadata
from pathlib import Path

from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
EXTRAS = ("aac", "adapters", "clean", "huggingface", "recognisers", "serve", "w2vbert")
_HEAD = (
    "# Versions that were tested together: pip install amhctl -c constraints.txt. Made by tools/write_constraints.py.\n"
)


def needed(name: str, extras: tuple[str, ...] = ()) -> dict[str, str]:
    """Return the versions of what a package needs here, at any depth, without itself."""
    found: dict[str, str] = {}
    waiting = [(name, extras)]
    while waiting:
        package, asked = waiting.pop()
        for text in metadata.requires(package) or ():
            requirement = Requirement(text)
            key = canonicalize_name(requirement.name)
            if not _applies(requirement, asked) or key in found:
                continue
            try:
                found[key] = metadata.version(key).partition("+")[0]
            except metadata.PackageNotFoundError:
                continue
            waiting.append((key, tuple(requirement.extras)))
    return found


def _applies(requirement: Requirement, extras: tuple[str, ...]) -> bool:
    if requirement.marker is None:
        return True
    environment = {key: str(value) for key, value in default_environment().items()}
    return any(requirement.marker.evaluate({**environment, "extra": extra}) for extra in ("", *extras))


def main() -> None:
    """Write the file at the root of the repository."""
    versions = needed("amhctl", EXTRAS)
    lines = [f"{name}=={version}\n" for name, version in sorted(versions.items())]
    (ROOT / "constraints.txt").write_text(_HEAD + "".join(lines), encoding="utf-8")
    sys.stdout.write(f"{len(lines)} packages\n")


if __name__ == "__main__":
    main()
