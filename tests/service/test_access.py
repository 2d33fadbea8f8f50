"""Access: the key, the origins, the host; in the order that browsers need."""

import pytest
from support.services import CountingShelf, Served, served

from amhctl.service.access import Access
from amhctl.web.guards import digest_key

KEY = "correct-horse-battery"
SITE = "https://news.example"


@pytest.fixture(scope="module")
def guarded():  # type: ignore[no-untyped-def]  # noqa: ANN201
    with served(CountingShelf(1), access=Access(digest_key(KEY), (SITE,), only_local=False)) as service:
        yield service


def test_everything_but_the_page_and_health_needs_the_key(guarded: Served) -> None:
    for path in ("/v1/voices", "/v1/models", "/metrics", "/openapi.json", "/nothing"):
        answer = guarded.ask(path)
        assert (answer.status, answer.error["code"]) == (401, "invalid_api_key")
    assert guarded.speak().status == 401
    assert guarded.speak(headers={"Authorization": f"Bearer {KEY}x"}).status == 401
    assert guarded.speak(headers={"Authorization": f"Bearer {KEY}"}).status == 200
    for path in ("/", "/page.js", "/health"):
        assert guarded.ask(path).status == 200


def test_a_page_of_an_allowed_site_may_ask_and_sees_why_it_is_refused(guarded: Served) -> None:
    asked = {"Origin": SITE, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
    preflight = guarded.ask("/v1/audio/speech", method="OPTIONS", headers=asked)
    assert (preflight.status, preflight.headers["access-control-allow-origin"]) == (200, SITE)
    for headers, status in (({}, 401), ({"Authorization": f"Bearer {KEY}"}, 200)):
        answer = guarded.speak(headers={"Origin": SITE, **headers})
        assert (answer.status, answer.headers["access-control-allow-origin"]) == (status, SITE)
    assert guarded.speak(headers={"Origin": "https://evil.example", "Authorization": f"Bearer {KEY}"}).status == 403


def test_by_default_no_other_page_may_ask_and_no_other_name_is_answered() -> None:
    with served(CountingShelf(1)) as service:
        answer = service.speak(headers={"Origin": SITE})
        assert answer.status == 403
        assert "access-control-allow-origin" not in answer.headers
        assert service.speak(headers={"Origin": service.url}).status == 200
        rebound = service.ask("/v1/voices", headers={"Host": "evil.example"})
        assert (rebound.status, rebound.error["code"]) == (403, "host_not_allowed")
        assert rebound.headers["content-security-policy"]
