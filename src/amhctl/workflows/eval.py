"""``amhctl eval``: a voice reads a test set and is measured against the recordings of it."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from amhctl.checkpoint.folder import WEIGHTS_FILE
from amhctl.core.errors import (
    EvaluationError,
)
from amhctl.core.findings import Finding, has_errors
from amhctl.core.outputs import PAGE, require_output_file, require_output_folder
from amhctl.core.progress import Progress
from amhctl.core.report import Verdict
from amhctl.corpus.records import Record, iter_audio, read_records
from amhctl.evaluation import naturalness
from amhctl.evaluation.minimal_pairs import PairResult, by_contrast
from amhctl.evaluation.paired import Difference, compare
from amhctl.evaluation.scorecard import RULES as SCORECARD_RULES
from amhctl.evaluation.scorecard import (
    Scorecard,
    build_scorecard,
    judge,
    parse_thresholds,
)
from amhctl.evaluation.speed import Machine, describe_machine
from amhctl.inference.assemble import load_speech_encoder, load_voice
from amhctl.inference.catalog import voice_path
from amhctl.inference.code_voice import CodeVoice
from amhctl.inference.reference import read_clip
from amhctl.inference.spectrogram_voice import SpectrogramVoice
from amhctl.pages.evaluation import CLIPS, PageClip, clips_folder, write_page
from amhctl.recogniser.scoring import ScorerIdentity
from amhctl.workflows.eval_clip import (
    Clip,
    align_clip,
    compare_speakers,
    match_text,
    measure_clip,
    read_clips,
    recognise,
    speak_clip,
)
from amhctl.workflows.eval_judges import Judges, load_judges
from amhctl.workflows.eval_lineage import find_trained
from amhctl.workflows.eval_pairs import pair_scores, speak_pairs


@dataclass(frozen=True, slots=True)
class EvaluateRequest:
    """What ``amhctl eval`` was asked.

    Attributes
    ----------
    voice, codec : str
        Names or folders; no codec means the voice's own.
    test_set : Path
        A manifest; its records of the split ``test`` if it has any, else all of them.
    trained_on : Path | None
        Code store that the voice was trained on.
    reference : Path | None
        Clip to speak like; None for the voice's own speaker.
    limit : int | None
        At most so many of them, spread evenly over the set.
    report : Path | None
        Where to write the HTML page.
    fail_under : tuple[str, ...]
        Conditions ``metric=value``.
    recogniser : str | None
        Name or folder of the recogniser whose errors are counted; None counts none.
    pairs : int
        How many minimal pairs the voice says; 0 for none.
    against : str | None
        Name or folder of another voice, to be compared with on the same clips.
    fail_worse : bool
        Whether being worse than the other voice is a negative verdict.
    seed : int
        Seed of the speech and of the intervals.
    device : str
        Where to compute.
    force : bool
        Whether an existing page may be replaced.
    """

    voice: str
    test_set: Path
    codec: str | None = None
    trained_on: Path | None = None
    reference: Path | None = None
    limit: int | None = None
    report: Path | None = None
    fail_under: tuple[str, ...] = ()
    recogniser: str | None = None
    pairs: int = 0
    against: str | None = None
    fail_worse: bool = False
    seed: int = 0
    device: str = "auto"
    force: bool = False


@dataclass(frozen=True, slots=True)
class Comparison:
    """A voice beside another one on the same clips."""

    voice: str
    weights: str
    """SHA-256 of the other voice's weights."""
    differences: tuple[Difference, ...]

    @property
    def worse(self) -> tuple[Difference, ...]:
        """Metrics in which the other voice is better."""
        return tuple(each for each in self.differences if each.verdict == "worse")

    def payload(self) -> dict[str, object]:
        """Return both values of each metric, the gain and whether it may be chance."""
        return {
            "voice": self.voice,
            "weights": self.weights,
            "metrics": {
                each.kind.name: {
                    "value": each.value,
                    "other": each.other,
                    "gain": each.gain.value,
                    "ci95": [each.gain.low, each.gain.high],
                    "n": each.gain.count,
                    "p": each.chance,
                    "verdict": each.verdict,
                }
                for each in self.differences
            },
        }

    def lines(self) -> Iterable[str]:
        """Return a line a metric."""
        count = len(self.differences)
        yield f"against {self.voice}, on the same clips (gain: how much better; p: adjusted for {count} metrics)"
        for each in self.differences:
            yield (
                f"{each.kind.name:<28}{each.value:>9.3f}{each.other:>9.3f}  gain {each.gain.value:+.3f} "
                f"[{each.gain.low:+.3f}, {each.gain.high:+.3f}]  p {each.chance:.3f}  {each.verdict}"
            )


