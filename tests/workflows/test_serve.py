"""``serve``: refusals before a voice is loaded, and a real process with the examples of its guide."""

import http.client
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import soundfile

from amhctl.core.errors import ConfigError, MissingExtra, OptionError, ServerError
from amhctl.core.progress import SilentProgress
from amhctl.web.addresses import open_listener
from amhctl.web.guards import digest_key
from amhctl.workflows import serve
from amhctl.workflows.serve import KEY_VARIABLE, ServeReport, ServeRequest

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs" / "serve.md").read_text(encoding="utf-8")
KEY = "correct-horse-battery"


@pytest.fixture(autouse=True)
def no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(KEY_VARIABLE, raising=False)


def refused(kind: type[Exception], match: str, **asked: object) -> None:
    request = ServeRequest(voices=("no-such-voice",), port=0, **asked)  # type: ignore[arg-type]
    with pytest.raises(kind, match=match):
        serve.run(request, SilentProgress())


def test_where_other_machines_can_ask_a_key_is_needed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    refused(OptionError, "the API key is missing", host="0.0.0.0")
    monkeypatch.setenv(KEY_VARIABLE, "short")
    refused(OptionError, "fewer than 16 characters", host="0.0.0.0")
    refused(OptionError, "fewer than 16 characters")
    file = tmp_path / "key"
    refused(ConfigError, "cannot be read: No such file", key_file=file)
    file.write_text("ሚስጥር" * 9, encoding="utf-8")
    refused(ConfigError, "other than ASCII", key_file=file)
    file.write_text("\n", encoding="utf-8")
    refused(OptionError, "missing", key_file=file)


def test_a_key_comes_from_a_file_or_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert serve._read_key(ServeRequest()) is None
    monkeypatch.setenv(KEY_VARIABLE, KEY)
    assert serve._read_key(ServeRequest()) == digest_key(KEY)
    (tmp_path / "key").write_text(f"{KEY[::-1]}\n", encoding="utf-8")
    assert serve._read_key(ServeRequest(key_file=tmp_path / "key")) == digest_key(KEY[::-1])


@pytest.mark.parametrize("origin", ["*", "news.example", "https://news.example/", "https://*.example", "ftp://x", ""])
def test_an_origin_is_scheme_name_and_port(origin: str) -> None:
    refused(OptionError, "not the origin of a site", origins=(origin,))


def test_the_address_is_tried_before_a_voice_is_loaded() -> None:
    with open_listener("127.0.0.1", 0) as taken:
        request = ServeRequest(voices=("no-such-voice",), port=taken.getsockname()[1])
        with pytest.raises(ServerError, match="another program"):
            serve.run(request, SilentProgress())


def test_without_the_extra_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(MissingExtra, match="fastapi and prometheus_client and uvicorn") as caught:
        serve.run(ServeRequest(), SilentProgress())
    assert "amhctl[serve]" in caught.value.hint


def test_aliases_are_the_projects_and_then_those_of_the_options(tmp_path: Path) -> None:
    project = '[serve]\nopenai_names = false\naliases = { narrator = "m01", her = "alffa-11" }\n'
    (tmp_path / "amhctl.toml").write_text(project, encoding="utf-8")

    def names(**asked: object) -> tuple[list[str], list[str]]:
        request = ServeRequest(project=tmp_path, **asked)  # type: ignore[arg-type]
        shelf = serve._open_shelf(request, SilentProgress())
        return [*shelf.model_aliases], [*shelf.voice_aliases["m01"]]

    assert names() == (["narrator"], ["narrator", "her"])
    assert names(aliases=(("her", "alffa-099"), ("him", "m01"))) == (["narrator", "him"], ["narrator", "her", "him"])
    assert names(openai_names=True)[0] == ["tts-1", "tts-1-hd", "gpt-4o-mini-tts", "narrator"]
    with pytest.raises(OptionError, match="'m02' is neither a model nor a speaker that is served"):
        names(aliases=(("x", "m02"),))


def test_a_report_says_what_was_done() -> None:
    report = ServeReport("http://127.0.0.1:8000", 61.26, 7, 12.34)
    assert report.payload() == {
        "url": "http://127.0.0.1:8000",
        "seconds": 61.3,
        "requests": 7,
        "speech_seconds": 12.3,
    }
    assert [*report.lines()] == ["http://127.0.0.1:8000: ended after 61 s; 7 requests, 12 s of speech"]


def test_a_process_takes_its_key_from_the_environment(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "amhctl", "serve", "--port", "0"]
    environment = {**os.environ, KEY_VARIABLE: KEY}
    with subprocess.Popen(command, cwd=tmp_path, env=environment, stderr=subprocess.PIPE, text=True) as process:
        try:
            url = next(line.split()[-1] for line in iter(process.stderr.readline, "") if "listening on" in line)  # type: ignore[union-attr]
            statuses = []
            for headers in ({}, {"Authorization": f"Bearer {KEY}"}):
                connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=30)
                connection.request("GET", "/v1/voices", headers=headers)
                statuses.append(connection.getresponse().status)
                connection.close()
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=20)
        finally:
            process.kill()
    assert (statuses, process.returncode) == ([401, 200], 0)


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl, which the guide's examples call, is not installed")
def test_the_examples_of_the_guide_work_and_a_signal_ends_the_server_well(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "amhctl", "serve", "--port", "0", "--json"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            lines = iter(process.stderr.readline, "")  # type: ignore[union-attr]
            url = next(line.split()[-1] for line in lines if line.startswith("listening on http://127.0.0.1:"))
            blocks = re.findall(r"<!-- executed -->\n```(sh|python)\n(.*?)```", GUIDE, re.DOTALL)
            assert [kind for kind, _ in blocks] == ["sh", "python"]
            for kind, block in blocks:
                program = ["bash", "-euo", "pipefail", "-c"] if kind == "sh" else [sys.executable, "-c"]
                text = block.replace("http://127.0.0.1:8000", url)
                environment = {**os.environ, "no_proxy": "*"}
                subprocess.run([*program, text], cwd=tmp_path, env=environment, check=True, capture_output=True)
            process.send_signal(signal.SIGTERM)
            output, _ = process.communicate(timeout=20)
        finally:
            process.kill()
    assert process.returncode == 0
    report = json.loads(output)
    assert (report["command"], report["ok"], report["requests"]) == ("serve", True, 5)
    for name in ("out.wav", "out.mp3", "slow.mp3"):
        with soundfile.SoundFile(tmp_path / name) as sound:
            assert len(sound.read(16_000)) > 8_000
