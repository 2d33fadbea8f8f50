"""Playing samples through a program of the system, while more are made. Knows no voice."""

import shutil
import subprocess
import tempfile
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from types import TracebackType
from typing import IO, Self

from amhctl.audio.pcm import wav_header
from amhctl.audio.tags import Tags
from amhctl.core.errors import AudioError

_SHOWN_WORDS = 300


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


class Player(AbstractContextManager["Player"]):
    """A program of the system that plays samples as they come.

    Leaving the context waits until everything was heard; an error or an interrupt ends the program at once.

    Parameters
    ----------
    sample_rate : int
        Samples per second.

    Raises
    ------
    AudioError
        If there is no program that plays.
    """

    def __init__(self, sample_rate: int) -> None:
        found = next((program for program in _PROGRAMS if shutil.which(program.words[0])), None)
        if found is None:
            raise AudioError(
                "no program that plays sound was found",
                subject="playing",
                hint=f"install one of {', '.join(PLAYERS)}, or write a file with -o OUT.wav",
            )
        self._program, self._rate = found, sample_rate

    @property
    def name(self) -> str:
        """What the program is called."""
        return self._program.words[0]

    def __enter__(self) -> Self:
        """Start the program, or the file that it will play."""
        words = [word.replace("RATE", str(self._rate)) for word in self._program.words]
        self._complaints: IO[bytes] = tempfile.TemporaryFile()
        self._process: subprocess.Popen[bytes] | None = None
        if self._program.from_file:
            self._target: IO[bytes] = tempfile.NamedTemporaryFile(suffix=".wav")
        else:
            self._process = _start(words, self._complaints, subprocess.PIPE)
            self._target = _input_of(self._process)
        if self._program.has_header:
            self.play(wav_header(self._rate, Tags()))
        return self

    def play(self, samples: bytes) -> None:
        """Give the program 16-bit little-endian samples; returns as soon as it has taken them.

        Raises
        ------
        AudioError
            If the program ended.
        """
        try:
            self._target.write(samples)
            self._target.flush()
        except BrokenPipeError:
            raise self._fault() from None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Wait until everything was heard, or end the program if there was an error.

        Raises
        ------
        AudioError
            If the program could not play.
        """
        if self._process is None and error is None:
            self._process = _start([*self._program.words, self._target.name], self._complaints, subprocess.DEVNULL)
        if self._process is None:
            self._target.close()
            return
        try:
            if error is not None:
                self._process.kill()
            if not self._program.from_file:
                with suppress(BrokenPipeError):
                    self._target.close()
            self._process.wait()
        except BaseException:
            self._process.kill()
            raise
        finally:
            if self._program.from_file:
                self._target.close()
        if error is None and self._process.returncode != 0:
            raise self._fault()

    def _fault(self) -> AudioError:
        self._complaints.seek(0)
        said = " ".join(self._complaints.read(4 * _SHOWN_WORDS).decode("utf-8", "replace").split())
        return AudioError(
            f"{self.name} could not play the speech: {said[:_SHOWN_WORDS] or 'it ended without saying why'}",
            subject="playing",
            hint="check the sound device, or write a file with -o OUT.wav",
        )


def _start(words: list[str], complaints: IO[bytes], given: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(words, stdin=given, stdout=subprocess.DEVNULL, stderr=complaints)


def _input_of(process: subprocess.Popen[bytes]) -> IO[bytes]:
    assert process.stdin is not None  # it is a pipe
    return process.stdin
