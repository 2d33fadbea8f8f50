"""One forward pass of training: from a batch to the loss to minimise. The only place that joins model and losses.

A module, because gradients of several processes are exchanged after a module's ``forward``.

Shapes: ``B batch, Q codebooks, S frames``.
"""

import torch
from torch import Tensor, nn

from amhctl.batches.batching import Batch
from amhctl.config.schema import TrainingConfig
from amhctl.model.layout import delay
from amhctl.model.unified_voice import UnifiedVoice
from amhctl.training.losses import (
    LossSums,
    TargetCounts,
    code_losses,
    correct_codes,
    duration_loss,
    speaker_losses,
    text_loss,
    weigh,
)
from amhctl.training.precision import Precision, autocast
from amhctl.training.speaker_adversary import SpeakerClassifier

UnifiedInputs = tuple[Tensor, TargetCounts, float, float]
"""Input codes, shape (B, Q, S), how many real targets the step has, the smoothing of the code loss, and how much of the
speaker classifier's gradient is reversed."""


def replace_frames(batch: Batch, share: float, codebook_size: int, generator: torch.Generator) -> Tensor:
    """Return input codes in which a random share of the frames is noise; the targets stay what they are.

    A model that has met wrong codes in training recovers from its own while speaking (Bengio et al. 2015, scheduled
    sampling, arXiv 1506.03099, in its cheapest form).
    """
    codes_BQS, where = batch.codes_BQS, generator.device
    if share == 0.0:
        return codes_BQS
    items, books, frames = codes_BQS.shape
    chosen_B1S = torch.rand((items, 1, frames), generator=generator, device=where) < share
    noise_BQS = torch.randint(codebook_size, (items, books, frames), generator=generator, device=where)
    return torch.where(chosen_B1S.to(codes_BQS.device), noise_BQS.to(codes_BQS.device), codes_BQS)


class Objective(nn.Module):
    """A voice and what it is trained for.

    Parameters
    ----------
    model : UnifiedVoice
        The voice.
    config : TrainingConfig
        Weights of the losses.
    precision : Precision
        Arithmetic of the forward pass.
    classifier : SpeakerClassifier | None
        Tells speakers by the emotion vector, where the run has one.
    """

    def __init__(
        self,
        model: UnifiedVoice,
        config: TrainingConfig,
        precision: Precision,
        classifier: SpeakerClassifier | None = None,
    ) -> None:
        super().__init__()
        self.classifier = classifier
        self.model = model
        self.config = config
        self.precision = precision

    def forward(
        self, batch: Batch, inputs_BQS: Tensor, counts: TargetCounts, smoothing: float, reversal: float = 0.0
    ) -> tuple[Tensor, Tensor]:
        """Return the loss to minimise and the packed sums of all losses.

        ``inputs_BQS`` are the codes the model is shown, ``batch.codes_BQS`` those it is to predict; ``counts`` are
        the targets of the whole optimiser step, of which the batch may be a part.
        """
        shape = self.model.config
        with autocast(self.precision, batch.codes_BQS.device):
            speaker_BLD, prompt_emotion_BD = self.encode_prompts(batch)
            latents_BLD, emotion_BD = _drop_conditions(batch, speaker_BLD, prompt_emotion_BD)
            output = self.model(
                batch.text_BT,
                batch.text_lengths_B,
                inputs_BQS,
                batch.code_lengths_B,
                latents_BLD,
                emotion_BD,
                batch.durations_BT,
                batch.speeds_B,
            )
        streams = delay(batch.codes_BQS, batch.code_lengths_B, start=shape.start_mel_token, stop=shape.stop_mel_token)
        logits_BQPV = output.code_logits_BQPV.float()
        zero = logits_BQPV.new_zeros(())
        sums = LossSums(
            codes_Q=code_losses(logits_BQPV, streams.targets_BQP, streams.mask_BQP, smoothing),
            text=zero
            if output.text_logits_BTV is None
            else text_loss(output.text_logits_BTV, batch.text_BT, batch.text_lengths_B, shape.stop_text_token),
            durations=zero
            if output.log_durations_BT is None or batch.durations_BT is None
            else duration_loss(output.log_durations_BT, batch.durations_BT, batch.text_lengths_B),
            correct_Q=correct_codes(logits_BQPV, streams.targets_BQP, streams.mask_BQP),
            speakers_3=self._adversary_losses(batch, prompt_emotion_BD, reversal),
        )
        return weigh(sums, counts, self.config), sums.packed()

    def encode_prompts(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Return speaker latents (B, L, D) and emotion vectors (B, D)."""
        prompts_BTF, lengths_B = batch.prompts_BTF.float(), batch.prompt_lengths_B
        latents_BLD = self.model.speaker_latents(prompts_BTF, lengths_B)
        emotion_BD = (
            self.model.emotion_vector(prompts_BTF, lengths_B)
            if batch.emotions_BTF is None
            else self.model.emotion_vector(batch.emotions_BTF.float(), batch.emotion_lengths_B)
        )
        return latents_BLD, emotion_BD

    def _adversary_losses(self, batch: Batch, emotion_BD: Tensor, reversal: float) -> Tensor | None:
        """Return the sums of the classifier, shape (3,); it always takes part, as several processes need it to."""
        if self.classifier is None:
            return None
        speakers_B = batch.speakers_B
        if speakers_B is None:
            speakers_B = torch.full((len(batch.ids),), -1, device=emotion_BD.device)
        return speaker_losses(self.classifier(emotion_BD.float(), reversal), speakers_B)


def _drop_conditions(batch: Batch, latents_BLD: Tensor, emotion_BD: Tensor) -> tuple[Tensor, Tensor]:
    """Return both, as zeros for items whose conditions are dropped."""
    if batch.conditioned_B is None:
        return latents_BLD, emotion_BD
    return latents_BLD * batch.conditioned_B[:, None, None], emotion_BD * batch.conditioned_B[:, None]
