"""What a voice is trained for: masked cross-entropies of codes and text, and the distance of durations.

Everything is a *sum* over real targets and a count of them; who adds micro-batches or processes divides once by the
total, so that neither padding nor the size of a micro-batch weighs anything. Knows no model.

Shapes: ``B batch, Q codebooks, P positions of the code streams, T text, L positions of the text, V vocabulary``.
"""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from amhctl.config.schema import TrainingConfig

_IGNORED = -100


@dataclass(frozen=True, slots=True, eq=False)
class LossSums:
    """Sums of losses over real targets.

    Attributes
    ----------
    codes_Q : Tensor
        Cross-entropy of each codebook.
    text : Tensor
        Cross-entropy of the text; zero where the text is not predicted.
    durations : Tensor
        Poisson deviance of the durations; zero where there are none.
    correct_Q : Tensor
        How many targets of each codebook were the most probable one.
    speakers_3 : Tensor | None
        Of the classifier that tells speakers by the emotion vector: cross-entropy, how many it told right, and how many
        there were to tell. None without one.
    """

    codes_Q: Tensor
    text: Tensor
    durations: Tensor
    correct_Q: Tensor
    speakers_3: Tensor | None = None

    def packed(self) -> Tensor:
        """Return all sums in one detached vector: text, durations, three of speakers, each codebook, correct ones."""
        speakers_3 = self.codes_Q.new_zeros(3) if self.speakers_3 is None else self.speakers_3
        first = torch.stack([self.text, self.durations])
        return torch.cat([first, speakers_3, self.codes_Q, self.correct_Q]).detach()


@dataclass(frozen=True, slots=True)
class TargetCounts:
    """How many real targets there are: of each codebook, of the text and of the durations; and how many utterances."""

    codes: int
    text: int
    durations: int
    items: int = 0


@dataclass(frozen=True, slots=True)
class Losses:
    """Means over real targets, weighted into one number.

    Attributes
    ----------
    accuracy : float
        Fraction of the first codebook's targets that were the most probable one.
    codebooks, accuracies : tuple[float, ...]
        Loss and accuracy of each codebook.
    speaker, speaker_accuracy : float | None
        Of the classifier that tells speakers by the emotion vector, which is no part of ``total``; None without one.
    """

    total: float
    code: float
    text: float
    duration: float
    accuracy: float
    codebooks: tuple[float, ...]
    accuracies: tuple[float, ...] = ()
    speaker: float | None = None
    speaker_accuracy: float | None = None

    @property
    def decisive(self) -> float:
        """The code loss: a text loss that rises on little data says nothing of the speech."""
        return self.code

    def journal(self) -> dict[str, float | list[float]]:
        """Return the values of a step."""
        classified = {"speaker": self.speaker, "speaker_accuracy": self.speaker_accuracy}
        return {
            "loss": self.total,
            "code": self.code,
            "text": self.text,
            "duration": self.duration,
            "accuracy": self.accuracy,
            "accuracies": list(self.accuracies),
            **{name: value for name, value in classified.items() if value is not None},
        }

    def valid_journal(self) -> dict[str, float | list[float]]:
        """Return the values of a validation, each codebook's among them."""
        return {**self.journal(), "codebooks": list(self.codebooks)}

    def metrics(self) -> dict[str, float | list[float]]:
        """Return what a voice's manifest says of it."""
        return {
            "valid_code_loss": self.code,
            "valid_loss": self.total,
            "valid_accuracy": self.accuracy,
            "valid_codebooks": list(self.codebooks),
            "valid_accuracies": list(self.accuracies),
        }


def code_losses(logits_BQPV: Tensor, targets_BQP: Tensor, mask_BQP: Tensor, smoothing: float) -> Tensor:
    """Return the summed cross-entropy of each codebook, shape (Q,)."""
    targets_BPQ = targets_BQP.masked_fill(~mask_BQP, _IGNORED).transpose(1, 2)
    # The model's head gives (B, P, Q, V): flattened in that order, the largest tensor of a step is not copied.
    losses = functional.cross_entropy(
        logits_BQPV.float().transpose(1, 2).flatten(0, 2),
        targets_BPQ.flatten(),
        ignore_index=_IGNORED,
        reduction="none",
        label_smoothing=smoothing,
    )
    return losses.view(targets_BPQ.shape).sum((0, 1))


