"""Twin of ``workflows/text/split.py``."""

import json

from amhctl.core.progress import SilentProgress
from amhctl.workflows.text.split import SplitTextRequest, run


def test_breath_groups_with_their_pauses() -> None:
    report = run(SplitTextRequest("ሰላም ነው። ደህና ነህ?", sets=("text.breath_syllables=20",)), SilentProgress())
    segments = json.loads(json.dumps(report.payload()))["segments"]
    assert [(each["text"], each["pause"]) for each in segments] == [("ሰላም ነው።", 0.45), ("ደህና ነህ፧", 0.45)]
    # Where each word is in the written text.
    assert segments[0]["words"] == [{"text": "ሰላም", "start": 0, "end": 3}, {"text": "ነው", "start": 4, "end": 6}]
    assert list(report.lines()) == ["ሰላም ነው።", "ደህና ነህ፧"]
    assert report.ok
    assert report.findings == ()
