"""Whether a voice was trained on the clips that it is measured on: then the figures say what it remembers."""

from collections.abc import Sequence
from pathlib import Path

from amhctl.checkpoint.manifest import Manifest
from amhctl.codes.index import digest_samples
from amhctl.codes.store import CodeStore
from amhctl.core.findings import Finding, Rule, Rules, Severity
from amhctl.workflows.eval_clip import Clip

RULES = Rules(
    Rule(
        "E010",
        Severity.WARNING,
        "test clip in the training data",
        "The voice was trained or validated on the recording, or on its text: what is measured on it is too good. Use "
        "the split test of the manifest, or other sentences.",
    ),
    Rule(
        "E011",
        Severity.WARNING,
        "store not that of the voice",
        "The voice was trained on another code store than that of --trained-on, or on more than that. What is found is "
        "of the store.",
    ),
)
_LEARNT = frozenset({"train", "valid"})
_MOST_LISTED = 20


def find_trained(store_path: Path, manifest: Manifest, clips: Sequence[Clip]) -> list[Finding]:
    """Return a finding for each clip that a code store has in its splits train and valid.

    A clip is known by its samples, in whatever file they are, and by its text.

    Raises
    ------
    DatasetError
        If there is no store, or it is damaged.
    """
    store = CodeStore.open(store_path)
    findings = []
    if store.fingerprint != manifest.data_fingerprint:
        message = "the voice's manifest names other data" if manifest.data_fingerprint else "the voice names no data"
        findings.append(RULES.finding("E011", str(store_path), message))
    samples, texts = {}, {}
    for entry in store:
        if entry.record.split in _LEARNT:
            texts[_folded(entry.record.text)] = entry.id
            if entry.audio.samples:
                samples[entry.audio.samples] = entry.id
    found = []
    for clip in clips:
        digest = digest_samples(clip.natural.samples, clip.natural.sample_rate)
        if (known := samples.get(digest)) is not None:
            found.append(RULES.finding("E010", clip.record.id, f"the recording is {known} of the training data"))
        elif (known := texts.get(_folded(clip.record.text))) is not None:
            found.append(RULES.finding("E010", clip.record.id, f"the text is that of {known} of the training data"))
    if len(found) > _MOST_LISTED:
        rest = f"{len(found) - _MOST_LISTED} more clips are in the training data"
        found = [*found[:_MOST_LISTED], RULES.finding("E010", str(store_path), rest)]
    return [*findings, *found]


def _folded(text: str) -> str:
    return " ".join(text.split())
