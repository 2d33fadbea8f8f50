"""Leak-free splits: where a sentence goes depends on the sentence alone. Knows no audio.

The same text always lands in the same split, whoever says it and whatever is added to the manifest later.
"""

import hashlib
import unicodedata

from amhctl.data.records import Split


def split_of(text: str, *, valid: float, test: float, seed: int = 0) -> Split:
    """Return the split of a sentence.

    The SHA-256 of the seed and the sentence (NFC, white space collapsed), read as a number in [0, 1), is compared with
    the shares: below ``test`` it is a test sentence, below ``test + valid`` a validation sentence.
    """
    key = " ".join(unicodedata.normalize("NFC", text).split())
    digest = hashlib.sha256(f"{seed}\n{key}".encode()).digest()
    point = int.from_bytes(digest[:8], "big") / 2**64
    if point < test:
        return "test"
    return "valid" if point < test + valid else "train"
