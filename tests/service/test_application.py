"""The routes, with a real uvicorn on loopback and the bundled voice: OpenAI's client, and the worst bodies."""

import base64
import io
import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import openai
import pytest
import soundfile
from support.ffmpeg import decode_aac
from support.services import SPEECH, TEXT, Served, bundled_voice, served, speech_body

from amhctl.audio.pcm import encode_pcm
from amhctl.inference.options import SpeakOptions
from amhctl.service.aliases import Aliases
from amhctl.service.application import Limits, formats
from amhctl.service.shelf import Shelf


@pytest.fixture(scope="module")
def service() -> Iterator[Served]:
    with served(limits=Limits(characters=500)) as started:
        yield started


@pytest.fixture(scope="module")
def client(service: Served) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{service.url}/v1", api_key="none", max_retries=0) as opened:
        yield opened


def test_openais_client_gets_the_speech_of_the_voice(client: openai.OpenAI) -> None:
    content = client.audio.speech.create(model="m01", voice="alffa-11", input=TEXT, response_format="wav").content
    whole = bundled_voice().speak(TEXT, SpeakOptions(person="alffa-11")).waveform
    assert content.endswith(encode_pcm(whole))


@pytest.mark.parametrize("form", formats())
def test_openais_client_gets_every_format(client: openai.OpenAI, form: str) -> None:
    answer = client.audio.speech.create(model="m01", voice="m01", input=TEXT, response_format=form)  # type: ignore[arg-type]
    kind = {"mp3": "audio/mpeg", "opus": "audio/ogg"}.get(form, f"audio/{form}")
    assert answer.response.headers["content-type"] == kind
    if form == "pcm":
        seconds = len(answer.content) / 2 / 24_000
    elif form == "aac":
        seconds = decode_aac(answer.content).duration
    else:
        with soundfile.SoundFile(io.BytesIO(answer.content)) as sound:
            seconds = len(sound.read(80_000)) / sound.samplerate
    assert seconds == pytest.approx(bundled_voice().speak(TEXT).waveform.duration, abs=0.2)


def test_openais_client_may_keep_the_names_that_it_knows(client: openai.OpenAI) -> None:
    """A program that names a model and a voice of OpenAI's works; the answer says who spoke."""
    known = client.audio.speech.create(model="gpt-4o-mini-tts", voice="ash", input="ሰላም", response_format="wav")
    own = client.audio.speech.create(model="m01", voice="alffa-11", input="ሰላም", response_format="wav")
    assert known.content == own.content
    assert [known.response.headers[f"x-amhctl-{name}"] for name in ("model", "voice")] == ["m01", "alffa-11"]
    assert client.models.retrieve("tts-1").model_extra == {"root": "m01"}


def test_openais_names_can_be_left_out() -> None:
    shelf = Shelf([bundled_voice()], Aliases({"ዜና": "alffa-11"}, openai=False))
    with served(shelf) as strict:
        assert strict.speak(model="tts-1").status == 404
        assert strict.speak(voice="alloy").error["code"] == "voice_not_found"
        assert strict.speak(voice="ዜና", input="ሰላም").headers["x-amhctl-voice"] == "alffa-11"
        listed = json.loads(strict.ask("/v1/voices").content)["data"]
    assert {voice["id"]: voice["aliases"] for voice in listed} == {"m01": [], "alffa-11": ["ዜና"], "alffa-099": []}


def test_what_is_not_understood_is_told_in_headers_events_and_readings(service: Served) -> None:
    text = "<speak>ሰላም። <foo>ዓለም።</foo> <bar/></speak>"
    answer = service.speak(input=text)
    assert answer.headers["x-amhctl-findings-count"] == "2"
    told = json.loads(answer.headers["x-amhctl-findings"])
    assert [finding["message"] for finding in told] == ["<foo> is not understood", "<bar> is not understood"]
    events = service.speak(input=text, stream_format="sse").content.decode().split("\n\n")
    assert json.loads(events[0].removeprefix("data: "))["findings"] == told
    body = json.dumps({"model": "m01", "input": text}).encode()
    reading = json.loads(service.ask("/v1/reading", body).content)
    assert (reading["spoken"], reading["findings"]) == ("ሰላም። ዓለም።", told)
    assert "x-amhctl-findings" not in service.speak(input="ሰላም").headers


def test_openais_client_streams(client: openai.OpenAI) -> None:
    with client.audio.speech.with_streaming_response.create(
        model="m01", voice="m01", input=TEXT, response_format="pcm", speed=1.5
    ) as response:
        parts = [*response.iter_bytes()]
    assert len(parts) > 1
    whole = client.audio.speech.create(model="m01", voice="m01", input=TEXT, response_format="pcm", speed=1.5)
    assert b"".join(parts) == whole.content
    slower = client.audio.speech.create(model="m01", voice="m01", input=TEXT, response_format="pcm", speed=0.75)
    assert len(slower.content) > 1.5 * len(whole.content)


