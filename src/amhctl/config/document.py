"""The base of every configuration document: strict, frozen, nothing unknown accepted."""

from pydantic import BaseModel, ConfigDict


class Document(BaseModel):
    """A frozen value read from TOML, JSON or the environment; an unknown key is an error."""

    # `strict` is off on purpose: TOML and the environment write 1 where 1.0 is meant and paths as strings.
    # A document is built when it is first read: a command uses few of them.
    model_config = ConfigDict(
        frozen=True, extra="forbid", use_attribute_docstrings=True, allow_inf_nan=False, defer_build=True
    )
