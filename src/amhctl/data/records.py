"""Manifest records: one utterance a line. Knows nothing of audio content.

A manifest is JSON Lines in UTF-8. ``audio`` is relative to the manifest's folder unless absolute. Unknown keys are
kept out: a line that has one is refused with its number.
"""

from typing import Literal

from amhctl.config.document import Document

Split = Literal["train", "valid", "test"]


class Record(Document):
    """One utterance."""

    id: str
    """Unique in the manifest."""
    audio: str
    """Path of the audio file."""
    text: str
    """What is said, as written."""
    speaker: str = "unknown"
    """Speaker name."""
    session: str = ""
    """Recording session."""
    language: str = "am"
    """ISO 639 code."""
    split: Split | Literal[""] = ""
    """Empty until ``data split`` has decided."""
    duration: float | None = None
    """Seconds, if known."""
    offset: float = 0.0
    """Seconds from the start of the file."""
    licence: str = ""
    """Licence of the recording."""
    consent: str = ""
    """How the speaker consented."""
    source: str = ""
    """Where the recording comes from."""
    sha256: str = ""
    """Digest of the audio file, if known."""
