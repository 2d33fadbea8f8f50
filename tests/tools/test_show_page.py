"""The page in a real browser: heard, shown, corrected, by keyboard, in both languages. Skipped without Chromium."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import show_page
from PIL import Image
from show_page import click, wait_for
from support.services import Served, served

from amhctl.service.access import Access
from amhctl.service.application import Limits
from amhctl.text.lexicon_file import read_lexicons
from amhctl.web.guards import digest_key

PROGRAMS = show_page.find_programs()
pytest.importorskip("selenium", reason="selenium, which drives a browser, is not installed")
pytestmark = pytest.mark.skipif(PROGRAMS is None, reason="chromium and chromedriver are not installed")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    assert PROGRAMS is not None
    with show_page.open_browser(PROGRAMS) as driver:
        yield driver


@pytest.fixture(scope="module")
def service() -> Iterator[Served]:
    with served() as started:
        yield started


@pytest.fixture
def page(browser: Any, service: Served) -> Any:
    browser.get(service.url)
    browser.execute_script("localStorage.clear(); localStorage.setItem('language', '\"en\"')")
    browser.get_log("browser")
    browser.get(service.url)
    wait_for(browser, "document.querySelector('#voice option') !== null")
    return browser


def write(page: Any, text: str) -> Any:
    field = page.find_element("id", "text")
    field.clear()
    field.send_keys(text)
    return field


def text_of(page: Any, name: str) -> str:
    return str(page.find_element("id", name).text)


def download(page: Any, selector: str, folder: Path) -> Path:
    """Return the file that a link gives."""
    page.execute_cdp_cmd("Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(folder)})
    link = page.find_element("css selector", selector)
    path = folder / link.get_attribute("download")
    link.click()
    until = time.monotonic() + 20
    while not path.is_file():
        assert time.monotonic() < until, "nothing was downloaded"
        time.sleep(0.05)
    return path


def quiet(page: Any) -> bool:
    """Return whether the console says nothing: no script failed and the policy refused nothing."""
    return [entry["message"] for entry in page.get_log("browser")] == []


def test_a_text_is_heard_by_keyboard_and_can_be_downloaded(page: Any, tmp_path: Path) -> None:
    write(page, "ሰላም ዓለም። ዛሬ ጥሩ ቀን ነው።").send_keys("\ue009\ue007")
    heard = {wait_for(page, "document.querySelector('#now').textContent")}
    wait_for(page, f"!{sorted(heard)}.includes(document.querySelector('#now').textContent)")
    heard.add(text_of(page, "now"))
    wait_for(page, "document.querySelector('#status').textContent.startsWith('Done')")
    assert {"ሰላም ዓለም።", "ዛሬ ጥሩ ቀን ነው።"} & heard
    assert text_of(page, "fault") == ""
    content = download(page, "#download", tmp_path).read_bytes()
    assert content[:4] == b"RIFF"
    assert 2.0 < (len(content) - 44) / 48_000 < 4.0
    assert not page.find_element("id", "stop").is_enabled()
    assert quiet(page)


def test_pause_and_stop(page: Any) -> None:
    write(page, "ዛሬ ጥሩ ቀን ነው። " * 30)
    click(page, "#speak")
    wait_for(page, "document.querySelector('#now').textContent")
    click(page, "#pause")
    wait_for(page, "document.querySelector('#status').textContent === 'Paused.'")
    assert text_of(page, "pause") == "Continue"
    click(page, "#pause")
    wait_for(page, "document.querySelector('#status').textContent === 'Reading aloud.'")
    click(page, "#stop")
    wait_for(page, "document.querySelector('#status').textContent === 'Stopped.'")
    assert text_of(page, "fault") == text_of(page, "now") == ""
    assert quiet(page)


def test_a_word_is_corrected_and_kept_as_a_lexicon(page: Any, tmp_path: Path) -> None:
    write(page, "CBE ሰላም 12")
    click(page, "#read")
    wait_for(page, "document.querySelector('#words tbody tr') !== null")
    assert page.switch_to.active_element.get_attribute("id") == "reading-title"
    field = page.find_element("css selector", "#words input[aria-label='Pronunciation of ሰላም']")
    field.send_keys("xyz\n")
    wait_for(page, "document.querySelector('#fault').textContent.includes('neither fidel nor phones')")
    assert page.execute_script("return document.querySelector('#lexicon').hidden")
    field.clear()
    field.send_keys("səllam\n")
    wait_for(page, "document.querySelector('#status').textContent.startsWith('Saved: ሰላም')")
    field = page.find_element("css selector", "#changes input[aria-label='Pronunciation of CBE']")
    field.send_keys("ንግድ ባንክ\n")
    wait_for(page, "document.querySelector('#status').textContent.startsWith('Saved: CBE')")
    assert "ንግድ ባንክ ሰላም" in text_of(page, "spoken")
    lexicon = read_lexicons([download(page, "#save", tmp_path)])
    assert (lexicon.spoken, lexicon.phones) == ({"CBE": "ንግድ ባንክ"}, {"ሰላም": "səllam"})
    page.refresh()
    wait_for(page, "document.querySelector('#lexicon tbody tr') !== null")
    click(page, "#lexicon tbody button")
    assert len(page.find_elements("css selector", "#lexicon tbody tr")) == 1


def test_markup_in_a_text_is_text(page: Any) -> None:
    write(page, "<img src=x onerror=alert(1)> ሰላም <b>")
    click(page, "#read")
    wait_for(page, "document.querySelector('#words tbody tr') !== null")
    assert page.find_elements("css selector", "#reading img, #reading b") == []
    assert quiet(page)


def test_everything_has_a_name_in_both_languages(page: Any) -> None:
    click(page, "#read")
    wait_for(page, "document.querySelector('#words tbody tr') !== null")
    names = {}
    for language in ("en", "am"):
        click(page, f"button[value={language}]")
        assert page.find_element("css selector", "html").get_attribute("lang") == language
        parts = page.find_elements("css selector", "textarea, select, input, button, a")
        names[language] = [part.accessible_name for part in parts if part.is_displayed()]
        assert all(names[language])
    assert names["en"][3:6] != names["am"][3:6]
    assert "ጽሑፍ" in names["am"]


def test_errors_are_told(browser: Any) -> None:
    key = "correct-horse-battery"
    with served(limits=Limits(characters=30), access=Access(digest_key(key))) as guarded:
        browser.get(guarded.url)
        wait_for(browser, "!document.querySelector('#access').hidden")
        browser.execute_script("localStorage.setItem('language', '\"en\"'); location.reload()")
        wait_for(browser, "document.querySelector('#fault').textContent.includes('needs an API key')")
        browser.find_element("id", "key").send_keys(key)
        write(browser, "ሰ" * 31)
        click(browser, "#speak")
        wait_for(browser, "document.querySelector('#fault').textContent.includes('speaks 30 at most')")
        write(browser, "ሰላም")
        click(browser, "#speak")
        wait_for(browser, "document.querySelector('#status').textContent.startsWith('Done')")
    write(browser, "ሰላም")
    click(browser, "#speak")
    wait_for(browser, "document.querySelector('#fault').textContent.includes('does not answer')")


def test_pictures_for_the_guide(browser: Any, service: Served, tmp_path: Path) -> None:
    written = show_page.write_pictures(browser, service.url, tmp_path)
    assert [path.name for path in written] == ["page-en.png", "page-am.png"]
    for path in written:
        assert path.stat().st_size < 150_000
        with Image.open(path) as picture:
            assert picture.size[0] == 900


def test_markup_that_is_not_understood_is_shown(page: Any) -> None:
    write(page, "<speak>ሰላም <foo>ዓለም።</foo></speak>")
    click(page, "#read")
    wait_for(page, "document.querySelector('#spoken').textContent.length > 0")
    assert text_of(page, "spoken") == "ሰላም ዓለም።"
    assert text_of(page, "findings") == "Not understood: <foo> is not understood"
    write(page, "ሰላም።")
    click(page, "#read")
    wait_for(page, "document.querySelector('#spoken').textContent === 'ሰላም።'")
    assert not page.find_element("id", "findings").is_displayed()
