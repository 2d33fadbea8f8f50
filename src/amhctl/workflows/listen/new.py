"""``amhctl listen new``: a listening test of several systems, as a page with its sounds and a key."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from amhctl import __version__
from amhctl.core.errors import AudioError, EvaluationError, OptionError
from amhctl.core.files import atomic_folder
from amhctl.core.findings import Finding
from amhctl.core.outputs import require_output_folder
from amhctl.core.progress import Progress
from amhctl.core.report import Verdict
from amhctl.evaluation.listening.assembly import MOST_TOGETHER, Plan, assemble
from amhctl.evaluation.listening.design import KEY_FILE, LISTENING_TEST, PAGE_FILE, PAGE_FOLDER, Kind, ListeningTest
from amhctl.evaluation.listening.sounds import RULES, SoundFolder
from amhctl.pages.listening import render_test
from amhctl.workflows.listen.systems import Source, System, parse_system

_LONGEST_MINUTES = 30.0
# To answer takes about as long as a short clip.
_ANSWER_SECONDS = 4.0
_MOST_SENTENCES = 500
_TRIALS_A_CHECK = 12


@dataclass(frozen=True, slots=True)
class NewListeningRequest:
    """What ``amhctl listen new`` was asked.

    Attributes
    ----------
    output : Path
        Folder of the test.
    kind : Kind
        MOS, MUSHRA or AB.
    systems : tuple[str, ...]
        ``NAME=PATH`` of each.
    reference : str | None
        ``NAME=PATH`` of the natural recordings.
    title : str
        Heading of the page.
    question : str
        What is rated: ``quality`` or ``naturalness``.
    sentences : int | None
        At most so many are rated, drawn at random; None: all.
    training : int
        Sentences of the training.
    checks : int | None
        Checks of attention; None: one for each twelve trials, at least two (MUSHRA has its own).
    rounds : int | None
        How often one person hears each sentence; None: in every system or pair.
    loudness : float
        Of every sound, LUFS.
    seed : int
        Of choice and orders.
    force : bool
        Whether an earlier test, without ratings, may be replaced.
    """

    output: Path
    kind: Kind
    systems: tuple[str, ...]
    reference: str | None = None
    title: str = "Listening test"
    question: str = "quality"
    sentences: int | None = None
    training: int = 3
    checks: int | None = None
    rounds: int | None = None
    loudness: float = -23.0
    seed: int = 0
    force: bool = False


@dataclass(frozen=True, slots=True)
class NewListeningReport(Verdict):
    """The test that was made."""

    folder: Path
    test: ListeningTest
    sentences: int
    minutes: float
    findings: tuple[Finding, ...]

    @property
    def page(self) -> Path:
        """What people open."""
        return self.folder / PAGE_FOLDER / PAGE_FILE

    def payload(self) -> dict[str, object]:
        """Return what the test consists of."""
        return {
            "folder": str(self.folder),
            "page": str(self.page),
            "kind": self.test.kind,
            "systems": list(self.test.systems),
            "sentences": self.sentences,
            "trials": len(self.test.sheets[0].trials),
            "orders": len(self.test.sheets),
            "minutes": self.minutes,
        }

    def lines(self) -> Iterable[str]:
        """Return what the test consists of, and what to do next."""
        test = self.test
        yield (
            f"{test.kind.upper()} test of {len(test.systems)} systems on {self.sentences} sentences: "
            f"{len(test.sheets[0].trials)} trials a person, about {self.minutes:.0f} minutes, {len(test.sheets)} orders"
        )
        yield f"page: {self.page}"
        yield f"next: amhctl listen serve {self.folder}, or publish the folder {self.folder / PAGE_FOLDER} alone"


def run(request: NewListeningRequest, progress: Progress) -> NewListeningReport:
    """Make a listening test.

    Raises
    ------
    OptionError
        If the options do not go together.
    EvaluationError
        If a system has no sounds, or the systems have too few sentences in common.
    FileExistsRefused
        If the folder exists and is not to be replaced.
    AudioError
        If no anchor can be made of the recordings.
    """
    sources = _parse_sources(request)
    _require_output(request, [source.path for source in sources])
    systems = [source.open() for source in sources]
    if request.output.exists():
        _require_output(request, [path for system in systems for path in system.files])
    findings: list[Finding] = []
    shared = _shared_sentences(systems, findings)
    generator = np.random.default_rng(request.seed)
    shuffled = [shared[place] for place in generator.permutation(len(shared))]
    usable = _readable(shuffled, systems, request, findings, progress)
    plan = _plan(request, systems, usable)
    by_name = {system.name: system for system in systems}
    with atomic_folder(request.output) as folder:
        audio = folder / PAGE_FOLDER / "audio"
        audio.mkdir(parents=True)
        sounds = SoundFolder(audio, request.loudness)
        progress.start("writing sounds", 1, "tests")
        made = assemble(plan, lambda system, sentence: by_name[system].load(sentence), sounds)
        progress.finish()
        test = ListeningTest(
            kind=request.kind,
            title=request.title,
            question="naturalness" if request.question == "naturalness" else "quality",
            package_version=__version__,
            seed=request.seed,
            loudness=request.loudness,
            systems=plan.systems,
            reference=plan.reference,
            stimuli=tuple(sounds.stimuli),
            trials=made.trials,
            sheets=made.sheets,
        )
        (folder / PAGE_FOLDER / PAGE_FILE).write_text(render_test(test), encoding="utf-8")
        key = json.dumps(test.model_dump(mode="json"), ensure_ascii=False, indent=1)
        (folder / KEY_FILE).write_text(f"{key}\n", encoding="utf-8")
    minutes = _minutes(test, sounds)
    findings += [*sounds.findings, *_about(request, sounds, minutes)]
    return NewListeningReport(request.output, test, len(plan.sentences), minutes, tuple(findings))


def _require_output(request: NewListeningRequest, sources: Sequence[Path]) -> None:
    require_output_folder(request.output, LISTENING_TEST, force=request.force, sources=sources)


def _parse_sources(request: NewListeningRequest) -> list[Source]:
    """Return where the systems are, the reference first."""
    systems = [parse_system(given) for given in request.systems]
    if request.reference is not None:
        systems.insert(0, parse_system(request.reference, natural=True))
    names = [system.name for system in systems]
    if len(set(names)) < len(names):
        raise OptionError("two systems have the same name", subject="--system", hint="give each system its own name")
    least = {"mos": 1, "mushra": 1, "ab": 2}[request.kind]
    compared = len(systems) - (request.kind == "mushra" and request.reference is not None)
    if compared < least:
        raise OptionError(
            f"a test of kind {request.kind} needs {least} systems, not {compared}",
            subject="--system",
            hint="give --system NAME=PATH for each",
        )
    if request.kind == "mushra":
        _require_mushra(request, compared)
    return systems


def _require_mushra(request: NewListeningRequest, compared: int) -> None:
    if request.reference is None:
        raise OptionError(
            "MUSHRA compares with natural recordings", subject="--kind mushra", hint="give --reference NAME=PATH"
        )
    if request.checks:
        raise OptionError(
            "MUSHRA has its own checks, the hidden reference and the anchors",
            subject="--checks",
            hint="omit --checks",
        )
    if compared + 3 > MOST_TOGETHER:
        raise OptionError(
            f"{compared} systems, two anchors and the reference are more than the {MOST_TOGETHER} sounds that people "
            "can compare at once (ITU-R BS.1534-3)",
            subject="--system",
            hint=f"use at most {MOST_TOGETHER - 3} systems",
        )


def _shared_sentences(systems: Sequence[System], findings: list[Finding]) -> list[str]:
    """Return the sentences that all systems have, in a fixed order."""
    everywhere = sorted({sentence for system in systems for sentence in system.sounds})
    shared = []
    for sentence in everywhere:
        lacking = [system.name for system in systems if sentence not in system.sounds]
        if lacking:
            findings.append(RULES.finding("L001", sentence, f"missing in {', '.join(lacking)}"))
        else:
            shared.append(sentence)
    return shared


def _readable(
    sentences: Sequence[str],
    systems: Sequence[System],
    request: NewListeningRequest,
    findings: list[Finding],
    progress: Progress,
) -> list[str]:
    """Return as many sentences as are wanted of which every recording can be used."""
    wanted = min(len(sentences), request.training + (request.sentences or _MOST_SENTENCES))
    usable: list[str] = []
    progress.start("reading sounds", wanted, "sentences")
    for sentence in sentences:
        if len(usable) == wanted:
            break
        try:
            for system in systems:
                if not np.abs(system.load(sentence).samples).max(initial=0.0) > 0.0:
                    raise AudioError("the clip is silent", subject=system.name)
        except AudioError as fault:
            findings.append(RULES.finding("L001", sentence, str(fault), fault.hint))
            continue
        usable.append(sentence)
        progress.advance(note=sentence)
    progress.finish()
    return usable


def _plan(request: NewListeningRequest, systems: Sequence[System], usable: Sequence[str]) -> Plan:
    if len(usable) <= request.training:
        raise EvaluationError(
            f"the systems have {len(usable)} usable sentences in common; {request.training} of them are for training",
            subject=", ".join(str(system.path) for system in systems),
            hint="use the same sentence ids (file names) in every system, or lower --training",
        )
    plan = Plan(
        kind=request.kind,
        systems=tuple(system.name for system in systems),
        reference=systems[0].name if request.reference is not None else None,
        training=tuple(usable[: request.training]),
        sentences=tuple(usable[request.training :]),
        checks=0,
        rounds=request.rounds,
        seed=request.seed,
    )
    if request.rounds is not None and request.rounds > plan.groups:
        raise OptionError(
            f"each sentence has {plan.groups} trials, so nobody can hear it in {request.rounds} rounds",
            subject="--rounds",
            hint=f"give at most {plan.groups}",
        )
    checks = request.checks
    if checks is None:
        trials = len(plan.sentences) * (request.rounds or plan.groups)
        checks = 0 if request.kind == "mushra" else max(2, trials // _TRIALS_A_CHECK)
    return Plan(**{name: getattr(plan, name) for name in Plan.__slots__} | {"checks": checks})


def _minutes(test: ListeningTest, sounds: SoundFolder) -> float:
    """Return how long one person needs, if each sound is played once."""
    sheet = test.sheets[0]
    seconds = 0.0
    for place in sheet.trials:
        trial = test.trials[place]
        played = [*trial.stimuli, *([trial.reference] if trial.reference else [])]
        seconds += sum(sounds.seconds[stimulus] for stimulus in played) + _ANSWER_SECONDS * len(trial.stimuli)
    return seconds / 60.0


def _about(request: NewListeningRequest, sounds: SoundFolder, minutes: float) -> list[Finding]:
    findings = []
    if minutes > _LONGEST_MINUTES:
        message = f"about {minutes:.0f} minutes a person"
        findings.append(RULES.finding("L002", str(request.output), message, "use --sentences or --rounds"))
    named = {name.partition("=")[0].strip() for name in (*request.systems, request.reference or "")}
    rates = {name: rates for name, rates in sounds.rates.items() if name in named}
    if len({rate for each in rates.values() for rate in each}) > 1:
        shown = "; ".join(f"{name} {', '.join(map(str, sorted(each)))} Hz" for name, each in rates.items())
        findings.append(RULES.finding("L005", str(request.output), shown))
    return findings
