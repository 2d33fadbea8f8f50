"""What a file of speech says of itself: what is said, in whose voice, that it is synthetic. Knows no files."""

from amhctl import __version__
from amhctl.audio.tags import Tags
from amhctl.checkpoint.manifest import Manifest

_LONGEST_TITLE = 80


def label(manifest: Manifest, text: str, *, person: str | None = None, imitates: bool = False) -> Tags:
    """Return the tags of a text that a voice has spoken; they hold no date and no path.

    Parameters
    ----------
    manifest : Manifest
        The voice's.
    text : str
        What was said.
    person : str | None
        As which of its speakers; None for its first.
    imitates : bool
        Whether it was said like the speaker of a clip instead.
    """
    speaker = person or next(iter(manifest.speakers or ()), manifest.name)
    artist = manifest.name if speaker == manifest.name else f"{manifest.name} ({speaker})"
    works = ", ".join(f"{one.work} ({one.licence})" for one in manifest.licences)
    return Tags(
        title=_shorten(" ".join(text.split())),
        artist=f"{manifest.name} (like the speaker of a clip)" if imitates else artist,
        software=f"amhctl {__version__}",
        comment="synthetic speech",
        licence=f"voice made from {works}" if works else "",
    )


def _shorten(text: str) -> str:
    """Return at most 80 characters of a text, cut between words where it has any."""
    if len(text) <= _LONGEST_TITLE:
        return text
    cut = text.rfind(" ", 0, _LONGEST_TITLE)
    return text[: cut if cut > 0 else _LONGEST_TITLE - 1] + "…"
