"""How a UnifiedVoice is trained: code, text and duration losses, with input codes replaced at random."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import torch
from torch import nn

from amhctl.batches.batching import Batch, collate
from amhctl.batches.dataset import Item, SpeechDataset
from amhctl.config.schema import TrainingConfig
from amhctl.config.unified import ModelConfig
from amhctl.core.errors import DatasetError
from amhctl.core.findings import Finding
from amhctl.model.conditioning import FEWEST_FEATURES
from amhctl.model.speaker_probe import SpeakerProbe
from amhctl.model.unified_voice import UnifiedVoice
from amhctl.training.feed import Plan
from amhctl.training.losses import Losses, TargetCounts, summarize
from amhctl.training.objective import Objective, UnifiedInputs, replace_frames
from amhctl.training.precision import Precision
from amhctl.training.seeding import generator_of
from amhctl.training.speaker_adversary import SpeakerClassifier, reversal_at
from amhctl.training.speaker_probe import find_collapsed_speakers, probe_clips
from amhctl.training.voice_recipe import BatchSize, Lengths


@dataclass(frozen=True, slots=True)
class UnifiedRecipe:
    """A UnifiedVoice in training; implements ``VoiceRecipe``."""

    shape: ModelConfig

    def collate(self, items: Sequence[Item]) -> Batch:
        """Return items as one batch.

        Raises
        ------
        DatasetError
            If a prompt is too short to be heard.
        """
        for item in items:
            inputs = {f"its prompt, {item.prompt_id},": item.prompt_TF}
            if item.emotion_TF is not None:
                inputs["it"] = item.emotion_TF
            for what, features_TF in inputs.items():
                if len(features_TF) < FEWEST_FEATURES:
                    raise DatasetError(
                        f"{what} has {len(features_TF)} frames of features, but a voice needs at least "
                        f"{FEWEST_FEATURES}",
                        subject=item.id,
                        hint="remove recordings shorter than a tenth of a second, and extract codes again",
                    )
        return collate(items)

    def blank(self, size: BatchSize) -> Batch:
        """Return a batch of a size without meaning; the first text piece lasts as long as all frames."""
        shape, items = self.shape, size.items
        durations_BT = torch.zeros(items, size.text, dtype=torch.int64)
        durations_BT[:, 0] = size.frames
        return Batch(
            ids=tuple(str(index) for index in range(items)),
            text_BT=torch.zeros(items, size.text, dtype=torch.int64),
            text_lengths_B=torch.full((items,), size.text),
            codes_BQS=torch.zeros(items, shape.codebooks, size.frames, dtype=torch.int64),
            code_lengths_B=torch.full((items,), size.frames),
            prompts_BTF=torch.zeros(items, size.prompt, shape.condition_dim),
            prompt_lengths_B=torch.full((items,), size.prompt),
            durations_BT=None if shape.alignment is None else durations_BT,
        )

    def count(self, lengths: Lengths, batches: Plan) -> TargetCounts:
        """Return how many real targets micro-batches have: each sequence and exactly one stop."""
        items, codes, text = lengths.sums(batches)
        return TargetCounts(codes=codes + items, text=text + items, durations=text, items=items)

    def objective(
        self, model: UnifiedVoice, config: TrainingConfig, precision: Precision, classifier: nn.Module | None = None
    ) -> Objective:
        """Return the module of its losses."""
        return Objective(model, config, precision, cast("SpeakerClassifier | None", classifier))

    def inputs(
        self, batch: Batch, counts: TargetCounts, config: TrainingConfig, *, seed: int, step: int, place: int
    ) -> UnifiedInputs:
        """Return input codes, some of them at random, the counts, the smoothing and the weight of the reversal."""
        generator = generator_of(seed, "replacement", step, place, device=batch.codes_BQS.device)
        inputs_BQS = replace_frames(batch, config.code_replacement, self.shape.codebook_size, generator)
        return inputs_BQS, counts, config.label_smoothing, reversal_at(config, step)

    def valid_inputs(self, batch: Batch, counts: TargetCounts, *, seed: int, place: int) -> UnifiedInputs:
        """Return the codes as they are, the counts, no smoothing and no reversal."""
        return batch.codes_BQS, counts, 0.0, 0.0

    def summarize(self, packed: list[float], counts: TargetCounts, config: TrainingConfig) -> Losses:
        """Return the means of packed sums."""
        return summarize(packed, counts, config)

    def probe_speakers(self, model: UnifiedVoice, dataset: SpeechDataset) -> SpeakerProbe:
        """Measure what a voice makes of prompts of a dataset."""
        return probe_clips(model, dataset)

    def find_collapsed_speakers(
        self, speaker_probe: SpeakerProbe, dataset: SpeechDataset, subject: str
    ) -> tuple[Finding, ...]:
        """Return a finding if the voice does not hear its prompt."""
        return find_collapsed_speakers(speaker_probe, dataset, self.shape, subject)
