"""Delivery: slow clients, clients that leave, speech that fails on its way, too many requests, a stop meanwhile."""

import http.client
import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from support.services import SPEECH, CountingShelf, Served, served, speech_body

from amhctl.core.errors import UnspeakableError
from amhctl.inference.longtext import Role
from amhctl.inference.options import SpeakOptions
from amhctl.inference.speech import Chunk
from amhctl.service.application import Limits
from amhctl.text.lines import Line


def begin(service: Served, **changes: Any) -> http.client.HTTPConnection:
    """Ask for speech and do not read the answer."""
    connection = service.connect()
    connection.request("POST", SPEECH, json.dumps(speech_body(**changes)), {"Content-Type": "application/json"})
    return connection


def settle(done: Callable[[], bool], seconds: float = 5.0) -> None:
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.01)


def open_requests(service: Served) -> int:
    return int(json.loads(service.ask("/health").content)["open_requests"])


def test_a_client_that_leaves_ends_the_making() -> None:
    allowed = threading.Semaphore(3)
    shelf = CountingShelf(1000, allowed)
    with served(shelf) as service:
        connection = begin(service)
        assert connection.getresponse().read(1000)
        connection.close()
        time.sleep(0.1)
        allowed.release(4)
        settle(lambda: shelf.ended == 1)
        settle(lambda: open_requests(service) == 0)
        assert shelf.made < 10
        settle(lambda: service.figures().get('amhctl_requests_total{kind="speech",status="incomplete"}') == 1)


def test_a_client_that_leaves_before_the_first_sound_ends_the_making() -> None:
    allowed = threading.Semaphore(0)
    shelf = CountingShelf(1000, allowed)
    with served(shelf) as service:
        connection = begin(service)
        settle(lambda: shelf.begun == 1)
        connection.close()
        settle(lambda: open_requests(service) == 0)
        allowed.release(4)
        settle(lambda: shelf.ended == 1)
        assert shelf.made <= 1


def test_memory_does_not_grow_for_a_client_that_does_not_read_and_others_are_served() -> None:
    shelf = CountingShelf(20_000)
    with served(shelf) as service:
        slow = begin(service)
        made = -1

        def stands() -> bool:
            nonlocal made
            before, made = made, shelf.made
            time.sleep(0.2)
            return before == made > 0

        settle(stands, 20)
        # What the system and the server keep for a connection, and two chunks; 20,000 would be 640 MB.
        assert made < 400
        quick = served_quickly(service)
        assert quick.status == 200
        slow.close()
        settle(lambda: open_requests(service) == 0)


def served_quickly(service: Served) -> Any:
    return service.ask("/v1/reading", json.dumps({"model": "m01", "input": "ሰላም"}).encode())


def test_the_time_of_a_request_is_limited_before_and_after_its_first_byte() -> None:
    allowed = threading.Semaphore(0)
    shelf = CountingShelf(5, allowed)
    with served(shelf, Limits(seconds=0.4)) as service:
        answer = service.speak()
        assert (answer.status, answer.error["code"]) == (504, "request_timeout")
        allowed.release(2)
        with pytest.raises(http.client.IncompleteRead):
            service.speak()
        allowed.release(2)
        events = service.speak(stream_format="sse").content.decode()
        last = json.loads(events.strip().split("\n\n")[-1].removeprefix("data: "))
        assert (last["type"], last["error"]["code"]) == ("error", "request_timeout")
        allowed.release(20)
        settle(lambda: shelf.ended == 3)


class Failing(CountingShelf):
    """A shelf whose speech fails after its first chunk."""

    def __init__(self, error: Exception) -> None:
        super().__init__(1)
        self.error = error

    def speak(
        self, role: Role, lines: Iterable[Line], options: SpeakOptions, cast: Mapping[str, Role]
    ) -> Iterator[Chunk]:
        said = [*lines]
        if said[0].text != "ሰላም":
            yield from super().speak(role, said, options, cast)
        raise self.error


def test_half_of_a_speech_is_never_taken_for_the_whole() -> None:
    with served(Failing(UnspeakableError("judged bad"))) as service:
        refused = service.speak(input="ሰላም")
        assert (refused.status, refused.error["code"]) == (422, "speech_not_good")
        with pytest.raises(http.client.IncompleteRead):
            service.speak()
        events = service.speak(stream_format="sse").content.decode().strip().split("\n\n")
        assert json.loads(events[-1].removeprefix("data: "))["error"]["code"] == "speech_not_good"
        assert "speech.audio.done" not in events[-1]
        assert service.speak(response_format="flac").status == 422


def test_a_bug_is_an_answer_that_says_nothing_of_the_server(caplog: pytest.LogCaptureFixture) -> None:
    with served(Failing(RuntimeError("/secret/path"))) as service:
        answer = service.speak(input="ሰላም")
        assert (answer.status, answer.error["code"]) == (500, "internal_error")
        assert b"secret" not in answer.content
        assert open_requests(service) == 0
    assert "/secret/path" in caplog.text


def test_of_two_hundred_at_once_as_many_are_served_as_fit_and_the_rest_is_told_when_to_come_back() -> None:
    allowed = threading.Semaphore(0)
    shelf = CountingShelf(2, allowed)
    with served(shelf, Limits(open_requests=20)) as service, ThreadPoolExecutor(200) as pool:
        asked = [pool.submit(service.speak) for _ in range(200)]
        settle(lambda: sum(each.done() for each in asked) == 180, 30)
        allowed.release(40)
        answers = [each.result() for each in asked]
        assert Counter(answer.status for answer in answers) == {200: 20, 429: 180}
        refused = next(answer for answer in answers if answer.status == 429)
        assert 1 <= int(refused.headers["retry-after"]) <= 60
        assert refused.error["code"] == "rate_limit_exceeded"
        assert open_requests(service) == 0
    assert shelf.ended == 20


def test_a_server_that_stops_waits_no_longer_than_it_may_and_says_so() -> None:
    allowed = threading.Semaphore(1)
    shelf = CountingShelf(9, allowed)
    with served(shelf, grace=1.0) as service, ThreadPoolExecutor(2) as pool:
        begun = pool.submit(service.speak, stream_format="sse")
        settle(lambda: shelf.made == 1)
        waiting = pool.submit(service.speak)
        settle(lambda: open_requests(service) == 2)
        service.server.stop()
        last = json.loads(begun.result().content.decode().strip().split("\n\n")[-1].removeprefix("data: "))
        assert last["error"]["code"] == "stopping"
        assert (waiting.result().status, waiting.result().error["code"]) == (503, "stopping")
        allowed.release(20)
        service.server.wait()


def test_who_is_served_when_the_server_stops_is_served_to_the_end() -> None:
    allowed = threading.Semaphore(1)
    shelf = CountingShelf(3, allowed)
    with served(shelf) as service, ThreadPoolExecutor(1) as pool:
        asked = pool.submit(service.speak)
        settle(lambda: shelf.made == 1)
        service.server.stop()
        time.sleep(0.3)
        with pytest.raises(ConnectionRefusedError):
            service.speak()
        allowed.release(2)
        answer = asked.result()
        service.server.wait()
    assert answer.status == 200
    assert len(answer.content) > 3 * 2 * 16_000