def text_loss(logits_BLV: Tensor, text_BT: Tensor, lengths_B: Tensor, stop: int) -> Tensor:
    """Return the summed cross-entropy of each text and exactly one stop; position i predicts piece i."""
    positions = text_BT.shape[1] + 1
    index_L = torch.arange(positions, device=text_BT.device)
    targets_BL = functional.pad(text_BT, (0, 1)).masked_fill(index_L >= lengths_B[:, None], stop)
    targets_BL = targets_BL.masked_fill(index_L > lengths_B[:, None], _IGNORED)
    return functional.cross_entropy(
        logits_BLV[:, :positions].float().flatten(0, 1), targets_BL.flatten(), ignore_index=_IGNORED, reduction="sum"
    )


def duration_loss(predicted_BT: Tensor, durations_BT: Tensor, lengths_B: Tensor) -> Tensor:
    """Return the summed Poisson deviance of 1 + frames, given its predicted logarithm.

    It is least at the mean, so that the predictions of a sentence add up to its length. The squared error of logarithms
    of FastSpeech (Ren et al. 2019, arXiv 1905.09263) is least at the geometric mean: sentences came out 19 % short.
    Deviance: McCullagh and Nelder 1989, "Generalized Linear Models", section 2.3.
    """
    real_BT = torch.arange(durations_BT.shape[1], device=durations_BT.device) < lengths_B[:, None]
    expected_BT, counted_BT = predicted_BT.float().exp(), 1.0 + durations_BT.float()
    deviances_BT = 2.0 * (counted_BT * (counted_BT.log() - predicted_BT.float()) - counted_BT + expected_BT)
    return deviances_BT.masked_fill(~real_BT, 0.0).sum()


def correct_codes(logits_BQPV: Tensor, targets_BQP: Tensor, mask_BQP: Tensor) -> Tensor:
    """Return how many targets of each codebook have the highest logit, shape (Q,)."""
    hits_BQP = logits_BQPV.argmax(-1) == targets_BQP
    return (hits_BQP & mask_BQP).sum((0, 2)).float()


def speaker_losses(logits_BC: Tensor, speakers_B: Tensor) -> Tensor:
    """Return the summed cross-entropy of speakers, how many were told right, and how many have a number: shape (3,)."""
    known_B = speakers_B >= 0
    targets_B = speakers_B.masked_fill(~known_B, _IGNORED)
    loss = functional.cross_entropy(logits_BC.float(), targets_B, ignore_index=_IGNORED, reduction="sum")
    right = ((logits_BC.argmax(-1) == speakers_B) & known_B).sum()
    return torch.stack([loss, right.float(), known_B.sum().float()])


def weigh(sums: LossSums, counts: TargetCounts, config: TrainingConfig) -> Tensor:
    """Return the loss to minimise: the weighted sum of the means over real targets.

    The code loss is the mean of the codebooks' means, the first of them weighted. That of the speaker classifier is
    added as it is: how much of it reaches the voice, and in which direction, is said where its gradient is reversed.
    """
    weights_Q = torch.ones_like(sums.codes_Q)
    weights_Q[0] = config.first_codebook_weight
    code = (weights_Q * sums.codes_Q).sum() / weights_Q.sum() / max(1, counts.codes)
    text = sums.text / max(1, counts.text)
    durations = sums.durations / max(1, counts.durations)
    voice = config.code_weight * code + config.text_weight * text + config.duration_weight * durations
    return voice if sums.speakers_3 is None else voice + sums.speakers_3[0] / max(1, counts.items)


def summarize(packed: list[float], counts: TargetCounts, config: TrainingConfig) -> Losses:
    """Return the means of packed sums, over the same targets, for journals and decisions."""
    text_sum, duration_sum, speaker_sum, correct, classified, *books = packed
    half = len(books) // 2
    codebooks, accuracies = (
        tuple(book / max(1, counts.codes) for book in part) for part in (books[:half], books[half:])
    )
    weights = (config.first_codebook_weight, *(1.0,) * (half - 1))
    code = sum(weight * loss for weight, loss in zip(weights, codebooks, strict=True)) / sum(weights)
    text = text_sum / max(1, counts.text)
    duration = duration_sum / max(1, counts.durations)
    return Losses(
        total=config.code_weight * code + config.text_weight * text + config.duration_weight * duration,
        code=code,
        text=text,
        duration=duration,
        accuracy=accuracies[0],
        codebooks=codebooks,
        accuracies=accuracies,
        speaker=speaker_sum / classified if classified else None,
        speaker_accuracy=correct / classified if classified else None,
    )
