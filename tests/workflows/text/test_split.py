"""Twin of ``workflows/text/split.py``."""

from amhctl.core.progress import SilentProgress
from amhctl.workflows.text.split import SplitTextRequest, run


def test_breath_groups_with_their_pauses() -> None:
    report = run(SplitTextRequest("ሰላም ነው። ደህና ነህ?", sets=("text.breath_syllables=20",)), SilentProgress())
    assert report.payload() == {"segments": [{"text": "ሰላም ነው።", "pause": 0.45}, {"text": "ደህና ነህ፧", "pause": 0.45}]}
    assert list(report.lines()) == ["ሰላም ነው።", "ደህና ነህ፧"]
    assert report.ok
    assert report.findings == ()
