import pytest

from amhctl.core.errors import EvaluationError
from amhctl.evaluation.process_cost import run_apart, run_python, time_first_output


def test_a_command_is_timed_in_a_process_of_its_own() -> None:
    cost = run_apart("text", "normalize", "5 ሰዎች")
    assert cost.processor > 0
    assert cost.wall > 0
    # An interpreter, and no torch.
    assert 2**22 < cost.peak_bytes < 2**29


def test_what_fails_is_an_error_with_its_last_line() -> None:
    with pytest.raises(EvaluationError, match="measured process failed: no message"):
        run_python("-c", "raise SystemExit(3)")
    with pytest.raises(EvaluationError, match="failed: ValueError: no good") as caught:
        run_python("-c", "raise ValueError('no good')")
    assert caught.value.subject == "-c raise ValueError('no good')"
    with pytest.raises(EvaluationError, match="measured process failed") as caught:
        run_apart("voices", "show", "no-such-voice")
    assert caught.value.subject == "voices show no-such-voice"
    assert run_python("-c", "print('ሰላም')").strip() == "ሰላም"


def test_the_first_output_comes_before_the_process_ends_and_none_is_an_error() -> None:
    assert 0.0 < time_first_output("text", "normalize", "5 ሰዎች", after=3) < 60.0
    with pytest.raises(EvaluationError, match="measured process failed"):
        time_first_output("text", "normalize", "5 ሰዎች", after=10_000)
    with pytest.raises(EvaluationError, match="measured process failed"):
        time_first_output("voices", "show", "no-such-voice", after=0)
