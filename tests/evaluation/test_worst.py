"""Twin of ``evaluation/worst.py``."""

from amhctl.evaluation.scorecard import Quotient, UtteranceScore
from amhctl.evaluation.worst import order_by_harm


def clip(name: str, **values: object) -> UtteranceScore:
    return UtteranceScore(name, "ሰላም", 1.0, **({"stops": 1.0, "text_match": 1.0} | values))  # type: ignore[arg-type]


def test_failures_come_first_then_faults_then_what_is_worse_in_most() -> None:
    clips = [
        clip("fine", mcd=5.0, log_f0_rmse=0.1, duration_ratio=1.0),
        clip("worse", mcd=9.0, log_f0_rmse=0.3, duration_ratio=1.5),
        clip("other text", mcd=4.0, log_f0_rmse=0.1, duration_ratio=1.0, text_match=0.0),
        clip("wrong letters", mcd=4.0, character_error_rate=Quotient(3.0, 10.0)),
        clip("no end", mcd=4.0, stops=0.0),
        UtteranceScore("failed", "ሰላም", None, stops=0.0),
        clip("more wrong letters", mcd=4.0, character_error_rate=Quotient(9.0, 10.0)),
        clip("middle", mcd=7.0, log_f0_rmse=0.2, duration_ratio=0.8),
    ]
    assert [clips[place].id for place in order_by_harm(clips)] == [
        "failed",
        "no end",
        "more wrong letters",
        "wrong letters",
        "other text",
        "worse",
        "middle",
        "fine",
    ]


def test_directions_count_and_values_of_the_recordings_do_not() -> None:
    clips = [
        clip("quiet", dnsmos_p808=2.0, natural_dnsmos_p808=5.0, realtime_factor=0.1),
        clip("clear", dnsmos_p808=4.0, natural_dnsmos_p808=1.0, realtime_factor=9.0),
        clip("flat", dnsmos_p808=3.0, log_f0_spread=Quotient(1.0, 3.0)),
    ]
    assert [clips[place].id for place in order_by_harm(clips)] == ["quiet", "flat", "clear"]


def test_equally_bad_clips_keep_their_order() -> None:
    assert order_by_harm([clip(name, mcd=5.0) for name in "abc"]) == (0, 1, 2)
    assert order_by_harm([]) == ()