def test_events_are_those_of_openais_api(client: openai.OpenAI) -> None:
    answer = client.audio.speech.create(
        model="m01", voice="m01", input=TEXT, response_format="pcm", stream_format="sse"
    )
    assert answer.response.headers["content-type"].startswith("text/event-stream")
    lines = [line for line in answer.content.decode().split("\n\n") if line]
    assert all(line.startswith("data: ") for line in lines)
    *deltas, done = (json.loads(line.removeprefix("data: ")) for line in lines)
    assert [delta["type"] for delta in deltas] == ["speech.audio.delta"] * 3
    assert done == {
        "type": "speech.audio.done",
        "usage": {"input_tokens": len(TEXT), "output_tokens": 14, "total_tokens": len(TEXT) + 14},
    }
    plain = client.audio.speech.create(model="m01", voice="m01", input=TEXT, response_format="pcm").content
    assert b"".join(base64.b64decode(delta["audio"]) for delta in deltas) == plain
    assert [delta["segment"]["text"] for delta in deltas[:2]] == ["ሰላም ዓለም።", "ዛሬ ጥሩ ቀን ነው።"]


def test_without_its_library_aac_is_refused_and_not_listed(service: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "aac" in json.loads(service.ask("/v1/voices").content)["formats"]
    monkeypatch.setattr("amhctl.service.application.has_aac", lambda: False)
    refused = service.speak(response_format="aac")
    assert (refused.status, refused.error["code"]) == (400, "format_not_supported")
    assert "pip install 'amhctl[aac]'; use one of: mp3, opus, flac, wav, pcm" in refused.error["message"]
    assert "aac" not in json.loads(service.ask("/v1/voices").content)["formats"]


def test_openais_client_lists_models(client: openai.OpenAI) -> None:
    assert [model.id for model in client.models.list()] == ["m01", "tts-1", "tts-1-hd", "gpt-4o-mini-tts"]
    assert client.models.retrieve("m01").owned_by == "amhctl"
    with pytest.raises(openai.NotFoundError, match="there is no model 'm02'"):
        client.models.retrieve("m02")


@pytest.mark.parametrize(
    ("change", "kind", "param", "code"),
    [
        ({"model": "tts-2"}, openai.NotFoundError, "model", "model_not_found"),
        ({"voice": "alloi"}, openai.BadRequestError, "voice", "voice_not_found"),
        ({"input": "<speak>ሰላም"}, openai.BadRequestError, "input", "invalid_value"),
        ({"input": "<speak>" + "<p>" * 65}, openai.BadRequestError, "input", "invalid_value"),
        (
            {"input": '<!DOCTYPE s [<!ENTITY a "ሰ">]><speak>&a;</speak>', "extra_body": {"input_type": "ssml"}},
            openai.BadRequestError,
            "input",
            "invalid_value",
        ),
        ({"extra_body": {"input_type": "html"}}, openai.BadRequestError, "input_type", "invalid_value"),
        ({"response_format": "aiff"}, openai.BadRequestError, "response_format", "invalid_value"),
        ({"speed": 4.0}, openai.BadRequestError, "speed", "invalid_value"),
        ({"instructions": "whisper"}, openai.BadRequestError, "instructions", "instructions_not_supported"),
        ({"input": "ሰ" * 501}, openai.BadRequestError, "input", "text_too_long"),
        ({"input": "…"}, openai.BadRequestError, "input", "invalid_value"),
        ({"input": "Привет, как дела, друзья?"}, openai.BadRequestError, "input", "invalid_value"),
        ({"extra_body": {"output": "/tmp/x"}}, openai.BadRequestError, "output", "unknown_field"),
        ({"extra_body": {"lexicon": {"ሰላም": "xyz"}}}, openai.BadRequestError, "lexicon", "invalid_value"),
        ({"extra_body": {"pitch": 99}}, openai.BadRequestError, "pitch", "invalid_value"),
    ],
)
def test_openais_client_understands_every_error(
    client: openai.OpenAI, change: dict[str, object], kind: type[openai.APIStatusError], param: str, code: str
) -> None:
    with pytest.raises(kind) as caught:
        client.audio.speech.create(**{"model": "m01", "voice": "m01", "input": TEXT, **change})  # type: ignore[arg-type]
    assert (caught.value.param, caught.value.code) == (param, code)


def test_words_of_a_request_are_read_as_it_says_and_hold_for_it_alone(service: Served) -> None:
    body = {"model": "m01", "input": "ሰላም CBE"}

    def read(**more: object) -> dict[str, object]:
        answer = service.ask("/v1/reading", json.dumps({**body, **more}).encode())
        assert answer.status == 200, answer.content
        document: dict[str, object] = json.loads(answer.content)
        return document

    before = read()
    corrected = read(lexicon={"CBE": "ንግድ ባንክ", "ሰላም": "səllam"})
    assert corrected["spoken"] == "ሰላም ንግድ ባንክ"
    assert corrected["words"][0] == {"spoken": "ሰላም", "phones": ["s", "ə", "l", "l", "a", "m"]}  # type: ignore[index]
    assert {"rule": "lexicon", "start": 4, "end": 7, "before": "CBE", "after": "ንግድ ባንክ"} in corrected["changes"]  # type: ignore[operator]
    assert read() == before
    assert before["spoken"] != corrected["spoken"]
    assert service.speak(input="CBE", lexicon={"CBE": "ንግድ ባንክ"}).content != service.speak(input="CBE").content


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"null", 400),
        (b"[]", 400),
        (b'"text"', 400),
        (b"\xff\xfe\x00", 400),
        (b"[" * 60_000, 400),
        (b'{"a":' * 10_000, 400),
        (b'{"input": ' + b"9" * 60_000 + b"}", 400),
        (b'{"model": "m01", "voice": "m01", "input": "\\ud800"}', 400),
        (b"x" * 1_000_000, 413),
    ],
    ids=["none", "open", "null", "list", "text", "bytes", "deep", "deeper", "number", "surrogate", "megabyte"],
)
def test_the_worst_bodies_have_a_clear_answer(service: Served, body: bytes, status: int) -> None:
    answer = service.ask(SPEECH, body)
    assert answer.status == status
    assert answer.error["type"] == "invalid_request_error"
    assert service.speak(input="ሰላም").status == 200


