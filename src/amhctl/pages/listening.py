"""The page of a listening test: one HTML file, which plays the sounds beside it and keeps the answers.

Of all pages it alone has a script, which is written here and named in its policy by its digest: no other script runs,
and nothing is asked of other hosts. It is not told which system made a sound, nor what is expected of a person.
"""

import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass

from amhctl.evaluation.listening.design import SCALES, ListeningTest
from amhctl.pages.listening_texts import TEXTS
from amhctl.pages.rendering import render

_SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)
_STYLE = re.compile(r"<style>(.*?)</style>", re.DOTALL)
_PENDING_SCRIPT, _PENDING_STYLE = "sha256-of-script", "sha256-of-style"


@dataclass(frozen=True, slots=True)
class _View:
    title: str
    data: Mapping[str, object]
    script: str = _PENDING_SCRIPT
    style: str = _PENDING_STYLE


def render_test(test: ListeningTest) -> str:
    """Return the page of a test; its sounds are to lie in a folder ``audio`` beside it."""
    page = render("listening.html.j2", _View(test.title, _data(test)))
    page = page.replace(_PENDING_SCRIPT, _digest(page, _SCRIPT), 1)
    return page.replace(_PENDING_STYLE, _digest(page, _STYLE), 1)


def _digest(page: str, element: re.Pattern[str]) -> str:
    """Return the digest of what is in the last such element, as a content security policy names it (CSP Level 3)."""
    content = element.findall(page)[-1]
    return "sha256-" + base64.b64encode(hashlib.sha256(content.encode("utf-8")).digest()).decode("ascii")


def _data(test: ListeningTest) -> dict[str, object]:
    low, high = SCALES[test.kind]
    return {
        "test": test.fingerprint,
        "kind": test.kind,
        "question": test.question,
        "low": low,
        "high": high,
        "has_beeps": any(trial.role == "trap" for trial in test.trials),
        "trials": [
            {
                "id": trial.id,
                "practice": trial.role == "training",
                "stimuli": trial.stimuli,
                "reference": trial.reference,
            }
            for trial in test.trials
        ],
        "sheets": [{"trials": sheet.trials, "orders": sheet.orders} for sheet in test.sheets],
        "texts": TEXTS,
    }
