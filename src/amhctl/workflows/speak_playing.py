"""Playing speech while it is made; a player that fails does not lose what is kept."""

from collections.abc import Iterator
from pathlib import Path

from amhctl.audio.pcm import encode_pcm
from amhctl.audio.player import open_player
from amhctl.core.errors import PlaybackError
from amhctl.inference.longtext import LineChunk
from amhctl.parallel.ahead import iterate_ahead

MOST_AHEAD = 2
"""Chunks that wait to be heard: enough that a player never waits, and no more however slow it is."""


def make_silence(samples: int, sample_rate: int) -> Iterator[bytes]:
    """Yield silence a second at a time."""
    for start in range(0, samples, sample_rate):
        yield bytes(2 * min(sample_rate, samples - start))


def play_chunks(
    made: Iterator[LineChunk], sample_rate: int, faults: list[PlaybackError], *, keep: bool
) -> Iterator[LineChunk]:
    """Play the chunks and yield them; if playing fails and they are kept, note why and yield them all the same.

    Parameters
    ----------
    made : Iterator[LineChunk]
        The speech.
    sample_rate : int
        Of all of it.
    faults : list[PlaybackError]
        Where it is noted.
    keep : bool
        Whether they are kept.

    Raises
    ------
    PlaybackError
        If playing fails and they are not kept.
    """
    chunks = iterate_ahead(made, MOST_AHEAD)
    unplayed: list[LineChunk] = []
    try:
        with open_player(sample_rate) as player:
            for chunk in chunks:
                unplayed = [chunk]
                for silence in make_silence(chunk.lead, sample_rate):
                    player.play(silence)
                player.play(encode_pcm(chunk.waveform))
                unplayed = []
                yield chunk
    except PlaybackError as error:
        if not keep:
            raise
        faults.append(error)
    yield from unplayed
    yield from chunks


def require_played(faults: list[PlaybackError], kept: Path | None) -> None:
    """Report that playing failed, after the file was written: it is not lost with the sound.

    Raises
    ------
    PlaybackError
        If it did.
    """
    if faults:
        raise PlaybackError(
            faults[0].message,
            subject=faults[0].subject,
            hint=f"all of the speech is in {kept}; check the sound device",
        )
