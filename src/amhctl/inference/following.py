"""Who says a line and how: what its manner asks for, as far as the voice can. Knows no text and no sound."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from amhctl.core.findings import Rule, Rules, Severity
from amhctl.core.units import FASTEST, SLOWEST
from amhctl.inference.bends import Bend
from amhctl.inference.options import LOUDEST, MOST_SEMITONES, SOFTEST, SpeakOptions
from amhctl.inference.voice import Voice
from amhctl.text.lines import Manner

RULES = Rules(
    Rule(
        "S020",
        Severity.WARNING,
        "markup that the voice cannot follow",
        "Markup asks for a speaker, a pitch, a speed or a volume that the voice does not have. The text is spoken "
        "with what is nearest to it.",
    ),
)


@dataclass(frozen=True, slots=True, eq=False)
class Role:
    """Who speaks.

    Attributes
    ----------
    voice : Voice[Any]
        The voice.
    speaker : Any
        Whom it speaks as, from ``Voice.imitate``; None for its own speaker.
    person : str | None
        As which of its own speakers.
    """

    voice: Voice[Any]
    speaker: Any = None
    person: str | None = None


def find_role(
    role: Role, options: SpeakOptions, cast: Mapping[str, Role], name: str
) -> tuple[Role, SpeakOptions, tuple[str, ...]]:
    """Return who speaks where markup names somebody, how, and that there is nobody of the name.

    Parameters
    ----------
    role : Role
        Who speaks otherwise, and where there is nobody of the name.
    options : SpeakOptions
        How all is said.
    cast : Mapping[str, Role]
        Voices that markup may name, besides the speakers of the voice.
    name : str
        Whom it names; empty for nobody.
    """
    if name in cast:
        return cast[name], replace(options, person=cast[name].person), ()
    if name in role.voice.persons:
        return replace(role, speaker=None), replace(options, person=name), ()
    return role, options, (f"there is no voice {name[:40]!r}",) if name else ()


def follow(voice: Voice[Any], options: SpeakOptions, manner: Manner) -> tuple[Bend, tuple[str, ...]]:
    """Return how a voice says what has a manner, and what of the manner it cannot follow.

    Parameters
    ----------
    voice : Voice[Any]
        Who speaks.
    options : SpeakOptions
        How all is said.
    manner : Manner
        How this is said, beside it.
    """
    faults = []
    asked = options.speed * manner.speed
    speed = min(max(asked, SLOWEST), FASTEST)
    slowest, fastest = voice.speeds
    possible = speed if speed == 1.0 else min(max(speed, slowest), fastest)
    if possible != asked:
        faults.append(f"a speed of {asked:.3g} is spoken at {possible:.3g}")
    pitch = min(max(options.pitch + manner.pitch, -MOST_SEMITONES), MOST_SEMITONES)
    if manner.pitch and not voice.has_pitch:
        pitch = options.pitch
        faults.append("the voice has no pitch to change")
    elif pitch != options.pitch + manner.pitch:
        faults.append(f"a pitch of {options.pitch + manner.pitch:+.3g} semitones is spoken at {pitch:+.3g}")
    volume = min(max(options.volume + manner.volume, SOFTEST), LOUDEST)
    if volume != options.volume + manner.volume:
        faults.append(f"a volume of {options.volume + manner.volume:+.3g} dB is spoken at {volume:+.3g}")
    return Bend(possible, pitch, volume), tuple(faults)
