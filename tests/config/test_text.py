"""How written text is read."""

import pytest
from pydantic import ValidationError

from amhctl.config.text import TextConfig


def test_every_setting_says_what_it_is() -> None:
    assert set(TextConfig.model_fields) == set(TextConfig.describe())


@pytest.mark.parametrize("values", [{"units": "letters"}, {"backends": []}, {"breath_syllables": 7}])
def test_what_cannot_be_is_refused(values: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        TextConfig.model_validate(values)
