import pytest

from amhctl.config.load import load_run_config
from amhctl.training import variants
from amhctl.training.variants import FINE_TUNING, VARIANTS, Variant


def test_every_variant_has_a_name_of_its_own_and_settings_that_the_trainer_knows() -> None:
    both = (*VARIANTS, *FINE_TUNING)
    assert len({each.name for each in both}) == len(both)
    for each in both:
        load_run_config(preset="tiny", project=None, sets=each.sets, environment={})
    assert next(each for each in VARIANTS if each.name == "baseline").sets == ()


def test_what_is_missing_is_named_where_something_is(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled = Variant("compiled", (), "", compiled=True)
    packaged = Variant("packaged", (), "", package="json")
    monkeypatch.setattr(variants, "find_missing", lambda device: f"a compiler for {device.type}")
    assert compiled.find_missing("cpu") == "a compiler for cpu"
    assert packaged.find_missing("cpu") == ""
    assert Variant("x", (), "", package="no_such_package").find_missing("cpu") == "the package no_such_package"
