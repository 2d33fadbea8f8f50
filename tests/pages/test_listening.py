"""Twin of ``pages/listening.py``: a page that tells nothing and asks nobody, and works in a real browser."""

import base64
import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest
from support.browser import Listener, needs_browser, open_browser, wait_for
from support.listening import make_test

from amhctl.evaluation.listening.design import ListeningTest
from amhctl.evaluation.listening.rating import read_ratings
from amhctl.pages.listening import render_test
from amhctl.pages.listening_texts import TEXTS


def test_the_page_does_not_tell_the_systems_nor_what_is_expected(tmp_path: Path) -> None:
    test = make_test(tmp_path, "mos", checks=4)
    page = (tmp_path / "test" / "page" / "index.html").read_text(encoding="utf-8")
    assert page == render_test(test)
    data = json.loads(re.search(r'id="test">(.*?)</script>', page, re.DOTALL).group(1))  # type: ignore[union-attr]
    assert set(data["trials"][0]) == {"id", "practice", "stimuli", "reference"}
    for system in ("spoilt", "expected", "anchor", '"one"', '"two"', 'natural"', "gold"):
        assert system not in page.replace(json.dumps(TEXTS), ""), system
    assert "http" not in page.replace("http-equiv", "")
    served = {path.name for path in (tmp_path / "test" / "page" / "audio").iterdir()}
    assert served == {stimulus.file for stimulus in test.stimuli}


def test_the_policy_names_the_script_and_the_style_that_are_there(tmp_path: Path) -> None:
    hostile = "</script><script>alert(1)</script> <!-- <b> sha256-of-script"
    test = make_test(tmp_path).model_copy(update={"title": hostile})
    page = render_test(ListeningTest.model_validate(test.model_dump()))
    assert "alert(1)</script>" not in page
    for tag, directive in (("script", "script-src"), ("style", "style-src")):
        (content,) = re.findall(rf"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"{directive} 'sha256-{digest}'" in page


@pytest.fixture(scope="module")
def browser() -> Any:
    with open_browser() as opened:
        yield opened


@needs_browser
@pytest.mark.parametrize("kind", ["mos", "ab", "mushra"])
def test_a_person_hears_rates_goes_back_and_reloads(tmp_path: Path, browser: Any, kind: str) -> None:
    test = make_test(tmp_path, kind, sentences=1, checks=0, rounds=1)
    browser.get((tmp_path / "test" / "page" / "index.html").as_uri())
    person = Listener(browser)
    # Nothing begins without consent, and no answer counts before the sound was heard.
    person.click("#begin")
    assert person.find(".hint").text == TEXTS["am"]["answer_needed"]
    person.click("#languages button[lang=en]")
    assert person.find("h2").text == TEXTS["en"]["consent_title"]
    typed = "ጫላ 👩\u200d💻\u202e"
    browser.execute_script("document.getElementById('nickname').value = arguments[0]", typed)
    person.begin()
    assert all(not each.is_enabled() for each in person.all("fieldset input, input[type=range]"))
    person.click("#next")
    assert "Listen" in person.find(".hint").text
    trials = len(test.sheets[0].trials)
    for place in range(trials):
        assert f"{place + 1} of {trials}" in person.place()
        person.hear_all()
        rate(person, kind, place)
        person.go_on()
    assert person.place() == TEXTS["en"]["download"]
    browser.refresh()
    wait_for(lambda: person.place() == TEXTS["en"]["download"])
    # Without a server, what people download is what they answered.
    browser.execute_cdp_cmd("Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(tmp_path)})
    person.click("#download")
    (download,) = wait_for(lambda: list(tmp_path.glob("ratings-*.json")))
    ratings = read_ratings(download, test)
    assert ratings.rater.nickname == "ጫላ 👩💻"
    assert len(ratings.ratings) == sum(len(trial.stimuli) if kind == "mushra" else 1 for trial in test.trials[:trials])
    person.click("#back")
    wait_for(lambda: f"{trials} of {trials}" in person.place())
    assert given(person, kind) == chosen(kind, trials - 1)
    saved = json.loads(browser.execute_script("return Object.values(localStorage)[0]"))
    assert len(saved["answers"]) == sum(len(trial.stimuli) if kind == "mushra" else 1 for trial in test.trials[:trials])
    assert person.complaints() == []
    browser.execute_script("localStorage.clear()")


def chosen(kind: str, place: int) -> int:
    return {"mos": 1 + place % 5, "ab": place % 2, "mushra": 70 + place}[kind]


def rate(person: Listener, kind: str, place: int) -> None:
    if kind != "mushra":
        person.choose(chosen(kind, place))
        return
    for slider in person.all("input[type=range]"):
        script = "arguments[0].value = arguments[1]; arguments[0].dispatchEvent(new Event('change'))"
        person.browser.execute_script(script, slider, chosen(kind, place))


def given(person: Listener, kind: str) -> int:
    found = person.find("input[type=range]" if kind == "mushra" else "input[name=score]:checked")
    return int(found.get_property("value"))
