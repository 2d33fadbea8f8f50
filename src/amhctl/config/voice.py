"""The shape of a voice of either kind. No torch."""

from collections.abc import Mapping
from functools import cache
from typing import Annotated

from pydantic import Discriminator, JsonValue, Tag, TypeAdapter

from amhctl.config.flow import FlowVoiceConfig
from amhctl.config.unified import ModelConfig


def _kind_of(value: object) -> str:
    """Return the kind of voice that a document describes; one that names none is a UnifiedVoice's."""
    kind = value.get("kind", "unified") if isinstance(value, dict) else getattr(value, "kind", "unified")
    return str(kind)


VoiceConfig = Annotated[
    Annotated[ModelConfig, Tag("unified")] | Annotated[FlowVoiceConfig, Tag("flow")],
    Discriminator(_kind_of, "voice_kind", "unknown kind of voice; use unified or flow"),
]
"""The shape of a voice of either kind."""


@cache
def _adapter() -> TypeAdapter[ModelConfig | FlowVoiceConfig]:
    # Built when it is first asked for: speaking with one kind of voice needs no description of both.
    return TypeAdapter(VoiceConfig)


def read_voice_config(values: Mapping[str, JsonValue]) -> ModelConfig | FlowVoiceConfig:
    """Return the shape of a voice that a checkpoint's manifest describes.

    Raises
    ------
    ValidationError
        If it is that of neither kind.
    """
    return _adapter().validate_python(dict(values))
