"""Other names of what is served: those that clients of OpenAI's API send unless told otherwise, and an owner's own.

An alias is listed beside what it stands for, and every answer says who spoke. A name that is neither served nor an
alias is refused: nobody hears a voice that was not asked for.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from amhctl.core.errors import OptionError

OPENAI_MODELS: Final = ("tts-1", "tts-1-hd", "gpt-4o-mini-tts")
OPENAI_VOICES: Final = (
    "alloy",
    "ash",
    "ballad",
    "coral",
    "echo",
    "fable",
    "nova",
    "onyx",
    "sage",
    "shimmer",
    "verse",
    "marin",
    "cedar",
)
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class Aliases:
    """Which other names there are.

    Attributes
    ----------
    names : Mapping[str, str]
        An owner's aliases, and the model or speaker that each stands for.
    openai : bool
        Whether OpenAI's names are aliases too: its models of the first model, its voices of the speakers of each model
        in turn.
    """

    names: Mapping[str, str] = field(default_factory=dict)
    openai: bool = True

    def require_targets(self, models: Mapping[str, Sequence[str]]) -> None:
        """Refuse aliases of nothing, and those that hide what is served.

        Parameters
        ----------
        models : Mapping[str, Sequence[str]]
            The speakers of each model.

        Raises
        ------
        OptionError
            If there are any.
        """
        served = {*models, *(speaker for speakers in models.values() for speaker in speakers)}
        for name, target in self.names.items():
            fault = ""
            if not name.strip() or len(name) > _LONGEST:
                fault = f"the alias is empty or longer than {_LONGEST} characters"
            elif name in served:
                fault = f"{name!r} is served under this name"
            elif target not in served:
                fault = f"{target!r} is neither a model nor a speaker that is served"
            if fault:
                raise OptionError(
                    fault,
                    subject=f"the alias {name[:_LONGEST]!r}",
                    hint=f"an alias is another name of one of: {', '.join(sorted(served))}",
                )

    def models(self, models: Sequence[str]) -> dict[str, str]:
        """Return the model that each alias stands for."""
        found = dict.fromkeys(OPENAI_MODELS, models[0]) if self.openai and models else {}
        found |= {name: target for name, target in self.names.items() if target in models}
        return {name: target for name, target in found.items() if name not in models}

    def voices(self, model: str, speakers: Sequence[str]) -> dict[str, str]:
        """Return the speaker of a model that each alias stands for; the model's name is its first speaker."""
        found = {}
        if self.openai:
            found = {name: speakers[place % len(speakers)] for place, name in enumerate(OPENAI_VOICES)}
        own = {model: speakers[0], **{speaker: speaker for speaker in speakers}}
        found |= {name: own[target] for name, target in self.names.items() if target in own}
        return {name: target for name, target in found.items() if name not in own}
