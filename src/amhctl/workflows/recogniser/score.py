"""``recogniser score``: how well a recogniser does on recordings whose texts are known."""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from amhctl.audio.files import read
from amhctl.core.errors import AudioError, DatasetError, EvaluationError
from amhctl.core.findings import Finding, Rule, Rules, Severity
from amhctl.core.progress import Progress
from amhctl.core.report import Report
from amhctl.corpus.records import Record, Split, read_records
from amhctl.recogniser.catalog import DEFAULT_RECOGNISER
from amhctl.recogniser.error_rate import Errors, total_errors
from amhctl.recogniser.recognition import load_recogniser
from amhctl.recogniser.scoring import SpeechScore, SpeechScorer
from amhctl.text.frontend import Frontend

RULES = Rules(
    Rule(
        "E031",
        Severity.WARNING,
        "clip not scored by the recogniser",
        "The recording cannot be read, or its text cannot be read as phones.",
    ),
)


@dataclass(frozen=True, slots=True)
class ScoreRecogniserRequest:
    """Which recogniser to score on which recordings.

    Attributes
    ----------
    manifest : Path
        Recordings and their texts.
    recogniser : str
        Name or folder.
    split : Split | None
        Only clips of this split.
    speakers : tuple[str, ...]
        Only clips of these speakers; all if none is named.
    limit : int | None
        At most so many clips.
    """

    manifest: Path
    recogniser: str = DEFAULT_RECOGNISER
    split: Split | None = None
    speakers: tuple[str, ...] = ()
    limit: int | None = None


@dataclass(frozen=True, slots=True)
class ScoredClip:
    """One clip: its errors and both texts."""

    id: str
    speaker: str
    score: SpeechScore


@dataclass(frozen=True, slots=True)
class ScoreRecogniserReport(Report):
    """The errors of a recogniser on a set of recordings."""

    recogniser: str
    clips: tuple[ScoredClip, ...]
    seconds: float
    real_time_factor: float
    findings: tuple[Finding, ...]

    def _total(self, clips: Iterable[ScoredClip]) -> dict[str, Errors]:
        scores = [clip.score for clip in clips]
        return {
            "phone_error_rate": total_errors(each.phones for each in scores),
            "phone_error_rate_with_language": total_errors(each.best_phones for each in scores),
            "character_error_rate": total_errors(each.letters for each in scores),
            "word_error_rate": total_errors(each.words for each in scores),
        }

    def payload(self) -> dict[str, object]:
        """Return the rates over all clips, by speaker and by clip."""
        speakers = sorted({clip.speaker for clip in self.clips})
        by_speaker = {
            speaker: {
                name: errors.rate
                for name, errors in self._total(clip for clip in self.clips if clip.speaker == speaker).items()
            }
            for speaker in speakers
        }
        return {
            "recogniser": self.recogniser,
            "clips": len(self.clips),
            "seconds": self.seconds,
            "real_time_factor": self.real_time_factor,
            **{name: errors.rate for name, errors in self._total(self.clips).items()},
            "speakers": by_speaker,
            "results": [
                {
                    "id": clip.id,
                    "speaker": clip.speaker,
                    "phone_error_rate": clip.score.phones.rate,
                    "character_error_rate": clip.score.letters.rate,
                    "word_error_rate": clip.score.words.rate,
                    "text": clip.score.wanted,
                    "recognised": clip.score.recognised,
                }
                for clip in self.clips
            ],
        }

    def lines(self) -> Iterable[str]:
        """Return the rates for people."""
        speakers = len({clip.speaker for clip in self.clips})
        yield f"{self.recogniser} on {len(self.clips)} clips, {self.seconds / 60:.1f} minutes, {speakers} speakers"
        for name, errors in self._total(self.clips).items():
            kinds = f"{errors.substitutions} replaced, {errors.deletions} missing, {errors.insertions} added"
            yield f"{name.replace('_', ' ')}: {errors.rate:.3f} ({kinds}, of {errors.units})"
        yield f"real-time factor {self.real_time_factor:.3f}"


def run(request: ScoreRecogniserRequest, progress: Progress) -> ScoreRecogniserReport:
    """Score the recogniser.

    Raises
    ------
    DatasetError
        If no clip of the manifest can be scored.
    CheckpointError
        If the recogniser does not exist or is damaged.
    """
    recogniser = load_recogniser(request.recogniser)
    scorer = SpeechScorer(recogniser, Frontend())
    chosen = [record for record in read_records(request.manifest) if _is_chosen(record, request)][: request.limit]
    clips: list[ScoredClip] = []
    findings: list[Finding] = []
    seconds = spent = 0.0
    progress.start("recognising", len(chosen), "clip")
    for record in chosen:
        progress.advance()
        try:
            waveform = read(request.manifest.parent / record.audio, offset=record.offset, duration=record.duration)
            begin = time.perf_counter()
            score = scorer.score(waveform, record.text)
            spent += time.perf_counter() - begin
        except (AudioError, EvaluationError) as fault:
            findings.append(RULES.finding("E031", record.id, fault.message, fault.hint))
            continue
        seconds += waveform.duration
        clips.append(ScoredClip(record.id, record.speaker, score))
    progress.finish()
    if not clips:
        raise DatasetError(
            "no clip can be scored",
            subject=str(request.manifest),
            hint=findings[0].message if findings else "choose another split or speaker",
        )
    return ScoreRecogniserReport(recogniser.name, tuple(clips), seconds, spent / seconds, tuple(findings))


def _is_chosen(record: Record, request: ScoreRecogniserRequest) -> bool:
    fits = request.split is None or record.split == request.split
    return fits and (not request.speakers or record.speaker in request.speakers)
