"""Readings: words with their phones, what the rules changed, what is left out."""

import json

from support.services import bundled_voice

from amhctl.service.reading import read_text
from amhctl.text.passage import read_passage


def test_a_reading_says_what_is_read_how() -> None:
    reading = read_text(bundled_voice(), read_passage("12 ሰዎች። привет"))
    assert reading.spoken.startswith("አሥራ ሁለት ሰዎች።")
    assert dict(reading.words)["ሁለት"] == ("h", "u", "l", "ə", "t", "t")
    assert ("number", "12", "አሥራ ሁለት") in [(change.rule, change.before, change.after) for change in reading.changes]
    assert reading.unspoken == ("привет",)
    document = json.loads(json.dumps(reading.document()))
    assert document["words"][0] == {"spoken": "አሥራ", "phones": ["a", "s", "r", "a"]}
    assert document["changes"][0].keys() == {"rule", "start", "end", "before", "after"}