@dataclass(frozen=True, slots=True)
class EvaluateReport(Verdict):
    """The scorecard and the verdict."""

    voice: str
    weights: str
    """SHA-256 of the voice's weights."""
    test_set: str
    scorecard: Scorecard
    findings: tuple[Finding, ...]
    page: Path | None
    machine: Machine
    comparison: Comparison | None = None
    fail_worse: bool = False
    recogniser: ScorerIdentity | None = None
    pairs: tuple[PairResult, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether no finding is an error, and if asked for, the voice is not worse than the other one."""
        is_worse = self.fail_worse and self.comparison is not None and bool(self.comparison.worse)
        return not is_worse and not has_errors(self.findings)

    def payload(self) -> dict[str, object]:
        """Return the metrics with their intervals, and every clip's."""
        return {
            "voice": self.voice,
            "weights": self.weights,
            "test_set": self.test_set,
            "machine": self.machine.line(),
            "recogniser": None if self.recogniser is None else asdict(self.recogniser),
            "report": str(self.page) if self.page else None,
            "metrics": {
                metric.kind.name: {
                    "value": metric.estimate.value,
                    "ci95": [metric.estimate.low, metric.estimate.high],
                    "n": metric.estimate.count,
                    "better": str(metric.kind.better),
                    "note": metric.kind.note,
                }
                for metric in self.scorecard.metrics
            },
            "utterances": [
                {"id": clip.id, "seconds": clip.seconds}
                | {metric.kind.name: clip.value_of(metric.kind) for metric in self.scorecard.metrics}
                for clip in self.scorecard.utterances
            ],
            "minimal_pairs": {
                name: {"right": right, "pairs": count} for name, (right, count) in by_contrast(self.pairs).items()
            },
            "against": None if self.comparison is None else self.comparison.payload(),
        }

    def lines(self) -> Iterable[str]:
        """Return a line a metric."""
        for metric in self.scorecard.metrics:
            estimate = metric.estimate
            note = f"  ({metric.kind.note})" if metric.kind.note else ""
            yield (
                f"{metric.kind.name:<28}{estimate.value:>9.3f}  [{estimate.low:.3f}, {estimate.high:.3f}]"
                f"  n={estimate.count}{note}"
            )
        if self.comparison is not None:
            yield from self.comparison.lines()
        if self.recogniser is not None:
            yield self.recogniser.line
        yield f"measured on {self.machine.line()}"
        if self.page:
            yield f"page: {self.page}"


def run(request: EvaluateRequest, progress: Progress) -> EvaluateReport:
    """Speak every record of a test set and measure the result.

    Raises
    ------
    AmhctlError
        If the set, the voice or a condition cannot be used.
    """
    thresholds = parse_thresholds(request.fail_under)
    if request.report is not None:
        _require_outputs(request, request.report)
    distinct, repeated = drop_repeated(read_records(request.test_set))
    records = choose_records(distinct, request.limit, request.test_set)
    voice = load_voice(request.voice, device=request.device, codec=request.codec)
    rival = None if request.against is None else load_voice(request.against, device=request.device)
    judges = load_judges(request.recogniser, needs_phones=bool(request.pairs))
    encoder = judges.encoder
    clips, findings = read_clips(records, request.test_set.parent, encoder)
    findings += repeated
    if request.trained_on is not None:
        findings += find_trained(request.trained_on, voice.manifest, clips)
    if len(clips) < 2:
        findings.append(SCORECARD_RULES.finding("E004", str(request.test_set), "text match needs at least two clips"))
    page_clips = _measure(request, voice, clips, judges, findings, progress)
    pairs = _speak_pairs(request, voice, judges, findings, progress)
    scorecard = build_scorecard((*(clip.score for clip in page_clips), *pair_scores(pairs)), seed=request.seed)
    findings += judge(scorecard, thresholds)
    comparison = None
    if rival is not None:
        comparison = _compare(request, scorecard, rival, clips, judges, findings, progress)
    findings.append(SCORECARD_RULES.finding("E005", "dnsmos", f"DNSMOS is {naturalness.NOTE}"))
    machine = describe_machine()
    if request.report is not None:
        title = f"{voice.manifest.name} on {request.test_set.name}"
        notes = [machine.line(), f"seed {request.seed}, {len(clips)} clips, DNSMOS is {naturalness.NOTE}"]
        notes += [] if judges.scorer is None else [judges.scorer.identity.line]
        notes += [] if comparison is None else comparison.lines()
        write_page(request.report, title, scorecard, tuple(page_clips), notes=tuple(notes), force=request.force)
    return EvaluateReport(
        voice=voice.manifest.name,
        weights=voice.manifest.files[WEIGHTS_FILE],
        test_set=request.test_set.name,
        scorecard=scorecard,
        findings=tuple(findings),
        page=request.report,
        machine=machine,
        comparison=comparison,
        fail_worse=request.fail_worse,
        recogniser=None if judges.scorer is None else judges.scorer.identity,
        pairs=pairs,
    )


def _measure(
    request: EvaluateRequest,
    voice: CodeVoice | SpectrogramVoice,
    clips: list[Clip],
    judges: Judges,
    findings: list[Finding],
    progress: Progress,
) -> list[PageClip]:
    """Let a voice speak every clip, and measure each."""
    speaker = None if request.reference is None else _imitate(voice, request.reference, request.device)
    natural_cepstra = tuple(clip.cepstra for clip in clips)
    measured = []
    progress.start(f"evaluating {voice.manifest.name}", len(clips), "clips")
    for index, clip in enumerate(clips):
        spoken = speak_clip(voice, speaker, clip, request.seed, findings)
        score = measure_clip(clip, spoken, voice.level, findings)
        score = compare_speakers(score, clip, clips, spoken, judges.encoder, findings)
        if judges.scorer is not None:
            score = recognise(score, clip, spoken, judges.scorer, findings)
        if len(clips) > 1:
            score = match_text(score, spoken, natural_cepstra, index, findings)
        said = spoken.speech.waveform if spoken.speech else None
        words = {} if request.report is None else align_clip(clip, spoken, judges.scorer)
        measured.append(PageClip(score, clip.natural, said, spoken.copy, words))
        progress.advance(note=clip.record.id)
    progress.finish()
    return measured


def _speak_pairs(
    request: EvaluateRequest,
    voice: CodeVoice | SpectrogramVoice,
    judges: Judges,
    findings: list[Finding],
    progress: Progress,
) -> tuple[PairResult, ...]:
    if not request.pairs or judges.recogniser is None:
        return ()
    return speak_pairs(voice, judges.recogniser, request.pairs, seed=request.seed, findings=findings, progress=progress)


def _compare(
    request: EvaluateRequest,
    scorecard: Scorecard,
    rival: CodeVoice | SpectrogramVoice,
    clips: list[Clip],
    judges: Judges,
    findings: list[Finding],
    progress: Progress,
) -> Comparison:
    """Measure the other voice on the same clips, with the same seed, and add what is found to the findings."""
    name = rival.manifest.name
    found: list[Finding] = []
    measured = _measure(request, rival, clips, judges, found, progress)
    pairs = _speak_pairs(request, rival, judges, found, progress)
    findings += [replace(finding, subject=f"{name}: {finding.subject}") for finding in found]
    other = build_scorecard((*(clip.score for clip in measured), *pair_scores(pairs)), seed=request.seed)
    comparison = Comparison(name, rival.manifest.files[WEIGHTS_FILE], compare(scorecard, other, seed=request.seed))
    findings += [
        SCORECARD_RULES.finding(
            "E007", each.kind.name, f"{each.value:.4g}, and {each.other:.4g} of {name} (p = {each.chance:.3f})"
        )
        for each in comparison.worse
    ]
    return comparison


def _require_outputs(request: EvaluateRequest, report: Path) -> None:
    given = (Path(request.codec) if request.codec else None, request.reference, request.trained_on)
    others = () if request.against is None else (voice_path(request.against),)
    read = (request.test_set, voice_path(request.voice), *others, *(path for path in given if path is not None))
    require_output_file(report, PAGE, force=request.force, sources=read)
    folder = clips_folder(report)
    recordings = iter_audio(request.test_set) if folder.exists() else ()
    require_output_folder(folder, CLIPS, force=request.force, sources=(*read, *recordings))


def drop_repeated(records: tuple[Record, ...]) -> tuple[tuple[Record, ...], list[Finding]]:
    """Return the first recording of each text of each split, and a finding for every other."""
    first: dict[tuple[str, ...], Record] = {}
    findings = []
    for record in records:
        held = first.setdefault((record.split, *record.text.split()), record)
        if held is not record and record.split in ("test", ""):
            findings.append(SCORECARD_RULES.finding("E006", record.id, f"the same text as {held.id}"))
    return tuple(first.values()), findings


def choose_records(records: tuple[Record, ...], limit: int | None, source: Path) -> tuple[Record, ...]:
    """Return the test records of a manifest: those of the split ``test`` if there are any, else all; thinned evenly.

    Raises
    ------
    EvaluationError
        If there is none.
    """
    chosen = [record for record in records if record.split == "test"] or list(records)
    if not chosen:
        raise EvaluationError("the test set is empty", subject=str(source))
    if limit is not None and limit < len(chosen):
        places = np.linspace(0, len(chosen) - 1, limit).round().astype(int)
        chosen = [chosen[place] for place in places]
    return tuple(chosen)


def _imitate(voice: CodeVoice | SpectrogramVoice, reference: Path, device: str) -> Any:  # noqa: ANN401
    """Return whom to speak as: each kind of voice has a speaker of its own."""
    clip = read_clip(reference).waveform
    return voice.imitate(clip, voice.speech_encoder or load_speech_encoder(voice.manifest, device=device))
