"""The sounds of a listening test: brought to one loudness, written, and named so that the name says nothing."""

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from amhctl.audio.anchors import beeps
from amhctl.audio.files import encode
from amhctl.audio.loudness import loudness, set_loudness
from amhctl.audio.waveform import Waveform
from amhctl.core.errors import AudioError
from amhctl.core.findings import Finding, Rule, Rules, Severity
from amhctl.evaluation.listening.design import BEEPS, Stimulus

RULES = Rules(
    Rule(
        "L001",
        Severity.WARNING,
        "sentence left out of the listening test",
        "The sentence is missing in one of the systems, or its recording cannot be used: a test compares systems on "
        "the same sentences.",
    ),
    Rule(
        "L002",
        Severity.WARNING,
        "listening test too long",
        "ITU-T P.800 and P.808 want sessions of less than half an hour with breaks: tired people answer at random. Use "
        "fewer sentences, or --rounds so that each person hears each sentence fewer times.",
    ),
    Rule(
        "L003",
        Severity.WARNING,
        "sound not at the loudness of the test",
        "The sound has peaks so high that it stays more than 1 LU quieter than the others: louder sounds are "
        "preferred, whatever their quality. Choose a lower --loudness.",
    ),
    Rule(
        "L004",
        Severity.WARNING,
        "same sound twice",
        "Two systems have the same sound of a sentence: are both folders of one system?",
    ),
    Rule(
        "L005",
        Severity.INFO,
        "systems have different sample rates",
        "People hear the difference: with a higher rate a voice sounds clearer, whatever its quality otherwise.",
    ),
)
_OFF_LOUDNESS = 1.0
_BEFORE_BEEPS_SECONDS = 1.5


@dataclass(slots=True)
class SoundFolder:
    """Where the sounds of a test are written, and which have been.

    Attributes
    ----------
    folder : Path
        An existing folder.
    target : float
        Loudness of every sound, LUFS.
    stimuli : list[Stimulus]
        What was written.
    seconds : dict[str, float]
        Length of each, by id.
    rates : dict[str, set[int]]
        Sample rates of each system.
    findings : list[Finding]
        What was found on the way.
    """

    folder: Path
    target: float
    stimuli: list[Stimulus] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    rates: dict[str, set[int]] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    _digests: dict[str, list[tuple[str, str]]] = field(default_factory=dict)

    def add(self, system: str, sentence: str, waveform: Waveform) -> str:
        """Write a sound and return its id, which is a digest of what it sounds like.

        Raises
        ------
        AudioError
            If it is silent.
        """
        before = loudness(waveform)
        if not np.isfinite(before):
            raise AudioError("the clip is silent", subject=f"{system}, {sentence}")
        sound = set_loudness(waveform, self.target)
        reached = loudness(sound)
        if abs(reached - self.target) > _OFF_LOUDNESS and system != BEEPS:
            message = f"{reached:.1f} LUFS instead of {self.target:g}"
            self.findings.append(RULES.finding("L003", f"{system}, {sentence}", message))
        content = encode(sound, "flac")
        name = self._name(content, system, sentence)
        (self.folder / f"{name}.flac").write_bytes(content)
        self.stimuli.append(Stimulus(id=name, file=f"{name}.flac", system=system, sentence=sentence))
        self.seconds[name] = float(sound.duration)
        self.rates.setdefault(system, set()).add(sound.sample_rate)
        return name

    def _name(self, content: bytes, system: str, sentence: str) -> str:
        """Return an id; the same sound gets another one each time, so that nobody can see that it is the same."""
        digest = hashlib.sha256(content).hexdigest()
        former = self._digests.setdefault(digest, [])
        for other in former:
            if other != (system, sentence):
                same = f"the same sound as {other[0]}, {other[1]}"
                self.findings.append(RULES.finding("L004", f"{system}, {sentence}", same))
        former.append((system, sentence))
        return hashlib.sha256(f"{digest} {len(former)}".encode()).hexdigest()[:16]


def interrupt(waveform: Waveform, count: int) -> Waveform:
    """Return the beginning of a clip, broken off by so many beeps: who listens can say how many.

    A trap of ITU-T P.808 is a spoken instruction in the middle of a clip; beeps need no language.
    """
    begin = waveform.samples[: round(_BEFORE_BEEPS_SECONDS * waveform.sample_rate)]
    pause = np.zeros(round(0.5 * waveform.sample_rate), dtype=np.float32)
    counted = beeps(count, waveform.sample_rate).samples
    top = float(np.abs(begin).max(initial=0.0)) or 1.0
    return Waveform(
        np.concatenate([0.3 * begin / np.float32(top), pause, counted]).astype(np.float32), waveform.sample_rate
    )
