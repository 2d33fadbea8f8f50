"""A real browser, where there is one: Debian's chromium, without a window."""

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest

CHROMIUM = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
)
DRIVER = shutil.which("chromedriver")
needs_browser = pytest.mark.skipif(
    CHROMIUM is None or DRIVER is None,
    reason="needs chromium and chromedriver (apt-get install chromium chromium-driver)",
)


@contextmanager
def open_browser(*, width: int = 400, height: int = 800) -> Iterator[Any]:
    """Yield a browser of the size of a phone; whatever its console complains of fails the test."""
    webdriver = pytest.importorskip("selenium.webdriver")
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--mute-audio", "--disable-dev-shm-usage"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    browser = webdriver.Chrome(options=options, service=webdriver.ChromeService(executable_path=DRIVER))
    try:
        browser.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": True},
        )
        yield browser
    finally:
        browser.quit()


def wait_for(condition: Callable[[], Any], seconds: float = 10.0) -> Any:
    """Return what a condition gives, once it is true."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if result := condition():
            return result
        time.sleep(0.02)
    raise AssertionError("nothing happened in time")


def _is_full(bar: Any) -> bool:
    return float(bar.get_property("value")) == 1.0


class Listener:
    """A person at the page of a listening test."""

    def __init__(self, browser: Any) -> None:
        self.browser = browser

    def find(self, selector: str) -> Any:
        return self.browser.find_element("css selector", selector)

    def all(self, selector: str) -> Any:
        return self.browser.find_elements("css selector", selector)

    def click(self, selector: str) -> None:
        # A finger hits what is in view; the page scrolls by itself in a real one.
        element = self.find(selector)
        self.browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", element)
        element.click()

    def begin(self) -> None:
        """Agree, and say how one listens."""
        self.click("label:has(#agree)")
        self.click("input[name=headphones][value=yes]")
        self.click("#begin")
        wait_for(lambda: self.all("#next"))

    def hear_all(self) -> None:
        """Play every sound of the trial to its end."""
        for box in self.all(".row .sound, .sounds .sound"):
            button = box.find_element("css selector", "button")
            self.browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", button)
            button.click()
            bar = box.find_element("css selector", "progress")
            wait_for(partial(_is_full, bar))

    def choose(self, value: int) -> None:
        self.click(f"label.choice:has(input[name=score][value='{value}'])")

    def go_on(self) -> None:
        """Press the button that leads to the next trial, and wait until it is there."""
        before = self.place()
        self.click("#next")
        wait_for(lambda: self.place() != before)

    def place(self) -> str:
        return str(
            self.browser.execute_script(
                "const s = document.querySelector('#content small, #download'); return s ? s.textContent : ''"
            )
        )

    def waiting(self) -> int:
        return int(self.find("#state").get_attribute("data-waiting"))

    def complaints(self) -> list[str]:
        return [entry["message"] for entry in self.browser.get_log("browser") if entry["level"] == "SEVERE"]
