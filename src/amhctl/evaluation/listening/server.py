"""The routes of a listening test's server: the page, its sounds, and where answers go.

====================== ==================================================
route                  answers
====================== ==================================================
GET /                  the page
GET /audio/{file}      a sound of the test, in parts if they are asked for
POST /ratings          keeps answers (``listening.rating``)
====================== ==================================================

What is not a file of the test cannot be asked for: names are looked up, never joined to a path. Needs the extra
``serve``; imported when a server starts.
"""

import threading
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from fastapi import FastAPI, Request
from fastapi.responses import FileResponse, JSONResponse, Response
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from amhctl.core.errors import EvaluationError
from amhctl.core.units import Seconds
from amhctl.evaluation.listening.design import PAGE_FILE, PAGE_FOLDER, ListeningTest
from amhctl.evaluation.listening.rating import MOST_BYTES, parse_ratings
from amhctl.evaluation.listening.store import RatingStore
from amhctl.web.guards import LimitBody, RequireLocalHost, RequireOrigin
from amhctl.web.refusal import App, Refusal

_BODY_SECONDS = Seconds(30.0)
_MOST_ANSWERS = 2_000_000
_HEADERS = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "X-Frame-Options": "DENY"}


def build_app(folder: Path, test: ListeningTest, store: RatingStore, *, on_loopback: bool, site: str = "") -> App:
    """Return the application, guarded.

    Parameters
    ----------
    folder : Path
        Of the test.
    test : ListeningTest
        The test in it.
    store : RatingStore
        Where answers go.
    on_loopback : bool
        Whether only this machine can ask: others are then refused by name, too.
    site : str
        Origin of a proxy through which people come, such as ``https://voice.example``; empty if there is none.
    """
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    page = folder / PAGE_FOLDER
    sounds = {stimulus.file: page / "audio" / stimulus.file for stimulus in test.stimuli}
    lock = threading.Lock()

    @app.exception_handler(HTTPException)
    async def refuse(_request: Request, error: HTTPException) -> Response:
        return _refused(Refusal(error.status_code, str(error.detail).lower(), "refused"))

    @app.get("/")
    @app.get(f"/{PAGE_FILE}")
    async def show_page() -> Response:
        headers = {"Cache-Control": "no-cache", **_HEADERS}
        return FileResponse(page / PAGE_FILE, media_type="text/html; charset=utf-8", headers=headers)

    @app.get("/audio/{name}")
    async def play(name: str) -> Response:
        path = sounds.get(name)
        if path is None or not path.is_file():
            return _refused(Refusal(404, "the test has no such sound", "not_found"))
        # Names follow from the content, so that a browser may keep a sound.
        return FileResponse(
            path, media_type="audio/flac", headers={"Cache-Control": "private, max-age=86400", **_HEADERS}
        )

    @app.post("/ratings")
    async def keep(request: Request) -> Response:
        if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
            return _refused(Refusal(415, "ratings are sent as application/json", "not_json"))
        body = await request.body()
        return await run_in_threadpool(_save, body, test, store, lock)

    guarded: App = LimitBody(app, MOST_BYTES, _BODY_SECONDS)
    guarded = RequireOrigin(guarded, (site,) if site else ())
    return RequireLocalHost(guarded, (urlsplit(site).netloc,) if site else ()) if on_loopback else guarded


def _save(body: bytes, test: ListeningTest, store: RatingStore, lock: Any) -> Response:  # noqa: ANN401
    """Keep answers, and say so once they are on the disk."""
    try:
        ratings = parse_ratings(body, test)
    except EvaluationError as fault:
        return _refused(Refusal(422, fault.message, "invalid_ratings"))
    try:
        with lock:
            if store.count()[1] + len(ratings.ratings) > _MOST_ANSWERS:
                return _refused(Refusal(507, "the test accepts no more answers", "full"))
            store.save(ratings)
    except EvaluationError as fault:
        # The page keeps them and tries again.
        return _refused(Refusal(503, fault.message, "not_saved"))
    return JSONResponse({"test": test.fingerprint, "saved": len(ratings.ratings)}, headers=_HEADERS)


def _refused(refusal: Refusal) -> Response:
    headers = {**refusal.headers, **_HEADERS}
    return Response(refusal.body(), refusal.status, headers=headers, media_type="application/json")
