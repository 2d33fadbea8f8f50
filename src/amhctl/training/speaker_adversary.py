"""A classifier that tells speakers by a voice's emotion vector, and whose gradient, reversed, takes that from it.

Domain-adversarial training (Ganin and Lempitsky 2015, arXiv 1409.7495), speakers being the domains. The classifier is a
tool of training: it is in the training state, for exact resume, and never in a voice.

Shapes: ``B batch, D width, C speakers``.
"""

import math
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from amhctl.config.schema import TrainingConfig
from amhctl.config.unified import ModelConfig
from amhctl.core.errors import CheckpointError, ConfigError
from amhctl.nn.reversal import reverse_gradient
from amhctl.training.seeding import derive_seed

_HIDDEN = 256
_RATE = 1e-3
"""Its own learning rate: it must follow a voice that changes, however slowly a base is fine-tuned."""
_CLIP = 1.0
_STEEPNESS = 10.0
_COUNT = "step"


class SpeakerClassifier(nn.Module):
    """Two layers from an emotion vector to speakers.

    Parameters
    ----------
    width : int
        Width of the emotion vector.
    speakers : int
        How many there are.
    """

    def __init__(self, width: int, speakers: int) -> None:
        super().__init__()
        # Normalised, or a voice could escape it by making its vectors small.
        self.norm = nn.LayerNorm(width, elementwise_affine=False)
        self.hidden = nn.Linear(width, _HIDDEN)
        self.output = nn.Linear(_HIDDEN, speakers)

    def forward(self, emotion_BD: Tensor, reversal: float) -> Tensor:
        """Return logits, shape (B, C); what made the vectors gets the gradient times ``-reversal``."""
        hidden_BH = torch.relu(self.hidden(self.norm(reverse_gradient(emotion_BD, reversal))))
        logits_BC: Tensor = self.output(hidden_BH)
        return logits_BC


class SpeakerAdversary:
    """A classifier in training, with an optimiser of its own.

    Parameters
    ----------
    width : int
        Width of the emotion vector.
    speakers : int
        How many there are.
    seed : int
        Of the run.
    """

    def __init__(self, width: int, speakers: int, seed: int) -> None:
        self._seed = derive_seed(seed, "speaker adversary")
        with torch.random.fork_rng(devices=[]):
            self.classifier = SpeakerClassifier(width, speakers)
        self.optimizer = torch.optim.Adam(self.classifier.parameters(), lr=_RATE)
        self.restart()

    @property
    def parameters(self) -> list[nn.Parameter]:
        """The classifier's."""
        return list(self.classifier.parameters())

    def restart(self) -> None:
        """Begin again, with the weights it began with."""
        with torch.random.fork_rng(devices=[]), torch.no_grad():
            torch.manual_seed(self._seed)
            for layer in (self.classifier.hidden, self.classifier.output):
                bound = 1.0 / math.sqrt(layer.in_features)
                for parameter in (layer.weight, layer.bias):
                    parameter.copy_(torch.empty(parameter.shape).uniform_(-bound, bound))
        self.optimizer.state.clear()

    def step(self) -> None:
        """Take one step; its gradient is clipped apart from the voice's."""
        torch.nn.utils.clip_grad_norm_(self.classifier.parameters(), _CLIP)
        self.optimizer.step()

    def tensors(self) -> dict[str, Tensor]:
        """Return weights and moments, ``<parameter>`` and ``<parameter>/<slot>``."""
        kept: dict[str, Tensor] = {}
        for name, parameter in self.classifier.named_parameters():
            kept[name] = parameter.detach()
            kept |= {f"{name}/{slot}": value for slot, value in self.optimizer.state.get(parameter, {}).items()}
        return kept

    def restore(self, tensors: Mapping[str, Tensor]) -> None:
        """Take up what ``tensors`` gave.

        Raises
        ------
        CheckpointError
            If they are not those of this classifier.
        """
        parameters = dict(self.classifier.named_parameters())
        self.optimizer.state.clear()
        for key, value in tensors.items():
            name, _, slot = key.partition("/")
            parameter = parameters.get(name)
            if parameter is None or (slot != _COUNT and value.shape != parameter.shape):
                raise CheckpointError("a tensor of the speaker classifier has the wrong shape", subject=key)
            if not slot:
                parameter.data.copy_(value)
            else:
                # Its own memory, aligned as in an uninterrupted run; Adam counts steps on the CPU.
                place = "cpu" if slot == _COUNT else parameter.device
                self.optimizer.state[parameter][slot] = torch.empty_like(value, device=place).copy_(value)
        if missing := sorted(set(parameters) - set(tensors)):
            raise CheckpointError("a tensor of the speaker classifier is missing", subject=missing[0])


def build_adversary(config: TrainingConfig, model: ModelConfig, speakers: int, seed: int) -> SpeakerAdversary | None:
    """Return the adversary that a run's stages want; None if none of them does.

    Raises
    ------
    ConfigError
        If there are no two speakers to tell apart.
    """
    if not config.has_speaker_adversary:
        return None
    if speakers < 2:
        raise ConfigError(
            "all clips are of one speaker: a speaker adversary needs at least two",
            subject="training.stages",
            hint="omit speaker_adversary in the stages",
        )
    return SpeakerAdversary(model.model_dim, speakers, seed)


def reversal_at(config: TrainingConfig, step: int) -> float:
    """Return the weight of the reversed gradient at a step, counted from 1.

    Within a stage it is λ (2 / (1 + exp(-10 p)) - 1), p going from 0 to 1 (Ganin and Lempitsky 2015, section 4.1): a
    classifier that knows nothing yet has nothing to say.
    """
    begun = 0
    for stage in config.stages:
        # A run that is made longer keeps the schedule it began with, as its rate does.
        end = stage.until or max(begun + 1, config.decay_steps or config.steps)
        if step <= end or not stage.until:
            share = min(1.0, (step - 1 - begun) / (end - begun))
            return stage.speaker_adversary * (2.0 / (1.0 + math.exp(-_STEEPNESS * share)) - 1.0)
        begun = end
    return 0.0