def test_a_page_of_elsewhere_cannot_send_a_body_without_asking_first(service: Served) -> None:
    """A form may be sent from any page; only JSON, for which a browser asks first, is taken."""
    body = json.dumps(speech_body()).encode()
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
        assert service.ask(SPEECH, body, headers={"Content-Type": kind}).status == 400


def test_paths_of_this_machine_cannot_be_asked_for(service: Served) -> None:
    for path in (
        "/../pyproject.toml",
        "/..%2f..%2fetc/passwd",
        "//etc/passwd",
        "/files/page.js",
        "/page.js/../body.py",
    ):
        answer = service.ask(path)
        assert answer.status == 404
    folder = str(bundled_voice().manifest.name) + "/../m01"
    assert service.speak(model=folder).status == 404
    assert service.speak(model="/etc", voice="/etc").status == 404


def test_health_and_figures(service: Served) -> None:
    health = json.loads(service.ask("/health").content)
    assert (health["status"], health["open_requests"], health["most"]) == ("ok", 0, 32)
    before = service.figures()
    service.speak()
    service.speak(voice="nobody")
    answer = service.ask("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=")
    after = service.figures()
    grown = {name: after[name] - before.get(name, 0.0) for name in after if name.startswith("amhctl_")}
    assert grown['amhctl_requests_total{kind="speech",status="200"}'] == 1
    assert grown['amhctl_requests_total{kind="speech",status="400"}'] == 1
    assert grown["amhctl_characters_total"] == len(TEXT)
    assert grown["amhctl_first_byte_seconds_count"] == 1
    duration = bundled_voice().speak(TEXT).waveform.duration
    assert grown["amhctl_speech_seconds_total"] == pytest.approx(duration)
    assert re.search(rb"^process_resident_memory_bytes \d", answer.content, re.MULTILINE)


def test_the_page_and_its_policy(service: Served) -> None:
    answer = service.ask("/")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert service.ask("/noto-sans-ethiopic.woff2").headers["content-type"] == "font/woff2"
    assert service.ask("/", method="HEAD").content == b""


def test_voices_and_the_schema(service: Served) -> None:
    listed = json.loads(service.ask("/v1/voices").content)
    assert [voice["id"] for voice in listed["data"]] == list(bundled_voice().manifest.speakers or ())
    assert listed["most_characters"] == 500
    paths = json.loads(service.ask("/openapi.json").content)["paths"]
    assert {SPEECH, "/v1/reading", "/v1/models", "/v1/voices", "/health", "/metrics"} <= set(paths)


def test_the_same_request_has_the_same_answer(service: Served) -> None:
    assert service.speak(seed=4).content == service.speak(seed=4).content != service.speak(seed=5).content


def test_several_workers_speak_as_one_does() -> None:
    texts = [f"ዛሬ {number} ሰዎች መጡ። ሰላም።" for number in range(3)]
    with served(limits=Limits(workers=2)) as several, ThreadPoolExecutor(3) as pool:
        answers = [*pool.map(lambda text: several.speak(input=text).content, texts)]
    for text, answer in zip(texts, answers, strict=True):
        assert answer.endswith(encode_pcm(bundled_voice().speak(text).waveform))
    assert np.unique([len(answer) for answer in answers]).size > 1
