"""What a FlowVoice is trained on: the utterances of a code store with acoustics, and a finding for each left out."""

from amhctl.batches.acoustic_dataset import AcousticDataset
from amhctl.codes.store import CodeStore
from amhctl.config.flow import FlowVoiceConfig
from amhctl.core.progress import Progress
from amhctl.text.frontend import Frontend
from amhctl.tokenizer.tokenizer import Tokenizer
from amhctl.training.material import (
    Material,
    find_sole_clips,
    find_untimed,
    require_alignment,
    require_split,
    tokenize,
)


def gather_acoustics(
    store: CodeStore,
    frontend: Frontend,
    tokenizer: Tokenizer,
    *,
    vocabulary_fingerprint: str,
    model: FlowVoiceConfig,
    seed: int,
    progress: Progress,
) -> Material[AcousticDataset]:
    """Return the datasets of a FlowVoice's run.

    Raises
    ------
    DatasetError
        If the store has no training or no validation utterance, or lacks durations in acoustic frames.
    VocabularyError
        If the vocabulary does not cover the texts.
    """
    alignment = require_alignment(store, vocabulary_fingerprint, frontend.state_hash)
    entries = [entry for entry in store if entry.record.split in {"train", "valid"}]
    tokens, findings = tokenize(store, entries, frontend, tokenizer, progress)
    findings += find_untimed(entries, tokens, alignment)
    excluded = {finding.subject for finding in findings}
    fitting = [entry for entry in entries if entry.id not in excluded]

    def dataset(split: str) -> AcousticDataset:
        chosen = require_split(store, entries, fitting, split, tuple(findings))
        return AcousticDataset(store, chosen, tokens, alignment, codebooks=model.codebooks, seed=seed)

    train, valid = dataset("train"), dataset("valid")
    sole = (*find_sole_clips(train.sole_clips), *find_sole_clips(valid.sole_clips, "validation "))
    return Material(train, valid, (*findings, *sole), alignment.fingerprint)
