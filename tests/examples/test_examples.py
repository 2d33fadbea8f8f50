"""Every example runs as its page says, offline, in a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from amhctl.audio.files import probe, write
from amhctl.audio.waveform import Waveform

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
VOICE = ROOT / "src" / "amhctl" / "assets" / "voices" / "m01"


def run(*words: str | Path, code: int = 0) -> str:
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    result = subprocess.run(
        [str(word) for word in words], capture_output=True, text=True, check=False, timeout=120, env=environment
    )
    assert result.returncode == code, result.stdout + result.stderr
    return result.stdout


def test_every_example_is_listed_and_tested() -> None:
    listed = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    files = {path.name for path in EXAMPLES.iterdir() if path.suffix in {".py", ".sh"}}
    assert {name for name in files if f"({name})" not in listed} == set()
    tested = Path(__file__).read_text(encoding="utf-8")
    assert {name for name in files if f'"{name}"' not in tested} == set()


def test_a_text_is_said_by_two_speakers(tmp_path: Path) -> None:
    run(sys.executable, EXAMPLES / "speak.py", "ሰላም ዓለም", tmp_path / "out.wav")
    for speaker in ("m01", "alffa-11"):
        assert probe(tmp_path / f"out-{speaker}.wav").duration > 0.4


@pytest.mark.skipif(os.name == "nt", reason="a shell script")
def test_an_article_becomes_a_file_a_paragraph(tmp_path: Path) -> None:
    (tmp_path / "article.txt").write_text("ሰላም ለዓለም።\n\nቡና ጠጣ።", encoding="utf-8")
    said = run("bash", EXAMPLES / "news.sh", tmp_path / "article.txt", tmp_path / "said")
    assert "2 paragraphs" in said
    assert sorted(path.name for path in (tmp_path / "said").iterdir()) == ["001.ogg", "002.ogg"]


def test_a_text_is_shown_as_it_is_read() -> None:
    spoken, phones = run(sys.executable, EXAMPLES / "read_text.py", "በ5 ቀን").splitlines()
    assert spoken == "በአምስት ቀን"
    assert "ʼ" in phones


def test_a_silent_clip_is_found(tmp_path: Path) -> None:
    write(tmp_path / "silent.wav", Waveform(np.zeros(32_000, dtype=np.float32), 16_000))
    assert "S009" in run(sys.executable, EXAMPLES / "check_clips.py", tmp_path / "silent.wav", code=1)


def test_a_voice_does_not_differ_from_itself() -> None:
    assert run(sys.executable, EXAMPLES / "compare_voices.py", VOICE, VOICE) == ""
