"""What a request asks for: the JSON bodies of this service, strict and frozen.

The fields of OpenAI's API have its names and meanings; ``input_type``, ``lexicon``, ``seed`` and ``pitch`` are ours. A
field that nothing here understands is refused and not ignored.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from amhctl.text.passage import Kind

_MOST_WORDS = 500
_LONGEST_WORD = 200
_LARGEST_SEED = 2**63 - 1

Name = Annotated[str, StringConstraints(min_length=1, max_length=_LONGEST_WORD)]
Word = Annotated[str, StringConstraints(max_length=_LONGEST_WORD)]
Lexicon = Annotated[dict[Word, Word], Field(max_length=_MOST_WORDS)]
InputType = Annotated[Kind | None, Field(description="What the input is; SSML is known by its beginning, <speak, too.")]


class _Body(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class VoiceId(_Body):
    """A voice as an object, as OpenAI's API writes one of the user's own."""

    id: Name


class SpeechBody(_Body):
    """The body of ``POST /v1/audio/speech``."""

    model: Annotated[Name, Field(description="A voice's name, from /v1/models.")]
    input: Annotated[str, Field(min_length=1, description="The text, plain or as SSML.")]
    input_type: InputType = None
    voice: Annotated[Name | VoiceId, Field(description="A speaker of the voice, from /v1/voices.")]
    response_format: Annotated[
        Literal["mp3", "opus", "aac", "flac", "wav", "pcm"],
        Field(description="aac needs the extra aac where the server is installed."),
    ] = "mp3"
    speed: Annotated[float, Field(description="0.5 to 2; 1 is the pace of the voice.")] = 1.0
    stream_format: Annotated[
        Literal["audio", "sse"], Field(description="The bytes of the file, or server-sent events that hold them.")
    ] = "audio"
    instructions: Annotated[str | None, Field(description="Refused unless empty: these voices follow none.")] = None
    lexicon: Annotated[Lexicon, Field(description="Passage words and their pronunciations, in fidel or in phones.")] = (
        Field(default_factory=dict)
    )
    seed: Annotated[int, Field(ge=0, le=_LARGEST_SEED, description="The same seed gives the same sound.")] = 0
    pitch: Annotated[float, Field(description="Semitones up or down, -12 to 12; of FlowVoices.")] = 0.0

    @property
    def voice_name(self) -> str:
        """Name of the voice, however it was written."""
        return self.voice.id if isinstance(self.voice, VoiceId) else self.voice


class ReadingBody(_Body):
    """The body of ``POST /v1/reading``."""

    model: Annotated[Name, Field(description="A voice's name, from /v1/models.")]
    input: Annotated[str, Field(min_length=1, description="The text, plain or as SSML.")]
    input_type: InputType = None
    lexicon: Annotated[Lexicon, Field(description="Passage words and their pronunciations, in fidel or in phones.")] = (
        Field(default_factory=dict)
    )
