"""Whether the voice that is being trained hears its prompt: watched at each validation, told when it no longer does."""

import numpy as np
import torch

from amhctl.batches.dataset import SpeechDataset
from amhctl.config.unified import ModelConfig
from amhctl.core.findings import Finding, Rule, Rules, Severity
from amhctl.model.speaker_probe import SpeakerProbe, probe_latents, probe_synthetic_prompts
from amhctl.model.unified_voice import UnifiedVoice

RULES = Rules(
    Rule(
        "R012",
        Severity.WARNING,
        "speaker collapse",
        "Different training clips give a UnifiedVoice nearly the same speaker latents, or different speakers give a "
        "FlowVoice nearly the same velocities, or activations of the speaker branch grow without limit: the voice "
        "sounds the same with every reference and speaker. Measured at each validation and recorded in the journal. "
        "For a UnifiedVoice trained on one speaker this is expected, and the finding is only informative.",
    ),
)
_MOST_PROMPTS = 16


def probe_clips(model: UnifiedVoice, dataset: SpeechDataset) -> SpeakerProbe:
    """Return what a voice makes of up to sixteen prompts of a dataset, of different clips that lie evenly in it."""
    places = np.unique(np.linspace(0, len(dataset) - 1, min(len(dataset), _MOST_PROMPTS)).round().astype(int))
    items = {item.prompt_id: item for item in (dataset.item(int(place), 0) for place in places)}
    if len(items) < 2:
        # One clip has nothing that it could differ from.
        return probe_synthetic_prompts(model)
    device = next(model.parameters()).device
    return probe_latents(model, [torch.from_numpy(item.prompt_TF).to(device) for item in items.values()])


def find_collapsed_speakers(
    speaker_probe: SpeakerProbe, dataset: SpeechDataset, model: ModelConfig, subject: str
) -> tuple[Finding, ...]:
    """Return a finding if the voice does not hear its prompt; it is no warning where one speaker is all there is."""
    if not speaker_probe.fault:
        return ()
    severity = Severity.WARNING
    if not model.condition_norms:
        hint = "fine-tuning does not repair it: train a new voice from scratch with model.condition_norms=true"
    elif len({entry.record.speaker for entry in dataset.entries}) == 1:
        severity = Severity.INFO
        hint = "a voice learns to distinguish speakers only from clips of several; --reference needs such a voice"
    else:
        hint = "train longer, and check that the records name the right speakers: amhctl data check"
    return (Finding("R012", severity, subject, speaker_probe.fault, hint),)
