"""Metrics over clips, thresholds as they are written, and verdicts."""

import dataclasses

import pytest

from amhctl.core.errors import OptionError
from amhctl.evaluation.scorecard import KINDS, RULES, Quotient, UtteranceScore, build_scorecard, judge, parse_thresholds


def card_of(**values: float) -> tuple[UtteranceScore, ...]:
    return (UtteranceScore("a", "ሰላም", 1.0, **values),)  # type: ignore[arg-type]


def test_every_kind_is_a_field_and_every_measured_field_a_kind() -> None:
    fields = {field.name for field in dataclasses.fields(UtteranceScore)} - {"id", "text", "seconds"}
    assert fields == {kind.name for kind in KINDS}


def test_a_metric_rests_on_the_clips_that_have_it() -> None:
    clips = (
        UtteranceScore("a", "ሀ", 1.0, mcd=6.0, stops=1.0),
        UtteranceScore("b", "ለ", None, stops=0.0),
    )
    card = build_scorecard(clips, seed=0)
    mcd, stops = card.metric("mcd"), card.metric("stops")
    assert mcd is not None
    assert (mcd.estimate.value, mcd.estimate.count) == (6.0, 1)
    assert stops is not None
    assert (stops.estimate.value, stops.estimate.count) == (0.5, 2)
    assert card.metric("copy_pesq") is None


def test_of_quotients_the_sums_are_divided_and_each_clip_has_its_own() -> None:
    clips = (
        UtteranceScore("a", "ሀ", 1.0, total_duration_ratio=Quotient(1.0, 2.0)),
        UtteranceScore("b", "ለ", 1.0, total_duration_ratio=Quotient(20.0, 10.0)),
        UtteranceScore("c", "ሐ", None),
    )
    metric = build_scorecard(clips, seed=0).metric("total_duration_ratio")
    assert metric is not None
    assert (metric.estimate.value, metric.estimate.count) == (21.0 / 12.0, 2)
    assert [clip.value_of(metric.kind) for clip in clips] == [0.5, 2.0, None]
    assert judge(build_scorecard(clips, seed=0), parse_thresholds(("total_duration_ratio=0.97",)))


@pytest.mark.parametrize(
    ("condition", "value", "passes"),
    [
        ("mcd=7", 6.9, True),
        ("mcd=7", 7.1, False),
        ("text_match=0.8", 0.8, True),
        ("text_match=0.8", 0.79, False),
        ("duration_ratio=0.8", 1.25, True),
        ("duration_ratio=0.8", 1.3, False),
        ("duration_ratio=1.25", 0.81, True),
        ("duration_ratio=1.25", 0.7, False),
    ],
)
def test_thresholds_know_which_way_is_better(condition: str, value: float, passes: bool) -> None:
    thresholds = parse_thresholds((condition,))
    card = build_scorecard(card_of(**{thresholds[0].kind.name: value}), seed=0)
    findings = judge(card, thresholds)
    assert (not findings) == passes
    assert all(finding.code == "E001" for finding in findings)


def test_an_unmeasured_metric_misses_its_threshold() -> None:
    assert judge(build_scorecard(card_of(mcd=5.0), seed=0), parse_thresholds(("stops=1",)))


@pytest.mark.parametrize("condition", ["mcd", "loudness=3", "mcd=low", "mcd=nan", "duration_ratio=0"])
def test_bad_conditions_are_refused(condition: str) -> None:
    with pytest.raises(OptionError) as caught:
        parse_thresholds((condition,))
    assert caught.value.subject == f"--fail-under {condition}"


@pytest.mark.parametrize(("name", "near"), [("foo", ""), ("text_macth", "; did you mean 'text_match'?"), ("", "")])
def test_a_metric_that_there_is_not_is_named(name: str, near: str) -> None:
    with pytest.raises(OptionError) as caught:
        parse_thresholds((f"{name}=1",))
    assert caught.value.message == f"unknown metric {name!r}{near}"
    assert "text_match" in caught.value.hint


def test_codes_are_unique() -> None:
    assert len({rule.code for rule in RULES}) == len(RULES)
