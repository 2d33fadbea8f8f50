"""Documents: frozen, and nothing unknown accepted."""

import pytest
from pydantic import Field, ValidationError

from amhctl.config.document import Document


class Room(Document):
    """A document for the test."""

    width: float = Field(4.0, gt=0)
    """Metres."""


def test_unknown_keys_wrong_types_and_infinities_are_refused() -> None:
    for values in ({"widht": 4}, {"width": "wide"}, {"width": float("inf")}, {"width": 0}):
        with pytest.raises(ValidationError):
            Room.model_validate(values)


def test_a_document_cannot_change() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Room().width = 5.0  # type: ignore[misc]


def test_integers_stand_for_floats_and_docstrings_describe() -> None:
    assert Room.model_validate({"width": 3}) == Room(width=3.0)
    assert Room.describe() == {"width": "Metres."}
    assert Room.model_json_schema()["properties"]["width"]["description"] == "Metres."
