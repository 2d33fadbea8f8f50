"""The inspection of one record after another, in this process or in several. Knows nothing of a manifest as a whole.

Results come in the order of the records and do not depend on the number of processes. Each process makes its own
frontend of the text state and its own tokenizer of the vocabulary.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from amhctl.checks.matching import Match, Matcher, judge_match
from amhctl.checks.measurements import Measurements
from amhctl.checks.recording import check_audio
from amhctl.checks.text import check_rate, check_text
from amhctl.core.findings import Finding
from amhctl.corpus.records import Record
from amhctl.parallel.workers import map_in_order, open_pool
from amhctl.text.frontend import Frontend
from amhctl.tokenizer.tokenizer import Tokenizer
from amhctl.tokenizer.vocabulary import Vocabulary

_BATCH_RECORDS = 16
_WAITING_BATCHES = 4


@dataclass(frozen=True, slots=True)
class Job:
    """A record to inspect, its line in the manifest, and what is known of its recording and their match already."""

    line: int
    record: Record
    known: Measurements | None = None
    match: Match | None = None


@dataclass(frozen=True, slots=True)
class Inspected:
    """What one record is like.

    Attributes
    ----------
    job : Job
        What was asked.
    measurements : Measurements | None
        None if the recording could not be read or was not asked for.
    syllables : int
        Of the text when spoken.
    spoken : str
        The spoken text; empty if there is none.
    findings : tuple[Finding, ...]
        Faults of this record.
    match : Match | None
        How text and recording fit together; None if they were not, or could not be, compared.
    """

    job: Job
    measurements: Measurements | None
    syllables: int
    spoken: str
    findings: tuple[Finding, ...]
    match: Match | None = None


class Inspector:
    """Inspects records of one manifest.

    Parameters
    ----------
    folder : Path
        The manifest's.
    frontend : Frontend
        Reads the texts.
    tokenizer : Tokenizer | None
        Whose pieces must cover them.
    audio : bool
        Whether recordings are opened.
    matcher : Matcher | None
        What compares texts with recordings, if that is wanted.
    """

    def __init__(
        self,
        folder: Path,
        frontend: Frontend,
        tokenizer: Tokenizer | None,
        *,
        audio: bool = True,
        matcher: Matcher | None = None,
    ) -> None:
        self.folder = folder
        self.frontend = frontend
        self.tokenizer = tokenizer
        self.audio = audio
        self.matcher = matcher

    def inspect(self, job: Job) -> Inspected:
        """Return what a record is like."""
        record = job.record
        text = check_text(record, self.frontend, self.tokenizer, line=job.line)
        if not self.audio:
            return Inspected(job, None, text.syllables, text.spoken, text.findings)
        audio = check_audio(record, self.folder, job.known)
        findings = [*audio.findings, *text.findings]
        silent = any(finding.code == "D020" for finding in audio.findings)
        match = None
        if audio.measurements is not None and text.syllables and not silent:
            findings += check_rate(record.id, text.syllables, audio.measurements.speech_seconds)
            match = self._match(job, audio.measurements)
            findings += () if match is None else judge_match(record.id, match)
        return Inspected(job, audio.measurements, text.syllables, text.spoken, tuple(findings), match)

    def _match(self, job: Job, measured: Measurements) -> Match | None:
        if self.matcher is None or job.match is not None:
            return job.match
        return self.matcher.match(job.record, self.folder, self.frontend, measured)


def inspect_all(inspector: Inspector, jobs: Iterable[Job], *, workers: int = 1) -> Iterator[Inspected]:
    """Yield what the records are like, in their order.

    Raises
    ------
    DatasetError
        If a worker process was killed.
    CheckpointError
        If texts are to be compared and the recogniser is damaged.
    """
    if workers <= 1:
        yield from map(inspector.inspect, jobs)
        return
    tokenizer = inspector.tokenizer
    state = inspector.frontend.state()
    vocabulary = None if tokenizer is None else tokenizer.vocabulary
    arguments = (inspector.folder, state, vocabulary, inspector.audio, inspector.matcher)
    rest = iter(jobs)
    batches = iter(lambda: tuple(islice(rest, _BATCH_RECORDS)), ())
    with open_pool(workers, _begin, arguments) as pool:
        for found in map_in_order(pool, _inspect_batch, batches, ahead=_WAITING_BATCHES * workers):
            yield from found


_own: list[Inspector] = []
"""The inspector of a worker process."""


def _begin(
    folder: Path, state: Mapping[str, object], vocabulary: Vocabulary | None, audio: bool, matcher: Matcher | None
) -> None:
    tokenizer = None if vocabulary is None else Tokenizer(vocabulary)
    _own[:] = [Inspector(folder, Frontend.from_state(state), tokenizer, audio=audio, matcher=matcher)]


def _inspect_batch(jobs: Sequence[Job]) -> list[Inspected]:
    return [_own[0].inspect(job) for job in jobs]
