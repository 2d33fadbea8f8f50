"""The schema: every number described, every contradiction refused."""

import json

import pytest
from pydantic import ValidationError

from amhctl.config import schema
from amhctl.config.document import Document
from amhctl.config.schema import RunConfig

DOCUMENTS = [
    value
    for value in vars(schema).values()
    if isinstance(value, type) and issubclass(value, Document) and value is not Document
]


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_setting_says_what_it_is(document: type[Document]) -> None:
    assert set(document.model_fields) == set(document.describe())


def test_a_round_trip_through_json_changes_nothing() -> None:
    config = RunConfig()
    assert RunConfig.model_validate(json.loads(config.model_dump_json())) == config


@pytest.mark.parametrize("values", [{"training": {"betas": [0.9]}}, {"text": {"units": "letters"}}])
def test_what_cannot_be_is_refused(values: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        RunConfig.model_validate(values)


def test_voices_are_not_compared_by_too_few_samples() -> None:
    for samples in (0, 7):
        with pytest.raises(ValidationError, match=f"needs training.samples of 8 or more, there are {samples}"):
            RunConfig.model_validate({"training": {"best_by": "text_match", "samples": samples}})
    assert RunConfig.model_validate({"training": {"best_by": "text_match", "samples": 8}}).training.samples == 8


def test_a_step_is_unusual_only_from_more_than_the_usual_on() -> None:
    for name in ("spike_norm", "spike_loss"):
        with pytest.raises(ValidationError, match=name):
            RunConfig.model_validate({"training": {name: 0.5}})


@pytest.mark.parametrize(
    ("values", "words"), [({"adapter": {"method": "adalora"}}, "adalora"), ({"compile": True}, "compile")]
)
def test_what_cannot_lie_in_shards_is_refused(values: dict[str, object], words: str) -> None:
    with pytest.raises(ValidationError, match=f"sharding full does not go with .*{words}"):
        RunConfig.model_validate({"training": {"sharding": "full"} | values})
    assert RunConfig.model_validate({"training": {"sharding": "none"} | values}).training.sharding == "none"
