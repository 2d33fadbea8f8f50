"""What a run is trained on: the utterances of a code store that fit the voice, and a finding for each that does not.

Every path from written text to ids is the frontend's ``units`` and the tokenizer; there is no other.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Generic, TypeVar

from amhctl.batches.dataset import SpeechDataset
from amhctl.codes.alignment import Alignment
from amhctl.codes.index import StoredUtterance
from amhctl.codes.store import CodeStore
from amhctl.config.schema import TrainingConfig
from amhctl.config.unified import ModelConfig
from amhctl.core.errors import DatasetError, VocabularyError
from amhctl.core.findings import Finding, Rule, Rules, Severity
from amhctl.core.progress import Progress
from amhctl.text.frontend import Frontend
from amhctl.tokenizer.tokenizer import Tokenizer
from amhctl.training.readings import Unread, Verbatim, read_texts

RULES = Rules(
    Rule(
        "R001",
        Severity.WARNING,
        "text too long",
        "The text has more pieces than model.max_text_tokens; the utterance is left out of training.",
    ),
    Rule(
        "R002",
        Severity.WARNING,
        "speech too long",
        "The utterance has more code frames than model.max_mel_tokens allows, less the delay of the last codebook; it "
        "is left out of training.",
    ),
    Rule(
        "R003",
        Severity.WARNING,
        "nothing to speak",
        "The text frontend finds nothing speakable in the text; the utterance is not used for training.",
    ),
    Rule(
        "R004",
        Severity.WARNING,
        "only clip of its speaker",
        "The split has no other clip of the speaker that could be the prompt, so the clip is its own prompt: in "
        "training the voice may learn to copy it, and validation results are too good.",
    ),
    Rule(
        "R005",
        Severity.WARNING,
        "pieces missing from the vocabulary",
        "The vocabulary does not cover the text; the utterance is left out of training. If it does not cover more "
        "than a tenth of the utterances, the vocabulary is refused.",
    ),
    Rule(
        "R006",
        Severity.WARNING,
        "no durations",
        "The utterance could not be aligned and the model needs durations; it is left out of training.",
    ),
)


_LEFT_OUT = "left out of training"
_LANGUAGE = "am"
"""What the frontend reads."""
_SPLIT_HINTS = {
    "train": "run `amhctl data split MANIFEST`, then `amhctl codes extract` again",
    # A run keeps the weights that do best on what it was not trained on: there are none without.
    "valid": "run `amhctl data split MANIFEST --valid 0.02 --redraw`, then `amhctl codes extract` again: a run keeps "
    "the voice that is best on clips it was not trained on",
}
DatasetT = TypeVar("DatasetT")
_MOST_UNCOVERED = 0.1
"""Fraction of texts with unknown pieces above which the vocabulary is not one for these texts."""


@dataclass(frozen=True, slots=True, eq=False)
class Material(Generic[DatasetT]):
    """The two datasets of a run, what was left out, and the fingerprint of the durations; empty without them."""

    train: DatasetT
    valid: DatasetT
    findings: tuple[Finding, ...]
    alignment: str


def gather(
    store: CodeStore,
    frontend: Frontend,
    tokenizer: Tokenizer,
    *,
    vocabulary_fingerprint: str,
    model: ModelConfig,
    training: TrainingConfig,
    seed: int,
    progress: Progress,
    of_base: bool = False,
) -> Material[SpeechDataset]:
    """Return the datasets of a UnifiedVoice's run.

    Of a store of the base's language (``of_base``), texts of other languages are taken as they are.

    Raises
    ------
    DatasetError
        If the store has no training or no validation utterance, or lacks the alignment the model needs.
    VocabularyError
        If the vocabulary does not cover the texts.
    """
    alignment = require_alignment(store, vocabulary_fingerprint, frontend.state_hash) if model.alignment else None
    entries = [entry for entry in store if entry.record.split in {"train", "valid"}]
    tokens, findings = tokenize(store, entries, frontend, tokenizer, progress, of_base=of_base and alignment is None)
    findings += _find_overlong(entries, tokens, model)
    if alignment is not None:
        findings += find_untimed(entries, tokens, alignment)
    excluded = {finding.subject for finding in findings}
    fitting = [entry for entry in entries if entry.record.id not in excluded]

    # Former data are of speakers that the voice is not to be set apart from.
    speakers = {entry.record.speaker for entry in fitting if entry.record.split == "train"}
    numbers = {name: number for number, name in enumerate(sorted(speakers))} if training.has_speaker_adversary else {}

    dataset = partial(
        SpeechDataset,
        store,
        tokens=tokens,
        durations=alignment,
        prompt_seconds=training.prompt_seconds,
        codebooks=model.codebooks,
        seed=seed,
        numbers=None if of_base else numbers,
    )
    train = dataset(
        require_split(store, entries, fitting, "train", tuple(findings)),
        mask_time_share=training.mask_time_share,
        mask_bin_share=training.mask_bin_share,
        emotion_from_target=training.emotion_from_target,
        condition_dropout=training.condition_dropout,
        speed_share=training.speed_share,
    )
    # Validation hears what a voice hears that speaks: a prompt, for both.
    valid = dataset(require_split(store, entries, fitting, "valid", tuple(findings)))
    return Material(
        train,
        valid,
        (*findings, *find_sole_clips(train.sole_clips), *find_sole_clips(valid.sole_clips, "validation ")),
        alignment.fingerprint if alignment is not None else "",
    )


def require_alignment(store: CodeStore, vocabulary_fingerprint: str, text_hash: str) -> Alignment:
    """Return the store's durations, made with this vocabulary and this frontend.

    Raises
    ------
    DatasetError
        If there are none, or they were made with others.
    """
    hint = f"run `amhctl codes align {store.path} --vocab VOCABULARY`"
    alignment = store.alignment()
    if alignment is None:
        raise DatasetError("the store has no durations, which the model needs", subject=str(store.path), hint=hint)
    faults = []
    if alignment.vocabulary_fingerprint != vocabulary_fingerprint:
        faults.append(f"vocabulary {alignment.vocabulary_fingerprint[:12]} instead of {vocabulary_fingerprint[:12]}")
    if alignment.text_hash != text_hash:
        faults.append(f"text state {alignment.text_hash[:12]} instead of {text_hash[:12]}")
    if faults:
        raise DatasetError(f"the store was aligned with {' and '.join(faults)}", subject=str(store.path), hint=hint)
    return alignment


def tokenize(
    store: CodeStore,
    entries: list[StoredUtterance],
    frontend: Frontend,
    tokenizer: Tokenizer,
    progress: Progress,
    *,
    of_base: bool = False,
) -> tuple[dict[str, tuple[int, ...]], list[Finding]]:
    """Return the text ids of utterances, and a finding for each that has none.

    Where the store is ``of_base``, the frontend reads what is Amharic; texts of other languages are taken as they are.

    Raises
    ------
    VocabularyError
        If the vocabulary does not cover the texts.
    """
    foreign = {entry.id for entry in entries if of_base and entry.record.language != _LANGUAGE}
    texts = (entry.record.text for entry in entries if entry.id not in foreign)
    others = (entry.record.text for entry in entries if entry.id in foreign)
    readings = read_texts(store.path, texts, frontend, tokenizer, progress)
    taken = read_texts(store.path, others, Verbatim(), tokenizer, progress) if foreign else readings
    tokens: dict[str, tuple[int, ...]] = {}
    findings: list[Finding] = []
    unknown: list[Finding] = []
    for entry in entries:
        read = (taken if entry.id in foreign else readings)[entry.record.text]
        if not isinstance(read, Unread):
            tokens[entry.id] = read
        elif read.fault == "text":
            findings.append(RULES.finding("R003", entry.id, read.reason, _LEFT_OUT))
        else:
            unknown.append(RULES.finding("R005", entry.id, read.reason, _LEFT_OUT))
    if len(unknown) > _MOST_UNCOVERED * len(entries):
        raise VocabularyError(
            f"the vocabulary does not cover {len(unknown)} of {len(entries)} texts: {unknown[0].message}",
            subject=unknown[0].subject,
            hint="run `amhctl vocab check` on the corpus, then `amhctl vocab train` or `amhctl vocab extend`",
        )
    return tokens, findings + unknown


def find_untimed(
    entries: Sequence[StoredUtterance], tokens: Mapping[str, tuple[int, ...]], alignment: Alignment
) -> list[Finding]:
    """Return a finding for each readable utterance without durations."""
    return [
        RULES.finding("R006", entry.id, "the utterance has no durations", _LEFT_OUT)
        for entry in entries
        if entry.id in tokens and entry.id not in alignment
    ]


def _find_overlong(
    entries: list[StoredUtterance], tokens: Mapping[str, tuple[int, ...]], model: ModelConfig
) -> list[Finding]:
    # The delayed streams of all codebooks end that much later than the first one.
    most_frames = model.max_mel_tokens - model.codebooks + 1
    findings = []
    for entry in entries:
        subject = entry.record.id
        pieces = len(tokens.get(subject, ()))
        if pieces > model.max_text_tokens:
            message = f"{pieces} pieces, more than model.max_text_tokens {model.max_text_tokens}"
            findings.append(RULES.finding("R001", subject, message, _LEFT_OUT))
        elif entry.frames > most_frames:
            message = f"{entry.frames} frames, more than the {most_frames} that model.max_mel_tokens allows"
            findings.append(RULES.finding("R002", subject, message, _LEFT_OUT))
    return findings


def find_sole_clips(clips: Sequence[str], kind: str = "") -> list[Finding]:
    """Return a finding for each clip that is the only one of its speaker."""
    message = f"the only {kind}clip of its speaker is its own prompt"
    hint = "record more of this speaker" if not kind else "assign more clips of this speaker to the split"
    return [RULES.finding("R004", subject, message, hint) for subject in clips]


def require_split(
    store: CodeStore,
    entries: Sequence[StoredUtterance],
    fitting: Sequence[StoredUtterance],
    split: str,
    findings: tuple[Finding, ...],
) -> tuple[StoredUtterance, ...]:
    """Return the fitting utterances of a split.

    Raises
    ------
    DatasetError
        If there are none, with what was found.
    """
    chosen = tuple(entry for entry in fitting if entry.record.split == split)
    if chosen:
        return chosen
    ids = {entry.id for entry in entries if entry.record.split == split}
    if not ids:
        raise DatasetError(
            f"the store has no utterance of the split {split!r}, which training needs",
            subject=str(store.path),
            hint=_SPLIT_HINTS[split],
            findings=findings,
        )
    reasons = [finding for finding in findings if finding.subject in ids]
    counts = Counter(finding.code for finding in reasons)
    raise DatasetError(
        f"all {len(ids)} utterances of the split {split!r} were left out "
        f"({', '.join(f'{code}: {count}' for code, count in sorted(counts.items()))})",
        subject=str(store.path),
        hint=f"the first is {reasons[0].subject}: {reasons[0].message}",
        findings=findings,
    )
