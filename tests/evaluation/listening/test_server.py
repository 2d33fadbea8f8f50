"""Twin of ``listening/server.py``: the page and its sounds, answers kept, and nothing else."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from support.listening import make_test

from amhctl.core.units import Seconds
from amhctl.evaluation.listening.design import ListeningTest
from amhctl.evaluation.listening.store import open_store

pytest.importorskip("fastapi")
from amhctl.evaluation.listening.rating import MOST_BYTES
from amhctl.evaluation.listening.server import build_app
from amhctl.web.addresses import open_listener
from amhctl.web.lifetime import running


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[httpx.Client, ListeningTest, Any]]:
    folder = tmp_path_factory.mktemp("server")
    test = make_test(folder)
    with open_store(folder / "ratings.sqlite", test) as store, open_listener("127.0.0.1", 0) as listener:
        app = build_app(folder / "test", test, store, on_loopback=True, site="https://voice.example")
        with (
            running(app, listener, grace=Seconds(1.0), most_connections=20) as server,
            httpx.Client(base_url=server.url, trust_env=False) as client,
        ):
            yield client, test, store


def post(
    client: httpx.Client, test: ListeningTest, score: float = 3, headers: dict[str, str] | None = None
) -> httpx.Response:
    trial = test.trials[0]
    rating = {"trial": trial.id, "stimulus": trial.stimuli[0], "score": score, "revision": 1}
    sent = {"ratings_format": 1, "test": test.fingerprint, "rater": {"id": "abc"}, "ratings": [rating]}
    sent_as = {"Content-Type": "application/json"} | (headers or {})
    return client.post("/ratings", content=json.dumps(sent), headers=sent_as)


def test_the_page_and_its_sounds_are_served(world: tuple[httpx.Client, ListeningTest, Any]) -> None:
    client, test, _ = world
    page = client.get("/")
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    sound = client.get(f"/audio/{test.stimuli[0].file}")
    assert (sound.status_code, sound.content[:4], sound.headers["content-type"]) == (200, b"fLaC", "audio/flac")
    # Phones ask for a part first.
    part = client.get(f"/audio/{test.stimuli[0].file}", headers={"Range": "bytes=0-1"})
    assert (part.status_code, part.content) == (206, b"fL")


@pytest.mark.parametrize(
    "path",
    [
        "/listening.json",
        "/../listening.json",
        "/audio/../../listening.json",
        "/audio/..%2f..%2flistening.json",
        "/audio/%2e%2e/%2e%2e/listening.json",
        "/audio//etc/passwd",
        "/audio/%00",
        "/ratings.sqlite",
        "/docs",
        "/openapi.json",
        "/audio/",
    ],
)
def test_nothing_else_is(world: tuple[httpx.Client, ListeningTest, Any], path: str) -> None:
    client, _, _ = world
    # As it is written, without what a client makes of it.
    request = client.build_request("GET", "/")
    request.url = request.url.copy_with(raw_path=path.encode())
    reply = client.send(request)
    assert reply.status_code == 404
    assert b"system" not in reply.content


def test_answers_are_kept_and_others_refused(world: tuple[httpx.Client, ListeningTest, Any]) -> None:
    client, test, store = world
    assert post(client, test).json() == {"test": test.fingerprint, "saved": 1}
    assert post(client, test).status_code == 200
    assert store.count() == (1, 1)
    assert post(client, test, 6).status_code == 422
    assert post(client, test, headers={"Content-Type": "text/plain"}).status_code == 415
    assert post(client, test, headers={"Origin": "https://elsewhere.example"}).status_code == 403
    assert post(client, test, headers={"Host": "elsewhere.example"}).status_code == 403
    assert post(client, test, headers={"Origin": str(client.base_url).rstrip("/")}).status_code == 200
    # Through a proxy, which passes the name on or does not.
    assert post(client, test, headers={"Origin": "https://voice.example", "Host": "voice.example"}).status_code == 200
    assert post(client, test, headers={"Origin": "https://voice.example"}).status_code == 200
    assert post(client, test, headers={"Origin": "http://voice.example"}).status_code == 403
    large = client.post("/ratings", content=b" " * (MOST_BYTES + 1), headers={"Content-Type": "application/json"})
    assert large.status_code == 413
    assert client.put("/ratings").status_code == 405
    assert client.get("/ratings").status_code == 405
    assert "message" in client.get("/ratings").json()["error"]
    assert store.count() == (1, 1)
