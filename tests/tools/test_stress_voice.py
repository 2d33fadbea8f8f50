"""What is hard to say, said and measured: ``tools/stress_voice.py``."""

import importlib.util
import json
import lzma
import sys
from collections import Counter
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from support.speaking_flow import flow_voice_folder
from support.speechlike import between_silences, vowel_train
from support.voices import any_speech

from amhctl.audio.loudness import set_loudness
from amhctl.audio.waveform import Waveform
from amhctl.config.text import TextConfig
from amhctl.core.errors import UnspeakableError
from amhctl.core.units import Seconds
from amhctl.corpus.records import Record, write_records
from amhctl.inference.speech import Speech, SpokenSegment
from amhctl.text.frontend import Frontend
from amhctl.text.unspoken import unspoken_share

TOOL = Path(__file__).parents[2] / "tools" / "stress_voice.py"


@pytest.fixture
def tool(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    spec = importlib.util.spec_from_file_location("stress_voice", TOOL)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "stress_voice", module)
    spec.loader.exec_module(module)
    return module


def spoken(waveform: Waveform, attempts: int = 1) -> Speech:
    segment = SpokenSegment("ሰላም", Seconds(0.0), waveform.duration, Seconds(0.0), 2, attempts, True)
    return Speech(waveform, (segment,), ())


def test_the_hard_texts_are_what_they_are_called_and_can_all_be_read(tool: ModuleType) -> None:
    texts = tool.read_hard_texts()
    kinds = Counter(kind for kind, _ in texts)
    assert len(texts) >= 60
    assert {"number", "date", "money", "word", "letter", "long", "fidel", "twister", "abbreviation"} <= set(kinds)
    assert {"latin", "quote", "question", "exclamation", "ellipsis"} <= set(kinds)
    assert len({text for _, text in texts}) == len(texts)
    frontend = Frontend(TextConfig())
    for kind, text in texts:
        said, segments = frontend.read(text)
        assert segments, text
        assert unspoken_share(said) == 0.0, text
        if kind == "long":
            assert len(text.split()) >= 60
            assert not set("።፣፤፥!?፧") & set(text)
        if kind == "letter":
            assert len(text) == 1


def test_sentences_are_drawn_by_the_seed_and_none_that_was_seen(tool: ModuleType, tmp_path: Path) -> None:
    news = tmp_path / "news.txt.xz"
    body = "".join(f"{word} ወደ ቤት ሄደ። አዎ። 12 34 56 78።\n" for word in ("አበበ", "ከበደ", "በላይ", "ታደሰ", "አበበ"))
    news.write_bytes(lzma.compress(body.encode()))
    sentences = tool.read_sentences(news)
    assert len(sentences) == 15
    drawn = tool.draw(sentences, 3, seed=1)
    assert len(set(drawn)) == 3
    assert drawn == tool.draw(sentences, 3, seed=1)
    assert any(drawn != tool.draw(sentences, 3, seed=seed) for seed in range(5))
    # Whatever its marks, a text that was seen is not drawn; short ones and such without words never are.
    rest = tool.draw(sentences, 9, seed=0, without=["አበበ ወደ ቤት፣ ሄደ", "ከበደ ወደ ቤት ሄደ!"])
    assert sorted(rest) == ["በላይ ወደ ቤት ሄደ።", "ታደሰ ወደ ቤት ሄደ።"]
    write_records(tmp_path / "set.jsonl", [Record(id="a", audio="a.wav", text="ሰላም ለሁሉም ይሁን")])
    assert tool.read_sentences(tmp_path / "set.jsonl") == ["ሰላም ለሁሉም ይሁን"]


def test_what_is_said_is_measured_and_what_is_not_is_told(tool: ModuleType) -> None:
    good = set_loudness(between_silences(vowel_train(), before=0.1, after=0.1), -18.0)
    late = set_loudness(between_silences(vowel_train(), before=0.5, after=0.1), -22.0)
    clicking = Waveform(good.samples.copy(), good.sample_rate)
    clicking.samples[600] = 0.3

    def fail(_text: str) -> Speech:
        raise UnspeakableError("S002 silent; nothing was written")

    rows = [
        tool.measure("word", "ሰላም", lambda _text: spoken(good)),
        tool.measure("word", "እሺ", lambda _text: spoken(late, attempts=3)),
        tool.measure("word", "አዎ", lambda _text: spoken(clicking)),
        tool.measure("letter", "አ", fail),
    ]
    assert [row.fault for row in rows] == ["", "", "", "UnspeakableError: S002 silent; nothing was written"]
    assert [row.clicks for row in rows] == [0, 0, 1, 0]
    assert rows[1].before == pytest.approx(0.5, abs=0.03)
    summary = tool.summarise(rows)
    assert (summary.texts, summary.failures, summary.again) == (4, 1, 1)
    assert summary.attempts == pytest.approx(5 / 3)
    assert summary.edges_within == pytest.approx(2 / 3)
    assert summary.loudness_within == pytest.approx(2 / 3)
    assert summary.loudness == pytest.approx(np.mean([row.loudness for row in rows[:3]]))
    assert summary.clicks_a_minute == pytest.approx(60.0 / sum(row.seconds for row in rows))
    shown = "\n".join(tool.lines(rows, summary))
    assert "not said (letter): አ\n    UnspeakableError: S002 silent" in shown
    assert "4 texts, 1 not said, 1 at a later attempt" in shown
    assert tool.summarise(rows[3:]) is None
    assert list(tool.lines(rows[3:], None))[-1] == "nothing was said"


def test_the_command_says_all_and_exits_by_what_was_not_said(
    tool: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    voice = flow_voice_folder(tmp_path)
    (tmp_path / "news.txt").write_text("ሰላም ዓለም ዛሬ ጥሩ ቀን ነው።\n", encoding="utf-8")
    monkeypatch.setattr(tool, "read_hard_texts", lambda: [("word", "ሰላም"), ("latin", "好好好")])
    # Random weights do not speak: nothing is judged.
    monkeypatch.setattr(tool, "SpeakOptions", lambda seed, person: any_speech(seed))
    monkeypatch.setattr(sys, "argv", ["x", str(voice), "--news", str(tmp_path / "news.txt"), "--json"])
    with pytest.raises(SystemExit) as ended:
        tool.main()
    assert ended.value.code == 1
    document = json.loads(capsys.readouterr().out)
    assert [(row["kind"], bool(row["fault"])) for row in document["texts"]] == [
        ("word", False),
        ("latin", True),
        ("news", False),
    ]
    assert document["summary"]["failures"] == 1
    monkeypatch.setattr(tool, "read_hard_texts", lambda: [("word", "ሰላም")])
    monkeypatch.setattr(sys, "argv", ["x", str(voice)])
    with pytest.raises(SystemExit) as ended:
        tool.main()
    assert ended.value.code == 0
    assert "1 texts, 0 not said" in capsys.readouterr().out
