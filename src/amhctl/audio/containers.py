"""Containers of audio files that end early, where they tell: WAV by its data chunk, Ogg by its last page.

libsndfile reads such files without a word.
"""

from pathlib import Path

from amhctl.core.errors import AudioError

_WAV_UNKNOWN_BYTES = 0xFFFFFFFF
_OGG_TAIL_BYTES = 1 << 17
_OGG_LAST_PAGE = 0x04


def refuse_truncated(path: Path, container: str) -> None:
    """Refuse a file that promises more than it has.

    Parameters
    ----------
    path : Path
        The file.
    container : str
        libsndfile's name of its container; of those that are not checked here, nothing is known.

    Raises
    ------
    AudioError
        If the file is truncated.
    """
    cut = False
    if container in ("WAV", "WAVEX"):
        cut = _wav_is_cut(path)
    elif container == "OGG":
        cut = _ogg_is_cut(path)
    if cut:
        raise AudioError("the file is truncated", subject=str(path), hint="copy or record it again")


def _wav_is_cut(path: Path) -> bool:
    """Return whether the data chunk promises more bytes than the file has; libsndfile would read on silently."""
    size = path.stat().st_size
    with path.open("rb") as stream:
        if stream.read(4) != b"RIFF":
            return False
        position = 12
        while position + 8 <= size:
            stream.seek(position)
            header = stream.read(8)
            length = int.from_bytes(header[4:], "little")
            if header[:4] == b"data":
                # Programs that write to a pipe cannot know the length and say "all of it".
                return length < _WAV_UNKNOWN_BYTES - 64 and position + 8 + length > size
            position += 8 + length + length % 2
    return False


def _ogg_is_cut(path: Path) -> bool:
    """Return whether the last page lacks the end-of-stream flag (RFC 3533, section 6) or its own last bytes."""
    size = path.stat().st_size
    with path.open("rb") as stream:
        stream.seek(max(0, size - _OGG_TAIL_BYTES))
        tail = stream.read()
    page = tail.rfind(b"OggS")
    if page < 0 or len(tail) < page + 27:
        return True
    segments = tail[page + 26]
    sizes = tail[page + 27 : page + 27 + segments]
    return not tail[page + 5] & _OGG_LAST_PAGE or page + 27 + segments + sum(sizes) > len(tail)
