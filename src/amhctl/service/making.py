"""From a request that was read to the pieces of its sound: by the same steps as ``amhctl speak``. Knows no network."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from amhctl.audio.encoder import Encoding
from amhctl.core.errors import TextError
from amhctl.inference.labels import label
from amhctl.inference.options import SpeakOptions
from amhctl.service.body import SpeechBody
from amhctl.service.delivery import Piece, encode_chunks
from amhctl.service.shelf import ServedVoice, Shelf
from amhctl.text.lines import LONGEST_SILENCE, Line
from amhctl.text.passage import read_passage

MOST_SILENCE = 600.0
"""Seconds of pauses that one request may ask for."""


def make_speech(shelf: Shelf, served: ServedVoice, body: SpeechBody, encoding: Encoding) -> Iterator[Piece]:
    """Yield the pieces of the sound file that a request asks for.

    Parameters
    ----------
    shelf : Shelf
        The voices.
    served : ServedVoice
        Who speaks.
    body : SpeechBody
        What is said, and how.
    encoding : Encoding
        Which sound file.

    Raises
    ------
    AmhctlError
        If the text or an option cannot be used, or the speech was judged bad.
    """
    passage = read_passage(body.input, body.input_type)
    role = shelf.role(served, body.lexicon)
    options = SpeakOptions(
        seed=body.seed, speed=body.speed, pitch=body.pitch, person=served.person, check=role.voice.samples_codes
    )
    lines = tuple(passage.lines())
    _require_little_silence(lines)
    cast = shelf.cast(served.model, {line.manner.voice for line in lines}, body.lexicon)
    tags = label(role.voice.manifest, passage.head, person=served.person)
    # What is wrong with markup anywhere is known already, and told first.
    found = tuple(finding for line in lines for finding in line.findings)
    chunks = shelf.speak(role, (replace(line, findings=()) for line in lines), options, cast)
    for piece in encode_chunks(chunks, encoding, role.voice.sample_rate, tags):
        yield replace(piece, findings=(*found, *piece.findings))
        found = ()


def _require_little_silence(lines: Sequence[Line]) -> None:
    """Refuse a text that is mostly pauses: a thousand characters of them would be an hour of sound."""
    seconds = sum(min(line.before, LONGEST_SILENCE) for line in lines if line.before is not None)
    if seconds > MOST_SILENCE:
        raise TextError(
            f"the text asks for {seconds:g} s of pauses, and this server makes {MOST_SILENCE:g} s at most",
            subject="text",
            hint="ask for less silence, or divide the text",
        )
