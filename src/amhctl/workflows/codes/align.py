"""``codes align``: find how many frames each text piece of a store lasts.

A store with acoustics is aligned on their spectrogram, of 100 frames per second, another on the features. The durations
in frames of codes follow from either by rounding.
"""

import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from amhctl.codes.alignment import round_durations
from amhctl.codes.proof import require_proof
from amhctl.codes.store import CodeStore
from amhctl.config.load import load_run_config
from amhctl.config.schema import AlignerConfig
from amhctl.core.errors import DatasetError, TextError, VocabularyError
from amhctl.core.findings import Finding, Rule, Rules, Severity
from amhctl.core.progress import Progress
from amhctl.core.report import Report
from amhctl.core.temporaries import hold_temporary, sweep
from amhctl.text.frontend import Frontend
from amhctl.tokenizer.tokenizer import Tokenizer
from amhctl.tokenizer.vocabulary import Vocabulary
from amhctl.training.aligner import AlignedSpeech, Spoken, align_speech
from amhctl.workflows.reading import open_frontend

_TOO_LONG = "a text piece would last 65,536 frames or more"

RULES = Rules(
    Rule(
        "A001",
        Severity.WARNING,
        "text cannot be aligned",
        "The text frontend cannot process the text, or the vocabulary lacks a piece; the utterance gets no durations.",
    ),
    Rule(
        "A002",
        Severity.WARNING,
        "more pieces than frames",
        "The utterance has more text pieces than mel frames: the text is too long for the audio, "
        "or belongs to another one.",
    ),
    Rule(
        "A003",
        Severity.WARNING,
        "recording far longer than its text",
        "A text piece would last 65,536 frames or more, eleven minutes at 100 frames per second; the utterance gets no "
        "durations.",
    ),
)


@dataclass(frozen=True, slots=True)
class AlignCodesRequest:
    """Which store to align, by which vocabulary."""

    store: Path
    vocabulary: Path
    preset: str | None = None
    project: Path | None = None
    sets: tuple[str, ...] = ()
    lexicons: tuple[Path, ...] = ()
    workers: int = 0


@dataclass(frozen=True, slots=True)
class AlignCodesReport(Report):
    """How the alignment went."""

    utterances: int
    explained: float
    frames_per_piece: float
    findings: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        """Whether anything was aligned."""
        return self.utterances > 0

    def payload(self) -> dict[str, object]:
        """Return the figures."""
        return {"utterances": self.utterances, "explained": self.explained, "frames_per_piece": self.frames_per_piece}

    def lines(self) -> Iterable[str]:
        """Return the figures for people."""
        yield (
            f"{self.utterances} utterances aligned; pieces explain {self.explained:.1%} of the variance of the "
            f"cepstra, {self.frames_per_piece:.2f} code frames per piece"
        )


def run(request: AlignCodesRequest, progress: Progress) -> AlignCodesReport:
    """Align every utterance of the store and write the durations into the store.

    Raises
    ------
    DatasetError
        If the store is damaged, or nothing in it can be aligned.
    """
    vocabulary = Vocabulary.read(request.vocabulary)
    flags = {"paths.lexicons": request.lexicons, "text.units": vocabulary.units}
    config = load_run_config(preset=request.preset, project=request.project, sets=request.sets, flags=flags).config
    tokenizer, frontend = Tokenizer(vocabulary), open_frontend(config)
    store = CodeStore.open(request.store)
    require_proof(store, progress)
    is_acoustic = store.document.acoustics is not None
    findings: list[Finding] = []
    utterances = _read_utterances(store, tokenizer, frontend, findings, progress)
    aligned = _align(request, store, utterances, vocabulary.size, config.aligner, progress)
    findings += [
        RULES.finding("A002", id_, "more text pieces than mel frames", "listen to it and correct its text")
        for id_ in aligned.left_out
    ]
    findings += [
        RULES.finding("A003", id_, _TOO_LONG, "split the recording at pauses, each with its text")
        for id_ in aligned.too_long
    ]
    over_codes = {id_: round_durations(held, store.entry(id_).frames) for id_, held in aligned.durations.items()}
    store.write_alignment(
        aligned.durations if is_acoustic else over_codes,
        vocabulary_fingerprint=vocabulary.fingerprint,
        text_hash=frontend.state_hash,
        acoustic=is_acoustic,
    )
    frames_per_piece = float(np.concatenate(list(over_codes.values())).mean())
    return AlignCodesReport(len(over_codes), aligned.explained, frames_per_piece, tuple(findings))


def _read_utterances(
    store: CodeStore, tokenizer: Tokenizer, frontend: Frontend, findings: list[Finding], progress: Progress
) -> list[Spoken]:
    """Return the pieces and the frames of each utterance; what cannot be read becomes a finding."""
    is_acoustic = store.document.acoustics is not None
    utterances = []
    progress.start("reading texts", len(store), "utterance")
    for entry in store:
        progress.advance()
        try:
            pieces = tokenizer.encode(frontend.units(entry.record.text))
        except (TextError, VocabularyError) as error:
            findings.append(RULES.finding("A001", entry.id, error.message, error.hint))
            continue
        frames = entry.acoustic_frames if is_acoustic else entry.feature_frames
        utterances.append(Spoken(entry.id, pieces, frames))
    progress.finish()
    return utterances


def _align(
    request: AlignCodesRequest,
    store: CodeStore,
    utterances: Sequence[Spoken],
    text_tokens: int,
    config: AlignerConfig,
    progress: Progress,
) -> AlignedSpeech:
    if not utterances:
        raise DatasetError("no utterance of the store can be aligned", subject=str(request.store))
    is_acoustic = store.document.acoustics is not None
    sweep(request.store)
    with hold_temporary(request.store / "cepstra", folder=True) as folder:
        try:
            aligned = align_speech(
                utterances,
                (lambda id_: store.acoustics(id_).mel_TF) if is_acoustic else store.features,
                text_tokens=text_tokens,
                config=config,
                folder=folder,
                progress=progress,
                workers=request.workers,
            )
        finally:
            shutil.rmtree(folder)
    if not aligned.durations:
        raise DatasetError("no utterance of the store can be aligned", subject=str(request.store))
    return aligned
