"""Is a recording good enough to train on? ``python examples/check_clips.py clip.wav …``; ends with 1 if one is not."""

import sys
from pathlib import Path

from amhctl.audio.referenceclip import read_reference


def main(paths: list[Path]) -> int:
    """Print what is wrong with each clip, and how loud, long and noisy it is."""
    faulty = 0
    for path in paths:
        clip = read_reference(path)
        print(f"{path}: {len(clip.findings)} findings")
        for finding in clip.findings:
            print(f"  {finding.severity} {finding.code}: {finding.message} ({finding.hint})")
        faulty += bool(clip.findings)
    return min(1, faulty)


if __name__ == "__main__":
    sys.exit(main([Path(word) for word in sys.argv[1:]]))
