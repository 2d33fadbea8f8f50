"""The stages of a run: which parameters of its voice learn in each. Knows no losses and no data.

All that learns in any stage is in the optimiser from the beginning. What a stage freezes gets no gradient in it, so
that neither decay nor moments move it; its averaged weights continue towards it.
"""

from torch import nn

from amhctl.config.schema import TrainingConfig
from amhctl.config.stages import TrainingStage
from amhctl.core.errors import ConfigError
from amhctl.training.network_tensors import stored_parameters
from amhctl.training.parts import is_low_rank, select


class Stages:
    """The stages of a run and the parameters that each freezes; one without a name, where none are configured.

    Parameters
    ----------
    model : nn.Module
        The voice, set up to learn.
    config : TrainingConfig
        Of the run.

    Raises
    ------
    ConfigError
        If a stage freezes what there is not, or all that learns, or what AdaLoRA must see learn.
    """

    def __init__(self, model: nn.Module, config: TrainingConfig) -> None:
        self._stages = config.stages or (TrainingStage(name="whole"),)
        self.configured = bool(config.stages)
        kind = str(getattr(getattr(model, "config", None), "kind", "unified"))
        stored = [each for each in stored_parameters(model) if each.parameter.requires_grad]
        self._learning = [each.parameter for each in stored]
        self._frozen: list[list[nn.Parameter]] = []
        for place, stage in enumerate(self._stages):
            key = f"training.stages.{place}.freeze"
            chosen = select((each.name for each in stored_parameters(model)), stage.freeze, kind=kind, key=key)
            frozen = [each for each in stored if each.name in chosen]
            if len(frozen) == len(stored):
                raise ConfigError(
                    f"no parameters are left to train in stage {stage.name}", subject=key, hint="freeze fewer parts"
                )
            if config.adapter.method == "adalora" and any(is_low_rank(each.name) for each in frozen):
                raise ConfigError(
                    "AdaLoRA changes the ranks of adapters during training, so no stage can freeze them",
                    subject=key,
                    hint="--set training.adapter.method=lora, or do not freeze adapters",
                )
            self._frozen.append([each.parameter for each in frozen])
        # Of whole parameters: later some may be in shards.
        self._counts = [sum(each.numel() for each in frozen) for frozen in self._frozen]

    def place_of(self, step: int) -> int:
        """Return the number of the stage that a step is in, from 0; steps are counted from 1."""
        return next(place for place, stage in enumerate(self._stages) if not stage.until or step <= stage.until)

    def is_last(self, step: int) -> bool:
        """Return whether a step is in the last stage."""
        return self.place_of(step) == len(self._stages) - 1

    def enter(self, place: int) -> None:
        """Let learn what learns in a stage; of what is frozen, gradients are not even computed."""
        for parameter in self._learning:
            parameter.requires_grad_(True)
        for parameter in self._frozen[place]:
            parameter.requires_grad_(False)

    def describe(self, place: int) -> str:
        """Return in words what a stage is."""
        stage = self._stages[place]
        count = self._counts[place]
        frozen = f"{count:,} parameters frozen ({', '.join(stage.freeze)})" if count else "no more parameters frozen"
        apart = f", speaker adversary with weight {stage.speaker_adversary:g}" if stage.speaker_adversary else ""
        end = f" to step {stage.until}" if stage.until else " to the end"
        return f"stage {stage.name}{end}: {frozen}{apart}"
