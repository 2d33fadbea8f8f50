"""What differs between two checkpoints, from their manifests: ``python examples/compare_voices.py A B``."""

import sys
from pathlib import Path

from amhctl.checkpoint.folder import verify_folder


def main(first: Path, second: Path) -> None:
    """Print each value of the manifests that is not the same; both folders are verified on the way."""
    one, other = (verify_folder(path, kind="voice").manifest.model_dump(mode="json") for path in (first, second))
    for key in one:
        if one[key] != other[key]:
            print(f"{key}: {str(one[key])[:60]} | {str(other[key])[:60]}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
