"""The progress that shows nothing is one."""

import pytest

from amhctl.core.progress import Progress, SilentProgress


def test_silence_takes_every_call_and_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    progress: Progress = SilentProgress()
    progress.start("work", None, "steps")
    progress.advance()
    progress.advance(3, note="loss 1.0")
    progress.say("a line")
    progress.finish()
    assert capsys.readouterr() == ("", "")
