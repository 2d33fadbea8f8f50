"""What a listening test consists of: which sounds are rated together, training, and checks of attention.

Sources: ITU-T P.800 (absolute category rating), ITU-T P.808 (crowdsourcing: training, gold and trapping questions),
ITU-R BS.1534-3 (MUSHRA: open and hidden reference, two anchors).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from amhctl.audio.anchors import LOW_ANCHOR, MID_ANCHOR, low_pass, spoil
from amhctl.audio.waveform import Waveform
from amhctl.evaluation.listening.design import BEEPS, LOW, MID, SPOILT, Expected, Kind, Role, Sheet, Trial
from amhctl.evaluation.listening.order import Place, make_sheets
from amhctl.evaluation.listening.sounds import SoundFolder, interrupt

Load = Callable[[str, str], Waveform]
"""Returns a system's sound of a sentence."""
MOST_TOGETHER = 12
"""Sounds of a MUSHRA trial that can be compared at once (BS.1534-3)."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What was asked of a test.

    Attributes
    ----------
    kind : Kind
        MOS, MUSHRA or AB.
    systems : tuple[str, ...]
        What is compared, the reference included.
    reference : str | None
        Which of them are natural recordings.
    training : tuple[str, ...]
        Sentences of the training, and of the checks of attention.
    sentences : tuple[str, ...]
        Sentences that are rated.
    checks : int
        Checks of attention.
    rounds : int | None
        How often a person hears each sentence; None: in every system, or pair of systems.
    seed : int
        Of everything that is random.
    """

    kind: Kind
    systems: tuple[str, ...]
    reference: str | None
    training: tuple[str, ...]
    sentences: tuple[str, ...]
    checks: int
    rounds: int | None
    seed: int

    @property
    def groups(self) -> int:
        """Trials of each sentence."""
        count = len(self.systems)
        return {"mos": count, "mushra": 1, "ab": count * (count - 1) // 2}[self.kind]

    @property
    def good(self) -> str:
        """The system whose sounds are made the sounds of known quality: the natural recordings if they are there."""
        return self.reference or self.systems[0]


@dataclass(frozen=True, slots=True)
class Assembled:
    """Trials and their orders."""

    trials: tuple[Trial, ...]
    sheets: tuple[Sheet, ...]


class _Assembly:
    """The trials of a test, one after the other."""

    def __init__(self, plan: Plan, load: Load, sounds: SoundFolder) -> None:
        self.plan, self.load, self.sounds = plan, load, sounds
        self.generator = np.random.default_rng(plan.seed)
        self.trials: list[Trial] = []
        self.written: dict[tuple[str, str], str] = {}

    def sound(self, system: str, sentence: str) -> str:
        """Return the id of a system's sound of a sentence; each is written once."""
        if (system, sentence) not in self.written:
            self.written[system, sentence] = self.sounds.add(system, sentence, self.load(system, sentence))
        return self.written[system, sentence]

    def made(self, system: str, sentence: str, waveform: Waveform) -> str:
        """Return the id of a sound that is made from another."""
        key = (system, sentence)
        if key not in self.written or system == BEEPS:
            self.written[key] = self.sounds.add(system, sentence, waveform)
        return self.written[key]

    def trial(
        self,
        role: Role,
        stimuli: Sequence[str],
        *,
        sentence: int = 0,
        group: int = 0,
        reference: str | None = None,
        expected: tuple[float, float] | None = None,
    ) -> Place:
        """Add a trial, its stimuli in a random order; what is expected is expected of the first one given."""
        shuffled = self.generator.permutation(len(stimuli)).tolist()
        named = tuple(stimuli[place] for place in shuffled)
        wanted = None
        if expected is not None:
            low, high = expected
            if self.plan.kind == "ab" and named[0] != stimuli[0]:
                low, high = -high, -low
            wanted = Expected(stimulus=named[0] if self.plan.kind == "ab" else stimuli[0], low=low, high=high)
        number = len(self.trials)
        self.trials.append(Trial(id=f"t{number:04d}", role=role, stimuli=named, reference=reference, expected=wanted))
        return Place(number, sentence, group, tuple(shuffled))

    def good(self, sentence: str) -> Waveform:
        return self.load(self.plan.good, sentence)

    def spoilt(self, sentence: str) -> str:
        return self.made(SPOILT, sentence, spoil(self.good(sentence), seed=self.plan.seed))


def assemble(plan: Plan, load: Load, sounds: SoundFolder) -> Assembled:
    """Return the trials of a test in orders for many people; the sounds are written on the way.

    Raises
    ------
    AudioError
        If a recording cannot be read, is silent, or has no frequencies for an anchor to lack.
    """
    assembly = _Assembly(plan, load, sounds)
    make = _MAKERS[plan.kind]
    places = [
        place for number, sentence in enumerate(plan.sentences) for place in make(assembly, "test", sentence, number)
    ]
    first = _training(assembly)
    checks = [_check(assembly, rank) for rank in range(plan.checks)]
    sheets = make_sheets(places, first=first, checks=checks, rounds=plan.rounds, seed=plan.seed)
    return Assembled(tuple(assembly.trials), sheets)


def _training(assembly: _Assembly) -> list[Place]:
    """Return training that shows the whole scale, the worst sound and the best among the first."""
    plan = assembly.plan
    first: list[Place] = []
    for number, sentence in enumerate(plan.training):
        if plan.kind == "mos":
            others = [system for system in plan.systems if system != plan.good]
            shown = [SPOILT, plan.good, *others][number % (2 + len(others))]
            stimulus = assembly.spoilt(sentence) if shown == SPOILT else assembly.sound(shown, sentence)
            first.append(assembly.trial("training", [stimulus]))
        else:
            made = _MAKERS[plan.kind](assembly, "training", sentence, 0)
            first.append(made[number % len(made)])
    return first


def _rate(assembly: _Assembly, role: Role, sentence: str, number: int) -> list[Place]:
    return [
        assembly.trial(role, [assembly.sound(system, sentence)], sentence=number, group=group)
        for group, system in enumerate(assembly.plan.systems)
    ]


def _compare(assembly: _Assembly, role: Role, sentence: str, number: int) -> list[Place]:
    return [
        assembly.trial(role, [assembly.sound(system, sentence) for system in pair], sentence=number, group=group)
        for group, pair in enumerate(combinations(assembly.plan.systems, 2))
    ]


def _beside_reference(assembly: _Assembly, role: Role, sentence: str, number: int) -> list[Place]:
    plan = assembly.plan
    reference = assembly.good(sentence)
    open_one = assembly.sound(plan.good, sentence)
    # The hidden reference is a file of its own: a name that occurs twice would give it away.
    stimuli = [
        assembly.sounds.add(plan.good, sentence, reference),
        assembly.made(LOW, sentence, low_pass(reference, LOW_ANCHOR)),
        assembly.made(MID, sentence, low_pass(reference, MID_ANCHOR)),
        *(assembly.sound(system, sentence) for system in plan.systems if system != plan.good),
    ]
    return [assembly.trial(role, stimuli, sentence=number, reference=open_one)]


def _check(assembly: _Assembly, rank: int) -> Place:
    """Return a check of attention: beeps to be counted (a trap), and a clip of known quality (gold), in turn."""
    plan = assembly.plan
    sentence = (plan.training or plan.sentences)[rank % len(plan.training or plan.sentences)]
    if plan.kind == "ab":
        pair = [assembly.sound(plan.good, sentence), assembly.spoilt(sentence)]
        return assembly.trial("gold", pair, expected=(1.0, 1.0))
    if rank % 2:
        return assembly.trial("gold", [assembly.spoilt(sentence)], expected=(1.0, 2.0))
    count = int(assembly.generator.integers(1, 6))
    stimulus = assembly.made(BEEPS, f"{rank}-{count}", interrupt(assembly.good(sentence), count))
    return assembly.trial("trap", [stimulus], expected=(float(count), float(count)))


_MAKERS: Mapping[Kind, Callable[[_Assembly, Role, str, int], list[Place]]] = {
    "mos": _rate,
    "mushra": _beside_reference,
    "ab": _compare,
}
