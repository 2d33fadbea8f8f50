"""What a server counts and measures, in the text format of Prometheus."""

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector

from amhctl.web.refusal import App, Message, Receive, Scope, Send

MEDIA_TYPE = CONTENT_TYPE_LATEST
_KINDS = {"/v1/audio/speech": "speech", "/v1/reading": "reading"}
_SECONDS = (0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0, 30.0, 60.0)


class Meters:
    """The figures of one server; each has a registry of its own, so that several may run in one process."""

    def __init__(self) -> None:
        registry = self._registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        PlatformCollector(registry=registry)
        self.answers = Counter(
            "amhctl_requests",
            "Requests, by what they asked for and how they ended.",
            ["kind", "status"],
            registry=registry,
        )
        self.first_byte = Histogram(
            "amhctl_first_byte_seconds",
            "From a request to the first byte of its speech.",
            buckets=_SECONDS,
            registry=registry,
        )
        self.whole = Histogram(
            "amhctl_request_seconds",
            "From a request to the last byte of its speech.",
            buckets=_SECONDS,
            registry=registry,
        )
        self.sound = Counter("amhctl_speech_seconds", "Seconds of speech that were made.", registry=registry)
        self.characters = Counter("amhctl_characters", "Characters of text that were asked for.", registry=registry)
        self.open = Gauge("amhctl_open_requests", "Requests that are spoken or wait for it.", registry=registry)

    def counting(self, app: App) -> App:
        """Return an application whose answers are counted.

        An answer that was not sent to its end has the status ``incomplete``: its client left, or its time was up.
        """

        async def counted(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "http":
                await app(scope, receive, send)
                return
            status, ended = 0, False

            async def watch(message: Message) -> None:
                nonlocal status, ended
                status = message.get("status", status)
                ended = message["type"] == "http.response.body" and not message.get("more_body", False)
                await send(message)

            try:
                await app(scope, receive, watch)
            finally:
                kind = _KINDS.get(scope["path"], "other")
                self.answers.labels(kind, str(status) if ended else "incomplete").inc()

        return counted

    def text(self) -> bytes:
        """Return all figures."""
        content: bytes = generate_latest(self._registry)
        return content

    def total(self, name: str) -> float:
        """Return the sum of a counter over all its labels."""
        return sum(
            sample.value
            for family in self._registry.collect()
            for sample in family.samples
            if sample.name == f"{name}_total"
        )
