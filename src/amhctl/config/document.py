"""The base of every configuration document: strict, frozen, nothing unknown accepted."""

import ast
import inspect
import textwrap
from itertools import pairwise

from pydantic import BaseModel, ConfigDict, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema


class Document(BaseModel):
    """A frozen value read from TOML, JSON or the environment; an unknown key is an error."""

    # `strict` is off on purpose: TOML and the environment write 1 where 1.0 is meant and paths as strings.
    # A document is built when it is first read: a command uses few of them.
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, defer_build=True)

    @classmethod
    def describe(cls) -> dict[str, str]:
        """Return what each field means: the text below it in the source. A field without one is left out.

        Read from the source when it is asked for, and not by ``use_attribute_docstrings`` when the class is made: that
        takes a fifth of a second of every command, and only the documentation wants to know.
        """
        meanings: dict[str, str] = {}
        for document in reversed(cls.__mro__):
            if isinstance(document, type) and issubclass(document, Document):
                meanings |= _meanings(document)
        return {name: meanings[name] for name in cls.model_fields if name in meanings}

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Return the JSON Schema, with the meaning of each field."""
        described = handler(schema)
        properties = handler.resolve_ref_schema(described).get("properties", {})
        for name, meaning in cls.describe().items():
            properties.get(name, {}).setdefault("description", meaning)
        return described


def _meanings(document: type[Document]) -> dict[str, str]:
    """Return the string below each annotated name of a class."""
    body = ast.parse(textwrap.dedent(inspect.getsource(document))).body[0]
    if not isinstance(body, ast.ClassDef):
        return {}
    return {
        field.target.id: inspect.cleandoc(text.value.value)
        for field, text in pairwise(body.body)
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)
        if isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant) and isinstance(text.value.value, str)
    }
