"""How a FlowVoice is trained: flows of spectrogram and prosody, and expected durations.

Shapes: as in ``model/flow_voice.py``.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from amhctl.batches.acoustic_batch import AcousticBatch, collate_acoustic
from amhctl.batches.acoustic_dataset import AcousticDataset, AcousticItem
from amhctl.config.flow import FlowVoiceConfig
from amhctl.config.schema import TrainingConfig
from amhctl.core.findings import Finding
from amhctl.model.flow_sampling import PROSODY
from amhctl.model.flow_speaker_probe import probe_speakers
from amhctl.model.flow_voice import FlowVoice
from amhctl.model.speaker_probe import SpeakerProbe
from amhctl.training.feed import Plan
from amhctl.training.flow_objective import FlowCounts, FlowLosses, FlowNoise, FlowObjective, sample_noise
from amhctl.training.guided_teacher import GuidedTeacher
from amhctl.training.memory import copy_shapes
from amhctl.training.precision import Precision
from amhctl.training.seeding import generator_of
from amhctl.training.speaker_probe import RULES as COLLAPSE_RULES
from amhctl.training.voice_recipe import BatchSize, Lengths

FlowInputs = tuple[FlowNoise, FlowCounts]
_MOST_CLIPS = 1_000
# Of a mel bin above a recording's bandwidth, which hardly moves, as a share of the others' deviation.
_SMALLEST_DEVIATION = 0.1


@dataclass(frozen=True, slots=True)
class FlowRecipe:
    """A FlowVoice in training; implements ``VoiceRecipe``.

    Attributes
    ----------
    shape : FlowVoiceConfig
        The voice's.
    teacher : GuidedTeacher | None
        What it learns its velocities from, where its guidance is distilled.
    """

    shape: FlowVoiceConfig
    teacher: GuidedTeacher | None = None

    def collate(self, items: Sequence[AcousticItem]) -> AcousticBatch:
        """Return items as one batch."""
        return collate_acoustic(items)

    def blank(self, size: BatchSize) -> AcousticBatch:
        """Return a batch of a size without meaning; the first text piece lasts as long as all frames."""
        shape, items = self.shape, size.items
        durations_BP = torch.zeros(items, size.text, dtype=torch.int64)
        durations_BP[:, 0] = size.frames
        codes = -(-size.frames * shape.acoustics.mel.hop_samples // shape.code_frame_samples)
        return AcousticBatch(
            ids=tuple(str(index) for index in range(items)),
            text_BP=torch.zeros(items, size.text, dtype=torch.int64),
            text_lengths_B=torch.full((items,), size.text),
            durations_BP=durations_BP,
            mels_BTF=torch.zeros(items, size.frames, shape.acoustics.mel.bins),
            mel_lengths_B=torch.full((items,), size.frames),
            prosody_BP3=torch.zeros(items, size.text, PROSODY),
            noise_B=torch.zeros(items),
            speakers_BE=torch.zeros(items, shape.speaker_dim),
            codes_BQS=torch.zeros(items, shape.codebooks, codes, dtype=torch.int64),
        )

    def count(self, lengths: Lengths, batches: Plan) -> FlowCounts:
        """Return how many real targets micro-batches have."""
        stacked = self.shape.stacked_frames
        items = [index for batch in batches for index in batch]
        steps = sum(-(-lengths.frames[index] // stacked) for index in items)
        values = steps * stacked * self.shape.acoustics.mel.bins
        return FlowCounts(values, sum(lengths.text[index] for index in items), len(items))

    def objective(
        self, model: FlowVoice, config: TrainingConfig, precision: Precision, classifier: nn.Module | None = None
    ) -> FlowObjective:
        """Return the module of its losses; a FlowVoice knows no emotion, and is never given a classifier."""
        teacher = self.teacher
        if teacher is not None and next(model.parameters()).is_meta:
            # Where the memory of a step is estimated, nothing holds values.
            teacher = copy_shapes(teacher)
        return FlowObjective(model, config, precision, teacher)

    def inputs(
        self, batch: AcousticBatch, counts: FlowCounts, config: TrainingConfig, *, seed: int, step: int, place: int
    ) -> FlowInputs:
        """Return times, noise and what is dropped, and the counts."""
        shape = self.shape
        shares = (shape.text_dropout, shape.prosody_dropout, shape.code_dropout)
        return self._draw(batch, generator_of(seed, "flow", step, place, device=batch.mels_BTF.device), shares), counts

    def valid_inputs(self, batch: AcousticBatch, counts: FlowCounts, *, seed: int, place: int) -> FlowInputs:
        """Return times and noise that are the same at each validation; pitch, energy and codes are left out.

        So it is the voice that chooses them, as when it speaks. Drawn on the CPU, so that a voice has the same loss
        wherever it is validated.
        """
        return self._draw(batch, generator_of(seed, "validation", place), (0.0, 1.0, 1.0)), counts

    def _draw(self, batch: AcousticBatch, generator: torch.Generator, shares: tuple[float, ...]) -> FlowNoise:
        width = self.shape.acoustics.mel.bins * self.shape.stacked_frames
        return sample_noise(batch, width, self.shape.stacked_frames, generator, shares=shares)

    def summarize(self, packed: list[float], counts: FlowCounts, config: TrainingConfig) -> FlowLosses:
        """Return the means of packed sums."""
        mel, prosody, duration, expected, frames = packed
        mel, prosody = mel / max(1, counts.values), prosody / max(1, counts.pieces * 3)
        duration = duration / max(1, counts.pieces)
        total = mel + config.prosody_weight * prosody + config.duration_weight * duration
        return FlowLosses(total, mel, prosody, duration, expected / max(1.0, frames))

    def probe_speakers(self, model: FlowVoice, dataset: AcousticDataset) -> SpeakerProbe:
        """Return how far the voice tells the speakers of a dataset apart."""
        return probe_speakers(model, [torch.from_numpy(mean_E) for mean_E in dataset.speakers().values()])

    def find_collapsed_speakers(
        self, speaker_probe: SpeakerProbe, dataset: AcousticDataset, subject: str
    ) -> tuple[Finding, ...]:
        """Return a finding if the voice does not tell speakers apart."""
        if not speaker_probe.fault:
            return ()
        hint = "train longer, and check that the records name the right speakers: amhctl data check"
        return (COLLAPSE_RULES.finding("R012", subject, speaker_probe.fault, hint),)


@torch.no_grad()
def init_acoustic_scale(model: FlowVoice, dataset: AcousticDataset) -> None:
    """Let a new voice bring spectrograms, prosody and noise to the scale of a dataset, and expect its mean duration.

    Of more than a thousand clips, a thousand are measured that lie evenly among them.
    """
    places = np.unique(np.linspace(0, len(dataset) - 1, min(len(dataset), _MOST_CLIPS)).round().astype(int))
    sums: dict[str, list[np.ndarray]] = {"mel": [], "prosody": [], "noise": []}
    for place in places:
        item = dataset.item(int(place), 0)
        for name, rows in (("mel", item.mel_TF), ("prosody", item.prosody_P3), ("noise", np.array([[item.noise]]))):
            wide = rows.astype(np.float64)
            sums[name].append(np.stack([np.full(wide.shape[1], len(wide)), wide.sum(0), np.square(wide).sum(0)]))
    for name, parts in sums.items():
        counts, values, squares = np.sum(parts, axis=0)
        mean = values / counts
        deviation = np.sqrt(np.maximum(squares / counts - np.square(mean), 0.0))
        smallest = _SMALLEST_DEVIATION * float(deviation.mean()) or 1.0
        standard = getattr(model, f"{name}_standard")
        standard.mean.copy_(torch.from_numpy(mean))
        standard.deviation.copy_(torch.from_numpy(np.maximum(deviation, smallest)))
    model.log_duration.bias.fill_(math.log1p(sum(dataset.lengths) / sum(dataset.text_lengths)))
