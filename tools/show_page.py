"""Open the page of ``amhctl serve`` in Chromium and write pictures of it for the guide.

``python tools/show_page.py docs/serve`` starts a server by itself. It needs chromium, chromedriver and selenium.
"""

import argparse
import importlib
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_WIDTH, _HEIGHT = 900, 1_000
_PROGRAMS = (("chromium", "chromium-browser", "google-chrome"), ("chromedriver",))
_SWITCHES = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--autoplay-policy=no-user-gesture-required",
    f"--window-size={_WIDTH},{_HEIGHT}",
)
_PATIENCE_SECONDS = 30.0


def find_programs() -> tuple[str, str] | None:
    """Return the browser and its driver; None if one of them is not installed."""
    found = [next((path for name in names if (path := shutil.which(name))), None) for names in _PROGRAMS]
    return (found[0], found[1]) if found[0] and found[1] else None


@contextmanager
def open_browser(programs: tuple[str, str]) -> Iterator[Any]:
    """Yield a driver of a browser without a window, which keeps what its console says."""
    webdriver: Any = importlib.import_module("selenium.webdriver")
    options = webdriver.ChromeOptions()
    options.binary_location = programs[0]
    for switch in _SWITCHES:
        options.add_argument(switch)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(programs[1]))
    try:
        yield driver
    finally:
        driver.quit()


def wait_for(driver: Any, script: str) -> Any:  # noqa: ANN401  (a value of JavaScript)
    """Return what a script gives once that is something.

    Raises
    ------
    selenium.common.TimeoutException
        If it is nothing for half a minute.
    """
    ui: Any = importlib.import_module("selenium.webdriver.support.ui")
    return ui.WebDriverWait(driver, _PATIENCE_SECONDS, 0.05).until(lambda each: each.execute_script(f"return {script}"))


def click(driver: Any, selector: str) -> None:  # noqa: ANN401
    """Click what a selector finds."""
    driver.find_element("css selector", selector).click()


def write_pictures(driver: Any, url: str, folder: Path) -> list[Path]:  # noqa: ANN401
    """Write a picture of the page in each language, with a reading, and return the files."""
    driver.get(url)
    wait_for(driver, "document.querySelector('#voice option') !== null")
    click(driver, "button[value=en]")
    click(driver, "#read")
    wait_for(driver, "document.querySelector('#words tbody tr') !== null")
    written = []
    for language in ("en", "am"):
        click(driver, f"button[value={language}]")
        driver.execute_script("document.activeElement.blur(); scrollTo(0, 0)")
        path = folder / f"page-{language}.png"
        driver.save_screenshot(str(path))
        written.append(path)
    return written


def main() -> None:
    """Write the pictures into a folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    programs = find_programs()
    if programs is None:
        sys.exit("chromium and chromedriver are needed")
    command = [sys.executable, "-m", "amhctl", "serve", "--port", "0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server:
        try:
            lines = iter(server.stderr.readline, "")  # type: ignore[union-attr]
            url = next(line.split()[-1] for line in lines if line.startswith("listening on "))
            with open_browser(programs) as driver:
                for path in write_pictures(driver, url, folder):
                    sys.stdout.write(f"{path}\n")
        finally:
            server.terminate()


if __name__ == "__main__":
    main()
