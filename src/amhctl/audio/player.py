"""Playing samples through a program of the system, while more are made. Knows no voice."""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, cast

from amhctl.audio.pcm import wav_header
from amhctl.audio.tags import Tags
from amhctl.core.errors import AudioError, PlaybackError

_SHOWN = 300


@dataclass(frozen=True, slots=True)
class _Program:
    """A program that plays 16-bit mono samples.

    Attributes
    ----------
    words : tuple[str, ...]
        How it is called; RATE stands for the sample rate.
    has_header : bool
        Whether it wants the header of a WAV file first.
    from_file : bool
        Whether it cannot read its standard input, so that it plays when everything is there.
    """

    words: tuple[str, ...]
    has_header: bool = False
    from_file: bool = False


_PROGRAMS = (
    _Program(("paplay", "--raw", "--format=s16le", "--channels=1", "--rate=RATE")),
    _Program(("aplay", "-q", "-t", "raw", "-f", "S16_LE", "-c", "1", "-r", "RATE")),
    _Program(("ffplay", "-nodisp", "-autoexit", "-loglevel", "error", "-i", "-"), has_header=True),
    _Program(("afplay",), has_header=True, from_file=True),
)
PLAYERS = tuple(program.words[0] for program in _PROGRAMS)
"""The programs that are looked for, in this order."""


@dataclass(frozen=True, slots=True)
class Player:
    """A program that plays samples as they come; made by ``open_player``."""

    name: str
    _target: IO[bytes]

    def play(self, samples: bytes) -> None:
        """Give the program 16-bit little-endian samples; returns as soon as it has taken them."""
        self._target.write(samples)
        self._target.flush()


def find_player() -> str:
    """Return the name of the program that plays on this machine.

    Raises
    ------
    AudioError
        If there is none.
    """
    return _find_program().words[0]


@contextmanager
def open_player(sample_rate: int) -> Iterator[Player]:
    """Yield a player; leaving the context waits until everything was heard, an error ends the program at once.

    Raises
    ------
    AudioError
        If there is no program that plays.
    PlaybackError
        If it cannot be started, or could not play.
    """
    program = _find_program()
    words = [word.replace("RATE", str(sample_rate)) for word in program.words]
    with tempfile.TemporaryFile() as complaints:
        play = _play_later if program.from_file else _play_at_once
        try:
            with play(words, complaints) as target:
                player = Player(program.words[0], target)
                if program.has_header:
                    player.play(wav_header(sample_rate, Tags()))
                yield player
        except (BrokenPipeError, subprocess.CalledProcessError):
            complaints.seek(0)
            said = " ".join(complaints.read(4 * _SHOWN).decode("utf-8", "replace").split())
            raise PlaybackError(
                f"{program.words[0]} could not play the speech: {said[:_SHOWN] or 'it ended without saying why'}",
                subject="playing",
                hint="check the sound device, or write a file with -o OUT.wav",
            ) from None


@contextmanager
def _play_at_once(words: list[str], complaints: IO[bytes]) -> Iterator[IO[bytes]]:
    with _start(words, stdin=subprocess.PIPE, complaints=complaints) as process:
        try:
            yield cast("IO[bytes]", process.stdin)
            process.communicate()
        except BaseException:
            process.kill()
            raise
    if process.returncode != 0:
        raise subprocess.CalledProcessError(process.returncode, words)


@contextmanager
def _play_later(words: list[str], complaints: IO[bytes]) -> Iterator[IO[bytes]]:
    with tempfile.NamedTemporaryFile(suffix=".wav") as target:
        yield target
        with _start([*words, target.name], stdin=subprocess.DEVNULL, complaints=complaints) as process:
            _wait(process)
        if process.returncode != 0:
            raise subprocess.CalledProcessError(process.returncode, words)


def _start(words: list[str], *, stdin: int, complaints: IO[bytes]) -> subprocess.Popen[bytes]:
    """Start the program; that it is found does not mean that the system can run it."""
    try:
        return subprocess.Popen(words, stdin=stdin, stdout=subprocess.DEVNULL, stderr=complaints)
    except OSError as error:
        raise PlaybackError(
            f"{words[0]} cannot be started: {error.strerror or error}",
            subject="playing",
            hint=f"install it again or another one of {', '.join(PLAYERS)}, or write a file with -o OUT.wav",
        ) from error


def _wait(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait()
    except BaseException:
        process.kill()
        raise


def _find_program() -> _Program:
    found = next((program for program in _PROGRAMS if shutil.which(program.words[0])), None)
    if found is None:
        raise AudioError(
            "no program that plays sound was found",
            subject="playing",
            hint=f"install one of {', '.join(PLAYERS)}, or write a file with -o OUT.wav",
        )
    return found
