"""Twin of ``cli/serve.py``."""

from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from amhctl.cli import serve
from amhctl.workflows import serve as serving
from amhctl.workflows.serve import ServeReport, ServeRequest

app = typer.Typer()
app.command("serve")(serve.command)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[ServeRequest]:
    requests: list[ServeRequest] = []

    def run(request: ServeRequest, _progress: Any) -> ServeReport:
        requests.append(request)
        return ServeReport("http://127.0.0.1:1", 2.0, 3, 4.0)

    monkeypatch.setattr(serving, "run", run)
    return requests


def test_without_options_the_bundled_voice_is_served_to_this_machine(asked: list[ServeRequest]) -> None:
    result = CliRunner().invoke(app, [])
    assert result.exit_code == 0
    assert result.stdout == "http://127.0.0.1:1: ended after 2 s; 3 requests, 4 s of speech\n"
    assert asked == [ServeRequest(project=Path())]
    assert (asked[0].host, asked[0].voices) == ("127.0.0.1", ("m01",))


def test_every_option_is_understood(asked: list[ServeRequest]) -> None:
    words = (
        "--voice a --voice b --host 0.0.0.0 --port 0 --api-key-file key --allow-origin https://x.example --workers 2 "
        "--queue 3 --max-text 4 --max-seconds 5 --grace 6 --lexicon l.tsv --commercial --config p --device cpu "
        "--alias tts-1=a --alias x=b --no-openai-names"
    )
    assert CliRunner().invoke(app, words.split()).exit_code == 0
    assert asked == [
        ServeRequest(
            voices=("a", "b"),
            host="0.0.0.0",
            port=0,
            key_file=Path("key"),
            origins=("https://x.example",),
            workers=2,
            queue=3,
            most_characters=4,
            most_seconds=5.0,
            grace=6.0,
            project=Path("p"),
            lexicons=(Path("l.tsv"),),
            commercial=True,
            device="cpu",
            aliases=(("tts-1", "a"), ("x", "b")),
            openai_names=False,
        )
    ]


@pytest.mark.parametrize("words", ["--port 65536", "--workers 0", "--queue 0", "--max-seconds nan", "--api-key secret"])
def test_wrong_usage_is_refused(asked: list[ServeRequest], words: str) -> None:
    """There is no option for the key itself: everybody can read the process list."""
    assert CliRunner().invoke(app, words.split()).exit_code == 2
    assert asked == []


@pytest.mark.parametrize("aliases", [["x"], ["=m01"], ["x="], ["x=a", "x=b"]])
def test_an_alias_has_a_name_of_its_own_and_a_voice(asked: list[ServeRequest], aliases: list[str]) -> None:
    result = CliRunner().invoke(app, [word for alias in aliases for word in ("--alias", alias)])
    assert (result.exit_code, asked) == (2, [])
