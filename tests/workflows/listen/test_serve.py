"""Twin of ``listen/serve.py``: a real server, a real browser, kill -9, and no answer lost."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import jsonschema
import pytest
from support.browser import Listener, needs_browser, open_browser, wait_for
from support.listening import make_test

from amhctl.core.errors import AmhctlError, EvaluationError, OptionError
from amhctl.core.progress import SilentProgress
from amhctl.evaluation.listening.design import RATINGS_FILE, ListeningTest
from amhctl.evaluation.listening.store import open_store
from amhctl.workflows.listen.serve import ServeListeningRequest, run

pytest.importorskip("fastapi")
SCHEMA = Path(__file__).parents[3] / "docs" / "schemas" / "listen-serve.json"


@contextmanager
def server(folder: Path, port: int = 0) -> Iterator[tuple[subprocess.Popen[str], str]]:
    words = ["listen", "serve", str(folder), "--port", str(port), "--json"]
    process = subprocess.Popen(
        [sys.executable, "-m", "amhctl", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        assert process.stderr is not None
        line = process.stderr.readline()
        assert "http://" in line, line + process.stderr.read()
        yield process, line.split()[-1]
    finally:
        process.kill()
        process.communicate()


def sent(test: ListeningTest, number: int, score: float, rater: str) -> dict[str, Any]:
    trial = test.trials[number]
    rating = {"trial": trial.id, "stimulus": trial.stimuli[0], "score": score, "revision": 1}
    return {"ratings_format": 1, "test": test.fingerprint, "rater": {"id": rater}, "ratings": [rating]}


def test_what_was_answered_with_200_survives_kill_9(tmp_path: Path) -> None:
    test = make_test(tmp_path)
    accepted: list[tuple[str, str]] = []
    with server(tmp_path / "test") as (process, url):

        def send(rater: str) -> None:
            with httpx.Client(base_url=url, trust_env=False) as client:
                for number in range(len(test.trials)):
                    try:
                        reply = client.post("/ratings", json=sent(test, number, 1 + number % 5, rater))
                    except httpx.HTTPError:
                        return
                    if reply.status_code == 200:
                        accepted.append((rater, test.trials[number].id))

        threads = [threading.Thread(target=send, args=(f"r{number}",)) for number in range(4)]
        for thread in threads:
            thread.start()
        wait_for(lambda: len(accepted) >= 12)
        os.kill(process.pid, signal.SIGKILL)
        for thread in threads:
            thread.join()
    with open_store(tmp_path / "test" / RATINGS_FILE, test) as store:
        kept = {(each.rater.id, rating.trial) for each in store.load() for rating in each.ratings}
    assert set(accepted) <= kept


def test_a_signal_ends_it_with_a_report(tmp_path: Path) -> None:
    test = make_test(tmp_path)
    with server(tmp_path / "test") as (process, url):
        httpx.post(f"{url}/ratings", json=sent(test, 0, 3, "abc"), trust_env=False).raise_for_status()
        # Two servers would share one database.
        with pytest.raises(AmhctlError, match="listening test"):
            run(ServeListeningRequest(tmp_path / "test", port=0), SilentProgress())
        process.terminate()
        output, _ = process.communicate(timeout=30)
    report = json.loads(output)
    assert (process.returncode, report["raters"], report["ratings"]) == (0, 1, 1)
    jsonschema.validate(report, json.loads(SCHEMA.read_text(encoding="utf-8")))


def test_a_test_without_its_page_or_its_key_is_refused(tmp_path: Path) -> None:
    make_test(tmp_path)
    with pytest.raises(EvaluationError, match=r"listening\.json"):
        run(ServeListeningRequest(tmp_path), SilentProgress())
    next((tmp_path / "test" / "page" / "audio").iterdir()).unlink()
    with pytest.raises(EvaluationError, match="files of the page"):
        run(ServeListeningRequest(tmp_path / "test"), SilentProgress())


@pytest.mark.parametrize("site", ["voice.example", "https://", "https://voice.example/test", "ftp://x", "https://x?y"])
def test_a_site_is_an_origin(tmp_path: Path, site: str) -> None:
    with pytest.raises(OptionError):
        run(ServeListeningRequest(tmp_path, site=site), SilentProgress())


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@needs_browser
def test_a_person_loses_the_connection_and_loses_no_answer(tmp_path: Path) -> None:
    test = make_test(tmp_path, sentences=2, checks=0, rounds=1)
    port = free_port()
    with open_browser() as browser:
        person = Listener(browser)
        with server(tmp_path / "test", port) as (_, url):
            browser.get(f"{url}/?rater=r-1")
            person.begin()
            person.hear_all()
            person.choose(2)
            wait_for(lambda: person.waiting() == 0)
            person.go_on()
            person.hear_all()
        # The server is dead now, by kill -9.
        person.choose(4)
        wait_for(lambda: person.waiting() == 1)
        person.go_on()
        with server(tmp_path / "test", port):
            browser.refresh()
            wait_for(lambda: person.all(".sound"))
            person.hear_all()
            person.choose(5)
            # Asked again, the first answer is another.
            person.click("#back")
            wait_for(lambda: person.find("input[name=score]:checked").get_property("value") == "4")
            person.choose(3)
            wait_for(lambda: person.waiting() == 0, 20.0)
    with open_store(tmp_path / "test" / RATINGS_FILE, test) as store:
        (kept,) = store.load()
    scores = {rating.trial: rating.score for rating in kept.ratings}
    assert sorted(scores.values()) == [2.0, 3.0, 5.0]
    assert (kept.rater.id, kept.rater.headphones, kept.rater.language) == ("r-1", True, "am")
    assert kept.rater.sheet < len(test.sheets)
